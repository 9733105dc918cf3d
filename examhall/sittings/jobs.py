"""Background work on sittings: who was connected is forgotten once nobody looks at it any more."""

from procrastinate import App

from examhall.base.db import Database
from examhall.base.tries import TRIES
from examhall.sittings.presence import forget_old_presence


def add_jobs(jobs: App, database: Database) -> None:
    @jobs.periodic(cron="17 3 * * *")
    @jobs.task(name="forget_old_presence", queueing_lock="forget_old_presence", retry=TRIES)
    async def _forget_old_presence(timestamp: int) -> None:
        async with database.transaction() as conn:
            await forget_old_presence(conn)
