"""Whose page is connected: counted by each process from its streams, and written behind for all to see.

Costs the saves nothing. A page that goes away properly is seen at once; one whose network is cut is seen when
the kernel finds that nobody acknowledges the stream's signs of life (see base/event_stream.py).
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import psycopg
import structlog

from examhall.base.db import Connection, Database, Unavailable, maybe, run
from examhall.base.noting import Note
from examhall.base.sqlfile import beside
from examhall.sittings.breaks import Breaks, Whose

log = structlog.get_logger()

SQL = beside(__file__)

# What changed is written this often.
EVERY_S = 0.5
# A process says so often that it is there; see `PROCESS_GONE_S`.
SEEN_EVERY_S = 2.0
# Then those who were connected to it count as cut off.
PROCESS_GONE_S = 7.0
# For whoever looks at yesterday's exam.
KEPT_FOR = timedelta(days=2)


@dataclass(frozen=True)
class _Seen:
    was_there: bool


class Presence:
    """One process's part of it. `note` is told of breaks: who was cut off, and who is back."""

    def __init__(self, database: Database, note: Note | None = None) -> None:
        self._database = database
        self._breaks = Breaks(database, note, process_gone_s=PROCESS_GONE_S)
        self._process = uuid4()
        # Several tabs of one sitting are one presence.
        self._tabs: Counter[int] = Counter()
        self._changed: dict[int, bool] = {}
        self._seen = float("-inf")
        self._writing: asyncio.Task[None] | None = None

    def came(self, sitting_id: int, whose: Whose | None = None) -> None:
        self._tabs[sitting_id] += 1
        self._breaks.came(sitting_id, whose)
        if self._tabs[sitting_id] == 1:
            self._changed[sitting_id] = True

    def went(self, sitting_id: int) -> None:
        self._tabs[sitting_id] -= 1
        if not self._tabs[sitting_id]:
            del self._tabs[sitting_id]
            self._changed[sitting_id] = False
            self._breaks.went(sitting_id)

    def open(self) -> None:
        self._writing = asyncio.create_task(self._write_on(), name="presence")

    async def close(self) -> None:
        """In order: nobody is connected here any more."""
        if self._writing is None:
            return
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)
        try:
            async with self._database.transaction() as conn:
                await run(conn, SQL.leave, process=self._process)
        except Unavailable:
            log.info("presence is left to run out", process=str(self._process))

    async def _write_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = self._breaks.list_due()
            if self._changed or due or (self._tabs and loop.time() - self._seen > SEEN_EVERY_S):
                try:
                    await self._write()
                    self._seen = loop.time()
                    await self._breaks.tell_cut(due)
                except (Unavailable, psycopg.Error) as error:
                    # Written anew when it is back, as after its crash; of whatever kind, it is no end.
                    log.warning("presence is not written", error=str(error).strip())
                    self._seen = float("-inf")
            await asyncio.sleep(EVERY_S)

    async def _write(self) -> None:
        changed, self._changed = self._changed, {}
        try:
            async with self._database.transaction() as conn:
                came = [sitting_id for sitting_id, is_connected in changed.items() if is_connected]
                back = await self._breaks.list_back(conn, came)
                seen = await maybe(conn, SQL.say_seen, _Seen, process=self._process)
                if seen is None or not seen.was_there:
                    # The first time, or the table was lost in a crash.
                    changed = dict.fromkeys(self._tabs, True) | changed
                if changed:
                    await run(
                        conn,
                        SQL.keep,
                        process=self._process,
                        sitting_ids=list(changed),
                        connected=list(changed.values()),
                    )
        except BaseException:
            # What came meanwhile is newer.
            self._changed = changed | self._changed
            raise
        self._breaks.tell_back(back)


async def forget_old_presence(conn: Connection) -> int:
    """Drop what nobody looks at any more; give how many. Whoever is connected stays, however long."""
    await run(conn, SQL.forget_processes, kept_for=KEPT_FOR)
    return await run(conn, SQL.forget_presence, kept_for=KEPT_FOR)
