"""Background work on events: what happened in exams is counted."""

from procrastinate import App

from examhall.base.db import Database
from examhall.base.tries import TRIES
from examhall.events.activity import roll_up_activity, roll_up_exam


def add_jobs(jobs: App, database: Database) -> None:
    @jobs.task(name="roll_up_exam", retry=TRIES)
    async def _roll_up_exam(exam_id: int, key_version: int) -> None:
        async with database.transaction() as conn:
            await roll_up_exam(conn, exam_id=exam_id)

    @jobs.periodic(cron="*/3 * * * *")
    @jobs.task(name="roll_up_activity", queueing_lock="roll_up_activity", lock="roll_up_activity")
    async def _roll_up_activity(timestamp: int) -> None:
        await roll_up_activity(database)
