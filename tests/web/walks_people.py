"""Walks through the pages of people, groups, candidates and new passwords, in each of their states."""

from .conftest import Candidate
from .looking import Look


async def people_and_groups(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    admin = await served.person("admin")
    await alice.context.add_cookies([served.cookie(admin, "admin")])
    exam_id = await served.exam()
    [(name,)] = await served.rows("SELECT username FROM people WHERE id = %s", alice.id)
    for path in ("/staff/people", "/staff/people?q=nobody-like-that", "/staff/people/new", "/staff/groups"):
        await page.goto(path)
        await look()
    await page.goto("/staff/people/import")
    await look()
    for content in (b"username,full_name\n=1,\n", f"username,full_name\n{name},Alice N.\n".encode()):
        await page.set_input_files("#file", {"name": "people.csv", "mimeType": "text/csv", "buffer": content})
        await page.click(".drop button")
        await look()
        await page.goto("/staff/people/import")
    await page.goto("/staff/groups")
    await page.fill("#name", f"Quiet room {exam_id}")
    await page.click("form[aria-labelledby=own] button")
    for pasted in ("nobody-at-all", name):
        await page.fill("#usernames", pasted)
        await page.click("form:has(#usernames) button.primary")
        await look()
    await page.click("button:has-text('Do it')")
    await look()
    await _an_exams_candidates(alice, look, exam_id, name)
    await page.goto(f"/staff/people/{alice.id}")
    await page.click(".give summary")
    await look()
    await page.click("button[value=link]")
    await look()
    link = await page.locator(".secret code").inner_text()
    await page.goto("/password/" + link.rpartition("/")[2])
    await look()
    await page.goto("/password/no-such-link")
    await look()


async def _an_exams_candidates(alice: Candidate, look: Look, exam_id: int, name: str) -> None:
    page = alice.page
    await page.goto(f"/staff/exams/{exam_id}/candidates")
    await look()
    await page.click("form.inline button")
    await page.click("#accommodations summary")
    await page.fill("#username", name)
    await page.fill("#factor", "eleven")
    await page.click("#accommodations form.stack button.primary")
    await look()
    await page.fill("#factor", "1.5")
    await page.click("#accommodations form.stack button.primary")
    await page.click("button:has-text('Issue to everybody expected')")
    await look()
    await page.click("button:has-text('Take off') >> nth=0")
    await look()
