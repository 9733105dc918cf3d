import asyncio
from collections.abc import Sequence

import pytest

from examhall.base.db import Connection, Database
from examhall.base.shared_transaction import SharedTransaction

pytestmark = pytest.mark.anyio


async def test_who_arrives_meanwhile_goes_into_the_next_transaction(database: Database) -> None:
    batches: list[int] = []

    async def perform(conn: Connection, entries: Sequence[int]) -> list[int]:
        batches.append(len(entries))
        await conn.execute("SELECT 1")
        return [-entry for entry in entries]

    shared = SharedTransaction(database, perform)
    outcomes = await asyncio.gather(*(shared.submit(number) for number in range(300)))
    assert outcomes == [-number for number in range(300)]
    assert sum(batches) == 300
    assert len(batches) <= 3


async def test_a_bug_is_told_to_those_it_meets_and_to_nobody_after(database: Database) -> None:
    calls = 0

    async def perform(conn: Connection, entries: Sequence[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError
        return list(entries)

    shared = SharedTransaction(database, perform)
    with pytest.raises(ZeroDivisionError):
        await shared.submit(1)
    assert await shared.submit(2) == 2
