"""Many callers of one short operation share a transaction of the pool.

Whoever arrives while a transaction is under way goes into the next one: a commit costs the same for one
caller as for hundreds, and the pool's few connections are left to the others. For what may be tried again
from the start; saving answers, which must not lose one, has base/group_commit.py.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Generic, TypeAlias, TypeVar

from examhall.base.actor import ACTOR
from examhall.base.db import Connection, Database
from examhall.base.errors import Overloaded

Entry = TypeVar("Entry")
Outcome = TypeVar("Outcome")
Perform: TypeAlias = Callable[[Connection, Sequence[Entry]], Awaitable[Sequence[Outcome]]]

# In one transaction. More only makes the first of them wait for the last.
BATCH_LIMIT = 256
# At several thousand a second, about two seconds; those beyond are better told to come again.
WAITING_LIMIT = 5_000


class Crowded(Overloaded):
    """Very many people are coming in at this moment. Please try again in a few seconds."""

    retry_after_s = 2


class SharedTransaction(Generic[Entry, Outcome]):
    def __init__(self, database: Database, perform: Perform[Entry, Outcome]) -> None:
        self._database = database
        self._perform = perform
        self._waiting: deque[tuple[Entry, asyncio.Future[Outcome]]] = deque()
        self._running: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits, and no transaction is under way."""
        return not self._waiting and (self._running is None or self._running.done())

    async def submit(self, entry: Entry) -> Outcome:
        """What `perform` says of this entry, given back after the commit."""
        if len(self._waiting) >= WAITING_LIMIT:
            raise Crowded
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._running is None or self._running.done():
            # It is on behalf of all, not of whoever came first.
            context = copy_context()
            context.run(ACTOR.set, None)
            self._running = asyncio.create_task(
                self._run(), name=f"shared {self._perform.__name__}", context=context
            )
        return await done

    async def _run(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
            try:
                async with self._database.transaction() as conn:
                    outcomes = await self._perform(conn, [entry for entry, _ in batch])
            except Exception as error:  # noqa: BLE001
                # Mostly a database that is not there. All of them are told, of a bug too (they render it),
                # for nobody else would answer them; and whoever comes next tries anew.
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                # Who has gone away meanwhile has cancelled it.
                if not done.done():
                    done.set_result(outcome)
