"""Marking by hand: a marker's work, the desk in its states, and an author's pages of it."""

import psycopg

from examhall.exams.marking_scheme import NewScheme
from tests.scoring.essays import RUBRIC, TWO, add_essays, by_two, mark_next, write_essay

from .conftest import Candidate
from .looking import Look


async def marking_by_hand(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    writers = [await served.person() for _ in range(3)]
    author, other = await served.person("author"), await served.person("author")
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_essays(conn)
        await by_two(
            conn, exam_id, NewScheme(**TWO.model_dump() | {"rubric": RUBRIC, "guidance": "Look for $x$."})
        )
        sittings = [await write_essay(conn, exam_id, each) for each in writers]
    marker = await served.person("marker")
    await alice.context.add_cookies([served.cookie(marker, "marker")])
    await page.goto("/staff/marking")
    await look()

    await alice.context.add_cookies([served.cookie(author, "author")])
    await page.goto(f"/staff/exams/{exam_id}/marking")
    await look()
    await page.goto(f"/staff/exams/{exam_id}/marking/2")
    await look()
    await page.fill("#rubric", "Content\nfour")
    await page.click("button.primary")
    await page.wait_for_selector("#problem")
    await look()
    for _ in range(2):
        await page.goto("/staff/marking")
        await page.click(f"section:has(#exam-{exam_id}) button")
        await page.wait_for_selector(".written .katex, .written")
        await page.click(".criterion >> nth=0 >> .level >> nth=4")
        await page.wait_for_selector("#saved[data-state=saved]")
        await look()
        await page.click(".criterion >> nth=1 >> .level >> nth=2")
        await page.fill("#comment", "Well argued.")
        task = page.url
        async with page.expect_navigation(url="**/staff/marking/*"):
            await page.click("#finish")
    await page.goto(task)
    await look()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        for _ in sittings:
            await mark_next(conn, exam_id, other, None, levels={"c1": 0, "c2": 2})
    await page.goto(f"/staff/exams/{exam_id}/marking")
    await look()
    await page.goto(f"/staff/exams/{exam_id}/marking?apart")
    await look()
