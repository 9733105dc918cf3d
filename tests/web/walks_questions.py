"""Walks through the pages on which authors write questions, in each state that they see them in."""

import psycopg

from examhall.exams.questions import change_question, find_question

from .conftest import Candidate
from .looking import Look

KINDS = (
    "single_choice", "multiple_choice", "true_false", "number", "short_text", "ordering", "matching",
    "best_worst", "essay",
)  # fmt: skip


async def questions_being_written(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    olga = await served.person("author")
    await alice.context.add_cookies([served.cookie(olga, "author")])
    page.on("dialog", lambda dialog: dialog.accept())
    coming, over = await served.exam(opens_at="2100-01-01 09:00+00"), await served.exam()
    empty = await served.exam(opens_at="2100-01-01 09:00+00")
    await served.rows("DELETE FROM questions WHERE exam_id = %s RETURNING 1", empty)
    await served.rows("UPDATE exams SET opens_at = now() WHERE id = %s RETURNING 1", over)
    for exam_id in (coming, over, empty):
        for path in ("questions", "pictures", "preview"):
            await page.goto(f"/staff/exams/{exam_id}/{path}")
            await look()
    root = f"/staff/exams/{coming}/questions"
    await page.goto(root)
    await page.click(".adder summary")
    await look()
    await page.keyboard.press("Escape")
    await page.click(".more summary >> nth=0")
    await look()
    for kind in KINDS:
        await page.goto(f"{root}/new?kind={kind}")
        await page.wait_for_selector("#not-ready li", state="attached")
        await look()
    await page.click(".save-bar .primary")
    await page.wait_for_selector("#prompt-wrong")
    await look()
    for exam_id in (coming, over):
        rows = await served.rows("SELECT id FROM questions WHERE exam_id = %s ORDER BY number", exam_id)
        for [question_id] in rows:
            await page.goto(f"/staff/exams/{exam_id}/questions/{question_id}")
            await page.frame_locator("#look").locator(".question").wait_for()
        await look()
    [[question_id]] = await served.rows("SELECT id FROM questions WHERE exam_id = %s AND number = 1", coming)
    await page.goto(f"{root}/{question_id}")
    await page.fill("#topic", "Numbers")
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        theirs = (await find_question(conn, coming, question_id)).document | {"prompt": "Theirs?"}
        await change_question(
            conn, exam_id=coming, question_id=question_id, document=theirs, by=olga, seen=1_000
        )
    await page.click(".save-bar .primary")
    await page.wait_for_selector(".theirs")
    await look()
    await page.goto(f"{root}/{question_id}/look")
    await page.wait_for_selector(".question")
