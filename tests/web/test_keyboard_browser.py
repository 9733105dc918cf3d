"""Without a mouse, without motion, in the reader's own colours: all can be reached, seen and left."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from .conftest import Candidate, MakeCandidate, Served, close
from .looking import asked

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# By role, the pages whose focus is followed to the end.
PAGES = [
    ("candidate", "/exams"),
    ("candidate", "/account"),
    ("candidate", "/leaderboard"),
    ("candidate", "/design"),
    ("author", "/staff/exams"),
    ("author", "/staff/courses"),
    ("analyst", "/staff/analyses"),
    ("admin", "/operator"),
]
MOST_STOPS = 60


async def visit(served: Served, browser: Browser, role: str, path: str, **options: Any) -> Page:
    context = await browser.new_context(
        base_url=served.url, **{"viewport": {"width": 1280, "height": 800}, **options}
    )
    await context.add_cookies([served.cookie(await served.person(role), role)])
    page = await context.new_page()
    await page.goto(path)
    return page


@pytest.fixture
async def pages(browser: Browser) -> AsyncIterator[list[Page]]:
    opened: list[Page] = []
    yield opened
    for page in opened:
        await close(page.context)


@pytest.mark.parametrize(("role", "path"), PAGES, ids=[path for _role, path in PAGES])
async def test_the_focus_is_always_in_sight(
    served: Served, browser: Browser, pages: list[Page], role: str, path: str
) -> None:
    page = await visit(served, browser, role, path, viewport={"width": 1280, "height": 480})
    pages.append(page)
    lost = []
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        found = await asked(page, "focus")
        if found is None:
            break
        if not (found["seen"] and found["drawn"]):
            lost.append(found)
    assert lost == []


async def test_the_first_stop_skips_to_the_content(
    served: Served, browser: Browser, pages: list[Page]
) -> None:
    page = await visit(served, browser, "candidate", "/design")
    pages.append(page)
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")


async def test_the_language_is_chosen_by_keyboard(
    served: Served, browser: Browser, pages: list[Page]
) -> None:
    page = await visit(served, browser, "candidate", "/exams?x=1")
    pages.append(page)
    summary = page.locator(".menu-language summary")
    await summary.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".menu-language .button").first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(summary).to_be_focused()
    await expect(page.locator(".menu-language .button").first).to_be_hidden()
    await page.keyboard.press("Enter")
    await page.locator(".menu-language [value=ar-XB]").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector("html[dir=rtl]")
    assert page.url.endswith("/exams?x=1")


async def test_a_dialog_takes_the_focus_and_gives_it_back(
    served: Served, browser: Browser, pages: list[Page]
) -> None:
    page = await visit(served, browser, "candidate", "/design")
    pages.append(page)
    opener = page.locator("[data-open=example]")
    await opener.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#example")).to_be_visible()
    for _ in range(5):
        await page.keyboard.press("Tab")
        # The browser's own bars may come in between.
        assert await page.evaluate(
            "document.activeElement === document.body || example.contains(document.activeElement)"
        )
    await page.keyboard.press("Escape")
    await expect(page.locator("#example")).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_the_room_speaks_another_language_and_keeps_the_answers(
    served: Served, candidate: MakeCandidate
) -> None:
    alice: Candidate = await candidate()
    sitting_id = await alice.sit(await served.exam())
    await alice.choose(1)
    await alice.saved()
    before = await served.stored(sitting_id)
    await alice.page.click("#map summary:has-text('Language')")
    await alice.page.click("#map [value=ar-XB]")
    await alice.page.wait_for_selector("html[dir=rtl]")
    await alice.ready()
    assert alice.page.url.endswith(f"/sittings/{sitting_id}")
    await expect(alice.page.locator(".current .tick:checked")).to_have_count(1)
    assert await served.stored(sitting_id) == before


async def test_nothing_moves_for_whoever_asked_for_stillness(
    served: Served, browser: Browser, pages: list[Page]
) -> None:
    page = await visit(served, browser, "candidate", "/design", reduced_motion="reduce")
    pages.append(page)
    moving = await asked(page, "moving")
    assert moving == []


async def test_in_the_readers_own_colours_states_can_be_told_apart(
    served: Served, browser: Browser, pages: list[Page]
) -> None:
    page = await visit(served, browser, "candidate", "/design", forced_colors="active")
    pages.append(page)
    flat = await asked(page, "flat")
    assert flat == []
