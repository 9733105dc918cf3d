"""Starting a sitting, and coming back to it on another device."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from examhall.base.db import Connection, many, maybe
from examhall.base.sqlfile import beside
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.availability import availability_of_exam

SQL = beside(__file__)

# A positive integer column.
SEEDS = 2**31


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


async def start_sitting(conn: Connection, *, exam_id: int, candidate_id: int) -> Started:
    """Open a sitting, or give back the one in progress.

    However many requests arrive at once, one sitting is opened: the unique index `one_open_sitting`
    decides, and the losers are given the winner's. Its deadline is fixed here, on the database's clock:
    the lesser of start + duration and the end of the window. Who may not start is told why.
    """
    opened = await maybe(
        conn,
        SQL.open_sitting,
        Sitting,
        candidate_id=candidate_id,
        exam_id=exam_id,
        seed=secrets.randbelow(SEEDS),
    )
    if opened is not None:
        return Started(opened, is_new=True)
    # The insert waited for whoever was first, so a winner's row is visible to this statement.
    if running := await maybe(conn, SQL.open_sitting_of, Sitting, candidate_id=candidate_id, exam_id=exam_id):
        return Started(running, is_new=False)
    availability = await availability_of_exam(conn, exam_id=exam_id, candidate_id=candidate_id)
    raise availability.refusal()


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
