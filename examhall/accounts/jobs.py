"""Background work on accounts: sign-ins that nobody needs any more go."""

from procrastinate import App

from examhall.accounts.sign_in import forget_old_sign_ins
from examhall.base.db import Database
from examhall.base.tries import TRIES


def add_jobs(jobs: App, database: Database) -> None:
    @jobs.periodic(cron="41 * * * *")
    @jobs.task(name="forget_old_sign_ins", queueing_lock="forget_old_sign_ins", retry=TRIES)
    async def _forget_old_sign_ins(timestamp: int) -> None:
        async with database.transaction() as conn:
            await forget_old_sign_ins(conn)
