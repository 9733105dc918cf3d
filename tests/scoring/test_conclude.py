"""An exam is concluded when it is over and marked, exactly once per version of its key."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.scoring.conclude import (
    CHANNEL,
    Concluded,
    NotOver,
    StillSitting,
    conclude_by_hand,
    conclude_due,
    keep_conclusions,
)
from examhall.scoring.export import NoSuchExam
from examhall.scoring.results import score_sittings
from examhall.sittings.close import close_due
from tests.sittings.seats import Seat, add_exam, add_seat

pytestmark = pytest.mark.anyio

FOLLOW_UPS = ("calibrate_exam", "rate_exam")


async def add_past_exam(conn: Connection, *, over_for_s: float = 60, **columns: object) -> int:
    exam_id = await add_exam(conn, **columns)
    await conn.execute(
        """UPDATE exams SET opens_at = now() - interval '1 day', closes_at = now() - %s * interval '1 second'
            WHERE id = %s""",
        (over_for_s, exam_id),
    )
    return exam_id


async def seats_closed(conn: Connection, exam_id: int, candidates: Sequence[int] = (1, 2, 3)) -> list[Seat]:
    seats = [await add_seat(conn, candidate_id=n, exam_id=exam_id, closes_in_s=-1) for n in candidates]
    await close_due(conn)
    return seats


async def mark(conn: Connection, seats: Sequence[Seat]) -> None:
    await score_sittings(conn, [(seat.candidate_id, seat.sitting_id) for seat in seats])


async def followed(conn: Connection) -> list[tuple[str, int, int]]:
    cursor = await conn.execute(
        """SELECT task_name, (args->>'exam_id')::int, (args->>'key_version')::int FROM procrastinate_jobs
            WHERE task_name <> 'score_sittings' ORDER BY id"""
    )
    return await cursor.fetchall()


async def correct_the_key(conn: Connection, exam_id: int) -> None:
    await conn.execute('UPDATE items SET key = \'{"correct": ["B"]}\' WHERE exam_id = %s', (exam_id,))
    await conn.execute("UPDATE exams SET key_version = key_version + 1 WHERE id = %s", (exam_id,))


async def test_what_follows_is_enqueued_once_when_everybody_is_marked(conn: Connection) -> None:
    exam_id = await add_past_exam(conn)
    seats = await seats_closed(conn, exam_id)
    await mark(conn, seats[:2])
    assert await conclude_due(conn, FOLLOW_UPS) == []
    await mark(conn, seats[2:])
    assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 1)]
    assert await conclude_due(conn, FOLLOW_UPS) == []
    assert await followed(conn) == [("calibrate_exam", exam_id, 1), ("rate_exam", exam_id, 1)]


async def test_an_exam_is_not_concluded_before_its_grace_is_over(conn: Connection) -> None:
    await add_past_exam(conn, over_for_s=10, grace_s=30)
    running = await add_past_exam(conn, over_for_s=-10)
    assert await conclude_due(conn, FOLLOW_UPS) == []
    with pytest.raises(NotOver):
        await conclude_by_hand(conn, FOLLOW_UPS, exam_id=running)


async def test_without_grace_a_start_that_is_still_committing_is_waited_for(conn: Connection) -> None:
    await add_past_exam(conn, over_for_s=5, grace_s=0)
    assert await conclude_due(conn, FOLLOW_UPS) == []


async def test_somebody_with_time_granted_is_waited_for(conn: Connection) -> None:
    exam_id = await add_past_exam(conn)
    await mark(conn, await seats_closed(conn, exam_id))
    await add_seat(conn, candidate_id=9, exam_id=exam_id, closes_in_s=600)
    assert await conclude_due(conn, FOLLOW_UPS) == []
    with pytest.raises(StillSitting):
        await conclude_by_hand(conn, FOLLOW_UPS, exam_id=exam_id)


async def test_essays_are_waited_for_unless_somebody_says_not_to(conn: Connection) -> None:
    exam_id = await add_past_exam(conn)
    await mark(conn, await seats_closed(conn, exam_id))
    await conn.execute("UPDATE results SET unmarked = 1")
    assert await conclude_due(conn, FOLLOW_UPS) == []
    assert await conclude_by_hand(conn, FOLLOW_UPS, exam_id=exam_id) == Concluded(exam_id, 1)


async def test_an_exam_that_nobody_sat_is_concluded_too(conn: Connection) -> None:
    exam_id = await add_past_exam(conn)
    assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 1)]


async def test_an_exam_without_a_window_is_concluded_by_hand_alone(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await mark(conn, await seats_closed(conn, exam_id))
    assert await conclude_due(conn, FOLLOW_UPS) == []
    for _ in range(2):
        assert await conclude_by_hand(conn, FOLLOW_UPS, exam_id=exam_id) == Concluded(exam_id, 1)
    cursor = await conn.execute("SELECT count(*) FROM conclusions")
    assert await cursor.fetchone() == (1,)
    with pytest.raises(NoSuchExam):
        await conclude_by_hand(conn, FOLLOW_UPS, exam_id=0)


async def test_the_longest_over_follows_first(conn: Connection) -> None:
    newer, older = await add_past_exam(conn, over_for_s=60), await add_past_exam(conn, over_for_s=3600)
    assert await conclude_due(conn, ["rate_exam"]) == [Concluded(older, 1), Concluded(newer, 1)]
    assert [exam_id for _, exam_id, _ in await followed(conn)] == [older, newer]


async def test_a_corrected_key_concludes_again_when_all_are_marked_by_it(conn: Connection) -> None:
    exam_id = await add_past_exam(conn)
    seats = await seats_closed(conn, exam_id)
    await mark(conn, seats)
    await conclude_due(conn, FOLLOW_UPS)
    await correct_the_key(conn, exam_id)
    await mark(conn, seats[:1])
    assert await conclude_due(conn, FOLLOW_UPS) == []
    await mark(conn, seats)
    assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 2)]


async def test_many_workers_conclude_each_exam_once(database: Database) -> None:
    async with database.transaction() as conn:
        exams = [await add_past_exam(conn) for _ in range(20)]
        for exam_id in exams:
            await mark(conn, await seats_closed(conn, exam_id))

    async def worker() -> list[Concluded]:
        found = []
        async with await psycopg.AsyncConnection.connect(database.dsn) as conn:
            for _ in range(4):
                found += await conclude_due(conn, FOLLOW_UPS, limit=7)
                await conn.commit()
        return found

    found = [exam for some in await asyncio.gather(*(worker() for _ in range(8))) for exam in some]
    assert sorted(exam.exam_id for exam in found) == sorted(exams)
    async with database.transaction() as conn:
        jobs = await followed(conn)
    assert sorted(jobs) == sorted((name, exam_id, 1) for name in FOLLOW_UPS for exam_id in exams)


async def test_marks_by_an_old_key_never_replace_those_by_a_newer_one(database: Database) -> None:
    """Whoever marks holds the key: its correction waits, and what marks again finds everything marked."""
    async with database.transaction() as conn:
        exam_id = await add_past_exam(conn)
        seats = await seats_closed(conn, exam_id)

    async def correct() -> None:
        async with database.transaction() as conn:
            await correct_the_key(conn, exam_id)

    async with database.transaction() as conn:
        await mark(conn, seats)
        correction = asyncio.create_task(correct())
        await asyncio.sleep(0.3)
        assert not correction.done()
    await correction
    async with database.transaction() as conn:
        await mark(conn, seats)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT DISTINCT key_version FROM results")
        assert await cursor.fetchall() == [(2,)]
        assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 2)]


async def test_no_commit_no_conclusion_and_everybody_hears_of_one(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_past_exam(conn)
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as hearing:
        await hearing.execute(f"LISTEN {CHANNEL}".encode())
        async with database.transaction() as conn:
            await conclude_due(conn, FOLLOW_UPS)
            await conn.rollback()
        async with database.transaction() as conn:
            assert await followed(conn) == []
            await conclude_due(conn, FOLLOW_UPS)
        heard = [notice async for notice in hearing.notifies(timeout=5, stop_after=1)]
        assert [notice.payload for notice in heard] == [str(exam_id)]


async def test_a_worker_concludes_as_soon_as_marking_ends(database: Database, tmp_path: Path) -> None:
    stopping, marked = asyncio.Event(), asyncio.Event()
    keeping = asyncio.create_task(keep_conclusions(database, stopping, marked, FOLLOW_UPS))
    await asyncio.sleep(0.2)
    async with database.transaction() as conn:
        exam_id = await add_past_exam(conn)
    marked.set()
    async with asyncio.timeout(10):
        jobs: list[tuple[str, int, int]] = []
        while not jobs:
            async with database.transaction() as conn:
                jobs = await followed(conn)
    stopping.set()
    await keeping
    assert jobs == [("calibrate_exam", exam_id, 1), ("rate_exam", exam_id, 1)]
