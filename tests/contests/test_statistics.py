"""How a contest went, counted another way."""

import itertools
from datetime import timedelta

import pytest

from examhall.base.db import Connection
from examhall.contests.statistics import (
    MOST_STEPS,
    arrivals_of,
    distribution_of,
    students_csv,
    students_of,
)
from tests.courses.rows import add_people

from .rows import Class, add_class

pytestmark = pytest.mark.anyio


async def sat(conn: Connection, group: Class, every_s: float, points: list[float]) -> None:
    """One student after the other begins, and hands in a minute later with these points of ten."""
    for n, given in enumerate(points):
        await conn.execute(
            """WITH sat AS (
                   INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                         closes_at, closed_at, closed_by)
                   SELECT %(student)s, %(exam)s, 1, 1, t, t, t, t + interval '1 min', 'candidate'
                     FROM (SELECT now() + %(after)s * interval '1 s' AS t) AS begun
                   RETURNING id)
               INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points,
                                    unmarked, marked_at)
               SELECT %(student)s, id, %(exam)s, 1, %(points)s, 10, 0, now() FROM sat""",
            {"student": group.students[n], "exam": group.contest_id, "after": n * every_s, "points": given},
        )


async def test_every_mark_is_in_its_bar_and_none_is_lost(conn: Connection) -> None:
    points = [0, 0.5, 1, 9.99, 10, 10]
    group = await add_class(conn, *(f"s{n}" for n in range(8)))
    await sat(conn, group, 1, points)
    bars = await distribution_of(conn, group.contest_id, max_points=10)
    assert [bar.low for bar in bars] == list(range(11))
    expected = [0] * 11
    for each in points:
        expected[int(each)] += 1
    assert [bar.students for bar in bars] == expected
    long = await distribution_of(conn, group.contest_id, max_points=100)
    assert (len(long), long[1].low, sum(bar.students for bar in long)) == (21, 5, len(points))
    assert await distribution_of(conn, group.contest_id, max_points=0) == []


@pytest.mark.parametrize("every_s", [0.5, 60, 3600, 86_400])
async def test_arrivals_rise_to_all_who_came(conn: Connection, every_s: float) -> None:
    group = await add_class(conn, *(f"s{n}" for n in range(30)))
    await sat(conn, group, every_s, [5] * 25)
    moments = await arrivals_of(conn, group.contest_id)
    assert 1 < len(moments) <= MOST_STEPS + 1
    assert (moments[-1].begun, moments[-1].handed_in) == (25, 25)
    assert moments[0].begun >= 1
    assert all(b.begun >= a.begun and b.handed_in >= a.handed_in for a, b in itertools.pairwise(moments))
    assert all(moment.handed_in <= moment.begun for moment in moments)
    assert {b.at - a.at for a, b in itertools.pairwise(moments)} <= {
        timedelta(seconds=each) for each in (10, 60, 300, 900, 3600, 21_600, 86_400)
    }


async def test_before_anybody_comes_there_is_nothing_to_draw(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    assert await arrivals_of(conn, group.contest_id) == []
    assert {bar.students for bar in await distribution_of(conn, group.contest_id, max_points=3)} == {0}


async def test_everybody_is_listed_the_best_first_the_absent_last(conn: Connection) -> None:
    group = await add_class(conn, "ann", "ben", "cy", "dan")
    await sat(conn, group, 1, [3, 9])
    await conn.execute("UPDATE enrolments SET active = false WHERE person_id = %s", (group.students[0],))
    await conn.execute("UPDATE people SET full_name = 'Ben;=1+1' WHERE id = %s", (group.students[1],))
    await add_people(conn, "stranger")
    found = await students_of(conn, group.contest_id)
    assert [(each.username, each.status, each.enrolled) for each in found] == [
        ("ben", "submitted", True),
        ("ann", "submitted", False),
        ("cy", "absent", True),
        ("dan", "absent", True),
    ]
    lines = students_csv(found).splitlines()
    assert lines[1].startswith("ben,Ben;'=1+1,submitted,")
    assert lines[1].endswith("Z,9.000,10.000")
    assert lines[3] == "cy,Cy,absent,,,,"
