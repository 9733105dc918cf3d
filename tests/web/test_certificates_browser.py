"""Certificates in a browser: the editor with its sheet and errors, issuing, rules, the gallery."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.certificates.given import add_settled
from tests.web.test_accessibility_browser import SIZES, sideways, violations

from .conftest import Served, close

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PATIENCE_MS = 30_000


@dataclass
class Desk:
    """Olga at her desk."""

    id: int
    served: Served
    context: BrowserContext
    page: Page


async def at_desk(served: Served, browser: Browser, size: tuple[int, int]) -> Desk:
    width, height = size
    context = await browser.new_context(
        base_url=served.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    olga = await served.person("author", "candidate")
    await context.add_cookies([served.cookie(olga, "author", "candidate")])
    return Desk(olga, served, context, await context.new_page())


@pytest.fixture
async def desk(served: Served, browser: Browser) -> AsyncIterator[Desk]:
    desk = await at_desk(served, browser, SIZES[0])
    yield desk
    await close(desk.context)


async def new_template(page: Page, name: str) -> str:
    """Made from the example that a new one begins with; its address."""
    await page.goto("/staff/certificates/templates/new")
    await page.fill("#name", name)
    await page.fill("#category", "achievement")
    await page.fill("#variant", "plain")
    await page.click("#editor button[type=submit]")
    await page.wait_for_selector(".notice.good")
    return page.url.partition("?")[0]


async def test_the_editor_shows_the_sheet_and_the_line_that_is_wrong(desk: Desk) -> None:
    page = desk.page
    await page.goto("/staff/certificates/templates/new")
    await page.wait_for_selector("#sheet img[src^='data:image/png']")
    assert await page.locator("#lines span").first.text_content() == "1\n"
    source = await page.input_value("#source")
    await page.fill("#source", source + "\n#unknown\n")
    line = source.count("\n") + 2
    await page.wait_for_selector("#errors li")
    assert f"{line}: unknown variable: unknown" in (await page.locator("#errors li").first.inner_text())
    assert await page.locator("#lines b").all_text_contents() == [str(line)]
    # The sheet stays as it last was, and says that it is old.
    assert await page.locator("#sheet.old img").count() == 1
    await page.click("#errors a")
    caret = await page.evaluate("document.getElementById('source').selectionStart")
    assert (source + "\n#unknown\n")[:caret].count("\n") == line - 1
    await page.fill("#source", source)
    await page.wait_for_selector("#errors:empty", state="attached")
    await page.wait_for_selector("#sheet:not(.old) img")


async def test_a_template_that_loops_is_told_and_another_is_set_meanwhile(
    desk: Desk, served: Served, browser: Browser
) -> None:
    page = desk.page
    await page.goto("/staff/certificates/templates/new")
    await page.fill("#source", "#{ for a in range(100000) { for b in range(100000) { let c = a * b } } }")
    await page.wait_for_selector("#errors li")
    assert "takes too long" in await page.locator("#errors li").inner_text()
    await page.fill("#source", "= Again")
    await page.wait_for_selector("#errors:empty", state="attached")


async def test_a_bad_template_is_not_saved_and_nothing_typed_is_lost(desk: Desk) -> None:
    page = desk.page
    address = await new_template(page, "Diploma")
    await page.fill("#source", "= Hello\n#(")
    await page.click("#editor button[type=submit]")
    await page.wait_for_selector(".notice.bad")
    assert await page.input_value("#source") == "= Hello\n#("
    assert "Line 2" in await page.locator("#errors").inner_text()
    await page.goto(address)
    assert "examhall.typ" in await page.input_value("#source")


async def test_of_two_editors_the_second_sees_what_the_first_did(desk: Desk) -> None:
    page = desk.page
    address = await new_template(page, "Diploma")
    other = await desk.context.new_page()
    await other.goto(address)
    await page.goto(address)
    for each, text in ((page, "= First"), (other, "= Second")):
        await each.fill("#source", text)
        await each.click("#editor button[type=submit]")
        await each.wait_for_selector(".notice.good, .notice.bad")
    assert "Somebody changed this" in await other.locator(".notice.bad").inner_text()
    assert await other.input_value("#source") == "= Second"
    await other.click("main summary >> nth=0")
    assert await other.locator("details[open] textarea").input_value() == "= First"
    await other.click("#editor button[type=submit]")
    await other.wait_for_selector(".notice.good")
    assert await other.locator("main details").count() == 3


async def test_a_list_is_seen_before_it_is_issued_and_issued_once(desk: Desk) -> None:
    page, served = desk.page, desk.served
    await new_template(page, "Diploma")
    await page.click("text=Issue with it")
    await page.fill("#for", f"Algebra {desk.id}")
    await page.fill("#file", "holder,username\nOʻktam Gʻaniyev,\n,nobody\n")
    await page.click("text=Look at it first")
    await page.wait_for_selector("#problems")
    assert "there is no account" in await page.locator(".table").inner_text()
    assert await page.input_value("#for") == f"Algebra {desk.id}"
    await page.fill("#file", "holder,username\nOʻktam Gʻaniyev,\n<b>Жўрабек</b>,\n")
    await page.check("[name=public]")
    await page.click("text=Look at it first")
    await page.wait_for_selector(".issue-look img[src^='data:image/png']")
    assert await page.locator("tbody tr").count() == 2
    # Whoever presses twice issues nothing more.
    await page.evaluate("""async () => {
        const form = document.querySelector("form[action$=apply]");
        await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    }""")
    await page.click("text=Sign and issue all 2")
    await page.wait_for_selector(".notice.good")
    query = "SELECT holder_name FROM certificates WHERE issued_by = %s ORDER BY id"
    assert await served.rows(query, desk.id) == [("Oʻktam Gʻaniyev",), ("<b>Жўрабек</b>",)]
    await page.goto("/certificates/gallery")
    assert "<b>Жўрабек</b>" in await page.locator(".cert-cards").inner_text()
    picture = page.locator(".cert-picture img").first
    await page.wait_for_function(
        "(one) => one.complete && one.naturalWidth > 300", arg=await picture.element_handle()
    )


async def test_a_rule_is_followed_once_it_is_added_to_an_exam_that_is_over(desk: Desk) -> None:
    page, served = desk.page, desk.served
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_settled(conn, {desk.id: 80}, title=f"Algebra {uuid4().hex[:6]}")
    await new_template(page, "Diploma")
    await page.goto(f"/staff/exams/{exam_id}/certificates")
    await page.select_option("#condition", "top")
    await page.fill("#threshold", "zero")
    await page.fill("#title", "For the best")
    await page.click("text=Add the rule")
    await page.wait_for_selector(".notice.bad")
    await page.fill("#threshold", "3")
    await page.click("text=Add the rule")
    await page.wait_for_selector(".rule-line")
    query = "SELECT holder_id FROM certificates WHERE exam_id = %s"
    await served.until(lambda: served.gives(query, exam_id, [(desk.id,)]))
    await page.goto("/certificates")
    assert "For the best" in await page.locator(".cert-cards").inner_text()
    await page.click("text=Show in the gallery")
    await page.wait_for_selector("text=Hide from the gallery")
    async with page.expect_download() as download:
        await page.click("a[download]")
    assert (await download.value).suggested_filename.endswith(".pdf")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
async def test_everybody_can_use_these_pages(served: Served, browser: Browser, size: tuple[int, int]) -> None:
    desk = await at_desk(served, browser, size)
    page, found = desk.page, []
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_settled(conn, {desk.id: 80}, title="Algebra")
    for path in (
        "/certificates",
        "/staff/certificates/templates/new",
        f"/staff/exams/{exam_id}/certificates",
    ):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    address = await new_template(page, "Diploma")
    await page.fill("#source", "= Hello\n#(")
    await page.wait_for_selector("#errors li")
    found += await violations(page) + await sideways(page)
    await page.goto("/staff/certificates/issue?template=" + address.rpartition("/")[2])
    found += await violations(page) + await sideways(page)
    [(username,)] = await served.rows("SELECT username FROM people WHERE id = %s", desk.id)
    await page.fill("#for", "Algebra")
    await page.fill("#file", "username\nnobody\n")
    await page.click("text=Look at it first")
    await page.wait_for_selector("#problems")
    found += await violations(page) + await sideways(page)
    await page.fill("#file", f"username\n{username}\n")
    await page.check("[name=public]")
    await page.click("text=Look at it first")
    await page.wait_for_selector(".issue-look table")
    found += await violations(page) + await sideways(page)
    await page.click("text=Sign and issue it")
    await page.wait_for_selector(".notice.good")
    found += await violations(page) + await sideways(page)
    for path in (
        "/certificates",
        "/certificates/gallery",
        "/staff/certificates/templates",
        "/staff/certificates?q=nobody",
    ):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    await close(desk.context)
    assert "\n".join(found) == ""
