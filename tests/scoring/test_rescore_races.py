"""Corrections, markings and candidates who hand in, all at once: nobody ends with an old key's mark."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examhall.base.db import Database
from examhall.base.errors import SomebodyWasFaster
from examhall.scoring.rescore import apply_correction, rescore_sittings
from examhall.scoring.results import score_sittings
from examhall.settings import Settings
from examhall.sittings.close import submit_sitting
from examhall.worker import create_jobs
from tests.sittings.seats import add_exam

from .corrected import add_everything, answer, correction, jobs, sat_by

pytestmark = pytest.mark.anyio

NOW_B = correction({"change": "key", "question_number": 1, "answer": "B"})
NOW_C = correction({"change": "key", "question_number": 1, "answer": "C"})
ALL = {"first_id": 1, "last_id": 2**62}


@pytest.fixture
async def olga(database: Database) -> int:
    async with database.transaction() as conn:
        cursor = await conn.execute(
            "INSERT INTO people (username, full_name) VALUES ('olga', 'Olga') RETURNING id"
        )
        return int((await cursor.fetchone())[0])  # type: ignore[index]


async def rows(database: Database, query: str, *parameters: object) -> list[Any]:
    async with database.transaction() as conn:
        return await (await conn.execute(query.encode(), parameters or None)).fetchall()


async def is_waiting_for_a_lock(database: Database) -> None:
    """Until somebody does: then the race is on."""
    async with asyncio.timeout(20):
        while not await rows(
            database,
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        ):
            await asyncio.sleep(0.01)


async def wrong(database: Database) -> int:
    """How many marks of question 1 are not what the key as it is gives."""
    [(count,)] = await rows(
        database,
        """SELECT count(*)
             FROM sittings
             JOIN items ON items.exam_id = sittings.exam_id AND items.question_number = 1
             LEFT JOIN answers ON answers.sitting_id = sittings.id AND answers.question_number = 1
             LEFT JOIN marks ON marks.sitting_id = sittings.id AND marks.question_number = 1
             LEFT JOIN results ON results.sitting_id = sittings.id
             JOIN exams ON exams.id = sittings.exam_id
            WHERE sittings.closed_at IS NOT NULL
              AND (marks.points IS DISTINCT FROM
                   CASE WHEN items.key -> 'correct' @> answers.answer THEN items.points ELSE 0 END
                   OR results.key_version IS DISTINCT FROM exams.key_version)""",
    )
    return int(count)


async def test_a_marking_that_read_the_old_key_is_marked_again(database: Database, olga: int) -> None:
    """It commits after the correction was asked for: the correction waits for it, then finds its sitting."""
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        alices = await answer(conn, exam_id, 1)
    correcting = asyncio.Event()

    async def mark_slowly() -> None:
        async with database.transaction() as conn:
            await score_sittings(conn, [alices])
            correcting.set()
            await is_waiting_for_a_lock(database)

    async def correct() -> int:
        await correcting.wait()
        async with database.transaction() as conn:
            exam = await apply_correction(
                conn, exam_id=exam_id, version=1, correction=NOW_B, corrected_by=olga
            )
        return exam.key_version

    _, key_version = await asyncio.gather(mark_slowly(), correct())
    [job] = await jobs(database, "rescore_sittings")
    assert await wrong(database) == 1
    async with database.transaction() as conn:
        assert await rescore_sittings(conn, **job) == 1
    assert key_version == 2
    assert await wrong(database) == 0


async def test_a_marking_that_comes_during_a_correction_reads_the_new_key(
    database: Database, olga: int
) -> None:
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        alices = await answer(conn, exam_id, 1)
    under_way = asyncio.Event()

    async def correct_slowly() -> None:
        async with database.transaction() as conn:
            await apply_correction(conn, exam_id=exam_id, version=1, correction=NOW_B, corrected_by=olga)
            under_way.set()
            await is_waiting_for_a_lock(database)

    async def mark() -> None:
        await under_way.wait()
        async with database.transaction() as conn:
            await score_sittings(conn, [alices])

    await asyncio.gather(correct_slowly(), mark())
    assert await wrong(database) == 0
    assert await rows(database, "SELECT DISTINCT exam_version, key_version FROM results") == [(2, 2)]


async def test_of_two_authors_at_once_one_corrects(database: Database, olga: int) -> None:
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        await sat_by(conn, exam_id, 3)

    async def correct(what: Any) -> object:
        async with database.transaction() as conn:
            return await apply_correction(
                conn, exam_id=exam_id, version=1, correction=what, corrected_by=olga
            )

    outcomes = await asyncio.gather(*(correct(each) for each in [NOW_B, NOW_C] * 4), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == sorted(
        ["Standing", *[SomebodyWasFaster.__name__] * 7]
    )
    assert await rows(database, "SELECT count(*) FROM key_corrections") == [(1,)]
    assert len(await jobs(database, "rescore_sittings")) == 1


async def test_the_same_chunk_on_four_workers_is_marked_once(database: Database, olga: int) -> None:
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        await sat_by(conn, exam_id, 30)
        await apply_correction(conn, exam_id=exam_id, version=1, correction=NOW_B, corrected_by=olga)

    async def work() -> None:
        more = True
        while more:
            async with database.transaction() as conn:
                more = await rescore_sittings(conn, exam_id=exam_id, key_version=2, **ALL, limit=5) > 0

    await asyncio.gather(*(work() for _ in range(4)))
    assert await wrong(database) == 0
    assert await rows(database, "SELECT count(*), count(DISTINCT sitting_id) FROM result_history") == [
        (30, 30)
    ]


async def test_candidates_hand_in_while_keys_change_and_none_has_an_old_mark(
    database: Database, olga: int, tmp_path: Path
) -> None:
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        open_sittings = [await _answered(conn, exam_id, n) for n in range(1, 61)]
    worker = create_jobs(Settings(data=tmp_path, database_url=database.dsn), database)

    async def hand_in() -> None:
        for candidate_id, sitting_id in open_sittings:
            async with database.transaction() as conn:
                await submit_sitting(conn, sitting_id=sitting_id, candidate_id=candidate_id)

    async def correct() -> None:
        for version, what in enumerate([NOW_B, NOW_C] * 4, start=1):
            async with database.transaction() as conn:
                await apply_correction(
                    conn, exam_id=exam_id, version=version, correction=what, corrected_by=olga
                )
            await asyncio.sleep(0.03)

    async def work(until: asyncio.Task[Any]) -> None:
        while True:
            last = until.done()
            await worker.run_worker_async(concurrency=2, wait=False, install_signal_handlers=False)
            if last:
                return

    async with worker.open_async():
        both = asyncio.ensure_future(asyncio.gather(hand_in(), correct()))
        await work(both)  # type: ignore[arg-type]
        await both
    assert await rows(database, "SELECT count(*) FROM results WHERE key_version = 9") == [(60,)]
    assert await wrong(database) == 0
    # What a result was before is in the history, with no version twice.
    assert await rows(
        database,
        "SELECT count(*) FROM (SELECT sitting_id FROM result_history GROUP BY 1, key_version) AS each",
    ) == await rows(database, "SELECT count(*) FROM result_history")


WORKER = """
import sys
from examhall.settings import Settings
from examhall.worker import run
run(Settings(database_url=sys.argv[1]))
"""


def start_worker(dsn: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", WORKER, dsn])


async def _answered(conn: Any, exam_id: int, candidate_id: int) -> tuple[int, int]:
    candidate_id, sitting_id = await answer(conn, exam_id, candidate_id)
    await conn.execute("UPDATE sittings SET closed_at = NULL, closed_by = NULL WHERE id = %s", (sitting_id,))
    return candidate_id, sitting_id


async def test_a_worker_killed_half_way_leaves_nothing_undone_and_nothing_twice(
    database: Database, olga: int, tmp_path: Path
) -> None:
    sittings = 4_000
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        await conn.execute(
            """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                     closes_at, closed_at, closed_by)
               SELECT n, %s, 1, 1, now(), now(), now(), now(), 'deadline' FROM generate_series(1, %s) AS n""",
            (exam_id, sittings),
        )
        await conn.execute(
            """INSERT INTO answers
               SELECT candidate_id, id, 1, '', to_jsonb(chr(65 + mod(id, 2)::integer)), 1, now()
                 FROM sittings"""
        )
        everybody = await (await conn.execute("SELECT candidate_id, id FROM sittings")).fetchall()
        await score_sittings(conn, everybody)
        await apply_correction(conn, exam_id=exam_id, version=1, correction=NOW_B, corrected_by=olga)
    worker = start_worker(database.dsn)
    done = 0
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as conn:
        while not done:
            assert worker.poll() is None
            cursor = await conn.execute("SELECT count(*) FROM results WHERE key_version = 2")
            [done] = await cursor.fetchone() or [0]
            await asyncio.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    [(done,)] = await rows(database, "SELECT count(*) FROM results WHERE key_version = 2")
    assert 0 < done < sittings
    # What the sweep does a minute later with the jobs of a worker that gives no sign of life.
    await rows(
        database,
        "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL WHERE status = 'doing' RETURNING id",
    )
    second = create_jobs(Settings(data=tmp_path, database_url=database.dsn), database)
    async with second.open_async():
        await second.run_worker_async(wait=False, install_signal_handlers=False)
    assert await wrong(database) == 0
    assert await rows(database, "SELECT count(*), count(DISTINCT sitting_id) FROM result_history") == [
        (sittings, sittings)
    ]
