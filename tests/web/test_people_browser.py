"""People's pages in a browser, with a candidate's open beside: what is given is what they see."""

import io
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from pypdf import PdfReader

from tests.web.conftest import MakeCandidate, Served, close

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def office(served: Served, browser: Browser) -> AsyncIterator[Page]:
    """An administrator's page, far from UTC."""
    context = await browser.new_context(base_url=served.url, timezone_id="Asia/Tashkent")
    context.set_default_timeout(20_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    person = await served.person("admin")
    await context.add_cookies([served.cookie(person, "admin")])
    yield await context.new_page()
    await close(context)
    assert errors == [], "JavaScript errors"


async def username(served: Served, person_id: int) -> str:
    [(found,)] = await served.rows("SELECT username FROM people WHERE id = %s", person_id)
    return str(found)


async def seconds(served: Served, sitting_id: int) -> int:
    [(found,)] = await served.rows(
        "SELECT extract(epoch FROM deadline_at - started_at)::integer FROM sittings WHERE id = %s", sitting_id
    )
    return int(found)


async def test_double_time_is_in_the_lobby_and_in_the_room(
    served: Served, candidate: MakeCandidate, office: Page
) -> None:
    exam_id = await served.exam(duration_s=1800)
    alice = await candidate()
    await office.goto(f"/staff/exams/{exam_id}/candidates")
    await office.click("text=Give more time or another window")
    await office.fill("#username", await username(served, alice.id))
    await office.fill("#factor", "2")
    await office.fill("#reason", "dyslexia")
    await office.click("#accommodations form.stack button.primary")
    await expect(office.locator("#accommodations .given")).to_contain_text("× 2 the time")
    await alice.page.goto(f"/exams/{exam_id}")
    await expect(alice.page.locator("main")).to_contain_text("1 hour")
    sitting_id = await alice.sit(exam_id)
    assert await seconds(served, sitting_id) == 3600
    await expect(alice.page.locator("#clock, [data-clock], .clock").first).to_contain_text("59:")


async def test_who_sits_already_is_told_of_and_given_it_by_a_button(
    served: Served, candidate: MakeCandidate, office: Page
) -> None:
    exam_id = await served.exam(duration_s=1800)
    alice = await candidate()
    sitting_id = await alice.sit(exam_id)
    await alice.page.wait_for_selector("body[data-live=open]")
    await office.goto(f"/staff/people/{alice.id}")
    await office.click("text=Give more time")
    await office.check("input[name=kind][value=minutes]")
    await office.fill("#minutes", "20")
    await office.click("#accommodations form.stack button.primary")
    await expect(office.locator(".owed")).to_contain_text("20 minutes more")
    assert await seconds(served, sitting_id) == 1800
    await office.click("button:has-text('Give it to them now')")
    await expect(office.locator(".owed")).to_have_count(0)
    assert await seconds(served, sitting_id) == 3000
    await expect(alice.page.locator("body")).to_contain_text("Your extra time")


async def test_a_window_of_their_own_is_given_in_the_readers_time(
    served: Served, candidate: MakeCandidate, office: Page
) -> None:
    exam_id = await served.exam(opens_at="2030-01-01T05:00Z", closes_at="2030-01-01T07:00Z")
    alice = await candidate()
    await office.goto(f"/staff/exams/{exam_id}/candidates")
    await office.click("text=Give more time or another window")
    await office.fill("#username", await username(served, alice.id))
    await office.check("input[name=kind][value=none]")
    await office.fill("#opens_at", "2030-01-02T10:00")
    await office.fill("#closes_at", "2030-01-02T12:00")
    await office.click("#accommodations form.stack button.primary")
    await expect(office.locator("main")).to_contain_text("Somebody's own window goes on")
    [(opens_at,)] = await served.rows(
        "SELECT opens_at AT TIME ZONE 'UTC' FROM accommodations WHERE exam_id = %s", exam_id
    )
    assert str(opens_at) == "2030-01-02 05:00:00"


async def test_two_who_edit_one_person_see_each_others_change(
    served: Served, browser: Browser, office: Page
) -> None:
    person = await served.person()
    await office.goto(f"/staff/people/{person}")
    other = await office.context.new_page()
    await other.goto(f"/staff/people/{person}")
    await other.fill("#full_name", "Alice Newname")
    await other.click(f"form[action$='/{person}'] button.primary")
    await expect(other.locator("h1")).to_have_text("Alice Newname")
    await office.fill("#email", f"alice{person}@example.com")
    await office.click(f"form[action$='/{person}'] button.primary")
    await expect(office.locator("[role=alert]")).to_contain_text("Alice Newname")
    await expect(office.locator("#email")).to_have_value(f"alice{person}@example.com")


async def test_a_sheet_of_tickets_lets_its_holder_in(
    served: Served, candidate: MakeCandidate, office: Page, browser: Browser
) -> None:
    exam_id = await served.exam()
    alice = await candidate()
    name = await username(served, alice.id)
    await office.goto(f"/staff/exams/{exam_id}/candidates")
    await office.click("text=Assign people by name")
    await office.fill("#usernames", f"{name}\nnobody-at-all")
    await office.click("details:has(#usernames) button.primary")
    await expect(office.locator("[role=alert]")).to_contain_text("nobody-at-all")
    await office.fill("#usernames", name)
    await office.click("details:has(#usernames) button.primary")
    await office.click("text=Issue to everybody expected")
    await expect(office.locator("main")).to_contain_text("Everybody has a ticket")
    sheet = await office.context.request.get(f"/staff/exams/{exam_id}/tickets.pdf")
    text = PdfReader(io.BytesIO(await sheet.body())).pages[0].extract_text()
    assert name in text
    address = "/t/" + "".join(text.split("/t/")[1].split())[:43]
    holder = await browser.new_context(base_url=served.url)
    page = await holder.new_page()
    await page.goto(address)
    await page.click("button.primary")
    await page.wait_for_url(f"**/exams/{exam_id}")
    await close(holder)


async def test_a_link_lets_somebody_choose_a_password(served: Served, browser: Browser, office: Page) -> None:
    person = await served.person()
    await office.goto(f"/staff/people/{person}")
    await office.click("text=Make a link")
    link = await office.locator(".secret code").inner_text()
    other = await browser.new_context(base_url=served.url)
    page = await other.new_page()
    await page.goto("/password/" + link.rpartition("/")[2])
    await page.fill("#password", "a password of mine")
    await page.fill("#again", "a password of mine")
    await page.click("button.primary")
    await expect(page.locator("h1")).to_have_text("Your password is set")
    await page.click("a.primary")
    await page.fill("#username", await username(served, person))
    await page.fill("#password", "a password of mine")
    await page.click("button[type=submit].primary")
    await page.wait_for_url("**/exams")
    await close(other)


async def test_a_list_takes_people_out_of_a_group_as_it_puts_them_in(served: Served, office: Page) -> None:
    names = [await username(served, await served.person()) for _ in range(2)]
    await office.goto("/staff/groups")
    await office.fill("#name", f"Class of {names[0]}")
    await office.click("form[aria-labelledby=own] button")
    await expect(office.get_by_label("Add them")).to_be_checked()
    for way, listed, left in (("Add them", names, set(names)), ("Take them out", names[:1], {names[1]})):
        await office.get_by_label(way).check()
        await office.fill("#usernames", " ".join(listed))
        await office.click("text=Look at the changes")
        await office.click("text=Do it")
        await office.get_by_text("Saved.").wait_for()
        found = await served.rows(
            """SELECT people.username FROM group_members JOIN people ON people.id = group_members.person_id
                JOIN groups ON groups.id = group_members.group_id WHERE groups.name = %s""",
            f"Class of {names[0]}",
        )
        assert {name for (name,) in found} == left
    await office.get_by_label("Take them out").check()
    await office.fill("#usernames", "nobody-at-all")
    await office.click("text=Look at the changes")
    await expect(office.get_by_label("Take them out")).to_be_checked()
