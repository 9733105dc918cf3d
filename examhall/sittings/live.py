"""What the pages of those who sit an exam hear at once: time, announcements, that it is handed in.

Each process hears of an intervention by NOTIFY, reads it once, and tells those who follow it here.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import psycopg
import structlog

from examhall.base.clock import rfc3339
from examhall.base.db import REQUEST_LIMIT_S, Connection, Database, Unavailable, many, maybe, one
from examhall.base.event_stream import MISSED, STREAMS_OF_ONE, Broadcast, EventStream, encoded
from examhall.base.listen import Listener
from examhall.base.sqlfile import beside
from examhall.sittings.breaks import Whose
from examhall.sittings.interventions import CHANNEL, Intervention, find_intervention
from examhall.sittings.presence import Presence
from examhall.sittings.start import Sitting

log = structlog.get_logger()

SQL = beside(__file__)

# Those of this sitting, the last so many: a page that comes back shows what was said meanwhile.
ANNOUNCEMENTS_KEPT = 50


@dataclass(frozen=True)
class Clock:
    """How one sitting stands; the deadline of one that is paused moves on when it goes on."""

    sitting_id: int
    deadline_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    paused_at: datetime | None
    server_time: datetime


@dataclass(frozen=True)
class Standing:
    """How a sitting stands for the page that begins to listen."""

    deadline_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    paused_at: datetime | None
    server_time: datetime
    # Of each its id, its text, and when.
    announcements: Sequence[tuple[int, str, str]]


@dataclass(frozen=True)
class _Released:
    released: bool


class Live:
    def __init__(self, database: Database, broadcast: Broadcast, presence: Presence) -> None:
        self._database = database
        self._broadcast = broadcast
        self._presence = presence
        self._heard: deque[tuple[int, int | None]] = deque()
        self._telling: asyncio.Task[None] | None = None

    def follow(self, listener: Listener, *, results_channel: str) -> None:
        """Before the listener opens: hear of interventions, and of results."""
        self._broadcast.relay(listener, CHANNEL, self._hear)
        listener.on(results_channel, self._hear)

    async def stream(self, sitting: Sitting, *, last_heard: int) -> EventStream:
        """For a handler to return: how the sitting stands, what was announced, and what happens next."""
        # First, so that nothing falls between what is read below and what is heard from now on.
        stream = self._broadcast.follow(
            _exam(sitting.exam_id),
            _sitting(sitting.exam_id, sitting.id),
            whose=sitting.candidate_id,
            each=STREAMS_OF_ONE,
        )
        whose = Whose(sitting.candidate_id, sitting.exam_id)
        stream.came = partial(self._presence.came, sitting.id, whose)
        stream.went = partial(self._presence.went, sitting.id)
        async with self._database.connection() as conn:
            now = await one(
                conn,
                SQL.standing,
                Standing,
                candidate_id=sitting.candidate_id,
                sitting_id=sitting.id,
                after=last_heard,
                limit=ANNOUNCEMENTS_KEPT,
                margin_s=REQUEST_LIMIT_S,
            )
        stream.send(
            _event(
                "time",
                deadline_at=rfc3339(now.deadline_at),
                closes_at=rfc3339(now.closes_at),
                paused_at=_maybe(now.paused_at),
                submitted_at=_maybe(now.closed_at),
                server_time=rfc3339(now.server_time),
            )
        )
        for number, message, at in now.announcements:
            stream.send(_announcement(number, message, datetime.fromisoformat(at)))
        return stream

    def _hear(self, payload: str) -> None:
        exam_id, _, intervention_id = payload.partition(" ")
        if not self._broadcast.followers(_exam(int(exam_id))):
            return
        self._heard.append((int(exam_id), int(intervention_id) if intervention_id else None))
        # One after the other, or a page could hear of a resumption before its pause.
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all(), name="interventions")

    async def _tell_all(self) -> None:
        while self._heard:
            exam_id, intervention_id = self._heard.popleft()
            try:
                async with self._database.connection() as conn:
                    if intervention_id is None:
                        await self._tell_of_results(conn, exam_id)
                    elif intervention := await find_intervention(conn, intervention_id):
                        await self._tell(conn, intervention)
            except (Unavailable, psycopg.Error) as error:
                # Those that follow are told, whatever was wrong with this one.
                log.warning("an intervention could not be told", exam_id=exam_id, error=str(error))
                self._broadcast.tell(_exam(exam_id), MISSED)

    async def _tell_of_results(self, conn: Connection, exam_id: int) -> None:
        found = await maybe(conn, SQL.results_released, _Released, exam_id=exam_id)
        if found is not None and found.released:
            self._broadcast.tell(_exam(exam_id), _event("results_ready", exam_id=exam_id))

    async def _tell(self, conn: Connection, done: Intervention) -> None:
        if done.kind == "announcement":
            event = _announcement(done.id, done.message, done.done_at)
            for topic in _whom(done):
                self._broadcast.tell(topic, event)
            return
        # One look for all who sit it, and each is told of their own time.
        clocks = await many(
            conn, SQL.clocks, Clock, exam_id=done.exam_id, sitting_ids=done.sitting_ids, since=done.done_at
        )
        for clock in clocks:
            topic = _sitting(done.exam_id, clock.sitting_id)
            if self._broadcast.followers(topic):
                self._broadcast.tell(topic, _what_happened(done, clock))


def _what_happened(done: Intervention, clock: Clock) -> bytes:
    if clock.closed_at is not None:
        return _event("submitted", submitted_at=rfc3339(clock.closed_at), by=clock.closed_by)
    time = {
        "deadline_at": rfc3339(clock.deadline_at),
        "closes_at": rfc3339(clock.closes_at),
        "paused_at": _maybe(clock.paused_at),
        "server_time": rfc3339(clock.server_time),
    }
    if done.kind == "time":
        return _event("extended", seconds=done.seconds, reason=done.reason, **time)
    return _event("time", reason=done.reason, submitted_at=None, **time)


def _whom(done: Intervention) -> Sequence[tuple[str, int] | tuple[str, int, int]]:
    if done.sitting_ids is None:
        return [_exam(done.exam_id)]
    return [_sitting(done.exam_id, each) for each in done.sitting_ids]


def _announcement(number: int, message: str, at: datetime) -> bytes:
    # Its number as the event's id: a browser that comes back says which it has heard.
    return _event("announcement", str(number), id=number, text=message, at=rfc3339(at))


def _event(name: str, event_id: str | None = None, /, **data: Any) -> bytes:
    return encoded(msgspec.json.encode(data).decode(), name=name, event_id=event_id)


def _maybe(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def _exam(exam_id: int) -> tuple[str, int]:
    return "exam", exam_id


def _sitting(exam_id: int, sitting_id: int) -> tuple[str, int, int]:
    # With its exam: whoever announces may have named sessions of another.
    return "sitting", exam_id, sitting_id
