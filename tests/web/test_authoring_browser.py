"""Two authors and a candidate, each in a browser: an exam is made, changed by both, published, and sat."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from .conftest import MakeCandidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FAR = "2090-01-01 09:00+00"


async def new_draft(page: Page, title: str) -> int:
    await page.goto("/staff/exams")
    await page.click("text=New exam")
    await page.fill("#title", title)
    await page.click("text=Make the draft")
    await page.wait_for_url("**/questions")
    return int(page.url.split("/")[-2])


async def settings_of(served: Served, exam_id: int, columns: str) -> tuple[Any, ...]:
    [row] = await served.rows(f"SELECT {columns} FROM exams WHERE id = %s", exam_id)
    return row


async def test_two_authors_change_the_same_settings_and_neither_is_overwritten_unseen(
    served: Served, author: Any
) -> None:
    olga, pavel = await author(), await author()
    exam_id = await new_draft(olga, "Algebra")
    for page in (olga, pavel):
        await page.goto(f"/staff/exams/{exam_id}/edit")
    await olga.fill("#title", "Algebra, spring")
    await olga.fill("#duration_s", "90")
    await olga.check("#show_key")
    await olga.click("text=Save")
    await olga.wait_for_selector("text=Saved.")

    await pavel.fill("#duration_s", "45")
    await pavel.fill("#attempts_allowed", "3")
    await pavel.click("text=Save")
    conflict = pavel.locator(".conflict")
    await conflict.wait_for()
    # What both changed is asked; what Olga alone changed is in the form, and so is what Pavel changed.
    assert await conflict.locator("legend").all_inner_texts() == ["Time"]
    assert "1 hour" in await conflict.inner_text()
    assert "Algebra, spring" in await conflict.inner_text()
    assert await pavel.input_value("#title") == "Algebra, spring"
    assert await pavel.is_checked("#show_key")
    assert await pavel.input_value("#attempts_allowed") == "3"
    assert await settings_of(served, exam_id, "duration_s, attempts_allowed") == (5400, 1)
    await conflict.locator("input[value=theirs]").check()
    await pavel.click("text=Save like this")
    await pavel.wait_for_selector("text=Saved.")
    found = await settings_of(served, exam_id, "title, duration_s, attempts_allowed, show_key")
    assert found == ("Algebra, spring", 5400, 3, True)
    await pavel.goto(f"/staff/exams/{exam_id}/office")
    assert await pavel.locator(".edits > li").count() == 2


async def test_who_keeps_theirs_saves_over_what_they_were_shown(served: Served, author: Any) -> None:
    olga, pavel = await author(), await author()
    exam_id = await new_draft(olga, "Geometry")
    for page in (olga, pavel):
        await page.goto(f"/staff/exams/{exam_id}/edit")
    await olga.fill("#title", "Geometry A")
    await olga.click("text=Save")
    await olga.wait_for_selector("text=Saved.")
    await pavel.fill("#title", "Geometry B")
    await pavel.click("text=Save")
    await pavel.click("text=Save like this")
    await pavel.wait_for_selector("text=Saved.")
    assert await settings_of(served, exam_id, "title") == ("Geometry B",)


async def test_from_a_title_to_a_candidate_who_sits_it(
    served: Served, author: Any, candidate: MakeCandidate
) -> None:
    olga, alice = await author(timezone_id="Asia/Tashkent"), await candidate()
    exam_id = await new_draft(olga, "From the beginning")
    assert await settings_of(served, exam_id, "timezone, is_draft") == ("Asia/Tashkent", True)
    reply = await alice.page.goto(f"/exams/{exam_id}")
    assert reply
    assert reply.status == 404
    await olga.goto(f"/staff/exams/{exam_id}/office")
    await olga.wait_for_selector("text=It has no question yet.")
    assert await olga.locator("button:has-text('Publish')").count() == 0
    await served.rows(
        "INSERT INTO questions (exam_id, number, prompt) VALUES (%s, 1, '2 + 2?') RETURNING 1", exam_id
    )
    await served.rows(
        """INSERT INTO items (exam_id, question_number, kind, key, points)
           VALUES (%s, 1, 'short_text', '{"accept": ["4"], "case_sensitive": false}', 1) RETURNING 1""",
        exam_id,
    )
    await olga.goto(f"/staff/exams/{exam_id}/edit")
    await olga.fill("#instructions", "Add **well**: $\\frac{1}{2}$")
    await olga.wait_for_selector("#look .katex")
    await olga.click("text=Save")
    await olga.wait_for_selector("text=Saved.")
    await olga.goto(f"/staff/exams/{exam_id}/office")
    await olga.click("button:has-text('Publish')")
    await olga.wait_for_url(f"**/staff/exams/{exam_id}")
    await alice.sit(exam_id)
    await alice.page.wait_for_selector("body[data-live=open]")
    # Once it is sat, what was promised is locked; more time reaches the candidate's page at once.
    await olga.goto(f"/staff/exams/{exam_id}/edit")
    assert await olga.is_disabled("#title")
    await olga.fill("#duration_s", "75")
    await olga.fill("#reason", "The bell rang late.")
    await olga.click("text=Save")
    await olga.wait_for_selector("text=Candidates who got more time by it, at once: 1.")
    await alice.page.wait_for_selector("text=The bell rang late.")


async def test_a_file_that_is_downloaded_comes_back_and_its_mistakes_are_told_by_line(
    served: Served, author: Any, tmp_path: Path
) -> None:
    olga = await author(accept_downloads=True)
    exam_id = await served.exam(is_draft=True, opens_at=FAR, closes_at=None)
    await olga.goto(f"/staff/exams/{exam_id}/office")
    async with olga.expect_download() as downloading:
        await olga.click("text=Download")
    file = tmp_path / "exam.yaml"
    await (await downloading.value).save_as(file)
    await olga.goto("/staff/exams/import")
    await olga.set_input_files("#file", file)
    await olga.click("button:has-text('Import')")
    await olga.wait_for_url("**/questions")
    copy_id = int(olga.url.split("/")[-2])
    assert await settings_of(served, copy_id, "is_draft") == (True,)
    [(ours,)] = await served.rows("SELECT count(*) FROM items WHERE exam_id = %s", exam_id)
    assert await served.rows("SELECT count(*) FROM items WHERE exam_id = %s", copy_id) == [(ours,)]
    await olga.goto("/staff/exams/import")
    await olga.fill("#text", "title: T\nduration: 1 parsec\nquestions: []\n")
    await olga.click("button:has-text('Import')")
    mistakes = olga.locator(".mistakes li")
    await mistakes.first.wait_for()
    assert "Line 2, column 11" in await mistakes.first.inner_text()
    assert "duration: 1 parsec" in await mistakes.first.inner_text()
    assert await olga.input_value("#text") == "title: T\nduration: 1 parsec\nquestions: []\n"


async def test_without_javascript_it_is_made_copied_and_deleted(served: Served, author: Any) -> None:
    olga = await author(java_script_enabled=False)
    await olga.goto("/staff/exams/new")
    await olga.fill("#title", "Plain")
    await olga.fill("#timezone", "Nowhere/Land")
    await olga.click("text=Make the draft")
    assert "no time zone" in await olga.inner_text("#timezone-wrong")
    await olga.fill("#timezone", "UTC")
    await olga.click("text=Make the draft")
    exam_id = int(olga.url.split("/")[-2])
    await olga.goto(f"/staff/exams/{exam_id}/office")
    await olga.click("button:has-text('Duplicate')")
    copy_id = int(olga.url.split("/")[-2])
    assert await settings_of(served, copy_id, "title, is_draft") == ("Copy of Plain", True)
    await olga.goto(f"/staff/exams/{copy_id}/office")
    await olga.click("summary:has-text('Delete')")
    await olga.click("text=Yes, delete it")
    await olga.wait_for_url("**/staff/exams")
    assert await served.rows("SELECT 1 FROM exams WHERE id = %s", copy_id) == []
