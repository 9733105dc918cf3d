"""Forms in a browser: what is wrong is said before it is sent, and a form is built without new pages."""

from collections.abc import Awaitable, Callable

import psycopg
import pytest

from examhall.accounts.access import Person
from tests.forms.rows import AGE, NAME, PASSPORT, PDF, add_form

from .conftest import Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def form_in(served: Served) -> int:
    admin = await served.person("admin")
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        return await add_form(conn, Person(admin, ("admin",)), fields=[NAME, AGE, PASSPORT])


async def test_what_is_wrong_is_said_beside_its_field_and_then_sent(
    candidate: Callable[..., Awaitable[Candidate]],
) -> None:
    alice = await candidate(viewport={"width": 390, "height": 844})
    page, served = alice.page, alice.served
    await page.goto(f"/forms/{await form_in(served)}")
    await page.fill("#a-age", "3")
    await page.click("form[data-fill] button[type=submit]")
    assert await page.inner_text("#name-wrong") == "Please fill this in."
    assert await page.inner_text("#age-wrong") == "At least 5."
    assert await page.evaluate("document.activeElement.id") == "a-name"
    assert await page.get_attribute("#a-name", "aria-describedby") == "name-wrong"
    await page.fill("#a-name", "Alice")
    await page.fill("#a-age", "17")
    assert await page.locator("#name-wrong").is_hidden()
    evil = {"name": "page.html", "mimeType": "text/html", "buffer": b"<script>"}
    await page.set_input_files("#a-passport", files=[evil])  # type: ignore[list-item]
    assert await page.inner_text("#passport-wrong") == "This is no PDF, PNG, JPEG or WebP."
    right = {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await page.set_input_files("#a-passport", files=[right])  # type: ignore[list-item]
    await page.click("form[data-fill] button[type=submit]")
    await page.wait_for_url("**/forms/submissions/*")
    async with page.expect_download() as download:
        await page.click(".file-link")
    assert (await download.value).suggested_filename == "scan.pdf"


async def test_a_form_is_built_without_new_pages(candidate: Callable[..., Awaitable[Candidate]]) -> None:
    olga = await candidate()
    page, served = olga.page, olga.served
    await olga.context.add_cookies([served.cookie(olga.id, "author")])
    await served.rows("UPDATE people SET roles = '{author}' WHERE id = %s RETURNING id", olga.id)
    await page.goto("/staff/forms/new")
    await page.fill("#title", "Request")
    await page.evaluate("window.same = true")
    await page.click("button[value=add]")
    await page.wait_for_selector("#f2-title")
    assert await page.evaluate("document.activeElement.id") == "f2-title"
    await page.fill("#f2-title", "Day")
    await page.select_option("#f2-kind", "choice")
    await page.fill("#f2-choices", "Monday\nTuesday")
    # How it looks follows what is typed.
    await page.wait_for_selector("#preview >> text=Tuesday")
    await page.click('button[value="up:2"]')
    await page.wait_for_selector('#f1-title[value="Day"]')
    assert await page.evaluate("window.same") is True
    await page.click("button.primary[value=save]")
    await page.wait_for_url("**/staff/forms/*")
    [(order,)] = await served.rows("SELECT ui_order FROM form_versions ORDER BY form_id DESC LIMIT 1")
    assert order == ["full_name", "day", "email"]
