"""What one process announces reaches the others, whatever the connection between them goes through."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from structlog.testing import capture_logs

from examhall.base import listen
from examhall.base.db import Connection
from examhall.base.listen import Listener

pytestmark = pytest.mark.anyio

CHANNEL = "things_changed"


class Way:
    """A way to PostgreSQL on which everything can be held up without a word."""

    def __init__(self, dsn: str) -> None:
        self._target = conninfo_to_dict(dsn)
        self.folder = Path(tempfile.mkdtemp(prefix="way-", dir="/tmp"))
        self.is_clear = asyncio.Event()
        self.is_clear.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def dsn(self) -> str:
        target = self._target
        return make_conninfo("", **target | {"host": str(self.folder), "port": "1"})

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._let_through, self.folder / ".s.PGSQL.1")

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = f"{self._target['host']}/.s.PGSQL.{self._target.get('port', 5432)}"
        there = await asyncio.open_unix_connection(path)
        for source, sink in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while taken := await source.read(65536):
                await self.is_clear.wait()
                sink.write(taken)
        finally:
            sink.close()


@pytest.fixture
async def way(dsn: str) -> AsyncIterator[Way]:
    way = Way(dsn)
    await way.open()
    yield way
    await way.close()


async def announce(dsn: str, payload: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        await conn.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))


async def until(it_is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not it_is_so():
            await asyncio.sleep(0.02)


async def test_a_connection_that_went_dead_without_a_word_is_made_anew(
    dsn: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "CHECK_EVERY_S", 0.1)
    monkeypatch.setattr(listen, "ANSWER_S", 0.2)
    heard: list[str] = []
    connects = 0

    async def connected(conn: Connection) -> None:
        nonlocal connects
        connects += 1

    listener = Listener(way.dsn)
    listener.on(CHANNEL, heard.append)
    listener.on_reconnect(connected)
    listener.open()
    try:
        await until(listener.connected.is_set)
        way.is_clear.clear()
        await until(lambda: not listener.connected.is_set())
        way.is_clear.set()
        await until(listener.connected.is_set)
        await announce(dsn, "7")
        await until(lambda: heard == ["7"])
        assert connects == 2
    finally:
        await listener.close()


@pytest.mark.parametrize(
    "rubbish", ["rubbish", "[]", "7", "{}", '{"number": []}', "[" * 7000], ids=lambda text: text[:8]
)
async def test_an_announcement_that_nobody_understands_does_not_deafen(dsn: str, rubbish: str) -> None:
    heard: set[int] = set()
    listener = Listener(dsn)
    listener.on(CHANNEL, lambda payload: heard.add(json.loads(payload)["number"]))
    listener.open()
    try:
        await until(listener.connected.is_set)
        with capture_logs() as logged:
            await announce(dsn, rubbish)
            await announce(dsn, '{"number": 7}')
            await until(lambda: heard == {7})
        assert [each["event"] for each in logged] == ["announcement not understood"]
    finally:
        await listener.close()
