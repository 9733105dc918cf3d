"""May this person start this exam now, and if not, why not?"""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, many, maybe
from examhall.base.errors import Conflict, NotFound, Refusal
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class ExamNotFound(NotFound):
    """There is no such exam, or it is not yours to sit."""


class NotYetOpen(Refusal):
    """This exam has not opened yet."""


class WindowClosed(Refusal):
    """This exam is over."""


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
        return None


async def availability_of_exam(conn: Connection, *, exam_id: int, candidate_id: int) -> Availability:
    found = await maybe(
        conn, SQL.availability_of_exam, Availability, exam_id=exam_id, candidate_id=candidate_id
    )
    if found is None or not found.is_admitted:
        raise ExamNotFound
    return found


@dataclass(frozen=True)
class _ExamId:
    id: int


async def exam_of_test_type(
    conn: Connection, *, test_type: str, candidate_id: int, only_exam_id: int | None
) -> int:
    """The exam meant by a test type for this person: the one open now, else the next, else the last."""
    found = await maybe(
        conn,
        SQL.exam_of_test_type,
        _ExamId,
        test_type=test_type,
        candidate_id=candidate_id,
        only_exam_id=only_exam_id,
    )
    if found is None:
        raise ExamNotFound
    return found.id


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
