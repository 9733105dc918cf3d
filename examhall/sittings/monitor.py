"""Everybody who sits an exam, as the invigilator sees them; watched once for all who watch."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec
import psycopg
import structlog

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, Database, Unavailable, many, maybe
from examhall.base.event_stream import MISSED, STREAMS_OF_ONE, Broadcast, EventStream, encoded
from examhall.base.sqlfile import beside
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.presence import PROCESS_GONE_S

log = structlog.get_logger()

SQL = beside(__file__)

# How often it looks; with very many candidates less often, so that looking takes a tenth of a connection.
EVERY_S = 1.0
LOOKS_A_LOOK = 10
# Of one exam; the attempts that began last.
MOST = 20_000
# As `clock.rfc3339` writes it.
RFC_3339 = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
# Changes in one event: a reader's queue holds 256 KB.
CHANGED_TOGETHER = 500


@dataclass(frozen=True)
class Seat:
    """One candidate's sitting, as JSON that says how it stands."""

    id: int
    told: str


@dataclass(frozen=True)
class Overall:
    title: str
    items: int
    paused_at: datetime | None
    server_time: datetime


class View(NamedTuple):
    overall: Overall
    seats: Mapping[int, str]

    def as_json(self) -> str:
        return _told(self.overall, self.seats.values())


async def read_overall(conn: Connection, exam_id: int) -> Overall:
    overall = await maybe(conn, SQL.overall, Overall, exam_id=exam_id)
    if overall is None:
        raise ExamNotFound
    return overall


async def read_view(conn: Connection, exam_id: int) -> View:
    """All of it, the latest `MOST` sittings: two statements, however many there are."""
    overall = await read_overall(conn, exam_id)
    seats = await many(
        conn, SQL.seats, Seat, exam_id=exam_id, limit=MOST, gone_s=PROCESS_GONE_S, utc=RFC_3339
    )
    return View(overall, {seat.id: seat.told for seat in seats})


class Monitors:
    """One process's exams that somebody watches."""

    def __init__(self, database: Database, broadcast: Broadcast) -> None:
        self._database = database
        self._broadcast = broadcast
        self._watching: dict[int, asyncio.Task[None]] = {}

    def stream(self, exam_id: int, *, person_id: int) -> EventStream:
        """For a handler to return: what changes from now on. Whoever asks for the whole after it is open, and
        lays the changes over it, misses nothing: each says how a session stands, not what happened to it."""
        stream = self._broadcast.follow(
            _topic(exam_id), whose=("monitor", person_id), each=STREAMS_OF_ONE, is_public=False
        )
        watching = self._watching.get(exam_id)
        if watching is None or watching.done():
            self._watching[exam_id] = asyncio.create_task(self._watch(exam_id), name=f"monitor {exam_id}")
        return stream

    def close(self) -> None:
        for watching in self._watching.values():
            watching.cancel()

    async def _watch(self, exam_id: int) -> None:
        """Until nobody watches any more."""
        last: View | None = None
        try:
            while self._broadcast.followers(_topic(exam_id)):
                began = time.monotonic()
                try:
                    async with self._database.connection() as conn:
                        view = await read_view(conn, exam_id)
                except (Unavailable, psycopg.Error) as error:
                    log.warning("a monitor looks in vain", exam_id=exam_id, error=str(error))
                    last = None
                except ExamNotFound:
                    # Deleted under their eyes.
                    return
                else:
                    self._tell(exam_id, last, view)
                    last = view
                took_s = time.monotonic() - began
                await asyncio.sleep(max(EVERY_S, took_s * LOOKS_A_LOOK))
        finally:
            if self._watching.get(exam_id) is asyncio.current_task():
                del self._watching[exam_id]

    def _tell(self, exam_id: int, last: View | None, view: View) -> None:
        if last is None:
            # What happened before the first look, or while the database was away.
            self._broadcast.tell(_topic(exam_id), MISSED)
            return
        changed = [told for number, told in view.seats.items() if last.seats.get(number) != told]
        if not changed and last.overall.paused_at == view.overall.paused_at:
            return
        for start in range(0, max(1, len(changed)), CHANGED_TOGETHER):
            told = _told(view.overall, changed[start : start + CHANGED_TOGETHER])
            self._broadcast.tell(_topic(exam_id), encoded(told, name="changed"))


def _told(overall: Overall, seats: Iterable[str]) -> str:
    facts = {
        "title": overall.title,
        "items": overall.items,
        "paused_at": rfc3339(overall.paused_at) if overall.paused_at else None,
        "server_time": rfc3339(overall.server_time),
    }
    return f'{msgspec.json.encode(facts).decode()[:-1]},"sessions":[{",".join(seats)}]}}'


def _topic(exam_id: int) -> tuple[str, int]:
    return "monitor", exam_id
