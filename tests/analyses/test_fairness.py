"""Whose calculation is next: one person's hundred never keep another's single one waiting."""

import asyncio
from typing import Any

import pytest

from examhall.analyses.calculator import Calculated
from examhall.base.db import Database

from .conftest import Office
from .rows import a_worker, until

pytestmark = pytest.mark.anyio

DONE = Calculated("{}", b"")


async def ask_in_order(database: Database, office: Office, *people: int) -> None:
    """A calculation of each, in this order; every one with inputs of its own."""
    async with database.transaction() as conn:
        await conn.cursor().executemany(
            """INSERT INTO calculations (scenario_id, scenario_version, person_id, queued_at, inputs,
                                         inputs_hash)
               VALUES (%s, 1, %s, now(), '{}', %s)""",
            [(office.scenario_id, person, f"inputs {number}") for number, person in enumerate(people)],
        )


async def order_of_turns(database: Database, count: int) -> list[int]:
    """Whose turn it was, one after the other."""
    async with a_worker(database, compute=at_once):
        await until(database, "done")
    async with database.connection() as conn:
        cursor = await conn.execute("SELECT person_id FROM calculations ORDER BY started_at, id")
        turns = [person for (person,) in await cursor.fetchall()]
    assert len(turns) == count
    return turns


async def at_once(file: Any, tell: Any) -> Calculated:
    return DONE


async def test_people_take_turns_however_many_each_has_asked_for(database: Database, office: Office) -> None:
    ann, ed = office.ann, office.ed
    await ask_in_order(database, office, *[ann] * 8, ed, ed)
    assert await order_of_turns(database, 10) == [ann, ed, ann, ed, *[ann] * 6]


async def test_who_was_served_longest_ago_is_next(database: Database, office: Office) -> None:
    ann, ed, vic = office.ann, office.ed, office.vic
    await ask_in_order(database, office, vic, ann, ed)
    assert await order_of_turns(database, 3) == [vic, ann, ed]
    # Vic was first, so Vic is next; then those who follow, though Ed asked before Ann.
    await ask_in_order(database, office, ed, ann, vic)
    async with database.transaction() as conn:
        await conn.execute(
            "UPDATE calculations SET inputs_hash = inputs_hash || ' again' WHERE status = 'queued'"
        )
    assert (await order_of_turns(database, 6))[3:] == [vic, ann, ed]


async def test_of_many_at_once_nobody_has_two_while_somebody_waits(
    database: Database, office: Office
) -> None:
    ann, ed, vic = office.ann, office.ed, office.vic
    await ask_in_order(database, office, *[ann] * 20, ed, vic)
    running: set[int] = set()
    go_on = asyncio.Event()

    async def wait(file: Any, tell: Any) -> Calculated:
        await go_on.wait()
        return DONE

    async with a_worker(database, at_once=3, compute=wait):
        async with asyncio.timeout(60):
            while len(running) < 3:
                async with database.connection() as conn:
                    cursor = await conn.execute("SELECT person_id FROM calculations WHERE status = 'running'")
                    running = {person for (person,) in await cursor.fetchall()}
                await asyncio.sleep(0.02)
        assert running == {ann, ed, vic}
        go_on.set()
        await until(database, "done")


async def test_never_more_run_than_may(database: Database, office: Office) -> None:
    await ask_in_order(database, office, *[office.ann] * 6)
    running = most = 0

    async def counted(file: Any, tell: Any) -> Calculated:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return DONE

    async with a_worker(database, at_once=2, compute=counted):
        await until(database, "done")
    assert most == 2


async def test_two_workers_never_take_the_same(database: Database, office: Office) -> None:
    await ask_in_order(database, office, *[office.ann, office.ed] * 8)
    taken = 0

    async def counted(file: Any, tell: Any) -> Calculated:
        nonlocal taken
        taken += 1
        await asyncio.sleep(0)
        return DONE

    async with a_worker(database, at_once=2, compute=counted), a_worker(database, at_once=2, compute=counted):
        found = await until(database, "done")
    assert found == [("done", 1)] * 16
    assert taken == 16
