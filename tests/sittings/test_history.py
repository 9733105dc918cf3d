import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from examhall.base.db import Connection, Database
from examhall.sittings.history import ensure_partitions

pytestmark = pytest.mark.anyio

INSERT = """
    INSERT INTO answer_history (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                                received_at, saved_at)
    VALUES (1, 1, 1, '', '"A"', %s, %s, now())
"""


async def rows_by_partition(conn: Connection) -> dict[str, int]:
    cursor = await conn.execute("SELECT tableoid::regclass::text, count(*) FROM answer_history GROUP BY 1")
    return dict(await cursor.fetchall())


async def test_this_month_and_the_next_two_have_a_partition(conn: Connection) -> None:
    assert await ensure_partitions(conn) == 3
    assert await ensure_partitions(conn) == 0
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
            return await ensure_partitions(conn)

    assert sorted(await asyncio.gather(*[node() for _ in range(4)])) == [0, 0, 0, 3]
