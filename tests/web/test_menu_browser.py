"""The masthead: the office's places beside the name, everything else in a menu under it."""

import pytest
from playwright.async_api import Browser, Page, expect

from .conftest import Candidate, MakeCandidate, Served, close
from .test_accessibility_browser import sideways, violations

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

LARGEST, SMALLEST_WIDE, PHONE = (1280, 800), (1184, 700), (390, 844)


async def ada(served: Served, browser: Browser, size: tuple[int, int], *, script: bool = True) -> Page:
    """An admin, who can go everywhere."""
    width, height = size
    context = await browser.new_context(
        base_url=served.url,
        viewport={"width": width, "height": height},
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    await context.add_cookies([served.cookie(await served.person("admin"), "admin")])
    page = await context.new_page()
    await page.goto("/staff/exams")
    return page


@pytest.mark.parametrize("size", [LARGEST, SMALLEST_WIDE])
async def test_all_places_of_the_office_are_in_sight(
    served: Served, browser: Browser, size: tuple[int, int]
) -> None:
    page = await ada(served, browser, size)
    places = page.get_by_role("navigation", name="Office").get_by_role("link")
    assert await places.all_inner_texts() == [
        "Exams",
        "Courses",
        "Marking",
        "People",
        "Analyses",
        "Activity",
    ]
    for place in await places.all():
        await expect(place).to_be_in_viewport(ratio=1)
    assert await sideways(page) == []
    await close(page.context)


@pytest.mark.parametrize("size", [LARGEST, PHONE])
async def test_the_menu_works_by_keyboard(served: Served, browser: Browser, size: tuple[int, int]) -> None:
    page = await ada(served, browser, size)
    summary = page.locator(".menu-person summary")
    await summary.focus()
    await page.keyboard.press("Enter")
    mine = page.get_by_role("link", name="My progress")
    await expect(mine).to_be_visible()
    assert await violations(page) == []
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await expect(mine).to_be_hidden()
    await expect(summary).to_be_focused()
    await close(page.context)


async def test_the_menu_works_without_a_script(served: Served, browser: Browser) -> None:
    page = await ada(served, browser, PHONE, script=False)
    await page.click(".menu-person summary")
    await page.locator(".menu-person").get_by_role("link", name="Analyses").click()
    await page.wait_for_url("**/staff/analyses")
    await page.click(".menu-person summary")
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/staff/exams")
    assert "/sign-in" in page.url
    await close(page.context)


async def test_a_candidate_has_no_office(candidate: MakeCandidate) -> None:
    alice: Candidate = await candidate()
    await alice.page.goto("/exams")
    await expect(alice.page.get_by_role("navigation", name="Main")).to_contain_text("Leaderboard")
    await alice.page.click(".menu-person summary")
    await expect(alice.page.get_by_role("link", name="My account")).to_be_visible()
    await expect(alice.page.get_by_role("navigation", name="Office")).to_have_count(0)
