"""The operator's page in a browser: figures move by themselves, and stand still when they are told to."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from .conftest import Served, close
from .test_accessibility_browser import SIZES, sideways, violations

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def page(served: Served, browser: Browser) -> AsyncIterator[Page]:
    ada = await served.person("admin")
    context = await browser.new_context(base_url=served.url)
    await context.add_cookies([served.cookie(ada, "admin")])
    page = await context.new_page()
    yield page
    await close(context)


async def test_figures_and_charts_move_until_they_are_paused(page: Page, served: Served) -> None:
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto("/operator")
    await page.wait_for_selector("#live:not([hidden])")
    await page.wait_for_selector("#c-requests canvas")
    # What this page itself asked for is among the busiest routes a moment later.
    await page.wait_for_selector('#routes code:text-is("/operator/events")')
    newest = "() => document.querySelector('#c-requests').dataset.newest"
    first = await page.evaluate(newest)
    await page.wait_for_function(f"(first) => ({newest})() > first", arg=first)

    await page.click("#pause")
    paused = await page.evaluate(newest)
    await served.until(lambda: arrived_after(page, paused))
    assert await page.evaluate(newest) == paused
    assert await page.get_attribute("#pause", "aria-pressed") == "true"
    await page.click("#pause")
    assert await page.evaluate(newest) > paused

    await page.click('[data-span="60"]')
    assert await page.get_attribute('[data-span="60"]', "aria-pressed") == "true"
    assert wrong == []


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_axe_finds_nothing(served: Served, browser: Browser, width: int, height: int) -> None:
    context = await browser.new_context(
        base_url=served.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    await context.add_cookies([served.cookie(await served.person("admin"), "admin")])
    page = await context.new_page()
    await page.goto("/operator")
    await page.wait_for_selector("#live:not([hidden])")
    await page.wait_for_selector("#routes tbody tr")
    found = await violations(page) + await sideways(page)
    # And with something to complain about.
    await page.evaluate(
        "document.querySelector('#bottlenecks').hidden = false;"
        "document.querySelector('#bottlenecks').append(document.createElement('li'));"
        "document.querySelector('#bottlenecks li').textContent = 'Requests wait.'"
    )
    found += await violations(page)
    await close(context)
    assert "\n".join(found) == ""


async def arrived_after(page: Page, moment: str) -> bool:
    """More came, though it is not shown."""
    found: bool = await page.evaluate(
        "(moment) => document.querySelector('.operator').dataset.last > moment", moment
    )
    return found
