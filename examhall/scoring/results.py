"""Marking closed sittings, and what their candidates may see of it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.scoring.by_hand_queue import queue_answers
from examhall.scoring.marking import mark
from examhall.sittings.autosave import SessionNotFound

SQL = beside(__file__)


class StillInProgress(Conflict):
    """This exam has not been handed in yet."""


class ResultsNotReady(Conflict):
    """The answers are being marked; the result will be here in a moment."""

    retry_after_s = 1


class ResultsNotReleased(Conflict):
    """The results of this exam have not been released yet."""


@dataclass(frozen=True)
class _Sitting:
    candidate_id: int
    id: int
    exam_id: int
    exam_version: int
    key_version: int
    # The numbers of its questions; None: all of the exam's.
    drawn: list[int] | None


@dataclass(frozen=True)
class _Item:
    exam_id: int
    question_number: int
    sub_part: str
    kind: str
    key: dict[str, Any]
    points: Decimal


@dataclass(frozen=True)
class _Answer:
    sitting_id: int
    question_number: int
    sub_part: str
    answer: Any


@dataclass(frozen=True)
class Result:
    session_id: int
    exam_id: int
    title: str
    attempt_number: int
    started_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    points: Decimal | None
    max_points: Decimal | None
    # Items that wait for a person to mark them.
    unmarked: int | None
    marked_at: datetime | None
    release: str
    release_at: datetime | None
    server_time: datetime
    is_released: bool


@dataclass(frozen=True)
class MarkedItem:
    question_number: int
    sub_part: str
    kind: str
    points: Decimal | None
    max_points: Decimal
    answer: Any
    # Where the exam shows it: see `breakdown`.
    key: dict[str, Any] | None = None

    @property
    def verdict(self) -> str:
        """right, partly, wrong, blank, void if worth nothing, unmarked while it waits for a person."""
        if not self.max_points:
            return "void"
        if self.points is None:
            return "unmarked"
        if self.answer in (None, "", [], {}):
            return "blank"
        if self.points >= self.max_points:
            return "right"
        return "partly" if self.points > 0 else "wrong"


async def score_sittings(conn: Connection, sittings: Sequence[tuple[int, int]]) -> int:
    """Mark these (candidate_id, sitting_id) by their exams' keys as they are now; give how many.

    Safe to repeat, and right after a repeat: marks and results are replaced by what the same answers and
    keys give. A sitting that is still open is left out. Eight statements, however many sittings. Each result
    says by which version of the key, and marks of an older version never replace those of a newer one. What
    waits for a person is in the queue of those who mark with the same commit.
    """
    wanted = {"candidate_ids": [c for c, _ in sittings], "sitting_ids": [s for _, s in sittings]}
    closed = await many(conn, SQL.closed_sittings, _Sitting, **wanted)
    items: dict[int, list[_Item]] = defaultdict(list)
    for item in await many(
        conn, SQL.items_with_keys, _Item, exam_ids=list({sitting.exam_id for sitting in closed})
    ):
        items[item.exam_id].append(item)
    answers = {
        (answer.sitting_id, answer.question_number, answer.sub_part): answer.answer
        for answer in await many(conn, SQL.answers_of_sittings, _Answer, **wanted)
    }
    # Pure computing, a few hundred milliseconds at most: beside the event loop, which has deadlines to keep.
    marks = await asyncio.to_thread(_mark_all, closed, items, answers)
    await queue_answers(
        conn,
        sitting_ids=[sitting.id for sitting in closed],
        waiting=[(m[0], m[1], m[2], m[3]) for m in marks if m[4] is None],
    )
    await run(
        conn,
        SQL.upsert_marks,
        candidate_ids=[m[0] for m in marks],
        sitting_ids=[m[1] for m in marks],
        question_numbers=[m[2] for m in marks],
        sub_parts=[m[3] for m in marks],
        points=[m[4] for m in marks],
        max_points=[m[5] for m in marks],
    )
    marked = {
        "candidate_ids": [sitting.candidate_id for sitting in closed],
        "sitting_ids": [sitting.id for sitting in closed],
        "key_versions": [sitting.key_version for sitting in closed],
    }
    await run(conn, SQL.keep_replaced, **marked)
    return await run(
        conn,
        SQL.upsert_results,
        exam_ids=[sitting.exam_id for sitting in closed],
        exam_versions=[sitting.exam_version for sitting in closed],
        **marked,
    )


def _mark_all(
    sittings: Sequence[_Sitting],
    items: Mapping[int, Sequence[_Item]],
    answers: Mapping[tuple[int, int, str], Any],
) -> list[tuple[int, int, int, str, Decimal | None, Decimal]]:
    """Candidate, sitting, question, part, points (None: for a person to give), most points of every item."""
    # Of a hundred candidates most give the same few answers to an item: each is marked once.
    known: dict[tuple[int, int, str, str], Decimal | None] = {}

    def points_of(sitting: _Sitting, item: _Item) -> Decimal | None:
        answer = answers.get((sitting.id, item.question_number, item.sub_part))
        if not isinstance(answer, str):
            return mark(item.kind, item.key, item.points, answer)
        slot = (item.exam_id, item.question_number, item.sub_part, answer)
        if slot not in known:
            known[slot] = mark(item.kind, item.key, item.points, answer)
        return known[slot]

    return [
        (
            sitting.candidate_id,
            sitting.id,
            item.question_number,
            item.sub_part,
            points_of(sitting, item),
            item.points,
        )
        for sitting in sittings
        for item in items[sitting.exam_id]
        if sitting.drawn is None or item.question_number in sitting.drawn
    ]


async def look_up_result(conn: Connection, *, sitting_id: int, candidate_id: int) -> Result:
    """Where a sitting stands, marked or not, released or not; somebody else's does not exist.

    The caller shows points only when `is_released`; `find_result` sees to that.
    """
    found = await maybe(conn, SQL.result_of, Result, sitting_id=sitting_id, candidate_id=candidate_id)
    if found is None:
        raise SessionNotFound
    return found


async def find_result(
    conn: Connection, *, sitting_id: int, candidate_id: int
) -> tuple[Result, list[MarkedItem]]:
    """The candidate's own result with its breakdown, once it is handed in, released and marked."""
    result = await look_up_result(conn, sitting_id=sitting_id, candidate_id=candidate_id)
    if result.closed_at is None:
        raise StillInProgress
    if not result.is_released:
        when = {"release_at": rfc3339(result.release_at)} if result.release_at else {}
        raise ResultsNotReleased(server_time=rfc3339(result.server_time), **when)
    if result.marked_at is None:
        raise ResultsNotReady
    marked = await many(conn, SQL.breakdown, MarkedItem, sitting_id=sitting_id, candidate_id=candidate_id)
    return result, marked
