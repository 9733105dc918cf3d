"""The job worker, with the jobs that the rest of the application enqueues."""

from dataclasses import replace
from pathlib import Path

import pytest

from examhall.base.db import Database
from examhall.settings import Settings
from examhall.sittings.close import close_due
from examhall.worker import create_jobs
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio


async def test_many_sittings_are_marked_in_several_transactions(database: Database, tmp_path: Path) -> None:
    """However many items the exam has, no statement runs into its limit."""
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        for candidate_id in range(1, 251):
            await add_seat(conn, candidate_id=candidate_id, exam_id=exam_id, closes_in_s=-1)
        assert len(await close_due(conn)) == 250
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), database)
    async with jobs.open_async():
        await jobs.run_worker_async(queues=["default"], wait=False, install_signal_handlers=False)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT count(*), count(DISTINCT xmin::text) FROM results")
        assert await cursor.fetchone() == (250, 3)
