"""Marking by hand: answers are taken one after the other, written on, finished, and settle into results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from examhall.base.db import Connection, maybe, one, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# A marker who is silent for so long has gone; then the answer is given to the next. Each save begins it anew.
LEASE_S = 45 * 60
# How often one marker's requests may meet at the same answer.
TRIES = 3
COMMENT_CHARS = 5_000


class NoSuchTask(NotFound):
    """There is no such answer to mark, or it is not yours."""


class TaskTaken(Conflict):
    """Somebody else has this answer now, because nothing was heard from this page for long. What you wrote to
    it is kept for you, should it come back."""


class MarkFinished(Conflict):
    """This mark is finished. Reopen it, with a reason, to change it."""


@dataclass(frozen=True)
class Sheet:
    """What a marker writes to an answer."""

    levels: Mapping[str, int]
    points: Decimal | None
    comment: str
    note: str
    # Counted by the marker's client; of two the higher stays.
    revision: int


@dataclass(frozen=True)
class Task:
    """An answer as its marker has it before them: nothing says whose it is, or what anybody else gave."""

    id: int
    exam_id: int
    exam_title: str
    question_number: int
    sub_part: str
    kind: str
    prompt: str
    item_prompt: str
    presented: dict[str, Any]
    key: dict[str, Any]
    max_points: Decimal
    answer: Any
    leased_until: datetime | None
    finished_at: datetime | None
    levels: dict[str, int] | None
    points: Decimal | None
    comment: str | None
    note: str | None
    revision: int | None
    # By the key that results are final by.
    is_concluded: bool

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class Saved:
    revision: int
    saved_at: datetime
    leased_until: datetime


@dataclass(frozen=True)
class _Taken:
    id: int


@dataclass(frozen=True)
class _Lease:
    leased_until: datetime
    finished_at: datetime | None
    is_mine: bool


@dataclass(frozen=True)
class Kept:
    levels: dict[str, int]
    points: Decimal | None
    comment: str
    note: str
    revision: int
    saved_at: datetime


async def take_next(
    conn: Connection, *, exam_id: int, marker_id: int, slot: tuple[int, str] | None = None
) -> int | None:
    """The number of the answer that this marker marks next: the one in hand, or a free one, now theirs.

    However many take at once, each gets another; nobody gets an answer of their own, or one that they marked
    already as somebody else's second opinion. What was skipped comes last. None when nothing is left. `slot`
    asks for one item's answers alone.
    """
    for _ in range(TRIES):
        try:
            # One marker's two requests may take two opinions of one answer: the later one tries again.
            async with conn.transaction():
                taken = await maybe(
                    conn,
                    SQL.take_next,
                    _Taken,
                    exam_id=exam_id,
                    marker_id=marker_id,
                    question_number=slot[0] if slot else None,
                    sub_part=slot[1] if slot else None,
                    lease_s=LEASE_S,
                )
        except errors.UniqueViolation as error:
            if error.diag.constraint_name != "one_opinion_each":
                raise
            continue
        return taken.id if taken else None
    return None


async def find_task(conn: Connection, task_id: int, marker_id: int) -> Task:
    """An answer that this marker has in hand or finished, with what they wrote to it."""
    found = await maybe(conn, SQL.task, Task, task_id=task_id, marker_id=marker_id)
    if found is None:
        raise NoSuchTask
    return found


async def refuse_dismissed(conn: Connection, task_id: int, marker_id: int) -> None:
    """To whoever is no author, an answer of an exam that they are not named for (any more) is not there."""
    if await maybe(conn, SQL.named_for, _Taken, task_id=task_id, marker_id=marker_id) is None:
        raise NoSuchTask


async def save_sheet(conn: Connection, task_id: int, marker_id: int, sheet: Sheet) -> Saved:
    """Keep what a marker wrote so far, and the answer for them a while longer.

    However often and in whatever order saves arrive, the highest revision stays; the reply says which it is.
    """
    lease = await maybe(conn, SQL.renew_lease, _Lease, task_id=task_id, marker_id=marker_id, lease_s=LEASE_S)
    if lease is None:
        raise NoSuchTask
    if not lease.is_mine:
        raise TaskTaken
    if lease.finished_at is not None:
        raise MarkFinished
    kept = await keep_sheet(conn, task_id, marker_id, sheet)
    return Saved(kept.revision, kept.saved_at, lease.leased_until)


async def skip_task(conn: Connection, task_id: int, marker_id: int) -> None:
    """Give an answer back to the others; to this marker it comes last. What was written to it is kept."""
    if await run(conn, SQL.skip, task_id=task_id, marker_id=marker_id) == 0:
        raise NoSuchTask


async def keep_sheet(conn: Connection, task_id: int, marker_id: int, sheet: Sheet) -> Kept:
    """Write a sheet unless a newer one is there; give the one that is."""
    await run(
        conn,
        SQL.keep_sheet,
        task_id=task_id,
        marker_id=marker_id,
        levels=Jsonb(dict(sheet.levels)),
        points=sheet.points,
        comment=sheet.comment,
        note=sheet.note,
        revision=sheet.revision,
    )
    return await one(conn, SQL.sheet, Kept, task_id=task_id, marker_id=marker_id)


async def has_sheet(conn: Connection, task_id: int, marker_id: int) -> bool:
    return await maybe(conn, SQL.sheet, Kept, task_id=task_id, marker_id=marker_id) is not None
