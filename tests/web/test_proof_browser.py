"""Somebody checks a certificate on a phone, and an author takes one back."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from tests.certificates.shelf import add_certificate, add_review

from .conftest import Served, close

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def phone(served: Served, browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(base_url=served.url, viewport={"width": 390, "height": 844})
    yield await context.new_page()
    await close(context)


async def test_a_serial_typed_carelessly_leads_to_what_was_signed(served: Served, phone: Page) -> None:
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        its = await add_certificate(conn, holder="<b>Gulnora</b>")
    await phone.goto("/verify")
    await phone.get_by_label("Serial of the certificate").fill(its["serial"].lower().replace("-", " "))
    await phone.get_by_role("button", name="Check").click()
    await expect(phone.get_by_role("heading", name="Genuine")).to_be_visible()
    await expect(phone.get_by_text("<b>Gulnora</b>", exact=True)).to_be_visible()
    await phone.get_by_text("The signature").click()
    await expect(phone.get_by_text("Ed25519 over exactly these bytes")).to_be_visible()


async def test_an_author_revokes_a_certificate_and_everybody_sees_why(served: Served, phone: Page) -> None:
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        its = await add_certificate(conn)
    await phone.context.add_cookies([served.cookie(await served.person("author"), "author")])
    await phone.goto(f"/staff/certificates/{its['serial']}/revoke")
    await phone.get_by_label("Why").fill("The name was spelt wrongly")
    await phone.get_by_role("button", name="Revoke").click()
    await expect(phone.get_by_role("heading", name="Revoked")).to_be_visible()
    await expect(phone.get_by_text("The name was spelt wrongly")).to_be_visible()


async def test_an_author_decides_after_a_correction(served: Served, phone: Page) -> None:
    exam_id, alice = await served.exam(), await served.person()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        its = await add_review(conn, exam_id, alice, holder="Nodira Decided")
    await phone.context.add_cookies([served.cookie(await served.person("author"), "author")])
    await phone.goto("/staff/certificates/review")
    its_row = phone.locator(".review", has_text="Nodira Decided")
    await its_row.get_by_role("button", name="Revoke it").click()
    await expect(phone.get_by_text("Nodira Decided")).to_have_count(0)
    await phone.goto(f"/verify/{its['serial']}")
    await expect(phone.get_by_text("Not earned any more by the corrected key")).to_be_visible()
