"""Saving answers: the rule of the hottest path. Many candidates' saves share one statement and one commit."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from examhall.base import packed
from examhall.base.db import Connection, maybe
from examhall.base.errors import Conflict, NotFound, Refusal
from examhall.base.sqlfile import beside
from examhall.base.statements import STATEMENTS

SQL = beside(__file__)


class SessionNotFound(NotFound):
    """There is no such session, or it is not yours."""


class AlreadySubmitted(Conflict):
    """This exam has been handed in; its answers can no longer change."""


class TimeExpired(Refusal):
    """The time for this exam is over; this answer arrived too late to be counted."""


# The revision of an answer whose client counts none: it comes after whatever is stored when it arrives.
IN_ORDER_OF_ARRIVAL = 0


class Answer(NamedTuple):
    question_number: int
    sub_part: str
    answer: bytes  # JSON
    revision: int


@dataclass(slots=True, frozen=True)
class Save:
    """One request's answers: all of them are stored, or none."""

    candidate_id: int
    sitting_id: int
    answers: Sequence[Answer]
    # On this process's monotonic clock: time is judged by when the request came in, so what it
    # waits in our queue is never held against it.
    received: float = field(default_factory=time.monotonic)


class Saved(NamedTuple):
    deadline_at: datetime
    saved_at: datetime


REFUSALS: dict[str, type[Refusal]] = {
    "session_not_found": SessionNotFound,
    "already_submitted": AlreadySubmitted,
    "time_expired": TimeExpired,
}


async def save_batch(conn: Connection, batch: Sequence[Save]) -> list[Saved | Refusal]:
    """Store the answers of many requests in one statement; for each request say what became of it.

    Safe to repeat and to reorder: of each answer the highest revision stays, whatever arrives first,
    within one batch too. Every accepted change is also appended to the history. A request for a sitting
    that is closed, past its time or somebody else's changes nothing and is told which.
    """
    now = time.monotonic()
    candidate_ids: list[int] = []
    sitting_ids: list[int] = []
    numbers: list[int] = []
    parts: list[str] = []
    answers: list[bytes] = []
    revisions: list[int] = []
    ages_us: list[int] = []
    for save in batch:
        age_us = int((now - save.received) * 1e6)
        for each in save.answers:
            candidate_ids.append(save.candidate_id)
            sitting_ids.append(save.sitting_id)
            numbers.append(each.question_number)
            parts.append(each.sub_part)
            answers.append(each.answer)
            revisions.append(each.revision)
            ages_us.append(age_us)
    # Values in bulk and by position: on this path even the query verbs of base/db.py would be felt.
    began = time.perf_counter()
    cursor = await conn.execute(
        SQL.save_batch.text,
        {
            "candidate_ids": packed.bigints(candidate_ids),
            "sitting_ids": packed.bigints(sitting_ids),
            "question_numbers": packed.smallints(numbers),
            "sub_parts": packed.texts(parts),
            "answers": packed.jsonbs(answers),
            "revisions": packed.bigints(revisions),
            "ages_us": packed.bigints(ages_us),
        },
        binary=True,
    )
    rows = await cursor.fetchall()
    STATEMENTS.note(SQL.save_batch.label, began, len(rows))
    outcomes: list[Saved | Refusal] = []
    row = 0
    for save in batch:
        refusal, deadline_at, saved_at = rows[row]
        outcomes.append(REFUSALS[refusal]() if refusal else Saved(deadline_at, saved_at))
        row += len(save.answers)
    return outcomes


@dataclass(frozen=True)
class _Sat:
    exam_id: int
    drawn: list[int] | None


async def what_is_sat(
    conn: Connection, *, sitting_id: int, candidate_id: int
) -> tuple[int, list[int] | None]:
    """Which exam the candidate's own sitting is of, and the questions drawn for it; neither ever changes."""
    found = await maybe(conn, SQL.what_is_sat, _Sat, sitting_id=sitting_id, candidate_id=candidate_id)
    if found is None:
        raise SessionNotFound
    return found.exam_id, found.drawn


async def exam_of_sitting(conn: Connection, *, sitting_id: int, candidate_id: int) -> int:
    """Which exam the candidate's own sitting is of; that never changes."""
    exam_id, _ = await what_is_sat(conn, sitting_id=sitting_id, candidate_id=candidate_id)
    return exam_id
