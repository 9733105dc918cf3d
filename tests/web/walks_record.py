"""The record of what was done and the history of a sitting, as axe and the eye go through them."""

from .conftest import Candidate
from .looking import Look


async def the_record_and_a_sitting(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    exam_id = await served.exam(title="Recorded")
    sitting_id = await alice.sit(exam_id)
    await alice.choose(0)
    await alice.saved()
    await served.rows("UPDATE exams SET pass_percent = 60 WHERE id = %s RETURNING id", exam_id)
    for role in ("admin", "invigilator"):
        await alice.context.add_cookies([served.cookie(await served.person(role), role)])
        await page.goto(f"/staff/exams/{exam_id}/sittings/{sitting_id}")
        for summary in await page.locator("main summary").all():
            await summary.click()
        await look()
    await alice.context.add_cookies([served.cookie(await served.person("admin"), "admin")])
    for path in (
        f"/staff/audit?exam={exam_id}&kind=exams",
        "/staff/audit?q=nothing-is-called-this",
        f"/staff/exams/{exam_id}/history",
        f"/staff/exams/{exam_id}/history?q=nothing-is-called-this",
    ):
        await page.goto(path)
        for summary in await page.locator("main summary").all():
            await summary.click()
        await look()
