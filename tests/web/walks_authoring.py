"""Through an author's pages of an exam as a whole, in each of their states."""

from .conftest import Candidate
from .looking import Look

FAR = "2090-01-01 09:00+00"


async def an_exam_as_a_whole(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    await alice.context.add_cookies([served.cookie(await served.person("author"), "author")])
    await page.goto("/staff/exams/import")
    await look()
    await page.fill("#text", "title: T\nduration: 1 parsec\n")
    await page.click("button:has-text('Import')")
    await page.wait_for_selector(".mistakes")
    await look()
    await page.goto("/staff/exams/new")
    await look()
    await page.fill("#title", "Looked at")
    await page.fill("#timezone", "Nowhere/Land")
    await page.click("text=Make the draft")
    await page.wait_for_selector("#timezone-wrong")
    await look()
    exam_id = await served.exam(is_draft=True, opens_at=FAR)
    for path in ("edit", "office"):
        await page.goto(f"/staff/exams/{exam_id}/{path}")
        await look()
    await page.goto(f"/staff/exams/{exam_id}/edit")
    await served.rows(
        """WITH changed AS (UPDATE exams SET version = 2, title = 'Theirs', duration_s = 60 WHERE id = %s
                            RETURNING id)
           INSERT INTO exam_edits (exam_id, version, part, edited_at, before, after)
           SELECT id, 2, 'settings', now(), '{"title": "Every type", "duration_s": 1}',
                  '{"title": "Theirs", "duration_s": 60}' FROM changed RETURNING 1""",
        exam_id,
    )
    await page.fill("#title", "Mine")
    await page.click("text=Save")
    await page.wait_for_selector(".conflict legend")
    await look()
    opened = await served.exam(opens_at=None)
    for path in ("edit", "office"):
        await page.goto(f"/staff/exams/{opened}/{path}")
        await look()
