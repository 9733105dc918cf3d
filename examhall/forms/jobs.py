"""Background work on forms: files that belong to nothing go."""

from procrastinate import App

from examhall.base.db import Database
from examhall.base.storage import Storage
from examhall.base.tries import TRIES
from examhall.forms.files import discard_loose_files


def add_jobs(jobs: App, database: Database, storage: Storage) -> None:
    @jobs.task(name="discard_loose_files", retry=TRIES)
    async def _discard_loose_files() -> None:
        await discard_loose_files(database, storage)

    @jobs.periodic(cron="*/10 * * * *")
    @jobs.task(name="discard_abandoned_files", queueing_lock="discard_abandoned_files")
    async def _discard_abandoned_files(timestamp: int) -> None:
        await discard_loose_files(database, storage)
