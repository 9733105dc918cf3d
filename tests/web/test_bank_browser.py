"""Authors keep questions in the bank from one exam and take them into another, with newer versions."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from .conftest import Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FAR = "2100-01-01 09:00+00"


@pytest.fixture
async def author(served: Served, browser: Browser) -> AsyncIterator[Callable[[], Awaitable[Page]]]:
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def made() -> Page:
        context = await browser.new_context(base_url=served.url)
        context.set_default_timeout(15_000)
        contexts.append(context)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        await context.add_cookies([served.cookie(await served.person("author"), "author")])
        return await context.new_page()

    yield made
    for context in contexts:
        await context.close()
    assert errors == [], "JavaScript errors"


async def test_a_question_is_kept_found_taken_and_made_better(
    served: Served, author: Callable[[], Awaitable[Page]]
) -> None:
    first = await served.exam("pools", opens_at=FAR)
    second = await served.exam("pools", opens_at=FAR)
    olga, oleg = await author(), await author()

    await olga.goto(f"/staff/exams/{first}/questions")
    await olga.get_by_role("link", name="Question bank").first.click()
    card = olga.locator(".bank-card").nth(2)
    await card.get_by_text("Save to the bank").click()
    await card.get_by_label("Subject").select_option(label="Mathematics")
    await card.get_by_role("button", name="Save").click()
    await olga.get_by_role("link", name="version 1").wait_for()

    await oleg.goto(f"/staff/exams/{second}/bank")
    await oleg.get_by_role("link", name="Take from the bank").click()
    await oleg.get_by_label("Subject").select_option(label="Mathematics")
    await oleg.get_by_role("button", name="Search").click()
    await oleg.get_by_role("button", name="Take it").click()
    await oleg.wait_for_url(f"**/staff/exams/{second}/questions#question-*")
    count = "SELECT count(*) FROM questions WHERE exam_id = %s"
    assert await served.rows(count, second) == [(12,)]

    # Somebody makes it better; somebody else, who had it open, is told.
    [(bank_id,)] = await served.rows(
        "SELECT bank_question_id FROM questions WHERE exam_id = %s AND number = 12", second
    )
    for page, answer in ((olga, 5), (oleg, 6)):
        await page.goto(f"/staff/bank/{bank_id}")
        await page.get_by_text("Write a newer version").click()
        text = page.get_by_label("The question with its key")
        await text.fill((await text.input_value()).replace("answer: 4", f"answer: {answer}"))
    await olga.get_by_role("button", name="Save as a newer version").click()
    await olga.locator(".difference ins", has_text="5").wait_for()
    await oleg.get_by_role("button", name="Save as a newer version").click()
    await oleg.get_by_role("alert").get_by_text("newer version").wait_for()

    await oleg.goto(f"/staff/exams/{second}/bank")
    await oleg.get_by_text("Version 2 is there").wait_for()
    await oleg.get_by_role("button", name="Take it over").click()
    await oleg.get_by_role("link", name="version 2").wait_for()
    key = "SELECT key ->> 'value' FROM items WHERE exam_id = %s AND question_number = %s"
    assert await served.rows(key, second, 12) == [("5",)]
    # The exam that it came from has what it had.
    assert await served.rows(key, first, 3) == [("4",)]


async def test_a_mistake_in_a_question_is_told_by_its_line(
    served: Served, author: Callable[[], Awaitable[Page]]
) -> None:
    page = await author()
    await page.goto("/staff/bank/new")
    await page.get_by_label("The question with its key").fill("prompt: x\ntype: number\n")
    await page.get_by_role("button", name="Save in the bank").click()
    await page.get_by_role("alert").get_by_text("answer").first.wait_for()
    text = page.get_by_label("The question with its key")
    await text.fill("prompt: Why?\ntype: essay\n")
    await page.get_by_role("button", name="Save in the bank").click()
    await page.wait_for_url("**/staff/bank/*")
    await page.get_by_role("button", name="Archive").click()
    await page.get_by_role("button", name="Bring it back").wait_for()
