"""What went on in an exam, counted in the background: arrivals, saves, hand-ins, and the time per question.

Pages read what was counted, never the events or the history themselves, and say when it was.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import structlog

from examhall.base.db import Connection, Database, Unavailable, many, maybe, one, run
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

log = structlog.get_logger()

SQL = beside(__file__)

# Where nothing happened for longer, nothing new is to be counted.
RECENT = timedelta(minutes=15)
# A save may be committed some seconds after it was received: those minutes are counted again.
AGAIN = timedelta(minutes=2)
# Of a test that is open for years, the newest sittings tell about the questions.
NEWEST = 20_000
# While an exam runs, the time per question is taken from so many of its sittings: their saves are sorted, and
# a million of them would take seconds of the machine that is busy with the exam.
TIMED_WHILE_RUNNING = 1_000
# ... and no more often: with a million saves even that took two seconds of a core.
TIMED_AGAIN_AFTER = timedelta(minutes=15)
# Exams in the list.
SHOWN = 50


class ActivityNotFound(NotFound):
    """There is no such exam."""


@dataclass(frozen=True)
class _Exam:
    exam_id: int


@dataclass(frozen=True)
class _Extent:
    now: datetime
    sittings: int
    first_at: datetime | None
    newest_first_at: datetime | None
    newest_last_at: datetime | None
    open: int
    computed_at: datetime | None
    # When the time per question was taken last.
    timed_at: datetime | None

    @property
    def is_to_be_timed(self) -> bool:
        """Of an exam that is over always: what was taken while it ran is not the whole."""
        return not self.open or self.timed_at is None or self.now - self.timed_at >= TIMED_AGAIN_AFTER


@dataclass(frozen=True)
class Counts:
    """Of ten seconds."""

    at: datetime
    sign_ins: int
    # People seen for the first time.
    arrivals: int
    starts: int
    saves: int
    hand_ins: int
    # Handed in for.
    closes: int
    refusals: int
    looks: int
    # Sittings that saved within the minute that begins here.
    active: int


@dataclass(frozen=True)
class FiveMinutes:
    at: datetime
    arrivals: int
    starts: int
    saves: int
    ended: int


@dataclass(frozen=True)
class QuestionTime:
    question_number: int
    sittings: int
    lower_s: float
    median_s: float
    upper_s: float


@dataclass(frozen=True)
class ExamActivity:
    exam_id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    # None: nothing was counted yet.
    computed_at: datetime | None
    took_s: float | None
    sittings: int | None
    timed_sittings: int | None
    lost_events: int | None
    now: datetime
    assigned: int


@dataclass(frozen=True)
class Busy:
    exam_id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    computed_at: datetime
    sittings: int
    arrivals: int
    saves: int
    ended: int
    # In the busiest ten seconds.
    busiest_saves: int
    last_at: datetime | None


async def roll_up_activity(database: Database) -> int:
    """Count what is new in every exam where something happened; give how many exams that were.

    A transaction per exam: what was counted is seen at once, and one that fails keeps no other from it.
    """
    async with database.transaction() as conn:
        exams = await many(conn, SQL.exams_to_roll_up, _Exam, recent=RECENT)
    for exam in exams:
        try:
            async with database.transaction() as conn:
                await roll_up_exam(conn, exam_id=exam.exam_id)
        except (Unavailable, psycopg.Error) as error:
            log.warning("an exam could not be counted", exam_id=exam.exam_id, error=str(error).strip())
    return len(exams)


async def roll_up_exam(conn: Connection, *, exam_id: int) -> None:
    """Bring an exam's counts up to date. A repeat changes nothing; so does one beside another."""
    began = time.monotonic()
    await run(conn, SQL.hold_rollup, exam_id=exam_id)
    extent = await one(conn, SQL.extent, _Extent, exam_id=exam_id, newest=NEWEST)
    await run(conn, SQL.count_events, exam_id=exam_id)
    timed = None
    if extent.first_at is not None:
        since = extent.first_at if extent.computed_at is None else extent.computed_at - AGAIN
        await run(conn, SQL.count_saves, exam_id=exam_id, since=since.replace(second=0, microsecond=0))
        if extent.is_to_be_timed:
            timed = await _time_questions(conn, exam_id, extent)
    await run(
        conn,
        SQL.keep_rollup,
        exam_id=exam_id,
        computed_at=extent.now,
        took_s=time.monotonic() - began,
        sittings=extent.sittings,
        timed_sittings=timed,
    )


async def _time_questions(conn: Connection, exam_id: int, extent: _Extent) -> int:
    most = TIMED_WHILE_RUNNING if extent.open else NEWEST
    await run(conn, SQL.forget_question_times, exam_id=exam_id)
    await run(
        conn,
        SQL.time_questions,
        exam_id=exam_id,
        newest=NEWEST,
        most=most,
        since=extent.newest_first_at,
        until=extent.newest_last_at,
    )
    return min(extent.sittings, most)


async def exam_activity(conn: Connection, *, exam_id: int) -> ExamActivity:
    found = await maybe(conn, SQL.exam_activity, ExamActivity, exam_id=exam_id)
    if found is None:
        raise ActivityNotFound
    return found


async def counts_of(conn: Connection, *, exam_id: int) -> list[Counts]:
    """In the order of time; tens of seconds in which nothing happened are not there."""
    return await many(conn, SQL.counts_of, Counts, exam_id=exam_id)


async def question_times_of(conn: Connection, *, exam_id: int) -> list[QuestionTime]:
    return await many(conn, SQL.question_times_of, QuestionTime, exam_id=exam_id)


async def recent_counts(conn: Connection) -> list[FiveMinutes]:
    """Of the last day and all exams, in the order of time; where nothing happened, nothing is there."""
    return await many(conn, SQL.recent_counts, FiveMinutes)


async def busiest_exams(conn: Connection) -> list[Busy]:
    """The exams in which something happened, the latest first."""
    return await many(conn, SQL.busiest_exams, Busy, limit=SHOWN)
