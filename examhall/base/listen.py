"""One connection that LISTENs: what another process announces with NOTIFY reaches this one.

Announcements made while the connection was lost are gone; `on_reconnect` callbacks make up for them.
"""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog
from psycopg import sql

from examhall.base.db import Connection, hang_up

log = structlog.get_logger()

RECONNECT_PAUSE_S = 0.5
# A dead peer is noticed by asking, not by waiting.
CHECK_EVERY_S = 5.0
# One that has not answered within this is dead, even if the connection to it was never closed.
ANSWER_S = 5.0
# What reading an announcement raises that is none of ours: no number, another shape, nested beyond measure.
NOT_UNDERSTOOD = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Listener:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._callbacks: dict[str, list[Callable[[str], None]]] = {}
        self._on_reconnect: list[Callable[[Connection], Awaitable[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def on(self, channel: str, callback: Callable[[str], None]) -> None:
        """Before `open`: call back with the payload of each announcement on the channel."""
        self._callbacks.setdefault(channel, []).append(callback)

    def on_reconnect(self, callback: Callable[[Connection], Awaitable[None]]) -> None:
        """Before `open`: called with the connection after each (re)connect, the first included."""
        self._on_reconnect.append(callback)

    def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name="listen")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                log.warning("listener lost the database", error=str(error).strip())
            self.connected.clear()
            await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _listen(self) -> None:
        conn = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=2)
        async with conn:
            for channel in self._callbacks:
                await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            # After LISTEN, so that nothing falls between what these read and what is announced.
            for callback in self._on_reconnect:
                await callback(conn)
            self.connected.set()
            while True:
                async for notice in conn.notifies(timeout=CHECK_EVERY_S):
                    self._tell(notice)
                limit = asyncio.get_running_loop().call_later(ANSWER_S, hang_up, conn)
                try:
                    await conn.execute("SELECT 1")
                finally:
                    limit.cancel()

    def _tell(self, notice: psycopg.Notify) -> None:
        for heard in self._callbacks[notice.channel]:
            try:
                heard(notice.payload)
            except NOT_UNDERSTOOD:
                # Anybody who reaches the database can announce anything, and nothing may end the listening:
                # what other processes drop from their caches would be kept here.
                log.error("announcement not understood", channel=notice.channel, payload=notice.payload[:100])
