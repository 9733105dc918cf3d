"""Exams that are over and marked, in the fewest rows that places and ratings need."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from examhall.base.db import Connection
from tests.sittings.seats import add_exam

FIRST_DAY = datetime(2030, 1, 7, 12, tzinfo=UTC)


def day(number: int) -> datetime:
    return FIRST_DAY + timedelta(days=number)


async def add_people(conn: Connection, count: int, *, first: int = 1) -> list[int]:
    """People named Person 1, Person 2, ...; their ids."""
    cursor = await conn.execute(
        """INSERT INTO people (username, full_name)
           SELECT 'person' || n, 'Person ' || n FROM generate_series(%s::int, %s) AS n RETURNING id""",
        (first, first + count - 1),
    )
    return [row[0] for row in await cursor.fetchall()]


async def add_held(
    conn: Connection, points: Mapping[int, float], *, on: int = 0, rated: bool = True, **columns: object
) -> int:
    """An exam that was over on that day, with so many points for each who sat it."""
    values: dict[str, object] = {"title": f"Day {on}", "closes_at": day(on), "rated": rated}
    exam_id = await add_exam(conn, **(values | columns))
    await mark_all(conn, exam_id, points)
    return exam_id


async def mark_all(conn: Connection, exam_id: int, points: Mapping[int, float], *, attempt: int = 1) -> None:
    """Closed sittings with these points, in place of any that were there."""
    people = list(points)
    await conn.execute(
        "DELETE FROM results USING sittings WHERE sittings.exam_id = %s AND attempt_number = %s"
        " AND results.sitting_id = sittings.id",
        (exam_id, attempt),
    )
    await conn.execute("DELETE FROM sittings WHERE exam_id = %s AND attempt_number = %s", (exam_id, attempt))
    await conn.execute(
        """WITH given AS (
               SELECT * FROM unnest(%(people)s::bigint[], %(points)s::numeric[]) AS given (person_id, points)
           ), sat AS (
               INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                     closes_at, closed_at, closed_by)
               SELECT person_id, %(exam)s, %(attempt)s, 7, now(), now(), now(), now(), 'candidate'
                 FROM given
               RETURNING candidate_id, id
           )
           INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked,
                                marked_at, key_version)
           SELECT sat.candidate_id, sat.id, %(exam)s, 1, given.points, 100, 0, now(),
                  (SELECT key_version FROM exams WHERE id = %(exam)s)
             FROM sat JOIN given ON given.person_id = sat.candidate_id""",
        {"people": people, "points": [points[one] for one in people], "exam": exam_id, "attempt": attempt},
    )


async def correct(conn: Connection, exam_id: int, points: Mapping[int, float]) -> int:
    """As a corrected key leaves it: the next version, with other points."""
    cursor = await conn.execute(
        "UPDATE exams SET key_version = key_version + 1 WHERE id = %s RETURNING key_version", (exam_id,)
    )
    [key_version] = await cursor.fetchone()  # type: ignore[misc]
    await mark_all(conn, exam_id, points)
    return int(key_version)
