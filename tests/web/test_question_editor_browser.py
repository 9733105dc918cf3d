"""Authors write questions in their browsers, and a candidate sits them in another: each type, two at once."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page

from .conftest import Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FAR = "2100-01-01 09:00+00"


async def empty_exam(served: Served) -> int:
    exam_id = await served.exam(opens_at=FAR, shuffle_questions=False, shuffle_options=False)
    await served.rows("DELETE FROM questions WHERE exam_id = %s RETURNING 1", exam_id)
    return exam_id


async def exam_with(served: Served, *prompts: str) -> int:
    exam_id = await empty_exam(served)
    for number, prompt in enumerate(prompts, 1):
        await served.rows(
            "INSERT INTO questions (exam_id, number, prompt) VALUES (%s, %s, %s) RETURNING 1",
            exam_id,
            number,
            prompt,
        )
        await served.rows(
            """INSERT INTO items (exam_id, question_number, kind, key, points)
               VALUES (%s, %s, 'short_text', '{"accept": ["x"], "case_sensitive": false}', 1) RETURNING 1""",
            exam_id,
            number,
        )
    return exam_id


async def first_question(served: Served, exam_id: int) -> int:
    [[question_id]] = await served.rows("SELECT id FROM questions WHERE exam_id = %s AND number = 1", exam_id)
    return int(question_id)


async def prompts_of(served: Served, exam_id: int) -> list[str]:
    rows = await served.rows("SELECT prompt FROM questions WHERE exam_id = %s ORDER BY number", exam_id)
    return [prompt for [prompt] in rows]


async def begin(page: Page, exam_id: int, kind: str, prompt: str) -> None:
    await page.goto(f"/staff/exams/{exam_id}/questions/new?kind={kind}")
    await page.fill("#prompt", prompt)


async def texts(page: Page, side: str, *words: str, name: str = "q") -> None:
    for at, word in enumerate(words):
        await page.fill(f"#{name}-{side}-{at}-text", word)


async def save(page: Page) -> None:
    await page.click(".save-bar button.primary")
    await page.wait_for_selector('#save-state[data-state="saved"]')


async def test_each_type_made_in_the_editor_is_sat_and_marked_right(
    served: Served, author: Callable[..., Awaitable[Page]], candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    exam_id, page = await empty_exam(served), await author()

    await begin(page, exam_id, "single_choice", "Which is $1 + 1$?")
    await texts(page, "options", "one", "two")
    await page.check("[aria-label='Option B is right']")
    await save(page)
    await begin(page, exam_id, "multiple_choice", "Which are even?")
    await texts(page, "options", "2", "3", "4")
    await page.check("[aria-label='Option A is right']")
    await page.check("[aria-label='Option C is right']")
    await save(page)
    await begin(page, exam_id, "true_false", "Water is wet.")
    await page.check("[name=q-truth][value=true]")
    await save(page)
    await begin(page, exam_id, "number", "How long?")
    await page.fill("#q-numbers", "12.5\n25")
    await page.fill("#q-tolerance", "0.1")
    await page.fill("#q-unit", "cm")
    await save(page)
    await begin(page, exam_id, "short_text", "The capital of France?")
    await page.fill("#q-accept", "Paris")
    await save(page)
    await begin(page, exam_id, "ordering", "Smallest first.")
    await texts(page, "options", "30", "10", "20")
    for at, place in enumerate(("3", "1", "2")):
        await page.fill(f"[name=q-options-{at}-place]", place)
    await save(page)
    await begin(page, exam_id, "matching", "Match.")
    await texts(page, "left", "one", "two")
    await texts(page, "right", "2", "1", "3")
    await page.click("text=Add one on the right")
    await page.wait_for_selector("#q-right-3-text")
    await page.select_option("[name=q-left-0-match]", "1")
    await page.select_option("[name=q-left-1-match]", "0")
    await save(page)
    await begin(page, exam_id, "best_worst", "Fire!")
    await texts(page, "options", "Run away", "Call for help", "Sleep")
    await page.check("[aria-label='Option B is the best']")
    await page.check("[aria-label='Option C is the worst']")
    await save(page)
    await begin(page, exam_id, "number", "A square of side 3.")
    await page.click("text=Ask it in parts a and b")
    await page.fill("#a-prompt", "Its area?")
    await page.fill("#a-numbers", "9")
    await page.select_option("#b-kind", "number")
    await page.wait_for_selector("#b-numbers")
    await page.fill("#b-prompt", "Its perimeter?")
    await page.fill("#b-numbers", "12")
    await save(page)
    await begin(page, exam_id, "essay", "Why?")
    await page.fill("#q-max_chars", "900")
    await save(page)

    await served.rows(
        "UPDATE exams SET opens_at = NULL, version = version + 1 WHERE id = %s RETURNING 1", exam_id
    )
    await served.rows("SELECT pg_notify('examhall_exam_changed', %s)", str(exam_id))
    alice = await candidate()
    sitting_id = await alice.sit(exam_id)
    await alice.choose(1)
    await alice.turn_to(2)
    await alice.choose(0)
    await alice.choose(2)
    await alice.turn_to(3)
    await alice.choose(0)
    for number, answer in ((4, "12,55"), (5, "paris")):
        await alice.turn_to(number)
        await alice.write(answer)
    await alice.turn_to(6)
    await alice.page.click(".current [data-move='1'] >> nth=0")
    await alice.page.click(".current [data-move='1'] >> nth=1")
    await alice.turn_to(7)
    await alice.page.select_option(".current select >> nth=0", label="B: 1")
    await alice.page.select_option(".current select >> nth=1", label="A: 2")
    await alice.turn_to(8)
    await alice.page.click(".current .tick.plus >> nth=1")
    await alice.page.click(".current .tick.minus >> nth=2")
    await alice.turn_to(9)
    await alice.write("9", 0)
    await alice.write("12", 1)
    await alice.turn_to(10)
    await alice.write("Because.")
    await alice.saved()
    await alice.page.click("#finish")
    await alice.page.click("#confirm")

    async def is_marked() -> bool:
        return bool(await served.rows("SELECT 1 FROM results WHERE sitting_id = %s", sitting_id))

    await served.until(is_marked)
    marks = await served.rows(
        """SELECT question_number, sub_part, points FROM marks
            WHERE sitting_id = %s ORDER BY question_number, sub_part""",
        sitting_id,
    )
    right = [(number, "", 1) for number in range(1, 9)] + [(9, "a", 1), (9, "b", 1), (10, "", None)]
    assert marks == right


async def test_what_is_typed_is_shown_as_a_candidate_sees_it(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await empty_exam(served), await author()
    await begin(page, exam_id, "single_choice", "Solve $x^2 = 4$ <script>alert(1)</script>")
    look = page.frame_locator("#look")
    await look.locator(".question .katex").wait_for()
    assert "<script>alert(1)</script>" in await look.locator(".question").inner_text()
    await texts(page, "options", "$\\pm 2$", "two")
    await look.locator(".choice .katex").wait_for()
    # It can be tried out, and says what is still missing.
    await look.locator(".choice >> nth=1").click()
    await look.locator(".choice.chosen").wait_for()
    await page.wait_for_selector("#not-ready >> text=Say which answer is right.")
    await page.check("[aria-label='Option A is right']")
    await page.wait_for_selector("#not-ready", state="hidden")


async def test_two_authors_in_conflict_see_each_others_change_and_lose_nothing(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id = await exam_with(served, "Whose?")
    address = f"/staff/exams/{exam_id}/questions/{await first_question(served, exam_id)}"
    olga, pavel = await author(), await author()
    await olga.goto(address)
    await pavel.goto(address)
    await olga.fill("#prompt", "Olga's?")
    await olga.fill("#topic", "Ownership")
    await save(olga)
    await pavel.fill("#prompt", "Pavel's?")
    await pavel.keyboard.press("Control+s")
    await pavel.wait_for_selector(".theirs")
    said = await pavel.inner_text("#notices")
    assert "Whose?" in said
    assert "Olga's?" in said
    assert "yours: Pavel's?" in said
    assert "Ownership" in said
    assert await pavel.input_value("#prompt") == "Pavel's?"
    # What only Olga changed is in his form already.
    assert await pavel.input_value("#topic") == "Ownership"
    assert await prompts_of(served, exam_id) == ["Olga's?"]
    # They have seen it: now it is theirs to replace.
    await save(pavel)
    rows = await served.rows("SELECT prompt, topic FROM questions WHERE exam_id = %s", exam_id)
    assert rows == [("Pavel's?", "Ownership")]


async def test_what_is_not_saved_is_not_left_without_a_word(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await exam_with(served, "Old?"), await author()
    asked: list[str] = []

    async def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    await page.goto(f"/staff/exams/{exam_id}/questions/{await first_question(served, exam_id)}")
    await page.fill("#prompt", "")
    await page.click(".save-bar button.primary")
    await page.wait_for_selector("#prompt-wrong")
    assert await page.inner_text("#prompt-wrong") == "Please fill this in."
    page.on("dialog", stay)
    await page.click(".crumbs a >> nth=2")

    async def was_asked() -> bool:
        return asked == ["beforeunload"]

    await served.until(was_asked)
    await page.fill("#prompt", "New?")
    await save(page)
    await page.click(".crumbs a >> nth=2")
    await page.wait_for_selector("#cards")
    assert asked == ["beforeunload"]
    assert await prompts_of(served, exam_id) == ["New?"]


async def test_questions_are_reordered_by_the_keyboard_and_by_the_pointer(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await exam_with(served, "one", "two", "three"), await author()
    await page.goto(f"/staff/exams/{exam_id}/questions")
    await page.focus(".handle >> nth=0")
    for key in ("Space", "ArrowDown", "ArrowDown"):
        await page.keyboard.press(key)
    assert await page.inner_text("#said") == "Place 3 of 3."
    await page.keyboard.press("Space")
    await page.wait_for_selector("#said:has-text('Put down at place 3.')", state="attached")
    assert await prompts_of(served, exam_id) == ["two", "three", "one"]
    # The handle still has the focus; Escape leaves a question where it was.
    for key in ("Enter", "ArrowUp", "Escape"):
        await page.keyboard.press(key)
    assert await page.inner_text("#said") == "Left where it was."
    first, last = page.locator(".handle >> nth=0"), page.locator(".question-card >> nth=2")
    await first.hover()
    await page.mouse.down()
    box = await last.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 30, box["y"] + box["height"] - 4, steps=8)
    await page.mouse.up()
    await page.wait_for_selector("#said:has-text('Put down at place 3.')", state="attached")
    assert await prompts_of(served, exam_id) == ["three", "one", "two"]


async def test_of_two_who_reorder_the_second_sees_the_order_of_the_first(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id = await exam_with(served, "one", "two", "three")
    olga, pavel = await author(), await author(java_script_enabled=False)
    for page in (olga, pavel):
        await page.goto(f"/staff/exams/{exam_id}/questions")
    await olga.focus(".handle >> nth=0")
    for key in ("Space", "ArrowDown", "Space"):
        await olga.keyboard.press(key)
    await olga.wait_for_selector("#said:has-text('Put down at place 2.')", state="attached")
    # Without a script there are arrows.
    await pavel.click("text=Move question 3 up")
    await pavel.wait_for_selector("#refused")
    assert await pavel.locator(".question-card .gist .prose").all_inner_texts() == ["two", "one", "three"]
    await pavel.click("text=Move question 3 up")
    await pavel.wait_for_selector("#refused", state="detached")
    assert await prompts_of(served, exam_id) == ["two", "three", "one"]


async def test_a_question_is_written_without_a_script(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await empty_exam(served), await author(java_script_enabled=False)
    await begin(page, exam_id, "single_choice", "Which?")
    await texts(page, "options", "no", "yes")
    await page.check("[aria-label='Option B is right']")
    await page.click("text=Move Option B up")
    assert await page.input_value("#q-options-0-text") == "yes"
    assert await page.is_checked("[aria-label='Option A is right']")
    await page.click(".save-bar button.primary")
    await page.wait_for_selector('#save-state[data-state="saved"]')
    assert await prompts_of(served, exam_id) == ["Which?"]


async def test_a_pasted_picture_is_in_the_text_and_in_the_preview(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await empty_exam(served), await author()
    await begin(page, exam_id, "essay", "Look: ")
    await page.evaluate(
        """(content) => {
          const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
          const given = new DataTransfer();
          given.items.add(new File([bytes], "My house!.png", { type: "image/png" }));
          const box = document.querySelector("#prompt");
          box.focus();
          box.setSelectionRange(box.value.length, box.value.length);
          const how = { clipboardData: given, bubbles: true, cancelable: true };
          box.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        base64.b64encode(PNG).decode(),
    )

    async def is_in_the_text() -> bool:
        return "(my-house-" in await page.input_value("#prompt")

    await served.until(is_in_the_text)
    await page.keyboard.type("a white house")
    await page.frame_locator("#look").locator("img[alt='a white house']").wait_for()
    await save(page)
    [[name, stored]] = await served.rows(
        "SELECT name, content FROM pictures WHERE exam_id = %s AND name LIKE 'my-house%%'", exam_id
    )
    assert stored == PNG
    assert await prompts_of(served, exam_id) == [f"Look: ![a white house]({name})"]


async def test_the_whole_paper_is_tried_out_and_nothing_is_stored(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await served.exam(opens_at=FAR), await author()
    await page.goto(f"/staff/exams/{exam_id}/preview")
    room = page.frame_locator("#screen")
    await room.locator("#grid [aria-current]").wait_for(state="attached")

    async def order() -> list[str]:
        found: list[str] = await room.locator(".choices").first.evaluate(
            "(list) => [...list.querySelectorAll('input')].map((one) => one.value)"
        )
        return found

    orders = {tuple(await order())}
    for _ in range(6):
        await page.click("#again")
        await room.locator("#grid [aria-current]").wait_for(state="attached")
        orders.add(tuple(await order()))
    assert len(orders) > 1
    await room.locator(".current .choice").first.click()
    await room.locator("[data-answered=all]").first.wait_for(state="attached")
    await room.locator("[data-go='1']").click()
    await room.locator("#question-2.current").wait_for()
    await page.click("text=Phone")
    await page.wait_for_selector(".screen.phone")
    assert await served.rows("SELECT 1 FROM sittings WHERE exam_id = %s", exam_id) == []


async def test_what_is_written_when_the_exam_opens_is_refused_and_still_there(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await exam_with(served, "In time?"), await author()
    await page.goto(f"/staff/exams/{exam_id}/questions/{await first_question(served, exam_id)}")
    await page.fill("#prompt", "Late.")
    await served.rows("UPDATE exams SET opens_at = now() WHERE id = %s RETURNING 1", exam_id)
    await page.click(".save-bar button.primary")
    await page.wait_for_selector("#notices >> text=This exam has opened: its end")
    assert await page.input_value("#prompt") == "Late."
    assert await prompts_of(served, exam_id) == ["In time?"]


async def test_after_the_opening_questions_are_read_and_keys_corrected(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id, page = await exam_with(served, "Too late?"), await author()
    await served.rows("UPDATE exams SET opens_at = now() WHERE id = %s RETURNING 1", exam_id)
    await page.goto(f"/staff/exams/{exam_id}/questions")
    assert await page.locator(".handle, .adder").count() == 0
    await page.click(".gist a")
    await page.frame_locator("#look").locator(".question").wait_for()
    assert await page.locator("#editor").count() == 0
    await page.click("text=Correct the key of 1")
    await page.wait_for_url("**/key/1")
