"""The event log: ids and instants of what happened, written behind requests. No rule depends on it."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from examhall.base import packed
from examhall.base.db import Connection, Database, run
from examhall.base.partitions import drop_old_partitions
from examhall.base.sqlfile import beside
from examhall.base.write_behind import EVERY_S, WAITING_LIMIT, Stats, WriteBehind

SQL = beside(__file__)

# All that is noted, and what it means. Saves are not: each of them is in answer_history already.
KINDS = {
    "signed_in": "by password",
    "ticket_shown": "signed in by ticket, to an exam",
    "lobby_opened": "looked at the exam's page",
    "sitting_started": "opened a sitting",
    "sitting_resumed": "came back to an open sitting",
    "sealed_asked": "asked where the exam's sealed paper is",
    "sealed_opened": "was given its key with the session",
    "sealed_failed": "could not use it and had the questions from here; the detail says why",
    "sealed_key_released": "was given its key by the office's own way",
    "submitted": "handed in",
    "closed": "handed in for, when time was up",
    "result_seen": "looked at the result",
    "refused": "was not let in, could not start or save; the detail is the refusal's code",
    "cut_off": "the connection to the exam room ended",
    "back_again": "the connection to the exam room came back",
    "lost": "not events but how many were not kept, in the detail",
}


# What pages and clients ask for again and again: noted once a minute for each person and exam.
LOOKS = frozenset(("lobby_opened", "result_seen", "sealed_asked"))
SAME_LOOK_S = 60.0
LOOKS_REMEMBERED = 20_000


class Event(NamedTuple):
    what: str
    person_id: int
    exam_id: int
    sitting_id: int
    detail: str
    # On this process's monotonic clock; the database's clock makes an instant of it.
    at: float


class EventLog:
    """One process's events on their way into the log."""

    def __init__(
        self, database: Database, *, waiting_limit: int = WAITING_LIMIT, every_s: float = EVERY_S
    ) -> None:
        self._behind = WriteBehind(
            database, keep_events, name="event log", waiting_limit=waiting_limit, every_s=every_s
        )
        self._looks: set[tuple[str, int | None, int | None]] = set()
        self._looks_since = 0.0
        self.open = self._behind.open
        self.close = self._behind.close

    @property
    def stats(self) -> Stats:
        return self._behind.stats

    def note(self, what: str, *, detail: str | None = None, age_s: float = 0.0, **ids: int | None) -> None:
        """`base.noting.Note`: ids are person_id, exam_id and sitting_id, as far as they are known."""
        now = time.monotonic()
        if what in LOOKS and not self._is_first_look((what, ids.get("person_id"), ids.get("exam_id")), now):
            return
        self._behind.put(
            Event(
                what,
                ids.get("person_id") or 0,
                ids.get("exam_id") or 0,
                ids.get("sitting_id") or 0,
                detail or "",
                now - age_s,
            )
        )

    def _is_first_look(self, look: tuple[str, int | None, int | None], now: float) -> bool:
        if now - self._looks_since > SAME_LOOK_S or len(self._looks) >= LOOKS_REMEMBERED:
            self._looks.clear()
            self._looks_since = now
        if look in self._looks:
            return False
        self._looks.add(look)
        return True


async def keep_events(conn: Connection, events: Sequence[Event], lost: int) -> None:
    """Append events to the log, and how many were lost before them."""
    if lost:
        events = [*events, Event("lost", 0, 0, 0, str(lost), events[0].at)]
    now = time.monotonic()
    await run(conn, SQL.need_not_be_durable)
    await conn.execute(
        SQL.keep_events.text,
        {
            "ages_us": packed.bigints([int((now - event.at) * 1e6) for event in events]),
            "whats": packed.texts([event.what for event in events]),
            "person_ids": packed.bigints([event.person_id for event in events]),
            "exam_ids": packed.bigints([event.exam_id for event in events]),
            "sitting_ids": packed.bigints([event.sitting_id for event in events]),
            "details": packed.texts([event.detail for event in events]),
        },
        binary=True,
    )


async def forget_old_events(conn: Connection, *, months: int) -> list[str]:
    """Drop what is older than so many full months; name the partitions that went."""
    return await drop_old_partitions(conn, "events", months=months)
