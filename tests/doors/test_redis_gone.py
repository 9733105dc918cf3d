"""The shared store dies and freezes under the running application, and comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from examhall.app import Hall, create_app
from examhall.base.cache import Cache
from examhall.base.shared_store import Away
from tests.contests.rows import Class, add_class
from tests.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("patience")]


@pytest.fixture
async def nodes(hall: Hall, course: Class, valkey: Valkey) -> AsyncIterator[list[Hall]]:
    """Two web workers with one store, all of it reached. What the course announced was before their time."""
    halls = [Hall(replace(hall.settings, redis_url=valkey.url)) for _ in range(2)]
    async with halls[0].opened(), halls[1].opened():
        for each in halls:
            await until(lambda each=each: reached(each))
            await each.listener.connected.wait()
        yield halls


@pytest.fixture
async def course(hall: Hall) -> Class:
    async with hall.database.transaction() as conn:
        return await add_class(conn, "alice", title="First")


async def reached(hall: Hall) -> bool:
    try:
        await hall.shared_store.ask(lambda redis: redis.ping())
    except Away:
        return False
    return True


async def until(it_is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await it_is_so():
            await asyncio.sleep(0.02)


def client_of(hall: Hall, person_id: int) -> httpx.AsyncClient:
    token = hall.signer.access_token(person_id, uuid4(), ["candidate"])
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(hall)),
        base_url="http://testserver",
        headers={"Authorization": f"Bearer {token}"},
    )


def cache_of(hall: Hall) -> Cache[int, Any]:
    return hall.contests._of_course


async def titles(client: httpx.AsyncClient) -> list[str]:
    reply = await client.get("/api/v1/contests")
    assert reply.status_code == 200, reply.text
    return [each["title"] for each in reply.json()["items"]]


async def health(client: httpx.AsyncClient) -> tuple[int, str]:
    reply = await client.get("/health")
    return reply.status_code, reply.json()["status"]


async def test_what_one_web_worker_computed_the_other_finds(nodes: list[Hall], course: Class) -> None:
    for hall in nodes:
        async with client_of(hall, course.students[0]) as client:
            assert await titles(client) == ["First"]
    assert (cache_of(nodes[0]).stats.misses, cache_of(nodes[1]).stats.misses) == (1, 0)
    assert cache_of(nodes[1]).stats.shared == 1


@pytest.mark.parametrize("fate", ["kill", "freeze"])
async def test_nobody_notices_that_the_store_is_gone(
    nodes: list[Hall], course: Class, valkey: Valkey, fate: str
) -> None:
    async with client_of(nodes[0], course.students[0]) as client:
        for number in range(60):
            if number == 20:
                getattr(valkey, fate)()
            # As if it were another contest's hour each time: the store is asked.
            nodes[0].contests._of_course.clear()
            assert await titles(client) == ["First"]
        await until(lambda: is_now(client, (200, "degraded")))
        valkey.start() if fate == "kill" else valkey.thaw()
        await until(lambda: is_now(client, (200, "ok")))
        assert await titles(client) == ["First"]


async def is_now(client: httpx.AsyncClient, expected: tuple[int, str]) -> bool:
    return await health(client) == expected


async def test_a_change_while_the_store_was_frozen_is_seen_by_all_afterwards(
    hall: Hall, nodes: list[Hall], course: Class, valkey: Valkey
) -> None:
    clients = [client_of(each, course.students[0]) for each in nodes]
    for client in clients:
        assert await titles(client) == ["First"]
    valkey.freeze()
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET title = 'Second' WHERE id = %s", (course.contest_id,))
        await conn.execute("SELECT pg_notify('examhall_exam_changed', %s)", (str(course.contest_id),))
    for client in clients:
        await until(lambda client=client: shows(client, "Second"))
    valkey.thaw()
    for each, client in zip(nodes, clients, strict=True):
        await until(lambda each=each: reached(each))
        cache_of(each)._kept.clear()
        assert await titles(client) == ["Second"]
        await client.aclose()


async def shows(client: httpx.AsyncClient, title: str) -> bool:
    return await titles(client) == [title]
