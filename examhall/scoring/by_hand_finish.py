"""Finishing and reopening marks by hand: what several markers gave settles into a candidate's result."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Malformed
from examhall.base.jobs import enqueue_once
from examhall.base.sqlfile import beside
from examhall.exams.marking_scheme import Criterion
from examhall.scoring.by_hand import NoSuchTask, Sheet, TaskTaken, has_sheet, keep_sheet
from examhall.scoring.by_hand_schemes import Scheme, find_scheme, hold_exam
from examhall.scoring.by_hand_settling import THIRD, Open, settle
from examhall.scoring.conclude import announce_results
from examhall.scoring.results import score_sittings

SQL = beside(__file__)

# A mark that was reopened waits so long for whoever gave it.
REOPENED_S = 3 * 24 * 3600
REASON_CHARS = 500
# Appeals come together: what is finished so soon after the first counts with it.
GATHERED_S = 60


class NewerSheet(Conflict):
    """What you wrote to this answer in another window is newer. Load the page again to see it."""


class NotComplete(Malformed):
    """Something is still missing: points, or a level of each criterion."""


class TooManyPoints(Malformed):
    """These points are more than the question is worth."""


class NotFinished(Conflict):
    """This mark is not finished: there is nothing to reopen."""


@dataclass(frozen=True)
class Finished:
    task_id: int
    points: Decimal
    # Nobody else has to mark it.
    is_settled: bool


@dataclass(frozen=True)
class Slot:
    exam_id: int
    candidate_id: int
    sitting_id: int
    question_number: int
    sub_part: str


@dataclass(frozen=True)
class Opinion:
    id: int
    opinion: int
    marker_id: int | None
    points: Decimal | None


@dataclass(frozen=True)
class _Standing:
    by_hand: Decimal | None
    is_concluded: bool


async def finish_task(conn: Connection, task_id: int, marker_id: int, sheet: Sheet) -> Finished:
    """Finish a mark; when it is the last that its answer waits for, the points count with the same commit.

    A repeat changes nothing. Two markers who finish the same answer come one after the other, and the later
    settles it; a correction of the key comes before or after. Once results are final, points that differ
    count with the next conclusion (`renew_results`), a minute later.
    """
    slot, opinions = await _hold(conn, task_id)
    mine = next((each for each in opinions if each.id == task_id), None)
    if mine is None or mine.marker_id != marker_id:
        raise TaskTaken if await has_sheet(conn, task_id, marker_id) else NoSuchTask
    scheme = await find_scheme(conn, slot.exam_id, slot.question_number, slot.sub_part)
    if mine.points is not None:
        return Finished(task_id, mine.points, not await _is_open(conn, task_id))
    kept = await keep_sheet(conn, task_id, marker_id, sheet)
    if kept.revision > sheet.revision:
        raise NewerSheet
    points = points_of(scheme.criteria, scheme.points, kept.levels, kept.points)
    await run(conn, SQL.finish, task_id=task_id, points=points)
    details = {"levels": kept.levels, "comment": kept.comment, "note": kept.note}
    await _note(
        conn, slot, "finished", task_id=task_id, opinion=mine.opinion, person_id=marker_id, points=points,
        details=details,
    )  # fmt: skip
    given = {each.opinion: each.points for each in opinions if each.points is not None}
    is_settled = await _settle(conn, slot, scheme, given | {mine.opinion: points})
    return Finished(task_id, points, is_settled)


async def reopen_task(conn: Connection, task_id: int, *, by: int, is_author: bool, reason: str) -> None:
    """Let a finished mark be changed by whoever gave it. An author may reopen any, a marker their own.

    While results are not final the answer waits for a person again, and so do they. Once they are, what
    counted counts until the new mark is finished.
    """
    slot, opinions = await _hold(conn, task_id)
    mine = next((each for each in opinions if each.id == task_id), None)
    standing = await one(conn, SQL.standing, _Standing, **_key(slot))
    if mine is None or not (is_author or (mine.marker_id == by and not standing.is_concluded)):
        raise NoSuchTask
    if mine.points is None:
        raise NotFinished
    await run(conn, SQL.reopen, task_id=task_id, lease_s=REOPENED_S)
    await _note(
        conn, slot, "reopened", task_id=task_id, opinion=mine.opinion, person_id=by, points=mine.points,
        reason=reason,
    )  # fmt: skip
    if not standing.is_concluded and standing.by_hand is not None:
        await _write(conn, slot, None, ())


def points_of(
    criteria: list[Criterion], most: Decimal, levels: Mapping[str, int], points: Decimal | None
) -> Decimal:
    """What a complete sheet gives: the sum of its levels, or the points where there is no rubric."""
    if not criteria:
        if points is None:
            raise NotComplete
        if points > most:
            raise TooManyPoints
        return points
    missing = [each.name for each in criteria if not 0 <= levels.get(each.key, -1) < len(each.levels)]
    if missing:
        raise NotComplete(fields=[{"path": "levels", "message": name} for name in missing])
    return sum((each.levels[levels[each.key]].points for each in criteria), Decimal(0))


async def _hold(conn: Connection, task_id: int) -> tuple[Slot, list[Opinion]]:
    """The exam first, as every marking (exams/holding.sql); then all opinions on the answer."""
    slot = await maybe(conn, SQL.slot, Slot, task_id=task_id)
    if slot is None:
        raise NoSuchTask
    await hold_exam(conn, slot.exam_id)
    return slot, await opinions_on(conn, slot)


async def _settle(conn: Connection, slot: Slot, scheme: Scheme, given: Mapping[int, Decimal]) -> bool:
    found = settle(
        given, markers=scheme.markers, differ_above=scheme.differ_above, third_rule=scheme.third_rule
    )
    if isinstance(found, Open):
        if found.needs_third and await run(conn, SQL.ask_third, **_key(slot)):
            await _note(conn, slot, "third_asked", opinion=THIRD)
        return False
    before = await one(conn, SQL.standing, _Standing, **_key(slot))
    await _note(conn, slot, "settled", points=found.points)
    if before.is_concluded and before.by_hand != found.points:
        # Everybody is marked again: once for all marks that change until then.
        await enqueue_once(
            conn, "renew_results", {"exam_id": slot.exam_id}, after_s=GATHERED_S, queue="marking"
        )
    else:
        await _write(conn, slot, found.points, found.counts)
    # A third opinion that nobody needs any more, because the other two were brought together.
    await run(conn, SQL.drop_unneeded_third, **_of(slot))
    return True


async def _write(conn: Connection, slot: Slot, points: Decimal | None, counts: Collection[int]) -> None:
    await write_points(conn, slot, points, counts)
    if await score_sittings(conn, [(slot.candidate_id, slot.sitting_id)]):
        await announce_results(conn, slot.exam_id)


async def write_points(conn: Connection, slot: Slot, points: Decimal | None, counts: Collection[int]) -> None:
    """What an answer is worth and whose opinions say so; the caller has its sitting marked."""
    await run(conn, SQL.note_counting, opinions=sorted(counts), **_of(slot))
    await run(conn, SQL.write_by_hand, points=points, **_key(slot))


async def opinions_on(conn: Connection, slot: Slot) -> list[Opinion]:
    """Held until the commit."""
    return await many(conn, SQL.hold_opinions, Opinion, **_of(slot))


@dataclass(frozen=True)
class _Waits:
    is_open: bool


async def _is_open(conn: Connection, task_id: int) -> bool:
    return (await one(conn, SQL.is_open, _Waits, task_id=task_id)).is_open


async def _note(
    conn: Connection,
    slot: Slot,
    what: str,
    *,
    task_id: int | None = None,
    opinion: int | None = None,
    person_id: int | None = None,
    points: Decimal | None = None,
    details: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    await run(
        conn,
        SQL.note_event,
        exam_id=slot.exam_id,
        **_of(slot),
        what=what,
        task_id=task_id,
        opinion=opinion,
        person_id=person_id,
        points=points,
        details=Jsonb(details or {}),
        reason=reason,
    )


def _of(slot: Slot) -> dict[str, Any]:
    return {
        "sitting_id": slot.sitting_id,
        "question_number": slot.question_number,
        "sub_part": slot.sub_part,
    }


def _key(slot: Slot) -> dict[str, Any]:
    return {"candidate_id": slot.candidate_id, **_of(slot)}
