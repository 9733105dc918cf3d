"""What is counted of an exam, against rows that were put there by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.events.activity import (
    ActivityNotFound,
    busiest_exams,
    counts_of,
    exam_activity,
    question_times_of,
    roll_up_activity,
    roll_up_exam,
)
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio

# An hour ago, on a whole minute.
BEGAN = (datetime.now(UTC) - timedelta(hours=1)).replace(second=0, microsecond=0)


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


async def sit(conn: Connection, exam_id: int, candidate_id: int, start_s: float, end_s: float | None) -> int:
    cursor = await conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                 closes_at, closed_at, closed_by)
           VALUES (%s, %s, 1, 1, %s, %s, %s, %s, %s) RETURNING id""",
        (
            candidate_id, exam_id, after(start_s), after(7200), after(7200),
            None if end_s is None else after(end_s), None if end_s is None else "candidate",
        ),
    )  # fmt: skip
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


async def save(conn: Connection, candidate_id: int, sitting_id: int, number: int, at_s: float) -> None:
    await conn.execute(
        """INSERT INTO answer_history (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                                       received_at, saved_at)
           VALUES (%s, %s, %s, '', '"A"', 1, %s, %s)""",
        (candidate_id, sitting_id, number, after(at_s), after(at_s)),
    )


async def happen(
    conn: Connection, what: str, exam_id: int | None, person_id: int | None, at_s: float
) -> None:
    await conn.execute(
        "INSERT INTO events (at, what, exam_id, person_id) VALUES (%s, %s, %s, %s)",
        (after(at_s), what, exam_id, person_id),
    )


async def test_arrivals_starts_saves_and_ends_are_counted_by_ten_seconds(conn: Connection) -> None:
    exam_id, other = await add_exam(conn), await add_exam(conn)
    await happen(conn, "ticket_shown", exam_id, 1, -45)
    # Looking again is no arrival.
    await happen(conn, "lobby_opened", exam_id, 1, -3)
    await happen(conn, "lobby_opened", exam_id, 2, -2)
    await happen(conn, "lobby_opened", other, 3, -2)
    await happen(conn, "refused", exam_id, 1, -1)
    first = await sit(conn, exam_id, 1, 0, 100)
    second = await sit(conn, exam_id, 2, 3, None)
    # Whose lobby nobody saw arrives with the start.
    await sit(conn, exam_id, 4, 12, None)
    for number, at_s in ((1, 30), (2, 42), (1, 61)):
        await save(conn, 1, first, number, at_s)
    await save(conn, 2, second, 1, 33)
    await happen(conn, "result_seen", exam_id, 1, 105)
    await roll_up_exam(conn, exam_id=exam_id)

    counts = await counts_of(conn, exam_id=exam_id)
    shown = {int((each.at - BEGAN).total_seconds()): each for each in counts}
    assert {at: each.arrivals for at, each in shown.items() if each.arrivals} == {-50: 1, -10: 1, 10: 1}
    assert {at: each.sign_ins for at, each in shown.items() if each.sign_ins} == {-50: 1}
    assert {at: each.starts for at, each in shown.items() if each.starts} == {0: 2, 10: 1}
    assert {at: each.saves for at, each in shown.items() if each.saves} == {30: 2, 40: 1, 60: 1}
    assert {at: each.active for at, each in shown.items() if each.active} == {0: 2, 60: 1}
    assert {at: each.hand_ins for at, each in shown.items() if each.hand_ins} == {100: 1}
    assert (shown[-10].refusals, shown[100].looks) == (1, 1)


async def test_the_time_of_a_question_is_what_went_by_before_its_saves(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    for candidate_id, slower in ((1, 0), (2, 10), (3, 50)):
        sitting_id = await sit(conn, exam_id, candidate_id, 0, 500)
        await save(conn, candidate_id, sitting_id, 1, 30 + slower)
        await save(conn, candidate_id, sitting_id, 2, 90 + slower)
        # Back to the first.
        await save(conn, candidate_id, sitting_id, 1, 100 + slower)
    await roll_up_exam(conn, exam_id=exam_id)
    first, second = await question_times_of(conn, exam_id=exam_id)
    assert (first.sittings, first.lower_s, first.median_s, first.upper_s) == (3, 45, 50, 70)
    assert (second.lower_s, second.median_s, second.upper_s) == (60, 60, 60)


async def test_counting_again_changes_nothing_and_adds_what_is_new(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    sitting_id = await sit(conn, exam_id, 1, 0, None)
    await save(conn, 1, sitting_id, 1, 30)
    await roll_up_exam(conn, exam_id=exam_id)
    before = await counts_of(conn, exam_id=exam_id)
    await roll_up_exam(conn, exam_id=exam_id)
    assert await counts_of(conn, exam_id=exam_id) == before
    # Received just now, and the last time but one was an hour ago.
    await conn.execute("UPDATE activity_rollups SET computed_at = %s", (after(100),))
    await save(conn, 1, sitting_id, 1, 110)
    await roll_up_exam(conn, exam_id=exam_id)
    assert sum(each.saves for each in await counts_of(conn, exam_id=exam_id)) == 2


async def test_while_an_exam_runs_questions_are_timed_now_and_then_and_at_its_end_in_full(
    conn: Connection,
) -> None:
    exam_id = await add_exam(conn)
    sitting_id = await sit(conn, exam_id, 1, 0, None)
    await save(conn, 1, sitting_id, 1, 30)
    await roll_up_exam(conn, exam_id=exam_id)
    await save(conn, 1, sitting_id, 2, 40)
    await roll_up_exam(conn, exam_id=exam_id)
    assert len(await question_times_of(conn, exam_id=exam_id)) == 1
    assert (await exam_activity(conn, exam_id=exam_id)).timed_sittings == 1
    await conn.execute("UPDATE activity_rollups SET timed_at = timed_at - interval '15 min'")
    await roll_up_exam(conn, exam_id=exam_id)
    assert len(await question_times_of(conn, exam_id=exam_id)) == 2
    await save(conn, 1, sitting_id, 3, 50)
    await conn.execute("UPDATE sittings SET closed_at = now(), closed_by = 'candidate'")
    await roll_up_exam(conn, exam_id=exam_id)
    assert len(await question_times_of(conn, exam_id=exam_id)) == 3


async def test_what_was_counted_outlives_the_events(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await happen(conn, "ticket_shown", exam_id, 1, 0)
    await roll_up_exam(conn, exam_id=exam_id)
    await conn.execute("DELETE FROM events")
    await roll_up_exam(conn, exam_id=exam_id)
    assert [each.sign_ins for each in await counts_of(conn, exam_id=exam_id)] == [1]


async def test_says_how_many_events_it_lacks(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await sit(conn, exam_id, 1, 0, 100)
    for at_s, lost in ((50, "7"), (-86_400, "1000")):
        await conn.execute(
            "INSERT INTO events (at, what, detail) VALUES (%s, 'lost', %s)", (after(at_s), lost)
        )
    await roll_up_exam(conn, exam_id=exam_id)
    found = await exam_activity(conn, exam_id=exam_id)
    assert (found.lost_events, found.sittings, found.timed_sittings) == (7, 1, 1)


async def test_the_job_takes_the_exams_where_something_happened_and_no_others(database: Database) -> None:
    async with database.transaction() as conn:
        running, over, untouched = [await add_exam(conn) for _ in range(3)]
        await sit(conn, running, 1, 0, None)
        await sit(conn, over, 1, 0, 100)
    assert await roll_up_activity(database) == 2
    assert await roll_up_activity(database) == 1
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (over,))
        await happen(conn, "refused", 10**9, 1, 3600)
    assert await roll_up_activity(database) == 2
    async with database.transaction() as conn:
        assert {each.exam_id for each in await busiest_exams(conn)} == {running, over}
        assert (await exam_activity(conn, exam_id=untouched)).computed_at is None


async def test_two_workers_at_the_same_exam_count_it_once(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        sitting_id = await sit(conn, exam_id, 1, 0, None)
        await save(conn, 1, sitting_id, 1, 30)

    async def worker() -> None:
        async with database.transaction() as conn:
            await roll_up_exam(conn, exam_id=exam_id)

    await asyncio.gather(*[worker() for _ in range(4)])
    async with database.transaction() as conn:
        assert sum(each.saves for each in await counts_of(conn, exam_id=exam_id)) == 1
        assert len(await question_times_of(conn, exam_id=exam_id)) == 1


async def test_an_exam_that_is_not_there_has_no_activity(conn: Connection) -> None:
    with pytest.raises(ActivityNotFound):
        await exam_activity(conn, exam_id=10**9)


async def test_an_exam_that_cannot_be_counted_keeps_no_other_from_it(database: Database, dsn: str) -> None:
    impatient = Database(dsn, limit_s=1)
    await impatient.open()
    async with database.transaction() as conn:
        exams = [await add_exam(conn) for _ in range(2)]
        for exam_id in exams:
            await add_seat(conn, exam_id=exam_id)
    async with await psycopg.AsyncConnection.connect(dsn) as holder:
        await holder.execute("SELECT FROM exams WHERE id = %s FOR UPDATE", (exams[0],))
        try:
            await roll_up_activity(impatient)
        finally:
            await impatient.close()
        async with database.transaction() as conn:
            cursor = await conn.execute("SELECT exam_id FROM activity_rollups")
            assert await cursor.fetchall() == [(exams[1],)]
