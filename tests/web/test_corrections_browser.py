"""An author corrects a key in the browser, a candidate reads of it; axe-core finds nothing on the way."""

import psycopg
import pytest

from examhall.scoring.results import score_sittings
from tests.scoring.corrected import add_everything, sat_by

from .conftest import Candidate
from .test_accessibility_browser import alice, sideways, violations

__all__ = ["alice"]

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_from_a_wrong_answer_to_what_a_candidate_reads(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    found: list[str] = []

    async def look() -> None:
        await page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        found.extend(await violations(page) + await sideways(page))

    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_everything(conn)
        await conn.execute(
            "UPDATE exams SET pass_percent = 50, show_key = true, release = 'by_hand' WHERE id = %s",
            (exam_id,),
        )
        await sat_by(conn, exam_id, 8)
        cursor = await conn.execute(
            """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                     closes_at, closed_at, closed_by)
               VALUES (%s, %s, 9, 1, now(), now(), now(), now(), 'candidate') RETURNING id""",
            (alice.id, exam_id),
        )
        [sitting_id] = await cursor.fetchone() or [0]
        await conn.execute(
            "INSERT INTO answers VALUES (%s, %s, 1, '', '\"B\"', 1, now())", (alice.id, sitting_id)
        )
        await score_sittings(conn, [(alice.id, sitting_id)])
    await alice.context.add_cookies([served.cookie(await served.person("author"), "author")])
    for path in ("", "?q=nothing+like+it"):
        await page.goto(f"/staff/exams{path}")
        await look()
    await page.goto(f"/staff/exams/{exam_id}")
    await page.wait_for_selector(".chart-area canvas")
    await look()
    await page.click("text=Yes, release them now")
    await page.wait_for_selector("text=Results released")
    for label in ("2", "3", "4", "5", "6", "7", "8", "9a", "10"):
        await page.goto(f"/staff/exams/{exam_id}/key/{label}")
        await look()
    await page.goto(f"/staff/exams/{exam_id}/key")
    await look()
    await page.click("#item-1 a")
    await page.check("input[name=answer][value=B]")
    await page.click("section[aria-labelledby=change-key] button")
    await page.wait_for_selector("#reason")
    await look()
    await page.fill("#reason", "Two answers are right.")
    await page.press("#reason", "Enter")
    await page.wait_for_url("**/key#corrections")

    async def everybody_is_marked() -> bool:
        left = await served.rows("SELECT FROM results WHERE exam_id = %s AND key_version < 2", exam_id)
        return not left

    await served.until(everybody_is_marked)
    await page.goto(f"/staff/exams/{exam_id}/key")
    await page.wait_for_selector(".history .delta.up")
    await look()
    await page.click(".history button")
    await page.wait_for_selector("#reason")

    # An exam without an end is over when somebody concludes it: before that the key is kept.
    await served.rows(
        "INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 2) RETURNING exam_id", exam_id
    )
    await alice.sign_in()
    await page.goto(f"/sittings/{sitting_id}/result")
    await look()
    said = await page.inner_text(".notice.calm")
    assert "Question 1 was corrected on" in said
    assert "Your result changed from 0 of 18 to 2 of 18 points." in said
    assert await page.locator(".given", has_text="Paris").count() == 1
    await page.goto("/exams")
    await look()
    assert await page.locator(".badge", has_text="Corrected: it was 0 of 18").count() == 1
    assert "\n".join(found) == ""
