"""Walks through the pages of sections and of the question bank, in each state that authors see them in."""

from .conftest import Candidate
from .looking import Look

FAR = "2100-01-01 09:00+00"


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
    await page.goto("/staff/bank/new")
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
