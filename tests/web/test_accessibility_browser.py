"""axe-core finds nothing on any page: light and dark, on a phone and on a wide screen, in every state.

A new page gets a line in walks.py, not here.
"""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from .conftest import Candidate, Served, close
from .looking import SIZES, Looker, sideways, violations
from .walks import WALKS, Walk

__all__ = ["SIZES", "alice", "sideways", "violations"]

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture(params=SIZES, ids=lambda size: str(size[0]))
async def alice(request: pytest.FixtureRequest, served: Served, browser: Browser) -> AsyncIterator[Candidate]:
    width, height = request.param
    context = await browser.new_context(
        base_url=served.url,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    yield Candidate(await served.person(), served, context, await context.new_page())
    await close(context)


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
async def test_axe_finds_nothing(alice: Candidate, walk: Walk) -> None:
    look = Looker(alice.page, (violations, sideways))
    await walk(alice, look)
    assert "\n".join(look.found) == ""


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
