"""The leaderboard in a browser: results that arrive move the rows, and nothing jumps under the reader."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from playwright.async_api import Page, expect

from examhall.base.clock import now
from examhall.standings.ratings import rate_exam
from tests.standings.field import add_held, correct

from .conftest import Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


FIRST_ON_SCREEN = """() => {
    const rows = [...document.querySelectorAll("[data-key]")];
    const row = rows.find((one) => one.getBoundingClientRect().bottom > 0);
    return { key: row.dataset.key, top: row.getBoundingClientRect().top };
}"""
POSITION = """(key) => document.querySelector(`[data-key="${key}"]`).getBoundingClientRect().top"""


async def first_on_screen(page: Page) -> Any:
    return await page.evaluate(FIRST_ON_SCREEN)


async def rated(served: Served, people: list[int]) -> int:
    """The first came last, and so on."""
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        points = {one: place for place, one in enumerate(people)}
        exam_id = await add_held(conn, points, closes_at=now() - timedelta(minutes=5), title="Held")
        await rate_exam(conn, exam_id=exam_id, key_version=1)
    return exam_id


async def turned_round(served: Served, exam_id: int, people: list[int]) -> None:
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        points = {one: -place for place, one in enumerate(people)}
        await rate_exam(conn, exam_id=exam_id, key_version=await correct(conn, exam_id, points))


async def test_new_results_arrive_without_a_reload(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    alice = await candidate(viewport={"width": 390, "height": 844})
    people = [alice.id, *[await served.person() for _ in range(40)]]
    exam_id = await rated(served, people)
    page = alice.page
    await page.goto(f"/leaderboard?tab=exam&exam_id={exam_id}")
    await page.wait_for_selector("#note:not([hidden])")
    rank = page.locator(".mine-rank")
    await expect(rank).to_contain_text("41")
    await page.evaluate("window.isTheSamePage = true")
    await page.locator(".ranks tbody tr").nth(30).scroll_into_view_if_needed()
    before = await first_on_screen(page)
    await turned_round(served, exam_id, people)
    await page.wait_for_selector("[data-changed]:not([hidden])")
    assert await page.evaluate("window.isTheSamePage")
    await expect(rank).to_contain_text("1")
    await expect(page.locator("#me")).to_have_class(re.compile("step-1"))
    # Whoever was first on the screen is still there, at the same height.
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    after = await page.evaluate(POSITION, before["key"])
    assert abs(after - before["top"]) < 2


async def test_the_page_works_without_javascript(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    alice = await candidate(java_script_enabled=False)
    exam_id = await rated(served, [alice.id, *[await served.person() for _ in range(60)]])
    page = alice.page
    await page.goto(f"/leaderboard?tab=exam&exam_id={exam_id}")
    await page.click(".mine >> text=Find me")
    await page.wait_for_url("**cursor=*")
    assert await page.locator("#me").count() == 1
    await page.click("text=To the top")
    await page.select_option("#exam", str(exam_id))
    await page.click("#choose button")
    assert await page.inner_text(".standing-head h2") == "Held"
