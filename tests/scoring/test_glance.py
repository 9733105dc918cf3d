"""What staff see of an exam: counted in the database, and right."""

from decimal import Decimal

import pytest

from examhall.base.db import Connection
from examhall.scoring.glance import (
    SCORE_BANDS,
    list_exams,
    next_page,
    pace_of,
    results_of,
    standing_of,
)
from examhall.scoring.key_table import key_table
from examhall.sittings.start import start_sitting
from tests.sittings.seats import add_exam

from .corrected import ANSWERS, add_everything, sat_by

pytestmark = pytest.mark.anyio

CANDIDATES = 24


@pytest.fixture
async def exam_id(conn: Connection) -> int:
    exam_id = await add_everything(conn)
    await sat_by(conn, exam_id, CANDIDATES)
    return exam_id


async def test_an_exam_that_nobody_sat_has_nothing_but_its_size(conn: Connection) -> None:
    exam_id = await add_everything(conn)
    standing = await standing_of(conn, exam_id)
    assert (standing.questions, standing.items, standing.points) == (10, 11, Decimal(18))
    assert (standing.people, standing.in_now, standing.handed_in, standing.expected) == (0, 0, 0, None)
    results = await results_of(conn, exam_id)
    assert (results.marked, results.mean, results.bands) == (0, None, [0] * SCORE_BANDS)
    pace = await pace_of(conn, exam_id)
    assert (pace.at, pace.came, pace.median_time_s) == ([], [], None)
    assert (results.unmarked_items, results.unmarked_sittings) == (0, 0)
    assert [row.facility for row in await key_table(conn, exam_id)] == [None] * 11


async def test_who_came_and_who_did_not(conn: Connection, exam_id: int) -> None:
    await conn.execute(
        """INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE
           SELECT n, 'c' || n, 'C ' || n FROM generate_series(20, 30) AS n"""
    )
    await conn.execute(
        "INSERT INTO assignments SELECT %s, id FROM people WHERE id BETWEEN 20 AND 30", (exam_id,)
    )
    await start_sitting(conn, exam_id=exam_id, candidate_id=25)
    await conn.execute("UPDATE sittings SET closed_by = 'deadline' WHERE candidate_id <= 4")
    standing = await standing_of(conn, exam_id)
    assert (standing.expected, standing.not_come) == (11, 5)
    assert (standing.people, standing.in_now) == (CANDIDATES + 1, 1)
    assert (standing.handed_in, standing.by_deadline) == (CANDIDATES - 4, 4)


async def test_the_distribution_counts_everybody_once(conn: Connection, exam_id: int) -> None:
    await conn.execute("UPDATE exams SET pass_percent = 50 WHERE id = %s", (exam_id,))
    results = await results_of(conn, exam_id)
    cursor = await conn.execute(
        "SELECT avg(points), min(points), count(*) FILTER (WHERE points >= 9) FROM results"
    )
    assert (results.mean, results.lowest, results.passed) == await cursor.fetchone()
    assert (results.marked, results.waiting, sum(results.bands)) == (CANDIDATES, 0, CANDIDATES)
    await conn.execute("UPDATE exams SET key_version = 2 WHERE id = %s", (exam_id,))
    results = await results_of(conn, exam_id)
    assert (results.marked, results.waiting) == (0, CANDIDATES)


async def test_the_curves_end_where_everybody_has_come_and_gone(conn: Connection, exam_id: int) -> None:
    await conn.execute(
        """UPDATE sittings SET started_at = now() + candidate_id * interval '1 s',
                               deadline_at = now() + interval '1 h',
                               closed_at = now() + candidate_id * interval '1 min'"""
    )
    pace = await pace_of(conn, exam_id)
    assert (pace.came[-1], pace.handed_in[-1]) == (CANDIDATES, CANDIDATES)
    assert pace.came == sorted(pace.came)
    assert pace.handed_in == sorted(pace.handed_in)
    assert all(came >= gone for came, gone in zip(pace.came, pace.handed_in, strict=True))
    assert sum(pace.time_bands) == CANDIDATES
    assert pace.median_time_s == pytest.approx(12.5 * 59)


async def test_the_key_stands_beside_what_was_answered(conn: Connection, exam_id: int) -> None:
    table = {(row.item.question_number, row.item.sub_part): row for row in await key_table(conn, exam_id)}
    assert set(table) == set(ANSWERS)
    for slot, row in table.items():
        assert row.presented == CANDIDATES
        assert sum(given.times for given in row.answers) == CANDIDATES, slot
        assert [given.times for given in row.answers] == sorted(
            (given.times for given in row.answers), reverse=True
        )
    first = table[1, ""]
    right = sum(given.times for given in first.answers if given.answer == "A")
    assert first.facility == pytest.approx(right / CANDIDATES)
    assert {given.answer for given in first.wrong} == {"B", "C"}
    assert [row.item.question_number for row in await key_table(conn, exam_id, only=(9, "b"))] == [9]


async def test_what_waits_for_a_person_is_counted(conn: Connection, exam_id: int) -> None:
    cursor = await conn.execute("SELECT count(*) FROM marks WHERE points IS NULL")
    [waiting] = await cursor.fetchone() or [0]
    results = await results_of(conn, exam_id)
    assert results.unmarked_items == results.unmarked_sittings == waiting > 0


async def test_exams_are_listed_by_state_and_words_and_page_by_page(conn: Connection) -> None:
    for title in ("Algebra 100%", "Algebra 1000", "Physics_1"):
        await add_exam(conn, title=title)
    coming = await add_exam(conn, title="Algebra to come")
    await conn.execute("UPDATE exams SET opens_at = now() + interval '1 d' WHERE id = %s", (coming,))
    titles = [exam.title for exam in await list_exams(conn, search="algebra")]
    assert titles[:3] == ["Algebra to come", "Algebra 1000", "Algebra 100%"]
    assert [exam.title for exam in await list_exams(conn, search="100%")] == ["Algebra 100%"]
    assert [exam.title for exam in await list_exams(conn, search="s_1")] == ["Physics_1"]
    assert coming in [exam.id for exam in await list_exams(conn, state="coming")]
    assert coming not in [exam.id for exam in await list_exams(conn, state="open")]
    seen, before = [], None
    while page := await list_exams(conn, search="algebra", before=before, limit=1):
        seen += [exam.title for exam in page]
        before = next_page(page, 1)
    assert seen == titles
