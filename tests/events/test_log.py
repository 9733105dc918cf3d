"""The event log: what happens is in it a second later, and what is not is counted."""

import asyncio
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.base.write_behind import WAITING_LIMIT
from examhall.events.log import Event, EventLog, forget_old_events, keep_events

pytestmark = pytest.mark.anyio

SOON_S = 0.01


@pytest.fixture
async def log(database: Database) -> AsyncIterator[EventLog]:
    """One that writes almost at once."""
    log = EventLog(database, every_s=SOON_S)
    log.open()
    yield log
    await log.close()


async def kept(conn: Connection) -> list[tuple[object, ...]]:
    cursor = await conn.execute(
        "SELECT what, person_id, exam_id, sitting_id, detail FROM events ORDER BY at, what, person_id"
    )
    return await cursor.fetchall()


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.01)


async def test_what_happened_is_in_the_log_in_its_order(database: Database, log: EventLog) -> None:
    log.note("signed_in", person_id=1)
    log.note("sitting_started", person_id=1, exam_id=2, sitting_id=3)
    log.note("refused", person_id=None, detail="not_yet_open")
    await until(lambda: log.stats.written == 3)
    async with database.connection() as conn:
        assert await kept(conn) == [
            ("signed_in", 1, None, None, None),
            ("sitting_started", 1, 2, 3, None),
            ("refused", None, None, None, "not_yet_open"),
        ]
    assert log.stats.lost == 0


async def test_who_looks_again_and_again_is_noted_once(database: Database) -> None:
    log = EventLog(database)
    for _ in range(1000):
        log.note("lobby_opened", person_id=1, exam_id=1)
    log.note("lobby_opened", person_id=1, exam_id=2)
    log.note("lobby_opened", person_id=2, exam_id=1)
    for _ in range(2):
        log.note("sitting_resumed", person_id=1, exam_id=1)
    assert log.stats.waiting == 5


async def test_an_event_is_of_when_it_happened_not_of_when_it_was_written(conn: Connection) -> None:
    loop = asyncio.get_running_loop()
    await keep_events(conn, [Event("signed_in", 1, 0, 0, "", loop.time() - 3600)], lost=0)
    cursor = await conn.execute("SELECT extract(epoch FROM statement_timestamp() - at) FROM events")
    found = await cursor.fetchone()
    assert found is not None
    assert found[0] == pytest.approx(3600, abs=30)


async def test_what_waits_is_written_on_shutdown(database: Database) -> None:
    log = EventLog(database, every_s=3600)
    log.open()
    for person_id in range(5000):
        log.note("lobby_opened", person_id=person_id, exam_id=1)
    await log.close()
    assert (log.stats.waiting, log.stats.written, log.stats.lost) == (0, 5000, 0)
    async with database.connection() as conn:
        assert len(await kept(conn)) == 5000


async def test_what_is_too_much_is_counted_and_the_log_says_so_itself(database: Database) -> None:
    log = EventLog(database, waiting_limit=10, every_s=3600)
    for person_id in range(25):
        log.note("lobby_opened", person_id=person_id, exam_id=1)
    assert (log.stats.waiting, log.stats.lost) == (10, 15)
    log.open()
    await log.close()
    assert (log.stats.waiting, log.stats.written, log.stats.lost) == (0, 10, 15)
    async with database.connection() as conn:
        found = await kept(conn)
    assert [event for event in found if event[0] == "lost"] == [("lost", None, None, None, "15")]
    assert len(found) == 11


async def test_a_hundred_thousand_events_take_the_memory_of_those_that_may_wait(database: Database) -> None:
    log = EventLog(database)
    tracemalloc.start()
    for person_id in range(100_000):
        log.note("lobby_opened", person_id=person_id, exam_id=person_id % 7)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (log.stats.waiting, log.stats.lost) == (WAITING_LIMIT, 100_000 - WAITING_LIMIT)
    assert taken < 10_000_000


async def test_events_wait_for_a_database_that_is_away(dsn: str) -> None:
    gone = Database(dsn.replace("host=", "host=/nowhere"))
    await gone.open()
    log = EventLog(gone, every_s=SOON_S)
    log.open()
    log.note("signed_in", person_id=1)
    await asyncio.sleep(0.1)
    assert (log.stats.waiting, log.stats.written, log.stats.lost) == (1, 0, 0)
    await log.close()
    # It never came back: what waited is said to be lost.
    assert (log.stats.waiting, log.stats.written, log.stats.lost) == (0, 0, 1)
    await gone.close()


async def test_a_batch_of_unknown_outcome_is_not_written_twice(database: Database, log: EventLog) -> None:
    async with await psycopg.AsyncConnection.connect(database.dsn) as blocker:
        await blocker.execute("LOCK TABLE events")
        log.note("signed_in", person_id=1)
        waiting = """SELECT pid FROM pg_stat_activity
                      WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO events%'"""
        async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as other:
            while (found := await (await other.execute(waiting)).fetchone()) is None:
                await asyncio.sleep(0.01)
            await other.execute("SELECT pg_terminate_backend(%s)", found)
        await until(lambda: log.stats.lost == 1)
    log.note("signed_in", person_id=2)
    await until(lambda: log.stats.written == 1)
    async with database.connection() as conn:
        assert {event[:2] for event in await kept(conn)} == {("signed_in", 2), ("lost", None)}


DIES = """
import asyncio, sys
from examhall.base.db import Database
from examhall.events.log import EventLog

async def main():
    database = Database(sys.argv[1])
    await database.open()
    log = EventLog(database)
    log.open()
    for number in range(100):
        log.note("signed_in", person_id=number + 1)
    while log.stats.written < 100:
        await asyncio.sleep(0.01)
    for number in range(50):
        log.note("signed_in", person_id=number + 1)
    print("noted", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_a_process_that_is_killed_takes_only_what_was_not_written_yet(
    dsn: str, kill: Callable[..., Awaitable[None]]
) -> None:
    await kill(sys.executable, "-c", DIES, dsn, after="noted")
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        assert 100 <= len(await kept(conn)) <= 150


@pytest.fixture
def kill() -> Callable[..., Awaitable[None]]:
    async def started(*command: str, after: str) -> None:
        child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        async for line in child.stdout:
            if line.decode().strip() == after:
                break
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL

    return started


async def test_the_oldest_months_go(conn: Connection) -> None:
    await keep_events(conn, [Event("signed_in", 1, 0, 0, "", asyncio.get_running_loop().time())], lost=0)
    await conn.execute("CREATE TABLE events_2020_05 PARTITION OF events "
                       "FOR VALUES FROM ('2020-05-01') TO ('2020-06-01')")  # fmt: skip
    assert await forget_old_events(conn, months=13) == ["events_2020_05"]
    assert len(await kept(conn)) == 1
