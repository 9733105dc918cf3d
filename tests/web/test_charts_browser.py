"""Charts on paper."""

from collections.abc import Awaitable, Callable

import psycopg
import pytest

from tests.standings.test_dashboard import a_past_exam, follow

from .conftest import Candidate

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_a_chart_from_a_dark_screen_is_printed_in_the_colours_of_paper(
    candidate: Callable[..., Awaitable[Candidate]],
) -> None:
    alice = await candidate()
    served, page = alice.served, alice.page
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        for _ in range(2):
            await follow(conn, await a_past_exam(conn, alice.id))
    await alice.sign_in()
    await page.emulate_media(color_scheme="dark")
    await page.goto("/dashboard")
    await page.wait_for_selector(".chart-area canvas")
    await page.evaluate("document.querySelector('.chart-area canvas').id = 'of-the-screen'")
    await page.emulate_media(media="print", color_scheme="dark")
    await page.wait_for_selector(".chart-area canvas:not(#of-the-screen)")
