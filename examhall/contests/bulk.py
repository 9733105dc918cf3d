"""Many students or many contests in one query, whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.contests.submissions import NoSuchContest

SQL = beside(__file__)


@dataclass(frozen=True)
class CheckedStudent:
    student_id: int
    # unknown_student, account_closed, course_inactive, not_enrolled, enrolment_inactive or not_assigned.
    reason: str | None
    has_submitted: bool


@dataclass(frozen=True)
class ContestStats:
    contest_id: int
    enrolled: int
    started: int
    submitted: int
    average: Decimal | None
    median: Decimal | None
    highest: Decimal | None
    lowest: Decimal | None
    max_points: Decimal | None


@dataclass(frozen=True)
class MySubmission:
    contest_id: int
    submission_id: int
    status: str
    started_at: datetime
    submitted_at: datetime | None
    # Once they are released.
    points: Decimal | None
    max_points: Decimal | None


async def validate_students(
    conn: Connection, *, contest_id: int | None, course_id: int | None, student_ids: Sequence[int]
) -> list[CheckedStudent]:
    """Which of these may sit the contest, or any exam of the course; each once. One query.

    With both, the contest must be one of the course. `student_ids` are not none.
    """
    found = await many(
        conn,
        SQL.validate_students,
        CheckedStudent,
        contest_id=contest_id,
        course_id=course_id,
        student_ids=list(student_ids),
    )
    if not found:
        raise NoSuchContest
    return found


async def stats_of(conn: Connection, contest_ids: Sequence[int]) -> list[ContestStats]:
    """How each contest went so far, of those that there are. One query."""
    return await many(conn, SQL.stats_of, ContestStats, contest_ids=list(contest_ids))


async def my_submissions(
    conn: Connection,
    *,
    candidate_id: int,
    contest_ids: Sequence[int] | None,
    only_exam_id: int | None,
    limit: int,
) -> list[MySubmission]:
    """What this person has begun or handed in, of these contests or of all, the newest first. One query."""
    return await many(
        conn,
        SQL.my_submissions,
        MySubmission,
        candidate_id=candidate_id,
        contest_ids=None if contest_ids is None else list(contest_ids),
        only_exam_id=only_exam_id,
        limit=limit,
    )
