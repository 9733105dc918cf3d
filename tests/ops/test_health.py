"""Whether this process can serve: asked by many at once, at the worst moment."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from examhall.base.db import Database
from examhall.base.group_commit import GroupCommit
from examhall.base.shared_store import SharedStore
from examhall.ops import health
from examhall.ops.health import Health

pytestmark = pytest.mark.anyio


@pytest.fixture
async def saves(dsn: str) -> AsyncIterator[GroupCommit[Any, Any]]:
    async def nothing(conn: Any, batch: Any) -> Any:
        return []

    saves: GroupCommit[Any, Any] = GroupCommit(dsn, nothing, queue_limit=1)
    saves.open()
    yield saves
    await saves.close()


def asked(database: Database) -> int:
    return database.pool.get_stats().get("requests_num", 0)


async def is_ok(found: Health) -> bool:
    return bool((await found.look())["checks"]["database"])


async def test_however_many_ask_at_once_the_database_is_asked_once(
    database: Database, saves: GroupCommit[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than any machine takes for this test.
    monkeypatch.setattr(health, "REMEMBERED_S", 600.0)
    found = Health(database, saves, SharedStore(None, release="1"))
    before = asked(database)
    assert all(await asyncio.gather(*(is_ok(found) for _ in range(50))))
    assert await is_ok(found)
    assert asked(database) == before + 1


async def test_an_answer_is_forgotten_and_no_answer_is_not_remembered(
    dsn: str, saves: GroupCommit[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "REMEMBERED_S", 0.0)
    database = Database(dsn, pool_size=1)
    await database.open()
    found = Health(database, saves, SharedStore(None, release="1"))
    assert await is_ok(found)
    async with database.connection():
        # Nobody gets a connection in time.
        assert not any(await asyncio.gather(*(is_ok(found) for _ in range(5))))
    monkeypatch.setattr(health, "PATIENCE_S", 30.0)
    assert await is_ok(found)
    await database.close()
