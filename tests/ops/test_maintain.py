"""Maintenance does its work, and nobody who sits an exam notices."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.base.partitions import ensure_partitions
from examhall.ops import maintain as module
from examhall.ops.maintain import MaintenanceUnderWay, liveliness, maintain
from examhall.sittings.autosave import Saved, save_batch
from examhall.sittings.start import start_sitting
from tests.sittings.saving import save
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio

ANSWERS = """
    INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
    SELECT n, n, 1, '', '"A"', 1, now() FROM generate_series(1, 20000) AS n
"""
MAY_2020 = "FOR VALUES FROM ('2020-05-01') TO ('2020-06-01')"


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[Connection]:
    """On the test's own database: maintenance commits."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        yield conn


async def fetched(conn: Connection, query: str) -> list[tuple[object, ...]]:
    return await (await conn.execute(query.encode())).fetchall()


async def bloat(conn: Connection) -> None:
    """An index on answers of which nine tenths are empty: the page of each row that is left stays."""
    await conn.execute(ANSWERS)
    await conn.execute("DELETE FROM answers WHERE candidate_id % 20 <> 0")
    await conn.execute("VACUUM ANALYZE answers")


async def index_bytes(conn: Connection) -> int:
    [(size,)] = await fetched(conn, "SELECT pg_relation_size('answers_pkey')")
    assert isinstance(size, int)
    return size


async def test_does_all_of_it_and_says_so(dsn: str, conn: Connection) -> None:
    await conn.execute("INSERT INTO people (username, full_name) VALUES ('alice', 'Alice')")
    exam_id = await add_exam(conn)
    await conn.execute(
        """INSERT INTO sign_ins (id, person_id, method, expires_at)
           SELECT gen_random_uuid(), id, 'password', now() - interval '31 days' FROM people"""
    )
    await conn.execute(
        """INSERT INTO tickets (id, exam_id, person_id, revoked_at)
           SELECT gen_random_uuid(), %s, id, now() - interval '31 days' FROM people""",
        (exam_id,),
    )
    await conn.execute(
        """WITH job AS (INSERT INTO procrastinate_jobs (queue_name, task_name, status)
                        VALUES ('default', 'old', 'succeeded') RETURNING id)
           INSERT INTO procrastinate_events (job_id, type) SELECT id, 'succeeded' FROM job"""
    )
    await conn.execute("UPDATE procrastinate_events SET at = now() - interval '4 days'")
    await conn.execute(
        """INSERT INTO made_once (person_id, kind, request_key, request_hash, thing_id, made_at)
           SELECT id, 'exam', 'once', sha256('it'), 1, now() - interval '31 days' FROM people"""
    )
    await conn.execute(f"CREATE TABLE events_2020_05 PARTITION OF events {MAY_2020}".encode())
    await bloat(conn)
    before = await index_bytes(conn)
    said: list[str] = []
    did = await maintain(dsn, events_kept_months=13, say=said.append, pays_from_bytes=65_536)
    assert said == did
    assert [line.split(":")[0] for line in did if ":" in line][:6] == [
        "partitions", "old events", "sign-ins", "tickets", "jobs", "requests"
    ]  # fmt: skip
    assert "old events: dropped events_2020_05" in did
    forgotten = ("sign-ins", "tickets", "jobs", "requests")
    assert {f"{each}: forgot 1" for each in forgotten} <= {*did}
    assert any(line.startswith("indexes: built answers_pkey anew") for line in did)
    assert await index_bytes(conn) < before / 2
    assert (
        len(await fetched(conn, "SELECT FROM pg_inherits WHERE inhparent = 'answer_history'::regclass")) == 4
    )
    [(kept,)] = await fetched(conn, "SELECT did FROM maintenance")
    assert kept == did


async def test_a_second_run_finds_nothing_to_do(dsn: str, conn: Connection) -> None:
    await bloat(conn)
    await maintain(dsn, events_kept_months=13, pays_from_bytes=65_536)
    again = await maintain(dsn, events_kept_months=13, pays_from_bytes=65_536)
    assert {"partitions: all of them are there", "indexes: none would gain enough"} <= {*again}


async def test_an_index_that_is_full_is_left_alone(dsn: str, conn: Connection) -> None:
    await conn.execute(ANSWERS)
    did = await maintain(dsn, events_kept_months=13, pays_from_bytes=65_536)
    assert "indexes: none would gain enough" in did


async def test_saves_and_starts_go_on_meanwhile(dsn: str, conn: Connection) -> None:
    """Somebody who waits for a lock for a second is refused here: nobody is."""
    exam_id = await add_exam(conn)
    seat = await add_seat(conn, exam_id=exam_id)
    await bloat(conn)
    done = asyncio.Event()
    began = asyncio.Event()

    async def candidate() -> int:
        saved = 0
        async with await psycopg.AsyncConnection.connect(
            dsn, autocommit=True, options="-c lock_timeout=1s"
        ) as mine:
            while not done.is_set():
                [outcome] = await save_batch(mine, [save(seat, revision=saved + 1)])
                assert isinstance(outcome, Saved)
                async with mine.transaction():
                    assert (await start_sitting(mine, exam_id=exam_id, candidate_id=saved + 1000)).is_new
                saved += 1
                began.set()
        return saved

    sitting = asyncio.create_task(candidate())
    await began.wait()
    for _ in range(3):
        await maintain(dsn, events_kept_months=13, pays_from_bytes=8192)
    done.set()
    assert await sitting > 1


async def test_what_is_held_is_left_and_nobody_queues_behind_it(dsn: str, conn: Connection) -> None:
    seat = await add_seat(conn)
    await ensure_partitions(conn)
    await bloat(conn)
    await conn.execute(f"CREATE TABLE events_2020_05 PARTITION OF events {MAY_2020}".encode())
    async with await psycopg.AsyncConnection.connect(dsn) as holder:
        # A save under way that does not end, and somebody who reads the events.
        await save_batch(holder, [save(seat)])
        await holder.execute("LOCK TABLE events IN ACCESS SHARE MODE")
        running = asyncio.create_task(maintain(dsn, events_kept_months=13, pays_from_bytes=65_536))
        # Half of what maintenance waits at most: whoever had to wait behind it would be refused.
        async with await psycopg.AsyncConnection.connect(
            dsn, autocommit=True, options="-c lock_timeout=1s"
        ) as other:
            revision = 1
            while not running.done():
                revision += 1
                [outcome] = await save_batch(other, [save(seat, revision=revision, number=2)])
                assert isinstance(outcome, Saved)
        did = await running
        await holder.rollback()
    assert any(line.startswith("old events: left for the next time") for line in did)
    assert any(line.startswith("indexes: left for the next time") for line in did)
    # What could not be ended then is cleared away by the next run, which does it.
    again = await maintain(dsn, events_kept_months=13, pays_from_bytes=65_536)
    assert "old events: dropped events_2020_05" in again
    assert any(line.startswith("indexes: built answers_pkey anew") for line in again)
    assert (
        await fetched(
            conn, "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE NOT indisvalid"
        )
        == []
    )


async def test_one_run_at_a_time(dsn: str, conn: Connection) -> None:
    await conn.execute("SELECT pg_advisory_lock(hashtext('examhall maintain'))")
    with pytest.raises(MaintenanceUnderWay):
        await maintain(dsn, events_kept_months=13)


async def test_the_schedule_waits_for_a_quiet_hour(dsn: str, conn: Connection) -> None:
    assert (await liveliness(conn)).is_due
    exam_id = await add_exam(conn)
    for candidate_id in range(module.LIVE_IN_NUMBER):
        await add_seat(conn, candidate_id=candidate_id + 1, exam_id=exam_id)
    assert (await liveliness(conn)).is_quiet
    await add_seat(conn, candidate_id=500, exam_id=exam_id)
    assert not (await liveliness(conn)).is_quiet
    await conn.execute("UPDATE sittings SET closed_at = now(), closed_by = 'staff'")
    assert (await liveliness(conn)).is_quiet
    await conn.execute("UPDATE exams SET opens_at = now() + interval '1 hour'")
    assert not (await liveliness(conn)).is_quiet


async def test_the_schedule_maintains_once_a_week(dsn: str, conn: Connection) -> None:
    await maintain(dsn, events_kept_months=13)
    assert not (await liveliness(conn)).is_due
    await conn.execute("UPDATE maintenance SET finished_at = now() - interval '7 days'")
    found = await liveliness(conn)
    assert (found.is_due, found.is_quiet) == (True, True)
    assert found.since_last is not None
    assert found.since_last >= timedelta(days=7)
