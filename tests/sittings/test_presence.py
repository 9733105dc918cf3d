"""Who is connected, as every process sees it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from examhall.base.db import Database
from examhall.sittings import breaks as breaks_module
from examhall.sittings import presence as module
from examhall.sittings.breaks import Whose
from examhall.sittings.close import submit_sitting
from examhall.sittings.presence import Presence, forget_old_presence
from tests.sittings.seats import ALICE, Seat, add_seat

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


class Breaks:
    """Two processes that tell of breaks, and what they told."""

    def __init__(self, database: Database) -> None:
        self.told: list[tuple[str, int | None]] = []
        self.one, self.other = (Presence(database, self._note) for _ in range(2))

    def _note(self, what: str, *, detail: str | None = None, age_s: float = 0.0, **ids: int | None) -> None:
        assert ids["person_id"] == ALICE
        assert age_s >= 0
        self.told.append((what, ids["sitting_id"]))

    async def until(self, *wanted: tuple[str, int]) -> None:
        async with asyncio.timeout(20):
            while self.told != [*wanted]:
                await asyncio.sleep(0.05)


@pytest.fixture
async def breaks(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Breaks]:
    monkeypatch.setattr(module, "EVERY_S", 0.05)
    monkeypatch.setattr(breaks_module, "BREAK_S", 0.3)
    breaks = Breaks(database)
    for process in (breaks.one, breaks.other):
        process.open()
    yield breaks
    for process in (breaks.one, breaks.other):
        await process.close()


async def seat(database: Database) -> Seat:
    async with database.transaction() as conn:
        return await add_seat(conn)


async def test_who_is_cut_off_and_back_by_another_process_is_told_of_once_each(
    database: Database, breaks: Breaks
) -> None:
    alice = (await seat(database)).sitting_id
    whose = Whose(ALICE, 1)
    breaks.one.came(alice, whose)
    await eventually(database, {alice})
    breaks.one.went(alice)
    await breaks.until(("cut_off", alice))
    await asyncio.sleep(0.5)
    breaks.other.came(alice, whose)
    await breaks.until(("cut_off", alice), ("back_again", alice))


async def test_a_page_loaded_anew_or_open_elsewhere_is_no_break(database: Database, breaks: Breaks) -> None:
    alice, bob = (await seat(database)).sitting_id, (await seat(database)).sitting_id
    whose = Whose(ALICE, 1)
    breaks.one.came(alice, whose)
    breaks.one.went(alice)
    breaks.other.came(alice, whose)
    # What says that all of it was looked at: somebody who is really gone.
    breaks.one.came(bob, whose)
    await eventually(database, {alice, bob})
    breaks.one.went(bob)
    await breaks.until(("cut_off", bob))


async def test_who_has_handed_in_is_not_cut_off(database: Database, breaks: Breaks) -> None:
    alice, bob = await seat(database), await seat(database)
    for each in (alice, bob):
        breaks.one.came(each.sitting_id, Whose(ALICE, 1))
    await eventually(database, {alice.sitting_id, bob.sitting_id})
    async with database.transaction() as conn:
        await submit_sitting(conn, sitting_id=alice.sitting_id, candidate_id=ALICE)
    for each in (alice, bob):
        breaks.one.went(each.sitting_id)
    await breaks.until(("cut_off", bob.sitting_id))
