"""Starting a sitting, and coming back to it on another device."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from examhall.base.db import Connection, Database, many, maybe
from examhall.base.errors import Overloaded
from examhall.base.shared_transaction import SharedTransaction
from examhall.base.sqlfile import beside
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.availabilities import Availabilities
from examhall.sittings.availability import availability_of_exam

SQL = beside(__file__)

# A positive integer column.
SEEDS = 2**31
# Authors save once in a while, not again and again within the moment that a try takes.
TRIES = 8
# And of those who start together: each by themselves would wait for one of the pool's few connections.
TRIES_TOGETHER = 2


class ExamChanging(Overloaded):
    """The exam is being changed this moment. Please try again."""


@dataclass(frozen=True)
class Sitting:
    candidate_id: int
    id: int
    exam_id: int
    attempt_number: int
    seed: int
    started_at: datetime
    deadline_at: datetime
    # deadline_at and the exam's grace: saves received until then count.
    closes_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    # Its clock stands still since then.
    paused_at: datetime | None
    # The numbers of the questions drawn for it; None: the whole exam. It never changes.
    drawn: list[int] | None
    server_time: datetime

    @property
    def status(self) -> str:
        return "in_progress" if self.closed_at is None else "submitted"


@dataclass(frozen=True)
class StoredAnswer:
    question_number: int
    sub_part: str
    answer: Any
    revision: int
    saved_at: datetime


class Started(NamedTuple):
    sitting: Sitting
    is_new: bool

    @property
    def noted_as(self) -> str:
        """What the event log calls it."""
        return "sitting_started" if self.is_new else "sitting_resumed"


class Wanted(NamedTuple):
    """Somebody who wants to sit an exam."""

    candidate_id: int
    exam_id: int


async def start_sittings(conn: Connection, wanted: Sequence[Wanted]) -> list[Started | None]:
    """For each: the sitting that was opened, the one already in progress, or None where it may not be.

    However many requests arrive at once, one sitting is opened for a candidate and an exam: the unique index
    `one_open_sitting` decides, and the losers are given the winner's. The deadline is fixed here, on the
    database's clock: the lesser of start + duration and the end of the window. So are the questions that
    are drawn from pools, each set of as many equally likely. Four statements at most.
    """
    found: dict[Wanted, Started] = {}
    for _ in range(TRIES_TOGETHER):
        missing = [each for each in wanted if each not in found]
        if not missing:
            break
        columns = {
            "candidate_ids": [each.candidate_id for each in missing],
            "exam_ids": [each.exam_id for each in missing],
        }
        seeds = [secrets.randbelow(SEEDS) for _ in missing]
        for sitting in await many(conn, SQL.open_sittings, Sitting, seeds=seeds, **columns):
            found[Wanted(sitting.candidate_id, sitting.exam_id)] = Started(sitting, is_new=True)
        if all(each in found for each in missing):
            break
        # The insert waited for whoever was first, so a winner's row is visible to this statement.
        for sitting in await many(conn, SQL.running_sittings, Sitting, **columns):
            found.setdefault(Wanted(sitting.candidate_id, sitting.exam_id), Started(sitting, is_new=False))
    # Of two in this batch for the same sitting, one opened it.
    news = set[Wanted]()
    outcomes: list[Started | None] = []
    for each in wanted:
        started = found.get(each)
        if started is not None and each in news:
            started = Started(started.sitting, is_new=False)
        news.add(each)
        outcomes.append(started)
    return outcomes


async def start_sitting(conn: Connection, *, exam_id: int, candidate_id: int) -> Started:
    """Open a sitting or give back the one in progress; who may not start is told why."""
    for _ in range(TRIES):
        [started] = await start_sittings(conn, [Wanted(candidate_id, exam_id)])
        if started is not None:
            return started
        availability = await availability_of_exam(conn, exam_id=exam_id, candidate_id=candidate_id)
        if not availability.can_start:
            raise availability.refusal()
        # An author's change was in between: the next look is at the exam as it is now.
    raise ExamChanging


class Starts:
    """Where a thousand candidates start in the same second: those who arrive together share a commit."""

    def __init__(self, database: Database, availabilities: Availabilities | None = None) -> None:
        self._database = database
        self._availabilities = availabilities
        # One for each exam: who starts an exam that is held this moment keeps nobody else waiting.
        self._of_exam: dict[int, SharedTransaction[Wanted, Started | None]] = {}

    async def start(self, *, exam_id: int, candidate_id: int) -> Started:
        """As `start_sitting`, given back after the commit."""
        started = await self._start(exam_id=exam_id, candidate_id=candidate_id)
        if self._availabilities is not None:
            self._availabilities.drop(exam_id=exam_id, candidate_id=candidate_id)
        return started

    async def _start(self, *, exam_id: int, candidate_id: int) -> Started:
        shared = self._of_exam.get(exam_id)
        if shared is None:
            shared = self._of_exam[exam_id] = SharedTransaction(self._database, start_sittings)
        try:
            started = await shared.submit(Wanted(candidate_id, exam_id))
        finally:
            if shared.is_idle and self._of_exam.get(exam_id) is shared:
                del self._of_exam[exam_id]
        if started is not None:
            return started
        # Why not, or after all: what was in the way may just have gone.
        async with self._database.transaction() as conn:
            return await start_sitting(conn, exam_id=exam_id, candidate_id=candidate_id)


async def find_sitting(conn: Connection, *, sitting_id: int, candidate_id: int) -> Sitting:
    """The candidate's own sitting; somebody else's does not exist."""
    found = await maybe(conn, SQL.sitting, Sitting, sitting_id=sitting_id, candidate_id=candidate_id)
    if found is None:
        raise SessionNotFound
    return found


async def answers_so_far(conn: Connection, sitting: Sitting) -> list[StoredAnswer]:
    return await many(
        conn,
        SQL.answers_of,
        StoredAnswer,
        candidate_id=sitting.candidate_id,
        sitting_id=sitting.id,
    )
