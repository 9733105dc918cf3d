"""The job worker, with the jobs that the rest of the application enqueues."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from procrastinate.exceptions import AlreadyEnqueued

from examhall.base.db import Database
from examhall.base.jobs import enqueue
from examhall.settings import Settings
from examhall.sittings.close import close_due
from examhall.standings.levels import take_turn
from examhall.worker import create_jobs, work
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
        await jobs.run_worker_async(queues=["marking"], wait=False, install_signal_handlers=False)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT count(*), count(DISTINCT xmin::text) FROM results")
        assert await cursor.fetchone() == (250, 3)


async def statuses(database: Database) -> list[tuple[str, str]]:
    async with database.connection() as conn:
        cursor = await conn.execute("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
        return [(name, status) for name, status in await cursor.fetchall()]


async def test_whatever_is_on_the_schedule_succeeds_where_there_is_nothing_to_do(
    database: Database, tmp_path: Path
) -> None:
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), database)
    names = {name for name, _ in jobs.periodic_registry.periodic_tasks}
    assert {
        "forget_old_sign_ins",
        "sweep_exam_files",
        "forget_old_presence",
        "keep_house",
        "seal_audit",
    } <= names
    async with jobs.open_async():
        for name in names:
            await jobs.tasks[name].defer_async(timestamp=0)
        await jobs.run_worker_async(wait=False, install_signal_handlers=False)
    assert {status for _, status in await statuses(database)} == {"succeeded"}


async def test_what_a_dead_worker_held_never_keeps_other_jobs_from_starting_again(
    database: Database, tmp_path: Path
) -> None:
    """By then the next report job waits, under the same queueing lock and for the lock of the dead one's."""
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), database)
    async with jobs.open_async():
        await jobs.tasks["make_reports"].defer_async(timestamp=0)
        async with database.transaction() as conn:
            await enqueue(conn, "score_sittings", [{"sittings": []}])
            await conn.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        await jobs.tasks["make_reports"].defer_async(timestamp=1)
        await jobs.tasks["retry_stalled_jobs"](timestamp=0)
    assert await statuses(database) == [
        ("make_reports", "aborted"),
        ("score_sittings", "todo"),
        ("make_reports", "todo"),
    ]


async def test_a_minutes_job_that_fails_while_the_next_one_waits_lets_go_of_its_lock(
    database: Database, tmp_path: Path
) -> None:
    gone = Database("postgresql://127.0.0.1:1/gone")
    await gone.open()
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), gone)
    async with jobs.open_async():
        await jobs.tasks["make_reports"].defer_async(timestamp=0)
        worker = asyncio.create_task(
            jobs.run_worker_async(queues=["default"], wait=False, install_signal_handlers=False)
        )
        while ("make_reports", "doing") not in await statuses(database):
            await asyncio.sleep(0.01)
        with suppress(AlreadyEnqueued):
            await jobs.tasks["make_reports"].defer_async(timestamp=1)
        await worker
    await gone.close()
    assert (await statuses(database))[0] == ("make_reports", "failed")


async def test_marking_does_not_wait_for_what_else_is_done(database: Database, tmp_path: Path) -> None:
    """Ratings of three exams are held up; who hands in meanwhile is marked."""
    stopping = asyncio.Event()
    async with await psycopg.AsyncConnection.connect(database.dsn) as busy:
        await take_turn(busy)
        async with database.transaction() as conn:
            exam_id = await add_exam(conn)
            await enqueue(conn, "rate_exam", [{"exam_id": exam_id, "key_version": 1}] * 3)
            await add_seat(conn, exam_id=exam_id, closes_in_s=-1)
        settings = replace(Settings(data=tmp_path), database_url=database.dsn)
        worker = asyncio.create_task(work(settings, stopping))
        try:
            async with asyncio.timeout(20):
                marked = 0
                while not marked:
                    await asyncio.sleep(0.05)
                    async with database.connection() as conn:
                        cursor = await conn.execute("SELECT count(*) FROM results")
                        [marked] = await cursor.fetchone() or [0]
        finally:
            await busy.rollback()
            stopping.set()
            await worker
    assert marked == 1
