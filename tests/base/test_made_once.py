"""What a request made is remembered for 30 days, and forgetting it disturbs nobody who repeats it."""

import asyncio
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.made_once import Made, RequestKey, forget_old_requests, make_once

pytestmark = pytest.mark.anyio

REQUEST = RequestKey("once", {"name": "A"})
OLD, YOUNG = "30 days 1 minute", "29 days 23 hours"


async def rows(conn: Connection, query: str, *params: object) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query.encode(), params)).fetchall()


async def add_person(conn: Connection) -> int:
    [(found,)] = await rows(
        conn, "INSERT INTO people (username, full_name) VALUES ('olga', 'Olga') RETURNING id"
    )
    return int(found)


async def make(conn: Connection, by: int, *, thing: int, request: RequestKey = REQUEST) -> Made:
    async def made() -> int:
        return thing

    return await make_once(conn, request, kind="thing", by=by, make=made)


async def let_pass(conn: Connection, time: str) -> None:
    await conn.execute("UPDATE made_once SET made_at = now() - %s::interval", (time,))


async def test_a_key_is_remembered_for_30_days_and_then_free(conn: Connection) -> None:
    olga = await add_person(conn)
    assert await make(conn, olga, thing=1) == Made(1, is_new=True)
    await let_pass(conn, YOUNG)
    assert await forget_old_requests(conn) == 0
    assert await make(conn, olga, thing=2) == Made(1, is_new=False)
    await let_pass(conn, OLD)
    assert await forget_old_requests(conn) == 1
    # Something else, too: nobody knows any more what the key was used for.
    other = RequestKey("once", {"name": "B"})
    assert await make(conn, olga, thing=2, request=other) == Made(2, is_new=True)


async def test_a_repeat_that_meets_the_forgetting_is_given_the_first_or_makes_another(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        olga = await add_person(conn)

    async def repeat(thing: int) -> Made:
        async with database.transaction() as conn:
            return await make(conn, olga, thing=thing)

    async def forget() -> int:
        async with database.transaction() as conn:
            return await forget_old_requests(conn)

    for turn in range(60):
        async with database.transaction() as conn:
            first = await make(conn, olga, thing=turn)
            await let_pass(conn, OLD)
        again, forgotten, other = await asyncio.gather(repeat(1000 + turn), forget(), repeat(2000 + turn))
        assert forgotten == 1
        news = {each.id for each in (again, other) if each.is_new}
        # However they come: one at most is made anew, and whoever makes none is given one that is there.
        assert len(news) <= 1
        assert {again.id, other.id} <= {first.id, *news}
