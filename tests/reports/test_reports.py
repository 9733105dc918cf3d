"""Reports: made once they can be, once each, again after a correction, and nobody's but one's own."""

import asyncio

import pytest

from examhall.base.db import Database
from examhall.base.typesetting import Typesetter
from examhall.reports.reports import (
    NoReport,
    list_reports,
    make_due_reports,
    pdf_of,
    progress_of,
    report_of,
)
from tests.sittings.seats import MALLORY

from .conftest import add_past_exam, settle

pytestmark = pytest.mark.anyio


async def test_a_report_says_what_the_result_is(database: Database, typesetter: Typesetter) -> None:
    past = await add_past_exam(database)
    await settle(database, past)
    assert await make_due_reports(database, typesetter) == 12
    async with database.transaction() as conn:
        best = await past.sitting_of(conn, past.candidates[0])
        report = await report_of(conn, sitting_id=best, candidate_id=past.candidates[0], language="en")
        printed = await pdf_of(conn, sitting_id=best, candidate_id=past.candidates[0], language="en")
    facts = report.facts
    assert (facts.points, facts.max_points, facts.percent) == (18, 18, 100)
    assert (facts.place, facts.participants, facts.ahead_of) == (1, 12, 100)
    assert (sum(facts.spread), facts.spread[facts.bin] > 0) == (12, True)
    assert [topic.name for topic in facts.topics] == ["Geometry", "Arithmetic"]
    assert facts.theta is not None
    assert "nobody reached more" in report.comment
    assert printed.pdf is not None
    assert (printed.title, printed.pdf[:5]) == ("Topics", b"%PDF-")


async def test_nothing_is_due_before_it_is_calibrated_and_settled(
    database: Database, typesetter: Typesetter
) -> None:
    past = await add_past_exam(database, release="by_hand")
    await settle(database, past)
    assert await make_due_reports(database, typesetter) == 0
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET released_at = now()")
    await settle(database, past)
    assert await make_due_reports(database, typesetter) == 12


async def test_a_report_is_made_once_and_in_chunks(database: Database, typesetter: Typesetter) -> None:
    past = await add_past_exam(database)
    await settle(database, past)
    made = [await make_due_reports(database, typesetter, limit=5) for _ in range(4)]
    assert made == [5, 5, 2, 0]
    async with database.transaction() as conn:
        progress = await progress_of(conn, past.id)
        listed = await list_reports(conn, exam_id=past.id, after_sitting_id=0, limit=50)
    assert (progress.wanted, progress.participants, progress.made, progress.outdated) == (True, 12, 12, 0)
    assert [each.candidate_id for each in listed] == list(past.candidates)


async def test_after_a_correction_it_is_made_anew_and_the_old_one_is_not_shown(
    database: Database, typesetter: Typesetter
) -> None:
    past = await add_past_exam(database)
    await settle(database, past)
    await make_due_reports(database, typesetter)
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET key_version = 2")
        await conn.execute("UPDATE results SET key_version = 2, points = points - 1 WHERE points > 0")
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 2)", (past.id,))
        best = await past.sitting_of(conn, past.candidates[0])
        with pytest.raises(NoReport):
            await report_of(conn, sitting_id=best, candidate_id=past.candidates[0], language="en")
        with pytest.raises(NoReport):
            await pdf_of(conn, sitting_id=best, candidate_id=past.candidates[0], language="en")
    await settle(database, past, key_version=2)
    assert await make_due_reports(database, typesetter) == 12
    async with database.transaction() as conn:
        report = await report_of(conn, sitting_id=best, candidate_id=past.candidates[0], language="en")
        assert (await progress_of(conn, past.id)).outdated == 0
    assert report.facts.points == 17


async def test_a_report_is_shown_to_its_candidate_alone(database: Database, typesetter: Typesetter) -> None:
    past = await add_past_exam(database)
    await settle(database, past)
    await make_due_reports(database, typesetter)
    async with database.transaction() as conn:
        best = await past.sitting_of(conn, past.candidates[0])
        for other in (MALLORY + 10_000, past.candidates[1]):
            with pytest.raises(NoReport):
                await report_of(conn, sitting_id=best, candidate_id=other, language="en")
            with pytest.raises(NoReport):
                await pdf_of(conn, sitting_id=best, candidate_id=other, language="en")


async def test_two_workers_at_once_make_each_report_once(database: Database, typesetter: Typesetter) -> None:
    past = await add_past_exam(database)
    await settle(database, past)
    await asyncio.gather(*[make_due_reports(database, typesetter) for _ in range(3)])
    async with database.transaction() as conn:
        assert (await progress_of(conn, past.id)).made == 12


async def test_one_report_that_cannot_be_set_holds_up_no_other(
    database: Database, typesetter: Typesetter
) -> None:
    past = await add_past_exam(database)
    await settle(database, past)
    async with database.transaction() as conn:
        await conn.execute("UPDATE marks SET points = 'NaN' WHERE candidate_id = %s", (past.candidates[0],))
    failed: set[tuple[int, int]] = set()
    tried = [await make_due_reports(database, typesetter, limit=5, failed=failed) for _ in range(4)]
    assert tried == [5, 5, 2, 0]
    async with database.transaction() as conn:
        assert failed == {(await past.sitting_of(conn, past.candidates[0]), 1)}
        assert (await progress_of(conn, past.id)).made == 11
