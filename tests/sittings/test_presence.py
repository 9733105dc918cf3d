"""Who is connected, as every process sees it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from examhall.base.db import Database
from examhall.sittings.presence import Presence, forget_old_presence

pytestmark = pytest.mark.anyio


@pytest.fixture
async def presence(database: Database) -> AsyncIterator[Presence]:
    presence = Presence(database)
    presence.open()
    yield presence
    await presence.close()


async def connected(database: Database) -> set[int]:
    async with database.connection() as conn:
        found = await conn.execute("SELECT sitting_id FROM presence WHERE is_connected")
        return {row[0] for row in await found.fetchall()}


async def eventually(database: Database, wanted: set[int]) -> None:
    async with asyncio.timeout(20):
        while await connected(database) != wanted:
            await asyncio.sleep(0.05)


async def test_who_comes_is_there_until_the_last_tab_goes(database: Database, presence: Presence) -> None:
    for sitting_id in (1, 2, 2):
        presence.came(sitting_id)
    await eventually(database, {1, 2})
    presence.went(2)
    presence.went(1)
    await eventually(database, {2})
    presence.went(2)
    await eventually(database, set())


async def test_two_processes_do_not_know_of_each_other_and_add_up(
    database: Database, presence: Presence
) -> None:
    other = Presence(database)
    other.open()
    presence.came(1)
    other.came(1)
    other.came(2)
    await eventually(database, {1, 2})
    await other.close()
    await eventually(database, {1})


async def test_an_orderly_stop_leaves_nobody_connected(database: Database) -> None:
    presence = Presence(database)
    presence.open()
    presence.came(1)
    await eventually(database, {1})
    await presence.close()
    assert await connected(database) == set()


async def test_after_a_crash_of_the_database_everybody_is_written_anew(
    database: Database, presence: Presence
) -> None:
    presence.came(1)
    await eventually(database, {1})
    # What a crash does to unlogged tables.
    async with database.transaction() as conn:
        await conn.execute("TRUNCATE presence, presence_processes")
    await eventually(database, {1})


async def test_who_went_long_ago_is_forgotten_and_who_is_there_is_not(
    database: Database, presence: Presence
) -> None:
    presence.came(1)
    presence.came(2)
    await eventually(database, {1, 2})
    presence.went(2)
    await eventually(database, {1})
    async with database.transaction() as conn:
        # A process that was killed a week ago, and one that is there since then.
        await conn.execute(
            "INSERT INTO presence_processes VALUES (gen_random_uuid(), now() - interval '7 days')"
        )
        await conn.execute(
            """INSERT INTO presence
               SELECT 3, process, true, now() FROM presence_processes ORDER BY seen_at LIMIT 1"""
        )
        await conn.execute("UPDATE presence SET since = now() - interval '7 days'")
        assert await forget_old_presence(conn) == 2
        cursor = await conn.execute("SELECT sitting_id FROM presence")
        assert await cursor.fetchall() == [(1,)]
    presence.came(2)
    await eventually(database, {1, 2})


async def test_a_process_that_was_forgotten_writes_down_all_who_are_there(
    database: Database, presence: Presence
) -> None:
    presence.came(1)
    await eventually(database, {1})
    async with database.transaction() as conn:
        await conn.execute("UPDATE presence_processes SET seen_at = now() - interval '7 days'")
        await conn.execute("UPDATE presence SET since = now() - interval '7 days'")
        await forget_old_presence(conn)
    await eventually(database, {1})


async def test_it_is_written_again_whatever_was_wrong(database: Database, presence: Presence) -> None:
    async with database.transaction() as conn:
        await conn.execute("ALTER TABLE presence RENAME TO elsewhere")
    with capture_logs() as logs:
        presence.came(1)
        async with asyncio.timeout(20):
            while not logs:
                await asyncio.sleep(0.05)
    async with database.transaction() as conn:
        await conn.execute("ALTER TABLE elsewhere RENAME TO presence")
    await eventually(database, {1})
