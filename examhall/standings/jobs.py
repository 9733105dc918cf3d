"""Background work on standings: exams are rated, streaks and topics counted, achievements given."""

import psycopg
import structlog
from procrastinate import App

from examhall.base.db import Database, Unavailable
from examhall.base.tries import TRIES
from examhall.standings.achievements import award_due
from examhall.standings.levels import settle_streak_levels
from examhall.standings.ratings import list_exams_to_settle, rate_exam
from examhall.standings.streaks import follow_series
from examhall.standings.topics import summarise_topics

log = structlog.get_logger()


def add_jobs(jobs: App, database: Database) -> None:
    @jobs.task(name="rate_exam", retry=TRIES)
    async def _rate_exam(exam_id: int, key_version: int) -> None:
        # First, for achievements are given once, for streaks as well.
        await _follow_series(database, exam_id)
        async with database.transaction() as conn:
            await rate_exam(conn, exam_id=exam_id, key_version=key_version)
        await _award_achievements(database)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="rate_what_was_released", queueing_lock="rate_what_was_released")
    async def _rate_what_was_released(timestamp: int) -> None:
        async with database.connection() as conn:
            exams = await list_exams_to_settle(conn)
        for exam in exams:
            try:
                # The minute may be full before the exam's own job has begun.
                await _follow_series(database, exam.exam_id)
                async with database.transaction() as conn:
                    await rate_exam(conn, exam_id=exam.exam_id, key_version=exam.key_version)
            except (Unavailable, psycopg.Error) as error:
                # In a minute again; the others are not to wait for it.
                log.warning("an exam could not be rated", exam_id=exam.exam_id, error=str(error).strip())
        # After a start with another table of rules, of all past exams.
        await _award_achievements(database)


async def _follow_series(database: Database, exam_id: int) -> None:
    async with database.transaction() as conn:
        if await follow_series(conn, exam_id):
            await settle_streak_levels(conn, exam_id=exam_id)
    async with database.transaction() as conn:
        await summarise_topics(conn, exam_id)


async def _award_achievements(database: Database) -> None:
    looked_at = 1
    while looked_at:
        async with database.transaction() as conn:
            looked_at = await award_due(conn)
