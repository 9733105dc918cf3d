"""Many callers, one transaction: each is answered only after the commit that holds its entry.

Callers put entries into a bounded queue. A lane (one connection of its own) takes what is waiting, has it
written in one statement and one transaction, and answers each caller after the commit. While one commit
is under way the next batch gathers, so batches grow with the load and the cost of a commit is shared.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import psycopg
import structlog
from psycopg import errors
from psycopg.pq import TransactionStatus

from examhall.base.db import GONE, Connection, Unavailable, connecting, hang_up
from examhall.base.errors import Overloaded, Refusal
from examhall.base.histogram import SIZES, Histogram

Entry = TypeVar("Entry")
Outcome = TypeVar("Outcome")
Write: TypeAlias = Callable[[Connection, Sequence[Entry]], Awaitable[Sequence[Outcome]]]

log = structlog.get_logger()

# Not written within this, an entry is refused: it was never sent, so nothing is in doubt.
WAIT_LIMIT_S = 0.8
# A write that takes longer is of unknown outcome: its connection is closed, never pooled or read back.
WRITE_LIMIT_S = 5.0
RECONNECT_PAUSE_S = 0.05
WATCH_EVERY_S = 0.1
# A deadlock rolls everything back, so nothing is in doubt and the batch may go again.
DEADLOCK_TRIES = 3
# Entries in one statement. More only makes the first in the batch wait for the last.
BATCH_LIMIT = 512
# And their bodies, as an entry may hold hundreds of answers: some 7,000 rows, a tenth of a second. Without
# this bound a batch of 512 full requests took longer than WRITE_LIMIT_S, and so did every repeat of it.
BATCH_BYTES = 256 * 1024
BYTES_LIMIT = 64 * 1024 * 1024


class QueueFull(Overloaded):
    """More answers are arriving than can be stored this moment. Nothing is lost: please send this again."""


class Unstorable(Refusal):
    """The database cannot store this."""


class OutcomeUnknown(Unavailable):
    """The database went away while this was being stored. Please send the same again."""


@dataclass(slots=True)
class _Waiting(Generic[Entry, Outcome]):
    entry: Entry
    answered: "asyncio.Future[Outcome]"
    body_bytes: int
    since: float = field(default_factory=time.monotonic)


class GroupCommit(Generic[Entry, Outcome]):
    def __init__(
        self,
        dsn: str,
        write: Write[Entry, Outcome],
        *,
        queue_limit: int = 2048,
        write_limit_s: float = WRITE_LIMIT_S,
        wait_limit_s: float = WAIT_LIMIT_S,
        pooled: bool = False,
    ) -> None:
        self._dsn = dsn
        self._write = write
        self._queue_limit = queue_limit
        self._write_limit_s = write_limit_s
        self._wait_limit_s = wait_limit_s
        self._pooled = pooled
        self._queue: deque[_Waiting[Entry, Outcome]] = deque()
        self._queued_bytes = 0
        self._filled = asyncio.Event()
        self._conn: Connection | None = None
        self._lane: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._closing = False
        self.batches = 0
        self.entries = 0
        # Entries whose caller was told that what became of them is unknown.
        self.unknown = 0
        self.sizes = Histogram(SIZES)
        # From the moment the first entry of a batch came to the moment its batch was sent.
        self.waits = Histogram()
        self.commits = Histogram()

    @property
    def depth(self) -> int:
        """How many entries wait to be written."""
        return len(self._queue)

    @property
    def limit(self) -> int:
        """How many may wait."""
        return self._queue_limit

    @property
    def accepts(self) -> bool:
        """Whether an entry would be taken in now: neither stopping nor full."""
        return not self._closing and len(self._queue) < self._queue_limit

    def open(self) -> None:
        self._lane = asyncio.create_task(self._run(), name="group-commit")
        self._watcher = asyncio.create_task(self._watch(), name="group-commit-watch")

    async def close(self) -> None:
        """Write what is waiting, then stop. Entries that come later are refused."""
        self._closing = True
        self._filled.set()
        if self._lane is not None:
            await self._lane
        if self._watcher is not None:
            self._watcher.cancel()

    def submit(self, entry: Entry, body_bytes: int) -> "asyncio.Future[Outcome]":
        """Queue an entry; the future has its outcome once it is committed.

        A full queue refuses at once: memory stays bounded, and a client that is told to come back
        is better off than one that hangs.
        """
        if len(self._queue) >= self._queue_limit or self._queued_bytes + body_bytes > BYTES_LIMIT:
            raise QueueFull
        if self._closing:
            raise Unavailable
        waiting: _Waiting[Entry, Outcome] = _Waiting(
            entry, asyncio.get_running_loop().create_future(), body_bytes
        )
        self._queue.append(waiting)
        self._queued_bytes += body_bytes
        self._filled.set()
        return waiting.answered

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            if not self._queue:
                if self._closing:
                    break
                self._filled.clear()
                continue
            if (conn := await self._connected()) is None:
                await asyncio.sleep(RECONNECT_PAUSE_S)
                continue
            # Callers who went away meanwhile (their future is cancelled) are still written: they may
            # have been the browser's last word.
            await self._commit(conn, self._next_batch())
        if self._conn is not None:
            await self._conn.close()

    def _next_batch(self) -> list[_Waiting[Entry, Outcome]]:
        batch = [self._take()]
        left = BATCH_BYTES - batch[0].body_bytes
        while self._queue and len(batch) < BATCH_LIMIT and (left := left - self._queue[0].body_bytes) >= 0:
            batch.append(self._take())
        return batch

    def _take(self) -> _Waiting[Entry, Outcome]:
        waiting = self._queue.popleft()
        self._queued_bytes -= waiting.body_bytes
        return waiting

    async def _connected(self) -> Connection | None:
        if self._conn is not None and not self._conn.closed and not self._conn.broken:
            return self._conn
        try:
            self._conn = await psycopg.AsyncConnection.connect(
                self._dsn,
                autocommit=True,
                connect_timeout=2,
                # Always the same statement: prepared from the first time on.
                **{"prepare_threshold": 0, **connecting(pooled=self._pooled, limit_s=self._write_limit_s)},
            )
        except (psycopg.OperationalError, OSError) as error:
            log.warning("save lane has no database", error=str(error).strip())
            self._conn = None
        return self._conn

    async def _commit(
        self, conn: Connection, batch: list[_Waiting[Entry, Outcome]], tries: int = DEADLOCK_TRIES
    ) -> None:
        abandon = asyncio.get_running_loop().call_later(self._write_limit_s, hang_up, conn)
        began = time.monotonic()
        try:
            # One statement on an autocommit connection is one transaction: when this returns, it is
            # committed and flushed (synchronous_commit).
            outcomes = await self._write(conn, [waiting.entry for waiting in batch])
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            if tries > 1:
                await self._commit(conn, batch, tries - 1)
            else:
                log.error("save batch gave up", entries=len(batch), error=str(error).strip())
                self._refuse(batch, Unavailable())
        except Exception as error:  # noqa: BLE001
            # Bugs too: one that meets a bug fails alone, and the lane lives to write the others.
            await self._failed(conn, batch, error)
        else:
            self.batches += 1
            self.entries += len(batch)
            self.sizes.observe(len(batch))
            self.waits.observe(began - batch[0].since)
            self.commits.observe(time.monotonic() - began)
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if not waiting.answered.done():
                    waiting.answered.set_result(outcome)
        finally:
            abandon.cancel()

    async def _failed(
        self, conn: Connection, batch: list[_Waiting[Entry, Outcome]], error: Exception
    ) -> None:
        if conn.info.transaction_status != TransactionStatus.IDLE or isinstance(error, GONE):
            # It may have been committed or not. Never read back to find out: a read can see what a
            # failover then loses. The caller repeats, and the repeat writes.
            log.warning("save batch of unknown outcome", entries=len(batch), error=str(error).strip())
            self.unknown += len(batch)
            await conn.close()
            self._conn = None
            self._refuse(batch, OutcomeUnknown())
        elif len(batch) == 1:
            # The poisoned entry fails alone.
            sqlstate = getattr(error, "sqlstate", None)
            log.error("entry could not be written", sqlstate=sqlstate, error=str(error).strip())
            self._refuse(batch, Unstorable() if isinstance(error, psycopg.DataError) else error)
        else:
            middle = len(batch) // 2
            await self._commit(conn, batch[:middle])
            if self._conn is conn:
                await self._commit(conn, batch[middle:])
            else:
                self._refuse(batch[middle:], Unavailable())

    async def _watch(self) -> None:
        """Whatever the lane waits for, those behind it are told in time."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self._refuse_those_waiting_too_long()

    def _refuse_those_waiting_too_long(self) -> None:
        limit = time.monotonic() - self._wait_limit_s
        late: list[_Waiting[Entry, Outcome]] = []
        while self._queue and self._queue[0].since < limit:
            late.append(self._take())
        self._refuse(late, Unavailable())

    @staticmethod
    def _refuse(batch: list[_Waiting[Entry, Outcome]], reason: Exception) -> None:
        for waiting in batch:
            if not waiting.answered.done():
                waiting.answered.set_exception(reason)
