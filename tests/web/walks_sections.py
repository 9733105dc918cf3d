"""Walks through the pages of sections and of the question bank, in each state that authors see them in."""

import psycopg

from examhall.exams.bank import change_bank_question, find_bank_question

from .conftest import Candidate
from .looking import Look
from .test_question_editor_browser import PNG

FAR = "2100-01-01 09:00+00"
LONG = "It is a line that no page is wide enough for. " * 8


async def sections_and_the_bank(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    olga = await served.person("author")
    await alice.context.add_cookies([served.cookie(olga, "author")])
    coming, over = await served.exam("pools", opens_at=FAR), await served.exam("pools")
    for exam_id in (coming, over):
        await page.goto(f"/staff/exams/{exam_id}/sections")
        await look()
    await page.goto(f"/staff/exams/{coming}/sections")
    await page.get_by_role("button").filter(has_text="+").or_(page.locator('[value="add"]')).first.click()
    await look()
    await page.goto("/staff/bank?q=nothing-like-that")
    await look()
    await page.goto("/staff/bank")
    await page.click(".adder summary")
    await look()
    await page.goto("/staff/bank/new?kind=matching")
    await page.wait_for_selector("#not-ready li", state="attached")
    await look()
    await page.goto("/staff/bank/new/text")
    await look()
    await page.fill("#text", "prompt: x\ntype: number\n")
    await page.click('[value="save"]')
    await page.wait_for_selector("[role=alert]")
    await look()
    await page.goto(f"/staff/exams/{coming}/bank")
    await page.click(".bank-card summary >> nth=2")
    await page.click(".bank-card [value=save] >> nth=2")
    await page.wait_for_selector(".chip.good")
    await look()
    for path in (f"/staff/bank?exam={coming}", "/staff/bank"):
        await page.goto(path)
        await look()
    await page.click(".bank-card .gist a")
    await page.click("details.panel summary")
    await look()
    await a_question_of_the_bank(alice, look, int(page.url.rpartition("/")[2]), olga)


async def a_question_of_the_bank(alice: Candidate, look: Look, question_id: int, olga: int) -> None:
    """In its editor, which somebody else was quicker in, and with a picture."""
    served, page = alice.served, alice.page
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"/staff/bank/{question_id}/pictures")
    await look()
    await page.set_input_files("#picture", {"name": "dot.png", "mimeType": "image/png", "buffer": PNG})
    await page.click(".panel .primary")
    await page.wait_for_selector(".picture-cards")
    await look()
    await page.goto(f"/staff/bank/{question_id}/edit")
    await page.frame_locator("#look").locator(".question").wait_for()
    await look()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        there = await find_bank_question(conn, question_id)
        theirs = there.document | {"prompt": f"Theirs? {LONG}"}
        await change_bank_question(
            conn, question_id, theirs, subject="physics", topic=None, by=olga, seen=there.version
        )
    await page.fill("#prompt", "Mine?")
    await page.click(".save-bar .primary")
    await page.wait_for_selector(".theirs")
    await look()
    await page.goto(f"/staff/bank/{question_id}")
    await page.wait_for_selector(".difference")
    await look()
    await page.goto(f"/staff/bank/{question_id}/look")
    await page.wait_for_selector(".question")
