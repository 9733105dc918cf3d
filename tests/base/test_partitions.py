import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from examhall.base.db import Connection, Database
from examhall.base.partitions import drop_old_partitions, ensure_partitions

pytestmark = pytest.mark.anyio

INSERT = """
    INSERT INTO answer_history (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                                received_at, saved_at)
    VALUES (1, 1, 1, '', '"A"', %s, %s, now())
"""
INSERT_EVENT = "INSERT INTO events (at, what, person_id) VALUES (%s, 'signed_in', 1)"


async def rows_by_partition(conn: Connection) -> dict[str, int]:
    cursor = await conn.execute("SELECT tableoid::regclass::text, count(*) FROM answer_history GROUP BY 1")
    return dict(await cursor.fetchall())


async def event_partitions(conn: Connection) -> list[str]:
    cursor = await conn.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"
    )
    return [name for (name,) in await cursor.fetchall()]


async def test_this_month_and_the_next_two_have_a_partition(conn: Connection) -> None:
    made = await ensure_partitions(conn)
    assert [name.rpartition("_20")[0] for name in made] == ["answer_history"] * 3 + ["events"] * 3
    assert await ensure_partitions(conn) == []
    now = datetime.now(UTC)
    await conn.execute(INSERT, (1, now))
    await conn.execute(INSERT, (2, (now.replace(day=1) + timedelta(days=45))))
    found = await rows_by_partition(conn)
    assert f"answer_history_{now:%Y_%m}" in found
    assert len(found) == 2
    assert "answer_history_rest" not in found


async def test_rows_that_came_before_their_partition_move_into_it(conn: Connection) -> None:
    now = datetime.now(UTC)
    await conn.execute(INSERT, (1, now))
    await conn.execute(INSERT, (2, now - timedelta(days=400)))
    assert await rows_by_partition(conn) == {"answer_history_rest": 2}
    await ensure_partitions(conn)
    assert await rows_by_partition(conn) == {"answer_history_rest": 1, f"answer_history_{now:%Y_%m}": 1}


async def test_the_month_begins_at_midnight_utc_whatever_the_sessions_time_zone(conn: Connection) -> None:
    await conn.execute("SET LOCAL TimeZone = 'Pacific/Auckland'")
    await ensure_partitions(conn)
    next_month = (datetime.now(UTC).replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    await conn.execute(INSERT, (1, next_month))
    await conn.execute(INSERT, (2, next_month - timedelta(microseconds=1)))
    assert len(await rows_by_partition(conn)) == 2


async def test_many_nodes_may_make_them_at_once(database: Database) -> None:
    async def node() -> int:
        async with database.transaction() as conn:
            return len(await ensure_partitions(conn))

    assert sorted(await asyncio.gather(*[node() for _ in range(4)])) == [0, 0, 0, 6]


async def test_who_writes_while_this_months_partition_is_made_waits_and_does_not_fail(
    database: Database,
) -> None:
    now = datetime.now(UTC)

    async def make() -> None:
        async with database.transaction() as conn:
            await ensure_partitions(conn)

    async def write() -> None:
        async with database.transaction() as conn:
            await conn.execute(INSERT, (2, now))

    async def until_waiting(count: int) -> None:
        async with database.connection() as conn:
            query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while (await (await conn.execute(query)).fetchone()) != (count,):
                await asyncio.sleep(0.01)

    async with database.transaction() as conn:
        await conn.execute(INSERT, (1, now))
        making = asyncio.create_task(make())
        await until_waiting(1)
        writing = asyncio.create_task(write())
        await until_waiting(2)
    await asyncio.gather(making, writing)
    async with database.transaction() as conn:
        assert await rows_by_partition(conn) == {f"answer_history_{now:%Y_%m}": 2}


async def test_what_is_older_than_it_may_be_goes_and_nothing_else(conn: Connection) -> None:
    await ensure_partitions(conn)
    await conn.execute("CREATE TABLE events_2020_05 (LIKE events)")
    await conn.execute(
        "ALTER TABLE events ATTACH PARTITION events_2020_05 FOR VALUES FROM ('2020-05-01') TO ('2020-06-01')"
    )
    now = datetime.now(UTC)
    kept = (now.replace(day=15) - timedelta(days=365)).replace(day=1, hour=0, minute=0, second=0)
    for at in (now, datetime(2020, 5, 2, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC), kept):
        await conn.execute(INSERT_EVENT, (at,))
    assert await drop_old_partitions(conn, "events", months=12) == ["events_2020_05"]
    cursor = await conn.execute("SELECT at FROM events ORDER BY at")
    assert await cursor.fetchall() == [(kept,), (now,)]
    assert "events_rest" in await event_partitions(conn)
    assert len(await event_partitions(conn)) == 4


async def test_the_history_of_answers_is_not_touched_by_the_events_retention(conn: Connection) -> None:
    await conn.execute(INSERT, (1, datetime(2019, 1, 1, tzinfo=UTC)))
    await drop_old_partitions(conn, "events", months=1)
    assert await rows_by_partition(conn) == {"answer_history_rest": 1}
