"""Streaks: consecutive exams of a series with none missed, whoever asks and in whatever order."""

import asyncio
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examhall.base.db import Connection, Database
from examhall.standings.streaks import Streak, follow_series, streaks_of

pytestmark = pytest.mark.anyio

SERIES = "INSERT INTO series (name) VALUES (%s) RETURNING id"
EXAM = """
    INSERT INTO exams (title, kind, opens_at, closes_at, duration_s, series_id)
    VALUES (%(title)s, 'mock_exam', now() - interval '1 year' + %(week)s * interval '1 week',
            now() - interval '1 year' + %(week)s * interval '1 week' + interval '3 hours', 9000, %(series)s)
    RETURNING id
"""
SAT = """
    INSERT INTO results
        (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked, marked_at)
    VALUES (%s, (SELECT count(*) + 1 FROM results), %s, 1, 1, 1, 0, now())
"""


async def number(conn: Connection, query: str, *values: object) -> int:
    cursor = await conn.execute(query.encode(), values)
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


async def person(conn: Connection, username: str) -> int:
    return await number(
        conn, "INSERT INTO people (username, full_name) VALUES (%s, 'Streak') RETURNING id", username
    )


async def weekly(conn: Connection, exams: int, name: str = "Weekly") -> list[int]:
    """So many concluded exams of a series, a week apart."""
    series = await number(conn, SERIES, name)
    ids = []
    for week in range(exams):
        cursor = await conn.execute(EXAM, {"title": f"Exam {week + 1}", "week": week, "series": series})
        ids += [row[0] for row in await cursor.fetchall()]
    await conn.execute(
        "INSERT INTO conclusions (exam_id, key_version) SELECT unnest(%s::bigint[]), 1", (ids,)
    )
    return ids


async def streak_after(conn: Connection, exams: list[int], sat: list[bool], who: int) -> Streak | None:
    for exam, came in zip(exams, sat, strict=True):
        if came:
            await conn.execute(SAT, (who, exam))
    await follow_series(conn, exams[-1])
    found = await streaks_of(conn, who)
    return found[0] if found else None


async def test_three_exams_in_three_consecutive_weeks_make_3_and_3(conn: Connection) -> None:
    who = await person(conn, "streak")
    exams = await weekly(conn, 3)
    for exam in exams:
        await conn.execute(SAT, (who, exam))
        await follow_series(conn, exam)
    [streak] = await streaks_of(conn, who)
    assert (streak.current, streak.longest) == (3, 3)


async def test_one_missed_exam_breaks_the_streak_and_keeps_the_longest(conn: Connection) -> None:
    who = await person(conn, "streak")
    streak = await streak_after(conn, await weekly(conn, 5), [True, True, True, False, True], who)
    assert streak is not None
    assert (streak.current, streak.longest, streak.sat, streak.scheduled) == (1, 3, 4, 5)


async def test_who_misses_the_last_has_no_current_streak(conn: Connection) -> None:
    streak = await streak_after(conn, await weekly(conn, 3), [True, True, False], await person(conn, "s"))
    assert streak is not None
    assert (streak.current, streak.longest) == (0, 2)


async def test_an_exam_assigned_to_others_breaks_nothing(conn: Connection) -> None:
    who, other = await person(conn, "streak"), await person(conn, "other")
    exams = await weekly(conn, 3)
    await conn.execute("INSERT INTO assignments (exam_id, person_id) VALUES (%s, %s)", (exams[1], other))
    streak = await streak_after(conn, exams, [True, False, True], who)
    assert streak is not None
    assert (streak.current, streak.longest) == (2, 2)


async def test_an_exam_that_is_not_concluded_yet_is_not_missed(conn: Connection) -> None:
    who = await person(conn, "streak")
    exams = await weekly(conn, 3)
    await conn.execute("DELETE FROM conclusions WHERE exam_id = %s", (exams[2],))
    streak = await streak_after(conn, exams, [True, True, False], who)
    assert streak is not None
    assert (streak.current, streak.longest) == (2, 2)


async def test_series_do_not_mix_and_an_exam_of_none_counts_nowhere(conn: Connection) -> None:
    who = await person(conn, "streak")
    first, second = await weekly(conn, 2), await weekly(conn, 2, "Monthly")
    await streak_after(conn, first, [True, True], who)
    await streak_after(conn, second, [False, True], who)
    assert {s.series: s.current for s in await streaks_of(conn, who)} == {"Weekly": 2, "Monthly": 1}
    await conn.execute("UPDATE exams SET series_id = NULL WHERE id = %s", (first[0],))
    assert not await follow_series(conn, first[0])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sat=st.lists(st.booleans(), min_size=1, max_size=12))
def test_streaks_are_the_runs_that_anybody_would_count(shared_dsn: str, sat: list[bool]) -> None:
    async def counted() -> Streak | None:
        import psycopg

        async with await psycopg.AsyncConnection.connect(shared_dsn) as conn:
            streak = await streak_after(conn, await weekly(conn, len(sat)), sat, await person(conn, "p"))
            await conn.rollback()
            return streak

    streak = asyncio.run(counted())
    runs = [len(list(run)) for came, run in groupby(sat) if came]
    assert (streak.longest if streak else 0) == max(runs, default=0)
    assert (streak.current if streak else 0) == (runs[-1] if sat[-1] else 0)


async def test_two_conclusions_at_once_count_both(database: Database) -> None:
    async with database.transaction() as conn:
        who = await person(conn, "streak")
        exams = await weekly(conn, 2)
        await conn.execute("DELETE FROM conclusions")
        for exam in exams:
            await conn.execute(SAT, (who, exam))

    async def conclude(exam: int) -> None:
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam,))
        async with database.transaction() as conn:
            await follow_series(conn, exam)

    await asyncio.gather(*map(conclude, exams))
    async with database.transaction() as conn:
        [streak] = await streaks_of(conn, who)
    assert (streak.current, streak.longest) == (2, 2)
