"""Chrome knows Uzbek by name alone, and writes its months as "M11"; the page brings the words along."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from examhall.web.numbers import numbers

from .conftest import Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_an_uzbek_reader_sees_the_days_and_months_of_the_language(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    exam_id = await served.exam(
        opens_at=datetime(2024, 2, 4, 9, 5, tzinfo=UTC), closes_at=datetime(2124, 3, 1, tzinfo=UTC)
    )
    reader = await candidate(locale="uz", timezone_id="Asia/Tashkent")
    await served.ticket(exam_id, reader.id)
    await reader.page.goto(f"/exams/{exam_id}")
    closes = reader.page.locator("time[data-local]", has_text=re.compile("2124")).first
    await expect(closes).to_have_text("Chor, 1-mart, 2124, 05:00")


async def test_tables_are_sorted_by_figures_as_the_language_writes_them(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    reader = await candidate(locale="uz")
    await reader.page.goto("/design")
    head = reader.page.locator("th[data-sort=down]").first
    write = numbers("uz")
    figures = [write.points(value) for value in (30, 1234.5, 0.5, 2.25)]
    await head.evaluate(
        """(head, figures) => {
          const body = head.closest("table").tBodies[0];
          const row = body.rows[0];
          body.replaceChildren(...figures.map((figure) => {
            const copy = row.cloneNode(true);
            copy.cells[head.cellIndex].textContent = figure;
            delete copy.cells[head.cellIndex].dataset.value;
            return copy;
          }));
        }""",
        figures,
    )
    await head.get_by_role("button").click()
    shown = await head.evaluate(
        """(head) => [...head.closest("table").tBodies[0].rows]
          .map((row) => row.cells[head.cellIndex].textContent)"""
    )
    assert shown == [figures[1], figures[0], figures[3], figures[2]]


@pytest.mark.parametrize("language", ["en", "ru", "uz"])
async def test_a_browser_writes_percents_as_the_server_does(
    candidate: Callable[..., Awaitable[Candidate]], language: str
) -> None:
    reader = await candidate(locale=language)
    await reader.page.goto("/design")
    written = await reader.page.evaluate(
        """async () => {
          const chart = document.querySelector("script[src*='/js/']").src;
          const { percentsAs } = await import(new URL("writing.js", chart).href);
          return [percentsAs()(0.456), percentsAs({ maximumSignificantDigits: 4 })(0.4567)];
        }"""
    )
    write = numbers(language)
    assert written == [write.percent(45.6), write.percent(45.67, 2)]


async def test_the_words_begin_with_sunday_as_javascript_counts_days() -> None:
    words = numbers("uz").words_for_browsers()
    assert words
    assert (words["days"][0], words["days"][6], words["months"][0], words["short"][11]) == (
        "Yak", "Shan", "yanvar", "dek",
    )  # fmt: skip


async def test_a_browser_that_has_the_words_is_given_none() -> None:
    assert numbers("en").words_for_browsers() is None
    assert numbers("ru").words_for_browsers() is None
