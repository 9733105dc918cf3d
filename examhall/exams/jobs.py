"""Background work on exams: files of papers and sealed exams that nobody reads any more go."""

from procrastinate import App

from examhall.base.db import Database
from examhall.base.storage import Storage
from examhall.base.tries import TRIES
from examhall.exams.paper_files import sweep_papers
from examhall.exams.sealing import sweep_sealed


def add_jobs(jobs: App, database: Database, storage: Storage) -> None:
    @jobs.periodic(cron="17 3 * * *")
    @jobs.task(name="sweep_exam_files", queueing_lock="sweep_exam_files", retry=TRIES)
    async def _sweep_exam_files(timestamp: int) -> None:
        await sweep_papers(database, storage)
        await sweep_sealed(database, storage)
