"""An author puts an exam's questions into sections and pools; a candidate then has what was drawn."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from examhall.base import clock

from .conftest import Candidate, Served
from .test_sealed_browser import seen, start

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

NUMBERS = "all => all.map((each) => Number(each.dataset.number))"
FAR = "2100-01-01 09:00+00"


async def unsectioned(served: Served) -> int:
    """The demo's exam of pools, all in no section yet."""
    exam_id = await served.exam("pools", opens_at=FAR, shuffle_questions=False)
    await served.rows("DELETE FROM sections WHERE exam_id = %s RETURNING 1", exam_id)
    return exam_id


async def placed(served: Served, exam_id: int) -> list[tuple[object, ...]]:
    return await served.rows(
        """SELECT sections.title, sections.draw, array_agg(questions.number ORDER BY questions.number)
             FROM sections JOIN questions ON questions.section_id = sections.id
            WHERE sections.exam_id = %s GROUP BY sections.id ORDER BY sections.place""",
        exam_id,
    )


async def test_questions_are_dragged_and_chosen_into_a_pool_and_a_candidate_has_what_was_drawn(
    served: Served,
    author: Callable[[], Awaitable[Page]],
    candidate: Callable[..., Awaitable[Candidate]],
) -> None:
    exam_id = await unsectioned(served)
    page = await author()
    await page.goto(f"/staff/exams/{exam_id}/sections")
    await page.get_by_role("button", name="Add a section").click()
    section = page.locator("fieldset.section-card")
    await section.get_by_label("Title").fill("Algebra")
    # With the pointer …
    for number in (3, 4):
        grip = page.locator(".loose .placed-card", has_text=f"Question {number}:").locator(".grip")
        await grip.drag_to(section.get_by_label("Title"))
        await section.locator(".placed-card", has_text=f"Question {number}:").wait_for()
    # … and without it.
    for number in (5, 6, 7):
        await page.get_by_label(f"Section of question {number}", exact=True).select_option("Algebra")
    await section.get_by_label("Each gets").fill("2")
    await page.locator('[data-sum="questions"]', has_text="8").wait_for()
    # Two of one point and four of three, and two of two.
    assert await page.locator('[data-sum="points"]').inner_text() == "18"
    await page.get_by_role("button", name="Save the sections").click()
    await page.get_by_text("Saved.").wait_for()
    assert await placed(served, exam_id) == [("Algebra", 2, [3, 4, 5, 6, 7])]

    await served.rows("UPDATE exams SET opens_at = NULL WHERE id = %s RETURNING 1", exam_id)
    alice = await candidate()
    sitting_id = await alice.sit(exam_id)
    [(drawn,)] = await served.rows("SELECT drawn FROM sittings WHERE id = %s", sitting_id)
    numbers = await alice.page.locator(".question").evaluate_all(NUMBERS)
    assert sorted(numbers) == drawn
    assert len(drawn) == 8
    assert await alice.page.locator("#grid button").count() == 8
    await alice.turn_to(8)
    await alice.page.locator(".question.current .of-section", has_text="Algebra").wait_for()
    assert "of 8" in await alice.page.locator(".question.current h2").inner_text()


async def test_an_author_who_comes_second_sees_what_the_other_saved(
    served: Served, author: Callable[[], Awaitable[Page]]
) -> None:
    exam_id = await unsectioned(served)
    pages = [await author() for _ in range(2)]
    for page, title in zip(pages, ("Hers", "His"), strict=True):
        await page.goto(f"/staff/exams/{exam_id}/sections")
        await page.get_by_role("button", name="Add a section").click()
        await page.get_by_label("Title").fill(title)
    for page in pages:
        await page.get_by_role("button", name="Save the sections").click()
    alert = pages[1].get_by_role("alert")
    await alert.get_by_text("Hers").wait_for()
    assert await pages[1].get_by_label("Title").input_value() == "His"
    await pages[1].get_by_role("button", name="Save the sections").click()
    await pages[1].get_by_text("Saved.").wait_for()
    found = await served.rows("SELECT title FROM sections WHERE exam_id = %s", exam_id)
    assert found == [("His",)]


async def test_a_pool_of_unequal_questions_is_refused_where_it_is_written(
    served: Served, author: Callable[[], Awaitable[Page]]
) -> None:
    exam_id = await unsectioned(served)
    page = await author()
    await page.goto(f"/staff/exams/{exam_id}/sections")
    await page.get_by_role("button", name="Add a section").click()
    await page.get_by_label("Title").fill("Mixed")
    for number in (1, 3):
        await page.get_by_label(f"Section of question {number}", exact=True).select_option("Mixed")
    await page.get_by_label("Each gets").fill("1")
    await page.locator("[data-unequal]").get_by_text("different points").wait_for()
    await page.get_by_role("button", name="Save the sections").click()
    await page.get_by_role("alert").get_by_text("worth different points").wait_for()
    assert await placed(served, exam_id) == []
    await page.get_by_label("may be worth different points").check()
    await page.get_by_role("button", name="Save the sections").click()
    await page.get_by_text("Saved.").wait_for()
    assert await placed(served, exam_id) == [("Mixed", 1, [1, 3])]


async def test_the_author_of_a_sealed_exam_is_warned_that_whole_pools_travel(
    served: Served, author: Callable[[], Awaitable[Page]]
) -> None:
    exam_id = await unsectioned(served)
    page = await author()
    await served.rows("UPDATE exams SET sealed_before_s = 3600 WHERE id = %s RETURNING 1", exam_id)
    await page.goto(f"/staff/exams/{exam_id}/sections")
    await page.get_by_role("button", name="Add a section").click()
    warning = page.get_by_text("all questions of a pool travel")
    await expect(warning).to_be_hidden()
    await page.get_by_label("Each gets").fill("2")
    await expect(warning).to_be_visible()


async def test_what_was_drawn_is_the_same_by_the_sealed_paper_as_by_the_ordinary_way(
    served: Served, candidate: Callable[..., Awaitable[Candidate]]
) -> None:
    opens_at = clock.now() + timedelta(seconds=15)
    exam_id = await served.exam("pools", opens_at=opens_at, sealed_before_s=86_400)
    alice = await candidate()
    await alice.page.goto(f"/exams/{exam_id}")
    paper = alice.page.locator('[data-check="paper"]')
    await expect(paper).to_have_attribute("data-state", "good", timeout=15_000)
    sitting_id = await start(alice)
    [(drawn,)] = await served.rows("SELECT drawn FROM sittings WHERE id = %s", sitting_id)
    assert len(drawn) == await alice.page.locator("#grid button").count() == 7
    mine = await seen(alice.page)
    numbers = await alice.page.locator(".question").evaluate_all(NUMBERS)
    assert sorted(numbers) == drawn
    await alice.page.reload()
    await alice.ready()
    assert await seen(alice.page) == mine
    assert await alice.page.locator(".question").evaluate_all(NUMBERS) == numbers
    assert (
        await served.rows("SELECT what FROM events WHERE exam_id = %s AND what = 'sealed_failed'", exam_id)
        == []
    )
