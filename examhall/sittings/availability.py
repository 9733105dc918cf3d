"""May this person start this exam now, and if not, why not?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, many
from examhall.base.errors import Conflict, NotFound, Refusal
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class ExamNotFound(NotFound):
    """There is no such exam, or it is not yours to sit."""


class NotYetOpen(Refusal):
    """This exam has not opened yet."""


class WindowClosed(Refusal):
    """This exam is over."""


class ExamPaused(Conflict):
    """This exam is paused. Please wait until it goes on."""


class NoAttemptsLeft(Conflict):
    """You have used all the attempts that this exam allows."""


class AttemptInProgress(Conflict):
    """You are already sitting this exam; go on where you left off."""


@dataclass(frozen=True)
class Availability:
    exam_id: int
    title: str
    kind: str
    test_type: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    attempts_allowed: int
    attempts_used: int
    open_sitting_id: int | None
    server_time: datetime
    is_admitted: bool
    is_paused: bool

    @property
    def reason(self) -> str | None:
        """Why a start would be refused now, as a stable word; None when it would not."""
        refusal = self._refusal()
        return refusal.code if refusal else None

    @property
    def can_start(self) -> bool:
        return self._refusal() is None

    def refusal(self) -> Refusal:
        # Between the start that was refused and this look at why, the reason may have gone.
        return self._refusal() or AttemptInProgress()

    def _refusal(self) -> Refusal | None:
        if not self.is_admitted:
            return ExamNotFound()
        if self.open_sitting_id is not None:
            return AttemptInProgress()
        if self.opens_at is not None and self.server_time < self.opens_at:
            return NotYetOpen(opens_at=rfc3339(self.opens_at), server_time=rfc3339(self.server_time))
        if self.closes_at is not None and self.server_time >= self.closes_at:
            return WindowClosed(closes_at=rfc3339(self.closes_at), server_time=rfc3339(self.server_time))
        if self.attempts_used >= self.attempts_allowed:
            return NoAttemptsLeft()
        if self.is_paused:
            return ExamPaused()
        return None


@dataclass(frozen=True)
class _Found(Availability):
    # Whose question it answers, counted from 1.
    n: int


@dataclass(frozen=True)
class _Chosen:
    n: int
    exam_id: int


class OfExam(NamedTuple):
    """Somebody asks of an exam."""

    candidate_id: int
    exam_id: int


class OfTestType(NamedTuple):
    """Somebody asks of a kind of test; with a ticket, of the ticket's exam alone."""

    candidate_id: int
    test_type: str
    only_exam_id: int | None


async def availabilities(conn: Connection, asked: Sequence[OfExam]) -> list[Availability | None]:
    """Of each; None where there is no such exam, or not for them. One statement, however many ask."""
    found = await many(
        conn,
        SQL.availabilities,
        _Found,
        candidate_ids=[each.candidate_id for each in asked],
        exam_ids=[each.exam_id for each in asked],
    )
    by_question = {each.n: each for each in found if each.is_admitted}
    return [by_question.get(n) for n in range(1, len(asked) + 1)]


async def exams_of_test_types(conn: Connection, asked: Sequence[OfTestType]) -> list[int | None]:
    """For each the exam that is meant: the one open now, else the next, else the last. One statement."""
    chosen = await many(
        conn,
        SQL.exams_of_test_types,
        _Chosen,
        candidate_ids=[each.candidate_id for each in asked],
        test_types=[each.test_type for each in asked],
        only_exam_ids=[each.only_exam_id for each in asked],
    )
    by_question = {each.n: each.exam_id for each in chosen}
    return [by_question.get(n) for n in range(1, len(asked) + 1)]


async def availability_of_exam(conn: Connection, *, exam_id: int, candidate_id: int) -> Availability:
    [found] = await availabilities(conn, [OfExam(candidate_id, exam_id)])
    if found is None:
        raise ExamNotFound
    return found


async def exam_of_test_type(
    conn: Connection, *, test_type: str, candidate_id: int, only_exam_id: int | None
) -> int:
    """The exam meant by a test type for this person: the one open now, else the next, else the last."""
    [found] = await exams_of_test_types(conn, [OfTestType(candidate_id, test_type, only_exam_id)])
    if found is None:
        raise ExamNotFound
    return found


async def my_exams(
    conn: Connection, *, candidate_id: int, only_exam_id: int | None, before_id: int, limit: int
) -> list[Availability]:
    """What this person may sit, the newest first; a ticket's holder sees the ticket's exam alone."""
    return await many(
        conn,
        SQL.my_exams,
        Availability,
        candidate_id=candidate_id,
        only_exam_id=only_exam_id,
        before_id=before_id,
        limit=limit,
    )
