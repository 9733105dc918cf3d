"""Entries that nobody waits for: gathered in memory and written in batches, a second later.

For what may be lost, if it is said. A process that is killed loses what it gathered in the last second; what
does not fit while the database is away or too slow is counted.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import psycopg
import structlog

from examhall.base.db import Connection, Database, Unavailable

Entry = TypeVar("Entry")
# Gets the entries, and how many were lost since the last that it wrote.
Write: TypeAlias = Callable[[Connection, Sequence[Entry], int], Awaitable[None]]

log = structlog.get_logger()

EVERY_S = 1.0
# Some 20 s of a thousand a second, and about 5 MB.
WAITING_LIMIT = 20_000
# In one statement: packing more would hold up the requests of this process for milliseconds.
BATCH_LIMIT = 2_000


@dataclass(frozen=True)
class Stats:
    waiting: int
    written: int
    lost: int


class WriteBehind(Generic[Entry]):
    def __init__(
        self,
        database: Database,
        write: Write[Entry],
        *,
        name: str,
        waiting_limit: int = WAITING_LIMIT,
        every_s: float = EVERY_S,
    ) -> None:
        self._database = database
        self._write = write
        self._name = name
        self._waiting_limit = waiting_limit
        self._every_s = every_s
        self._waiting: deque[Entry] = deque()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._under_way = 0
        self._written = 0
        self._lost = 0
        self._lost_unwritten = 0
        self._lost_unsaid = 0

    @property
    def stats(self) -> Stats:
        """Since this process began. Every entry is in exactly one of the three."""
        return Stats(len(self._waiting) + self._under_way, self._written, self._lost)

    def put(self, entry: Entry) -> None:
        """Take the entry, or count it as lost when too many wait already. Never waits, never raises."""
        if len(self._waiting) >= self._waiting_limit:
            self._lose(1)
        else:
            self._waiting.append(entry)

    def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def close(self) -> None:
        """Write what waits, if the database is there, and stop."""
        self._closing.set()
        if self._task is not None:
            await self._task
        self._lose(len(self._waiting))
        self._waiting.clear()
        self._say_losses()

    async def _run(self) -> None:
        closing = False
        while not closing:
            with suppress(TimeoutError):
                closing = await asyncio.wait_for(self._closing.wait(), self._every_s)
            await self._write_waiting()
            self._say_losses()

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
            lost, begun = self._lost_unwritten, False
            self._under_way = len(batch)
            try:
                async with self._database.transaction() as conn:
                    begun = True
                    await self._write(conn, batch, lost)
            except (Unavailable, psycopg.Error) as error:
                if not begun:
                    # Never sent: they wait for the next round, ahead of the others.
                    self._waiting.extendleft(reversed(batch))
                    return
                # Of unknown outcome. Sent again they might be there twice, which would be said nowhere.
                log.warning(f"{self._name}: a batch failed", entries=len(batch), error=str(error).strip())
                self._lose(len(batch))
                return
            else:
                self._written += len(batch)
                self._lost_unwritten -= lost
            finally:
                self._under_way = 0

    def _lose(self, count: int) -> None:
        self._lost += count
        self._lost_unwritten += count
        self._lost_unsaid += count

    def _say_losses(self) -> None:
        if self._lost_unsaid:
            log.warning(
                f"{self._name}: entries were not kept", lost=self._lost_unsaid, lost_so_far=self._lost
            )
            self._lost_unsaid = 0
