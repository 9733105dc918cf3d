"""Closing: handed in once, due on time, and scored by the transaction that closes."""

import asyncio

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.close import CHUNK, close_due, seconds_until_due, submit_sitting
from examhall.sittings.deadlines import keep_deadlines

from .seats import ALICE, MALLORY, Seat, add_exam, add_seat

pytestmark = pytest.mark.anyio


def unnoted(what: str, *, detail: str | None = None, **ids: int | None) -> None:
    """Nobody keeps a log here."""


async def jobs(conn: Connection) -> list[list[list[int]]]:
    """The sittings of each scoring job, in the order they were enqueued."""
    cursor = await conn.execute(
        "SELECT args->'sittings' FROM procrastinate_jobs WHERE task_name = 'score_sittings' ORDER BY id"
    )
    return [row[0] for row in await cursor.fetchall()]


async def test_handing_in_twice_closes_once_and_scores_once(conn: Connection, alices_seat: Seat) -> None:
    first = await submit_sitting(conn, sitting_id=alices_seat.sitting_id, candidate_id=ALICE)
    second = await submit_sitting(conn, sitting_id=alices_seat.sitting_id, candidate_id=ALICE)
    assert first.closed_at is not None
    assert first.closed_by == "candidate"
    assert second.closed_at == first.closed_at
    assert await jobs(conn) == [[[ALICE, alices_seat.sitting_id]]]


async def test_100_submits_at_once_close_once(database: Database) -> None:
    async with database.transaction() as conn:
        seat = await add_seat(conn)

    async def submit() -> object:
        async with database.transaction() as conn:
            sitting = await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
            return sitting.closed_at

    assert len(set(await asyncio.gather(*(submit() for _ in range(100))))) == 1
    async with database.transaction() as conn:
        assert len(await jobs(conn)) == 1


async def test_no_commit_no_job(database: Database) -> None:
    async with database.transaction() as conn:
        seat = await add_seat(conn)
    async with database.transaction() as conn:
        await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
        await conn.rollback()
    async with database.transaction() as conn:
        assert await jobs(conn) == []
        cursor = await conn.execute("SELECT closed_at FROM sittings")
        assert await cursor.fetchone() == (None,)


async def test_nobody_hands_in_for_somebody_else(conn: Connection, alices_seat: Seat) -> None:
    with pytest.raises(SessionNotFound):
        await submit_sitting(conn, sitting_id=alices_seat.sitting_id, candidate_id=MALLORY)
    assert await jobs(conn) == []


async def test_who_hands_in_after_the_grace_was_closed_by_the_deadline(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=-5)
    sitting = await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
    assert sitting.closed_by == "deadline"


async def test_what_is_due_is_closed_and_nothing_else(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    due = [await add_seat(conn, candidate_id=n, exam_id=exam_id, closes_in_s=-1) for n in range(1, 6)]
    await add_seat(conn, candidate_id=6, exam_id=exam_id, closes_in_s=60)
    assert len(await close_due(conn)) == 5
    assert len(await close_due(conn)) == 0
    [scored] = await jobs(conn)
    assert sorted(scored) == sorted([seat.candidate_id, seat.sitting_id] for seat in due)
    cursor = await conn.execute("SELECT DISTINCT closed_by FROM sittings WHERE closed_at IS NOT NULL")
    assert await cursor.fetchall() == [("deadline",)]


async def test_two_workers_share_what_is_due(dsn: str) -> None:
    async with (
        await psycopg.AsyncConnection.connect(dsn) as one,
        await psycopg.AsyncConnection.connect(dsn) as two,
    ):
        exam_id = await add_exam(one)
        for n in range(1, 21):
            await add_seat(one, candidate_id=n, exam_id=exam_id, closes_in_s=-1)
        await one.commit()
        assert len(await close_due(one, limit=12)) == 12
        # The first has not committed: the second takes the others, and does not wait.
        assert len(await close_due(two, limit=12)) == 8
        await one.commit()
        await two.commit()
        assert sorted(map(len, await jobs(one))) == [8, 12]


async def test_an_answer_received_in_the_last_moment_is_let_through_first(conn: Connection) -> None:
    await add_seat(conn, closes_in_s=0)
    assert len(await close_due(conn, margin_ms=60_000)) == 0
    assert len(await close_due(conn, margin_ms=0)) == 1


async def test_tells_how_long_to_sleep(conn: Connection) -> None:
    assert await seconds_until_due(conn) is None
    await add_seat(conn, closes_in_s=1000)
    seconds = await seconds_until_due(conn)
    assert seconds is not None
    assert 900 < seconds <= 1000


async def test_the_engine_closes_by_itself_more_than_one_statement_takes(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        await conn.execute(
            """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed,
                                     started_at, deadline_at, closes_at)
               SELECT n, %s, 1, 1, now() - interval '1 h', now() - interval '1 min', now() - interval '1 s'
                 FROM generate_series(1, %s) AS n""",
            (exam_id, CHUNK + 700),
        )
    stopping = asyncio.Event()
    noted: list[str] = []

    def note(what: str, *, detail: str | None = None, age_s: float = 0.0, **ids: int | None) -> None:
        noted.append(what)
        assert ids.keys() == {"person_id", "exam_id", "sitting_id"}

    engine = asyncio.create_task(keep_deadlines(database, stopping, note))
    async with database.connection() as conn:
        while True:
            cursor = await conn.execute("SELECT count(*) FROM sittings WHERE closed_at IS NULL")
            if await cursor.fetchone() == (0,):
                break
            await asyncio.sleep(0.02)
        stopping.set()
        await engine
        assert sorted(map(len, await jobs(conn))) == [200, *[500] * (CHUNK // 500 + 1)]
    assert noted == ["closed"] * (CHUNK + 700)


async def test_the_engine_survives_the_loss_of_its_connections(database: Database) -> None:
    stopping = asyncio.Event()
    engine = asyncio.create_task(keep_deadlines(database, stopping, unnoted))
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as conn:
        await asyncio.sleep(0.05)
        await conn.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        await add_seat(conn, closes_in_s=-1)
        while True:
            cursor = await conn.execute("SELECT count(*) FROM sittings WHERE closed_at IS NULL")
            if await cursor.fetchone() == (0,):
                break
            await asyncio.sleep(0.02)
    stopping.set()
    await engine
