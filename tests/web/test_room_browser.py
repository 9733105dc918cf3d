"""A candidate in a real browser before the real server; what counts is what the database has afterwards."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from examhall.exams.exam_file import read_exam_file
from examhall.exams.markdown import to_html
from examhall.exams.numbers import read_number

from .conftest import DEMO, MakeCandidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# Places of questions in the demo's exam of every type.
SINGLE, MULTIPLE, TRUE_FALSE, NUMBER, TEXT, ORDER, MATCH, BEST, PARTS, ESSAY = range(1, 11)
SAVES = "**/api/v1/sessions/*/answers/"


async def test_the_whole_exam_from_sign_in_to_full_marks(served: Served, candidate: MakeCandidate) -> None:
    exam = read_exam_file((DEMO / "mathematics.yaml").read_bytes(), folder=DEMO)
    exam_id = await served.exam("mathematics", shuffle_questions=False, shuffle_options=False)
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(exam_id)
    for place, question in enumerate(exam.questions, 1):
        for box, item in enumerate(question.items):
            if item.kind == "single_choice":
                await page.click(f'.current .tick[value="{item.key["correct"][0]}"]')
            else:
                right = item.key["value"] if item.kind == "number" else item.key["accept"][0]
                await alice.write(right, box)
        if place < len(exam.questions):
            await page.click("[data-go='1']")
    await alice.saved()
    await page.click("#finish")
    await expect(page.locator("[data-summary]")).to_have_text("Every question has an answer.")
    await page.click("#confirm")
    await page.wait_for_url("**/result")
    await expect(page.locator(".figure")).to_have_text("55 of 55 points", timeout=20_000)

    assert len(await served.stored(sitting_id)) == 55
    closed = await served.rows("SELECT closed_by FROM sittings WHERE id = %s", sitting_id)
    assert closed == [("candidate",)]


async def test_every_kind_of_answer_is_stored_as_the_api_has_it(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await served.exam(shuffle_options=False)
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(exam_id)
    await alice.choose(2)
    await alice.turn_to(MULTIPLE)
    await alice.choose(0)
    await alice.choose(3)
    await alice.turn_to(TRUE_FALSE)
    await alice.choose(0)
    await alice.turn_to(NUMBER)
    await alice.write("10,0")
    await alice.turn_to(TEXT)
    await alice.write("Ташкент")
    await alice.turn_to(ORDER)
    await page.click('.current [data-key="D"] [data-move="-1"]')
    await alice.turn_to(MATCH)
    await page.select_option(".current select >> nth=1", "A")
    await alice.turn_to(BEST)
    await page.click(".current .plus >> nth=2")
    # The same cannot be both: the newer choice takes it from the older.
    await page.click(".current .minus >> nth=2")
    await alice.turn_to(PARTS)
    await alice.write("4", 0)
    await alice.write("20", 1)
    await alice.turn_to(ESSAY)
    await alice.write('Suppose it were.\n<script>alert("no")</script>')
    await alice.saved()

    assert await served.stored(sitting_id) == {
        "1": "C",
        "2": ["A", "D"],
        "3": "true",
        "4": "10,0",
        "5": "Ташкент",
        "6": ["A", "B", "D", "C"],
        "7": {"2": "A"},
        "8": {"worst": "C"},
        "9a": "4",
        "9b": "20",
        "10": 'Suppose it were.\n<script>alert("no")</script>',
    }


async def test_an_answer_can_be_cleared(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam())
    await alice.choose(1)
    await alice.saved()
    await alice.page.click(".current [data-clear]")
    await served.until(lambda: served.has(sitting_id, {"1": None}))
    await expect(alice.page.locator("#done")).to_have_text("0 of 11 answers given")


async def test_what_is_no_number_is_saved_and_kindly_called_that(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(await served.exam())
    await page.wait_for_selector("body[data-live=open]")
    await alice.turn_to(NUMBER)
    field = page.locator(".current .input")
    hint = page.locator(".current .not-a-number")
    foot = page.locator(".current .item-foot")
    before = await foot.bounding_box()
    await expect(hint).to_be_hidden()
    await expect(field).to_have_accessible_description("A number. Decimal comma or point, as you like.")
    await field.press_sequentially("abc")
    await expect(hint).to_be_hidden()
    await field.press("Tab")
    await expect(hint).to_be_visible()
    await expect(field).to_have_accessible_description(re.compile("^This is not read as a number"))
    await expect(page.locator("#say")).to_contain_text("This is not read as a number")
    assert await foot.bounding_box() == before
    await served.until(lambda: served.has(sitting_id, {"4": "abc"}))

    await page.reload()
    await alice.ready()
    await expect(hint).to_be_visible()
    await field.fill("10,0")
    await field.press("Tab")
    await expect(hint).to_be_hidden()


async def test_the_field_reads_numbers_as_marking_does(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    await alice.sit(await served.exam())
    await alice.turn_to(NUMBER)
    texts = [
        *(
            "12",
            " -12,5 ",
            "−3/4",
            "1 3/4",
            "12 500",
            "2,5·10^-3",
            "1e40",
            "0/5",
            ".5",
            "5.",
            "+ 7",
            "",
            "  ",
        ),
        *("abc", "12 cm", "1e41", "1/0", "--1", "1,2,3", "12 5", "½", "1" * 61, " " * 499 + "x"),
    ]
    found = await alice.page.eval_on_selector(
        ".current .input",
        "(field, texts) => texts.filter((text) => ((field.value = text), field.validity.valid))",
        texts,
    )
    assert found == [text for text in texts if read_number(text) is not None or not text.strip()]


async def test_the_stop_after_a_long_formula_begins_no_line(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    await alice.sit(await served.exam())
    asked = to_html("Where $a_1 x + b_1 y + c_1 z = d_1 + e_1 + f_1 + g_1$. And then", exam_id=1)
    alone = await alice.page.evaluate(
        """async (asked) => {
            const { setFormulas } = await import(document.querySelector('[href$="/js/math.js"]').href);
            const box = document.querySelector(".current .prose");
            box.innerHTML = asked;
            await setFormulas(box);
            const last = [...box.querySelectorAll(".katex-base")].pop();
            const stop = document.createRange();
            stop.selectNodeContents([...last.childNodes].pop());
            if (stop.toString() !== ".") return "elsewhere";
            const alone = [];
            for (let width = 150; width < 600; width += 3) {
                box.style.width = `${width}px`;
                const lower = stop.getBoundingClientRect().top > last.getBoundingClientRect().bottom;
                if (lower || box.scrollWidth > width) alone.push(width);
            }
            return alone;
        }""",
        asked,
    )
    assert alone == []


async def test_when_time_runs_out_the_open_room_hands_in_by_itself(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(duration_s=6, grace_s=30))
    await alice.turn_to(ESSAY)
    box = alice.page.locator(".current textarea")
    await box.press_sequentially("until the end", delay=10)
    # Still typing when the time is over: the last letters count.
    while await alice.page.locator("#over[open]").count() == 0 and "/result" not in alice.page.url:
        # Into a page that has just gone on to the result it is typed in vain.
        await alice.page.keyboard.type("!")
        await asyncio.sleep(0.1)
    await alice.page.wait_for_url("**/result")

    [(closed_by, in_time)] = await served.rows(
        "SELECT closed_by, closed_at >= deadline_at FROM sittings WHERE id = %s", sitting_id
    )
    assert (closed_by, in_time) == ("candidate", True)
    answer = str((await served.stored(sitting_id))["10"])
    assert answer.startswith("until the end")
    assert answer.endswith("!")


async def test_when_time_runs_out_with_the_tab_closed_the_server_closes(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(duration_s=3, grace_s=1))
    await alice.choose(0)
    await alice.saved()
    await alice.page.close()
    await served.until(
        lambda: served.gives("SELECT closed_by FROM sittings WHERE id = %s", sitting_id, [("deadline",)])
    )
    assert len(await served.stored(sitting_id)) == 1

    page = await alice.context.new_page()
    await page.goto(f"/sittings/{sitting_id}")
    await page.wait_for_url("**/result")
    await expect(page.locator(".figure")).to_be_visible(timeout=20_000)


async def test_two_tabs_show_each_others_answers_and_the_newest_wins(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    other = await alice.context.new_page()
    await other.goto(f"/sittings/{sitting_id}")
    await other.wait_for_selector("#grid [aria-current]")
    await alice.choose(0)
    await expect(other.locator('#question-1 .tick[value="A"]')).to_be_checked()
    await other.click("#question-1 .choice >> nth=3")
    await expect(alice.page.locator('#question-1 .tick[value="D"]')).to_be_checked()
    await served.until(lambda: served.has(sitting_id, {"1": "D"}))


async def test_an_answer_given_on_another_device_is_shown(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    phone = await candidate()
    phone.id = alice.id
    await phone.sign_in()
    await phone.page.goto(f"/sittings/{sitting_id}")
    await phone.ready()
    await phone.choose(1)
    await phone.saved()
    await alice.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(alice.page.locator('#question-1 .tick[value="B"]')).to_be_checked()


async def test_who_was_signed_out_signs_in_again_in_place(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    await alice.context.clear_cookies()
    await alice.choose(0)
    await expect(page.locator("#alert a")).to_be_visible()
    await expect(page.locator(".current .state")).to_contain_text("until you sign in again")
    # A new sign-in has another token against forgery than the page that is open.
    await alice.sign_in()
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "A"}


async def test_a_wrong_clock_on_the_device_changes_no_deadline(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    await alice.context.add_init_script(
        "const now = Date.now; Date.now = () => now() + 5 * 3600_000 + 90_000 * Math.random()"
    )
    sitting_id = await alice.sit(await served.exam(duration_s=1800))
    shown = await alice.page.inner_text("#clock .clock")
    assert shown.startswith(("29:", "30:"))
    await alice.choose(0)
    await alice.saved()
    [(ahead,)] = await served.rows(
        "SELECT revision > extract(epoch FROM now()) * 1000 + 60000 FROM answers WHERE sitting_id = %s",
        sitting_id,
    )
    assert not ahead


async def test_the_whole_room_by_keyboard(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    page = alice.page
    press = page.keyboard.press
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    await press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await press("Enter")
    await press("Tab")
    await press("Tab")
    await press("Space")
    await expect(page.locator('#question-1 .tick[value="A"]')).to_be_checked()
    await press("ArrowDown")
    await expect(page.locator('#question-1 .tick[value="B"]')).to_be_checked()
    await press("Alt+PageDown")
    await expect(page.locator("#title-2")).to_be_focused()
    await press("ArrowRight")
    await press("ArrowLeft")
    await press("Tab")
    await press("Enter")
    await expect(page.locator("#question-2 .flag")).to_have_attribute("aria-pressed", "true")
    await page.focus('#grid [tabindex="0"]')
    await press("End")
    await press("Enter")
    await expect(page.locator("#title-10")).to_be_focused()
    await press("Tab")
    await press("Tab")
    await page.keyboard.type("By keyboard alone.")
    first, second = page.locator("#grid button").first, page.locator("#grid button").nth(1)
    await expect(first).to_have_attribute("aria-label", "Question 1, answered")
    await expect(second).to_have_attribute("aria-label", "Question 2, not answered, flagged")
    await page.focus("#finish")
    await press("Enter")
    await expect(page.locator("#hand-in")).to_be_visible()
    await press("Escape")
    await expect(page.locator("#finish")).to_be_focused()
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "B", "10": "By keyboard alone."}


async def test_leaving_with_something_unsaved_is_asked_about(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    await alice.sit(await served.exam())
    asked = asyncio.Event()
    await alice.context.set_offline(True)
    await alice.choose(0)
    alice.page.on("dialog", lambda dialog: (asked.set(), asyncio.ensure_future(dialog.accept()))[0])
    await alice.page.close(run_before_unload=True)
    await asyncio.wait_for(asked.wait(), 20)
