"""The lobby in a real browser: the door opens by the server's clock."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import expect

from examhall.base import clock

from .conftest import Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_the_door_opens_by_the_servers_clock_and_the_candidate_goes_in(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    alice = await candidate()
    page = alice.page
    # An hour fast: by its own clock the exam would be open long since.
    await alice.context.add_init_script("const now = Date.now; Date.now = () => now() + 3600_000")
    exam_id = await served.exam(opens_at=clock.now() + timedelta(seconds=4))
    await page.goto(f"/exams/{exam_id}")
    await expect(page.locator("#start")).to_be_disabled()
    await expect(page.locator("#countdown .clock")).to_have_text("0:03")
    await expect(page.locator('[data-check="network"]')).to_have_attribute("data-state", "good")
    await expect(page.locator('[data-check="clock"]')).to_contain_text("does not matter")
    await page.click("#start", timeout=15_000)
    await page.wait_for_url("**/sittings/*")
    await alice.ready()


async def test_who_presses_too_early_or_too_late_is_told_why(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    alice = await candidate()
    page = alice.page
    early = await served.exam(opens_at=clock.now() + timedelta(hours=1))
    await page.goto(f"/exams/{early}")
    await page.evaluate("document.getElementById('start').disabled = false")
    await page.click("#start")
    await page.wait_for_url(f"**/exams/{early}")
    await expect(page.locator("#countdown")).to_be_visible()

    over = await served.exam(opens_at=clock.now() - timedelta(hours=2), closes_at=clock.now())
    await page.goto(f"/exams/{over}")
    await expect(page.locator(".door")).to_contain_text("This exam is over.")


async def test_a_ticket_opens_its_exam_without_a_password(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    alice = await candidate()
    page = alice.page
    await alice.context.clear_cookies()
    exam_id = await served.exam()
    await page.goto(await served.ticket(exam_id, alice.id))
    await expect(page.locator(".ticket-name")).to_contain_text("Alice")
    await page.click("text=Enter")
    await page.wait_for_url(f"**/exams/{exam_id}")
    other = await served.exam()
    reply = await page.goto(f"/exams/{other}")
    assert reply is not None
    assert reply.status == 404


async def test_what_katex_draws_is_as_wide_as_it_says(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    """An arrow over a letter; the style rule lets just these widths through, and nothing is refused."""
    alice = await candidate()
    said: list[str] = []
    alice.page.on("console", lambda message: said.append(message.text))
    formula = r"$\vec{a}$, $\oiint x$, $\oiiint x$, $$\oiint x, \oiiint x$$"
    await alice.page.goto(f"/exams/{await served.exam(instructions=formula)}")
    drawn = alice.page.locator(".katex-overlay > svg")
    await expect(drawn).to_have_count(5)
    ratios = await drawn.evaluate_all(
        """all => all.map((one) =>
            one.getBoundingClientRect().width / parseFloat(getComputedStyle(one).fontSize))"""
    )
    assert ratios == pytest.approx([0.471, 0.957, 1.304, 1.472, 1.98], abs=0.01)
    assert said == []


async def test_a_table_stands_as_written_and_a_stop_begins_no_line(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    alice = await candidate()
    said: list[str] = []
    alice.page.on("console", lambda message: said.append(message.text))
    text = "Let $xy = 10$. Find it.\n\n| a |\n|--:|\n| 1 |"
    await alice.page.goto(f"/exams/{await served.exam(instructions=text)}")
    await expect(alice.page.locator(".lobby-text .math.done")).to_have_count(1)
    await expect(alice.page.locator(".lobby-text td")).to_have_css("text-align", "end")
    torn = await alice.page.locator(".lobby-text .math.done").evaluate(
        """formula => {
            const stop = document.createRange();
            stop.selectNode(formula.nextSibling);
            const paragraph = formula.closest("p");
            const last = [...formula.querySelectorAll(".katex-base")].at(-1);
            return [...Array(150).keys()].map((px) => 60 + px).filter((px) => {
                paragraph.style.width = `${px}px`;
                return stop.getBoundingClientRect().left < last.getBoundingClientRect().right - 3;
            });
        }"""
    )
    assert torn == []
    assert said == []
