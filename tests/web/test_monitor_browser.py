"""The invigilator's page and a candidate's, open together."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.conftest import MakeCandidate, Served, close

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def monitor(served: Served, browser: Browser) -> AsyncIterator[Page]:
    """A page of an invigilator; `goto` it to an exam's."""
    context = await browser.new_context(base_url=served.url)
    context.set_default_timeout(20_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    person = await served.person("invigilator")
    await context.add_cookies([served.cookie(person, "invigilator")])
    yield await context.new_page()
    await close(context)
    assert errors == [], "JavaScript errors"


async def test_who_comes_answers_and_is_cut_off_is_seen(
    served, candidate: MakeCandidate, monitor: Page
) -> None:
    exam_id = await served.exam(shuffle_options=False)
    await monitor.goto(f"/staff/exams/{exam_id}/live")
    await expect(monitor.locator("#rows")).to_contain_text("Nobody here.")
    alice = await candidate()
    await alice.sit(exam_id)
    row = monitor.locator("#rows tr")
    await expect(row.locator(".state-cell")).to_contain_text("Connected")
    await alice.choose(0)
    await expect(row).to_contain_text("1 of 11")
    await expect(monitor.locator("[data-count=connected]")).to_have_text("1")
    # The browser is gone; a cable that is cut is in tests/base/test_cut_cable.py.
    await alice.page.goto("about:blank")
    await expect(row.locator(".state-cell")).to_contain_text("Cut off")
    await monitor.click("#filter label:has-text('Cut off')")
    await expect(row).to_have_count(1)
    await alice.page.go_back()
    await expect(monitor.locator("#rows")).to_contain_text("Nobody here.")


async def test_time_is_given_to_who_was_chosen_and_stands_in_the_record(
    served, candidate: MakeCandidate, monitor: Page
) -> None:
    exam_id = await served.exam(duration_s=600)
    alice, bob = await candidate(), await candidate()
    sitting_id = await alice.sit(exam_id)
    await bob.sit(exam_id)
    for person in (alice, bob):
        await person.page.wait_for_selector("body[data-live=open]")
    await monitor.goto(f"/staff/exams/{exam_id}/live")
    await expect(monitor.locator("#whom")).to_have_text("To all 2 who sit it")
    await monitor.check(f"#rows tr[data-id='{sitting_id}'] input")
    await expect(monitor.locator("#whom")).to_have_text("To 1 selected")
    await monitor.click("[data-open=time]")
    await monitor.fill("#minutes", "30")
    await monitor.fill("#time-reason", "<b>Ill</b> for a while")
    await monitor.click("[data-dialog=time] [type=submit]")
    await expect(monitor.locator("#outcome")).to_have_text("Time given.")
    await expect(alice.page.locator("#news li p")).to_have_text(
        "You have 30 minutes more. <b>Ill</b> for a while"
    )
    await expect(bob.page.locator("#news")).to_be_hidden()
    await expect(monitor.locator("#log li")).to_contain_text(
        "30 more minutes for 1 candidate · <b>Ill</b> for a while · by Alice"
    )
    granted = await served.rows("SELECT granted_s FROM sittings WHERE exam_id = %s ORDER BY id", exam_id)
    assert granted == [(1800,), (0,)]


async def test_who_handed_in_by_mistake_is_let_in_again(
    served, candidate: MakeCandidate, monitor: Page
) -> None:
    exam_id = await served.exam(duration_s=600, shuffle_options=False)
    alice, bob = await candidate(), await candidate()
    sitting_id = await alice.sit(exam_id)
    await bob.sit(exam_id)
    await alice.choose(0)
    await alice.saved()
    await alice.page.click("#finish")
    await alice.page.click("#confirm")
    await alice.page.wait_for_url("**/result")
    await monitor.goto(f"/staff/exams/{exam_id}/live")
    await monitor.click("#filter label:has-text('Handed in')")
    await monitor.click("[data-open=readmissions]")
    await monitor.fill("#again-reason", "By mistake")
    await monitor.click("[data-dialog=readmissions] [type=submit]")
    await expect(monitor.locator("[data-dialog=readmissions] .failed")).to_contain_text("Select them first")
    await monitor.click("[data-dialog=readmissions] [data-close]")
    await monitor.check(f"#rows tr[data-id='{sitting_id}'] input")
    await expect(monitor.locator("#whom")).to_have_text("None of those selected sits it now")
    await monitor.click("[data-open=readmissions]")
    await expect(monitor.locator("[data-whom-again]")).to_have_text("1 selected who handed in")
    await monitor.fill("#again-reason", "By mistake")
    await monitor.click("[data-dialog=readmissions] [type=submit]")
    await expect(monitor.locator("#outcome")).to_have_text("Let in again.")
    # Her page goes on by itself, with her answer.
    await alice.page.wait_for_url(f"**/sittings/{sitting_id}")
    await expect(alice.page.locator(".question.current input").first).to_be_checked()
    await expect(monitor.locator("#log li").first).to_contain_text("let in again: 1 candidate · By mistake")
    assert await served.rows("SELECT closed_at FROM sittings WHERE exam_id = %s", exam_id) == [(None,)] * 2


async def test_one_room_is_looked_at_and_acted_on(served, candidate: MakeCandidate, monitor: Page) -> None:
    exam_id = await served.exam(duration_s=600)
    alice, bob = await candidate(), await candidate()
    await alice.sit(exam_id)
    await bob.sit(exam_id)
    names = dict(await served.rows("SELECT id, username FROM people WHERE id = ANY(%s)", [alice.id, bob.id]))
    await monitor.goto(f"/staff/exams/{exam_id}/live")
    await expect(monitor.locator("#rooms")).to_be_hidden()
    await monitor.click("[data-open=seating]")
    await monitor.fill("#seating-list", f"username,room,seat\n{names[alice.id]},B12,4\nnobody,B12,")
    await monitor.click("[data-dialog=seating] [type=submit]")
    await expect(monitor.locator("[data-dialog=seating] .failed")).to_contain_text("Line 3: nobody here")
    await monitor.fill(
        "#seating-list", f"username,room,seat\n{names[alice.id]},B12,4\n{names[bob.id]},<b>C</b>,"
    )
    await monitor.click("[data-dialog=seating] [type=submit]")
    await expect(monitor.locator("#outcome")).to_have_text("Rooms saved.")
    await expect(monitor.locator("#rows tr")).to_have_count(2)
    await monitor.select_option("#room", "B12")
    await expect(monitor.locator("#rows tr")).to_have_count(1)
    await expect(monitor.locator("#rows th small")).to_have_text(f"{names[alice.id]} · B12 · 4")
    await expect(monitor.locator("[data-count=in]")).to_have_text("1")
    await expect(monitor.locator("#whom")).to_have_text("To 1 who sits it in B12")
    await monitor.click("[data-open=time]")
    await monitor.fill("#time-reason", "Noise")
    await monitor.click("[data-dialog=time] [type=submit]")
    await expect(monitor.locator("#outcome")).to_have_text("Time given.")
    granted = await served.rows(
        "SELECT candidate_id, granted_s FROM sittings WHERE exam_id = %s ORDER BY granted_s", exam_id
    )
    assert granted == [(bob.id, 0), (alice.id, 300)]
    # A bookmark of the room.
    await monitor.reload()
    await expect(monitor.locator("#rows tr")).to_have_count(1)


async def test_the_exam_is_paused_announced_to_and_closed(
    served, candidate: MakeCandidate, monitor: Page
) -> None:
    exam_id = await served.exam()
    alice = await candidate()
    await alice.sit(exam_id)
    await monitor.goto(f"/staff/exams/{exam_id}/live")
    await monitor.click("[data-open=pause]")
    await monitor.fill("#pause-reason", "Fire alarm")
    await monitor.click("[data-dialog=pause] [type=submit]")
    await expect(alice.page.locator("#paused")).to_be_visible()
    await expect(monitor.locator("#is-paused")).to_be_visible()
    await monitor.click("[data-do=resume]")
    await expect(alice.page.locator("#main")).to_be_visible()
    await expect(monitor.locator("#is-paused")).to_be_hidden()
    await monitor.click("[data-open=announcements]")
    await monitor.fill("#announcement", "Ten minutes to go.")
    await monitor.click("[data-dialog=announcements] [type=submit]")
    await expect(alice.page.locator("#news li p").first).to_have_text("Ten minutes to go.")
    await monitor.click("[data-open=close]")
    await monitor.fill("#close-reason", "Over")
    await monitor.click("[data-dialog=close] [type=submit]")
    await alice.page.wait_for_url("**/result")
    await expect(monitor.locator("[data-count=closed]")).to_have_text("1")
    await monitor.click("#filter label:has-text('Handed in')")
    await expect(monitor.locator("#rows .state-cell")).to_contain_text("Closed by staff")


async def test_candidates_have_no_such_page(served, candidate: MakeCandidate) -> None:
    exam_id = await served.exam()
    alice = await candidate()
    reply = await alice.page.goto(f"/staff/exams/{exam_id}/live")
    assert reply is not None
    assert reply.status == 403
