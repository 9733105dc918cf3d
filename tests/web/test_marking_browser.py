"""Two markers who differ, a third who decides, and the candidate who reads it; a network that is cut."""

import asyncio
import re
from decimal import Decimal

import psycopg
import pytest
from playwright.async_api import Browser, Page, Route, expect

from examhall.exams.marking_scheme import NewScheme
from tests.scoring.essays import RUBRIC, add_essays, by_two, write_essay

from .conftest import MakeCandidate, MakePage, Served, close

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SCHEME = NewScheme(markers=2, differ_above=Decimal(1), rubric=RUBRIC, guidance="Look for $x^2$.")


async def essay_by(served: Served, candidate_id: int, scheme: NewScheme = SCHEME) -> tuple[int, int]:
    """An exam with released results and one essay in it; exam and sitting."""
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_essays(conn)
        await by_two(conn, exam_id, scheme)
        return exam_id, await write_essay(conn, exam_id, candidate_id, "Because $x^2$ grows & <b>faster</b>.")


async def named(served: Served, exam_id: int, author: Page) -> None:
    """All markers there are are named, on the page."""
    found = await served.rows(
        "SELECT username FROM people WHERE 'marker' = ANY(roles) ORDER BY id DESC LIMIT 3"
    )
    await author.goto(f"/staff/exams/{exam_id}/marking")
    await author.fill("#usernames", " ".join(name for (name,) in found))
    await author.click("form:has(#usernames) button")
    for (name,) in found:
        await expect(author.locator("#markers + .scroll")).to_contain_text(
            f"Alice {name.removeprefix('alice')}"
        )


async def take(page: Page, exam_id: int) -> None:
    await page.goto("/staff/marking")
    await page.click(f"section:has(#exam-{exam_id}) button")
    await page.wait_for_selector(".desk")


async def test_two_markers_and_a_third_lead_to_what_the_candidate_reads(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    alice = await candidate()
    exam_id, sitting = await essay_by(served, alice.id)
    markers = [await office("marker") for _ in range(3)]
    author = await office("author")
    await named(served, exam_id, author)

    [(username,)] = await served.rows("SELECT username FROM people WHERE id = %s", alice.id)
    number = username.removeprefix("alice")
    first, second, third = markers
    await take(first, exam_id)
    await take(second, exam_id)
    # Nothing says whose it is; what was written stands there as it was written.
    for page in (first, second):
        html = (await page.content()).lower()
        assert "candidate_id" not in html
        assert "sitting" not in html
        assert not re.search(rf"\balice ?{number}\b", html)
        await expect(page.locator(".written")).to_contain_text("& <b>faster</b>.")
        await expect(page.locator(".written .katex")).to_have_count(1)
    assert first.url != second.url

    # By the keyboard alone: four points, one point, and a comment.
    await first.keyboard.press("4")
    await first.keyboard.press("1")
    await expect(first.locator("#sum")).to_have_text("5")
    await first.fill("#comment", "Well argued.")
    await expect(first.locator("#saved")).to_have_text("Saved")
    await first.keyboard.press("Control+Enter")
    await first.wait_for_url("**/staff/marking?nothing")

    await second.click(".criterion >> nth=0 >> .level >> nth=1")
    await second.click(".criterion >> nth=1 >> .level >> nth=0")
    await second.fill("#comment", "Too short.")
    await second.click("#finish")
    await second.wait_for_url("**/staff/marking?nothing")
    await alice.page.goto(f"/sittings/{sitting}/result")
    await expect(alice.page.locator(".key")).to_contain_text("To be marked")
    await expect(alice.page.locator("body")).not_to_contain_text("Well argued.")
    await author.goto(f"/staff/exams/{exam_id}/marking?apart")
    await expect(author.locator(".opinions")).to_contain_text("a third opinion waits")

    await take(third, exam_id)
    await third.click(".criterion >> nth=0 >> .level >> nth=3")
    # Something is missing: the page says so, and nothing is finished.
    await third.keyboard.press("Control+Enter")
    await expect(third.locator("#saved")).to_have_text("Something is still missing.")
    await third.click(".criterion >> nth=1 >> .level >> nth=2")
    await third.click("#finish")
    await third.wait_for_url("**/staff/marking?nothing")

    # Three and two are nearer to five than to one: the mean of the two fives, and question 1 beside it.
    await alice.page.reload()
    await expect(alice.page.locator(".figure >> nth=0")).to_contain_text("6")
    await alice.page.click(".breakdown summary >> nth=1")
    await expect(alice.page.locator(".said")).to_contain_text("Well argued.")
    await expect(alice.page.locator(".said .criteria")).to_contain_text("3.5 / 4")
    await expect(alice.page.locator("body")).not_to_contain_text("Too short.")
    await author.reload()
    await expect(author.locator(".opinions .no")).to_have_text("1")


async def test_a_marker_whose_network_is_cut_loses_nothing(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    alice = await candidate()
    exam_id, _ = await essay_by(served, alice.id, NewScheme(rubric=RUBRIC))
    author = await office("author")
    await take(author, exam_id)
    task = author.url.rpartition("/")[2]
    await author.click(".criterion >> nth=0 >> .level >> nth=2")
    await expect(author.locator("#saved")).to_have_text("Saved")
    await author.context.set_offline(True)
    await author.click(".criterion >> nth=1 >> .level >> nth=1")
    await author.fill("#comment", "Written in the dark.")
    await expect(author.locator("#saved")).to_contain_text("no connection")
    # The page dies with it, and comes back.
    author.on("dialog", lambda dialog: dialog.accept())
    await author.goto("about:blank")
    await author.context.set_offline(False)
    await author.goto(f"/staff/marking/{task}")
    await expect(author.locator("#comment")).to_have_value("Written in the dark.")
    await expect(author.locator("#sum")).to_have_text("3")

    async def arrived() -> bool:
        rows = await served.rows("SELECT levels, comment FROM marking_sheets WHERE task_id = %s", int(task))
        return rows == [({"c1": 2, "c2": 1}, "Written in the dark.")]

    await served.until(arrived)


async def test_a_finish_without_a_network_waits_for_it(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    alice = await candidate()
    exam_id, sitting = await essay_by(served, alice.id, NewScheme())
    author = await office("author")
    await take(author, exam_id)
    await author.fill("#points", "4,5")
    await author.context.set_offline(True)
    await author.click("#finish")
    await expect(author.locator("#saved")).to_contain_text("no connection")
    await author.context.set_offline(False)
    await author.wait_for_url("**/staff/marking?nothing")
    assert await served.rows("SELECT points FROM results WHERE sitting_id = %s", sitting) == [
        (Decimal("5.5"),)
    ]


async def test_without_scripts_a_mark_is_saved_finished_and_reopened(
    served: Served, browser: Browser, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    exam_id, sitting = await essay_by(served, alice.id, NewScheme())
    context = await browser.new_context(base_url=served.url, java_script_enabled=False)
    person = await served.person("author")
    await context.add_cookies([served.cookie(person, "author")])
    page = await context.new_page()
    await take(page, exam_id)
    await page.click("#finish")
    await expect(page.locator("#problem")).to_contain_text("Something is still missing")
    await page.fill("#points", "2.5")
    await page.click("#save")
    await expect(page.locator("#points")).to_have_value("2.5")
    url = page.url
    await page.click("#finish")
    await page.wait_for_url("**/staff/marking?nothing")
    await page.goto(url)
    await page.click(".reopen summary")
    await page.fill("#reason", "A slip.")
    await page.click(".reopen button")
    await page.fill("#points", "3")
    await page.click("#finish")
    await page.wait_for_url("**/staff/marking?nothing")
    assert await served.rows("SELECT points FROM results WHERE sitting_id = %s", sitting) == [(Decimal(4),)]
    await close(context)


async def test_an_author_says_how_a_question_is_marked(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    alice = await candidate()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_essays(conn)
        await write_essay(conn, exam_id, alice.id)
    author, other = await office("author"), await office("author")
    for page in (author, other):
        await page.goto(f"/staff/exams/{exam_id}/marking/2")
    await author.select_option("#markers", "2")
    await author.fill("#differ_above", "1,5")
    await author.fill("#rubric", "Content\n4: all\n0: none\n\nLanguage\nfine")
    await author.click("button.primary")
    await expect(author.locator("#problem")).to_contain_text("Line 6 of the rubric")
    await author.fill("#rubric", "Content\n4: all\n0: none\n\nLanguage\n1: fine\n0: not")
    await author.click("button.primary")
    await expect(author.locator("#problem")).to_contain_text("worth what the question is worth")
    await author.fill("#rubric", "Content\n4: all\n0: none\n\nLanguage\n2: fine\n0: not")
    await author.click("button.primary")
    await expect(author.locator(".schemes")).to_contain_text("two people, a third above 1.5")
    # Who had the page open before is told, and overwrites nothing.
    await other.click("button.primary")
    await expect(other.locator("#problem")).to_contain_text("Somebody changed this")
    assert await served.rows("SELECT count(*) FROM marking_tasks WHERE exam_id = %s", exam_id) == [(2,)]


async def test_a_save_that_fails_late_does_not_forget_the_finish(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    alice = await candidate()
    exam_id, sitting = await essay_by(served, alice.id, NewScheme())
    author = await office("author")
    await take(author, exam_id)
    asked, finished = asyncio.Event(), asyncio.Event()

    async def save(route: Route) -> None:
        asked.set()
        await finished.wait()
        await route.abort()

    async def finish(route: Route) -> None:
        await route.abort()
        finished.set()

    await author.route("**/sheet", save, times=1)
    await author.route("**/finish", finish, times=1)
    await author.fill("#points", "4.5")
    await asked.wait()
    await author.click("#finish")
    await author.wait_for_url("**/staff/marking?nothing")
    rows = await served.rows("SELECT points FROM results WHERE sitting_id = %s", sitting)
    assert rows == [(Decimal("5.5"),)]


@pytest.mark.parametrize("language", ["en", "ru", "uz"])
async def test_what_is_chosen_is_read_whole_on_a_phone(
    served: Served, candidate: MakeCandidate, office: MakePage, language: str
) -> None:
    alice = await candidate()
    exam_id, _ = await essay_by(served, alice.id)
    author = await office("author", viewport={"width": 390, "height": 844}, locale=language)
    await author.goto(f"/staff/exams/{exam_id}/marking/2")
    cut = await author.eval_on_selector_all(
        "select.input option",
        """(options) => options.filter((option) => {
            const box = option.closest("select");
            const style = getComputedStyle(box);
            const text = document.createElement("div");
            for (const one of ["font", "lineHeight", "whiteSpace", "padding"]) text.style[one] = style[one];
            text.style.position = "absolute";
            text.style.width = `${box.clientWidth}px`;
            text.style.boxSizing = "border-box";
            text.textContent = option.textContent;
            document.body.append(text);
            const fits = text.scrollWidth <= box.clientWidth && text.offsetHeight <= box.clientHeight + 1;
            text.remove();
            return !fits;
        }).map((option) => option.textContent)""",
    )
    assert cut == []
