"""Whose page is connected: counted by each process from its streams, and written behind for all to see.

Costs the saves nothing. A page that goes away properly is seen at once; one whose network is cut is seen when
the kernel finds that nobody acknowledges the stream's signs of life (see base/event_stream.py).
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import psycopg
import structlog

from examhall.base.db import Connection, Database, Unavailable, many, maybe, run
from examhall.base.noting import Note
from examhall.base.sqlfile import beside

log = structlog.get_logger()

SQL = beside(__file__)

# What changed is written this often.
EVERY_S = 0.5
# A process says so often that it is there; see `PROCESS_GONE_S`.
SEEN_EVERY_S = 2.0
# Then those who were connected to it count as cut off.
PROCESS_GONE_S = 7.0
# Away for less is no break that the event log is told of: a page loaded anew, another device.
BREAK_S = 3.0
# For whoever looks at yesterday's exam.
KEPT_FOR = timedelta(days=2)


@dataclass(frozen=True)
class _Seen:
    was_there: bool


@dataclass(frozen=True)
class _Sitting:
    id: int


class Whose(NamedTuple):
    person_id: int
    exam_id: int


class Presence:
    """One process's part of it. `note` is told of breaks: who was cut off, and who is back."""

    def __init__(self, database: Database, note: Note | None = None) -> None:
        self._database = database
        self._note = note
        self._whose: dict[int, Whose] = {}
        # When the last tab went, on the loop's clock, of those of whom the log was not told yet.
        self._gone: dict[int, float] = {}
        self._process = uuid4()
        # Several tabs of one sitting are one presence.
        self._tabs: Counter[int] = Counter()
        self._changed: dict[int, bool] = {}
        self._seen = float("-inf")
        self._writing: asyncio.Task[None] | None = None

    def came(self, sitting_id: int, whose: Whose | None = None) -> None:
        self._tabs[sitting_id] += 1
        self._gone.pop(sitting_id, None)
        if whose is not None:
            self._whose[sitting_id] = whose
        if self._tabs[sitting_id] == 1:
            self._changed[sitting_id] = True

    def went(self, sitting_id: int) -> None:
        self._tabs[sitting_id] -= 1
        if not self._tabs[sitting_id]:
            del self._tabs[sitting_id]
            self._changed[sitting_id] = False
            self._gone[sitting_id] = asyncio.get_running_loop().time()

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
            away = self._away_for(BREAK_S)
            if self._changed or away or (self._tabs and loop.time() - self._seen > SEEN_EVERY_S):
                try:
                    await self._write()
                    self._seen = loop.time()
                    await self._tell_of_breaks(away)
                except (Unavailable, psycopg.Error) as error:
                    # Written anew when it is back, as after its crash; of whatever kind, it is no end.
                    log.warning("presence is not written", error=str(error).strip())
                    self._seen = float("-inf")
            await asyncio.sleep(EVERY_S)

    async def _write(self) -> None:
        changed, self._changed = self._changed, {}
        back: list[_Sitting] = []
        try:
            async with self._database.transaction() as conn:
                came = [sitting_id for sitting_id, is_connected in changed.items() if is_connected]
                if came:
                    back = await many(
                        conn,
                        SQL.were_away,
                        _Sitting,
                        sitting_ids=came,
                        gone_s=PROCESS_GONE_S,
                        break_s=BREAK_S,
                    )
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
        for sitting in back:
            self._tell("back_again", sitting.id, 0.0)

    def _away_for(self, seconds: float) -> list[int]:
        since = asyncio.get_running_loop().time() - seconds
        return [sitting_id for sitting_id, gone_at in self._gone.items() if gone_at < since]

    async def _tell_of_breaks(self, away: Sequence[int]) -> None:
        whose = {sitting_id: self._whose[sitting_id] for sitting_id in away if sitting_id in self._whose}
        cut: list[_Sitting] = []
        if whose:
            async with self._database.connection() as conn:
                cut = await many(
                    conn,
                    SQL.are_away,
                    _Sitting,
                    candidate_ids=[each.person_id for each in whose.values()],
                    sitting_ids=list(whose),
                    gone_s=PROCESS_GONE_S,
                )
        now = asyncio.get_running_loop().time()
        for sitting in cut:
            # Unless they came back while it was asked.
            if sitting.id in self._gone:
                self._tell("cut_off", sitting.id, now - self._gone[sitting.id])
        for sitting_id in away:
            if self._gone.pop(sitting_id, None) is not None:
                self._whose.pop(sitting_id, None)

    def _tell(self, what: str, sitting_id: int, age_s: float) -> None:
        whose = self._whose.get(sitting_id)
        if self._note is not None and whose is not None:
            self._note(what, age_s=age_s, sitting_id=sitting_id, **whose._asdict())


async def forget_old_presence(conn: Connection) -> int:
    """Drop what nobody looks at any more; give how many. Whoever is connected stays, however long."""
    await run(conn, SQL.forget_processes, kept_for=KEPT_FOR)
    return await run(conn, SQL.forget_presence, kept_for=KEPT_FOR)
