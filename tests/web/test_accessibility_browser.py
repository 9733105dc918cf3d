"""axe-core finds nothing on any page: light and dark, on a phone and on a wide screen, in every state."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Browser, Page

from examhall.base import clock
from tests.standings.test_dashboard import a_past_exam, follow

from .conftest import Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [
    ("light", 1280, 800),
    ("dark", 1280, 800),
    ("light", 390, 844),
    ("dark", 390, 844),
]


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    await page.evaluate(axe())
    # Not while something moves: half-faded text has half the contrast.
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    found = await page.evaluate("(rules) => axe.run({ runOnly: rules })", RULES)
    return [
        f"{page.url} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def sideways(page: Page) -> list[str]:
    """What is wider than the screen makes people scroll in two directions."""
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{page.url} is wider than the screen"] if wide else []


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
async def alice(request: pytest.FixtureRequest, served: Served, browser: Browser) -> AsyncIterator[Candidate]:
    scheme, width, height = request.param
    context = await browser.new_context(
        base_url=served.url,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    yield Candidate(await served.person(), served, context, await context.new_page())
    await context.close()


async def test_pages_outside_the_room(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    now = clock.now()
    soon = {"opens_at": now + timedelta(hours=1), "closes_at": now + timedelta(hours=3)}
    coming = await served.exam(**soon)
    held_back = await served.exam(release="by_hand")
    ticket = await served.ticket(coming, alice.id)
    found = []
    for path in ("/", "/sign-in", ticket, "/t/nonsense", "/nowhere"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    await page.goto("/sign-in")
    await page.fill("#username", "nobody")
    await page.fill("#password", "wrong")
    await page.press("#password", "Enter")
    await page.wait_for_selector("#problem")
    found += await violations(page) + await sideways(page)

    await alice.sign_in()
    await page.goto(f"/exams/{coming}")
    await page.wait_for_selector('[data-check="network"][data-state="good"]')
    found += await violations(page) + await sideways(page)
    await alice.sit(held_back)
    await page.click("#finish")
    await page.click("#confirm")
    await page.wait_for_url("**/result")
    found += await violations(page) + await sideways(page)
    await page.goto("/exams")
    found += await violations(page) + await sideways(page)
    assert "\n".join(found) == ""


async def test_the_dashboard(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    await page.goto("/dashboard")
    found = await violations(page) + await sideways(page)
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        for _ in range(2):
            await follow(conn, await a_past_exam(conn, alice.id))
    await page.goto("/dashboard")
    await page.wait_for_selector(".chart-area canvas")
    found += await violations(page) + await sideways(page)
    assert await page.locator(".topics li").count() == 2
    assert await page.locator(".badges .given").count() >= 3
    assert "\n".join(found) == ""


async def test_the_room_and_its_result(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    sitting_id = await alice.sit(await served.exam())
    found: list[str] = []

    async def look() -> None:
        found.extend(await violations(page) + await sideways(page))

    await alice.choose(1)
    await page.click(".current .flag")
    await alice.saved()
    await look()
    for _ in range(9):
        await page.click("[data-go='1']")
        await page.wait_for_selector(".current .math.done, .current:not(:has(.math))", state="attached")
        await look()
    await alice.context.set_offline(True)
    await alice.write("waits")
    await page.wait_for_selector("#alert:not([hidden])")
    await look()
    await alice.context.set_offline(False)
    await alice.saved()
    if await page.locator("#open-sheet").is_visible():
        await page.click("#open-sheet")
        await look()
        await page.keyboard.press("Escape")
    await page.click("#finish")
    await look()
    await page.click("#confirm")
    await page.wait_for_url("**/result")
    await page.wait_for_selector(".figure", timeout=20_000)
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    await look()
    assert "\n".join(found) == ""
    assert len(await served.stored(sitting_id)) == 2


async def test_the_room_at_200_percent_and_narrow(served: Served, browser: Browser) -> None:
    # 1280 x 800 at 400 percent, as WCAG 1.4.10 has it.
    context = await browser.new_context(base_url=served.url, viewport={"width": 320, "height": 256})
    alice = Candidate(await served.person(), served, context, await context.new_page())
    await alice.sign_in()
    await alice.sit(await served.exam())
    found = []
    for _ in range(10):
        found += await sideways(alice.page)
        await alice.page.keyboard.press("Alt+PageDown")
    await context.close()
    assert "\n".join(found) == ""


async def test_targets_are_large_enough_for_a_finger(alice: Candidate) -> None:
    page = alice.page
    await alice.sign_in()
    await alice.sit(await alice.served.exam())
    small: list[str] = []
    for place in range(10):
        small += await page.evaluate(
            """() => [...document.querySelectorAll("button, a[href], select, input, summary")]
              .map((one) => [one.closest("label") ?? one, one])
              .filter(([, one]) => one.offsetParent && !one.closest(".skip"))
              .map(([target, one]) => [target.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
              .filter(([box]) => box.width < 43.9 || box.height < 43.9)
              .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""
        )
        if place < 9:
            await page.click("[data-go='1']")
    assert small == []
