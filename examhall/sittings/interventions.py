"""What invigilators do while an exam is sat: give time, announce, pause, resume, close, let in again.

Each is one transaction: its line in the record, what it does, and the announcement by which the candidates'
pages and the monitors hear of it. Sittings are locked in the order of their ids, as by saves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.close import ClosedSitting, enqueue_scoring

SQL = beside(__file__)

# Processes hear "<exam> <intervention>", and read the rest.
CHANNEL = "interventions"

Kind: TypeAlias = Literal["time", "announcement", "pause", "resume", "close", "readmit"]


class AlreadyPaused(Conflict):
    """This exam is paused already."""


class NotPaused(Conflict):
    """This exam is not paused."""


class NobodySitsIt(Conflict):
    """None of those sits this exam at this moment."""


class NobodyToLetIn(Conflict):
    """None of those has handed in this exam."""


class SitsItAgain(Conflict):
    """One of those sits this exam again already, in another attempt."""


class RequestKeyUsed(Conflict):
    """This Idempotency-Key came before with something else. Nothing was done now."""


@dataclass(frozen=True)
class Intervention:
    id: int
    exam_id: int
    kind: Kind
    done_by: int | None
    done_at: datetime
    sitting_ids: Sequence[int] | None
    reached: int
    seconds: int | None
    message: str
    reason: str


@dataclass(frozen=True)
class Listed(Intervention):
    full_name: str | None


@dataclass(frozen=True)
class Order:
    """What somebody wants done, to all who sit the exam or to some."""

    exam_id: int
    done_by: int | None
    reason: str = ""
    sitting_ids: Sequence[int] | None = None
    request_key: str | None = None


@dataclass(frozen=True)
class _Kept:
    id: int


@dataclass(frozen=True)
class _Reached:
    id: int


async def give_time(conn: Connection, order: Order, *, seconds: int) -> Intervention:
    """Everybody's deadline, or some people's, moves by so much. Beyond the window's end too.

    Who has handed in keeps what they have. Repeated with the same key, the time is given once.
    """
    kept = await _keep(conn, "time", order, seconds=seconds)
    if isinstance(kept, Intervention):
        return kept
    reached = await many(
        conn,
        SQL.give_time,
        _Reached,
        exam_id=order.exam_id,
        sitting_ids=order.sitting_ids,
        seconds=seconds,
    )
    return await _done(conn, order, kept, len(reached), needs_somebody=True)


async def announce(conn: Connection, order: Order, *, message: str) -> Intervention:
    """A sentence on the pages of all who sit the exam, or of some; who comes later reads it as well."""
    kept = await _keep(conn, "announcement", order, message=message)
    if isinstance(kept, Intervention):
        return kept
    reached = await many(
        conn, SQL.open_sittings, _Reached, exam_id=order.exam_id, sitting_ids=order.sitting_ids
    )
    return await _done(conn, order, kept, len(reached))


async def pause(conn: Connection, order: Order) -> Intervention:
    """All clocks of the exam stand still. Nobody starts it, and nobody's time runs out.

    What was typed before and comes now is saved: nothing is lost to a pause.
    """
    kept = await _keep(conn, "pause", order)
    if isinstance(kept, Intervention):
        return kept
    # The primary key lets one of several pause it; the others wait, and find it paused.
    if await run(conn, SQL.pause_exam, exam_id=order.exam_id, paused_by=order.done_by) == 0:
        raise AlreadyPaused
    reached = await run(conn, SQL.pause_sittings, exam_id=order.exam_id)
    return await _done(conn, order, kept, reached)


async def resume(conn: Connection, order: Order) -> Intervention:
    """The clocks run again; everybody gets the time back that they stood still."""
    kept = await _keep(conn, "resume", order)
    if isinstance(kept, Intervention):
        return kept
    if await run(conn, SQL.resume_exam, exam_id=order.exam_id) == 0:
        raise NotPaused
    reached = await run(conn, SQL.resume_sittings, exam_id=order.exam_id)
    return await _done(conn, order, kept, reached)


async def close(conn: Connection, order: Order) -> Intervention:
    """Hand in for everybody, or for some, now: no save after it is acknowledged."""
    kept = await _keep(conn, "close", order)
    if isinstance(kept, Intervention):
        return kept
    closed = await many(
        conn, SQL.close_sittings, ClosedSitting, exam_id=order.exam_id, sitting_ids=order.sitting_ids
    )
    if closed:
        await enqueue_scoring(conn, closed)
    return await _done(conn, order, kept, len(closed), needs_somebody=True)


async def readmit(conn: Connection, order: Order, *, seconds: int) -> Intervention:
    """Open again what these have handed in, with so much time from now on; their answers are as they were.

    Whoever calls it sees to it that no result of theirs counts meanwhile: scoring/readmission.py.
    """
    kept = await _keep(conn, "readmit", order, seconds=seconds)
    if isinstance(kept, Intervention):
        return kept
    try:
        reached = await many(
            conn,
            SQL.readmit,
            _Reached,
            exam_id=order.exam_id,
            sitting_ids=order.sitting_ids,
            seconds=seconds,
        )
    except UniqueViolation as error:
        raise SitsItAgain from error
    if not reached:
        raise NobodyToLetIn
    return await _done(conn, order, kept, len(reached))


async def pause_latecomers(conn: Connection) -> int:
    """Pause those whose start and the pause missed each other by a moment; give how many."""
    return await run(conn, SQL.pause_latecomers)


async def list_interventions(conn: Connection, *, exam_id: int, before_id: int, limit: int) -> list[Listed]:
    """The newest first."""
    return await many(conn, SQL.list_interventions, Listed, exam_id=exam_id, before_id=before_id, limit=limit)


async def find_intervention(conn: Connection, intervention_id: int) -> Intervention | None:
    return await maybe(conn, SQL.intervention, Intervention, id=intervention_id)


async def _keep(
    conn: Connection, kind: Kind, order: Order, *, seconds: int | None = None, message: str = ""
) -> int | Intervention:
    """Its line in the record, and its id; or, of a request that came before, what that did.

    First of all: of two with the same key, the unique index lets one go on; the other waits for its commit.
    """
    what = {
        "exam_id": order.exam_id,
        "kind": kind,
        "sitting_ids": None if order.sitting_ids is None else sorted(order.sitting_ids),
        "seconds": seconds,
        "message": message,
        "reason": order.reason,
    }
    try:
        kept = await maybe(
            conn, SQL.keep, _Kept, done_by=order.done_by, request_key=order.request_key, **what
        )
    except ForeignKeyViolation as error:
        raise ExamNotFound from error
    if kept is not None:
        return kept.id
    before = await one(
        conn, SQL.kept_before, Intervention, done_by=order.done_by, request_key=order.request_key
    )
    if any(getattr(before, name) != value for name, value in what.items()):
        raise RequestKeyUsed
    return before


async def _done(
    conn: Connection, order: Order, kept: int, reached: int, *, needs_somebody: bool = False
) -> Intervention:
    if needs_somebody and reached == 0:
        raise NobodySitsIt
    await run(conn, SQL.tell, channel=CHANNEL, payload=f"{order.exam_id} {kept}")
    return await one(conn, SQL.reached, Intervention, id=kept, reached=reached)
