"""Marks that change once results are final, on real connections: one conclusion has all of them."""

import asyncio
from decimal import Decimal

import pytest

from examhall.base.db import Database
from examhall.scoring.by_hand import take_next
from examhall.scoring.by_hand_finish import finish_task, reopen_task
from examhall.scoring.by_hand_renewing import renew_results

from .essays import sheet
from .test_by_hand_races import rows, written

pytestmark = pytest.mark.anyio

JOBS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'renew_results' AND status = 'todo'"
VERSION = "SELECT key_version FROM exams WHERE id = %s"


async def final(database: Database, *, essays: int) -> tuple[int, list[tuple[int, int]], list[int]]:
    """An exam with final results, and its marks reopened, each in the hand of a marker of its own."""
    exam_id, markers, sittings = await written(database, essays=essays, markers=essays)
    tasks = []
    for marker_id in markers:
        async with database.transaction() as conn:
            tasks.append((await take_next(conn, exam_id=exam_id, marker_id=marker_id) or 0, marker_id))
    for task_id, marker_id in tasks:
        async with database.transaction() as conn:
            await finish_task(conn, task_id, marker_id, sheet(3))
    await rows(
        database, "INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1) RETURNING exam_id", exam_id
    )
    for task_id, marker_id in tasks:
        async with database.transaction() as conn:
            await reopen_task(conn, task_id, by=marker_id, is_author=True, reason="An appeal.")
    return exam_id, tasks, [sitting for _, sitting in sittings]


async def finish(database: Database, task: tuple[int, int], points: int) -> None:
    async with database.transaction() as conn:
        await finish_task(conn, *task, sheet(points, revision=2))


async def renew(database: Database, exam_id: int) -> int:
    async with database.transaction() as conn:
        return await renew_results(conn, exam_id)


async def test_marks_that_change_at_once_make_one_conclusion_that_has_them_all(database: Database) -> None:
    exam_id, tasks, sittings = await final(database, essays=4)
    await asyncio.gather(*(finish(database, task, 5) for task in tasks))
    assert await rows(database, JOBS) == [(1,)]
    # What is final stands until then.
    assert await rows(database, "SELECT DISTINCT by_hand FROM marks WHERE question_number = 2") == [(3,)]
    assert await rows(database, VERSION, exam_id) == [(1,)]
    changed = await asyncio.gather(*(renew(database, exam_id) for _ in range(3)))
    assert sorted(changed) == [0, 0, 4]
    assert await rows(database, VERSION, exam_id) == [(2,)]
    assert await rows(database, "SELECT DISTINCT points, key_version FROM results") == [(Decimal(6), 2)]
    assert await rows(
        database, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'rescore_sittings'"
    ) == [(1,)]
    assert await rows(database, "SELECT count(*), min(points) FROM result_history") == [
        (len(sittings), Decimal(4))
    ]


async def test_a_mark_finished_while_others_are_gathered_is_among_them_or_has_a_job_of_its_own(
    database: Database,
) -> None:
    exam_id, tasks, _ = await final(database, essays=6)

    async def work_off() -> None:
        """As a worker does: the job has begun, and waits for nobody, when what it reads is written."""
        for _ in range(40):
            begun = await rows(
                database,
                """UPDATE procrastinate_jobs SET status = 'doing'
                    WHERE task_name = 'renew_results' AND status = 'todo' RETURNING id""",
            )
            for (job_id,) in begun:
                await renew(database, exam_id)
                await rows(
                    database,
                    """INSERT INTO conclusions (exam_id, key_version) SELECT id, key_version FROM exams
                        ON CONFLICT (exam_id, key_version) DO UPDATE SET concluded_at = now()
                        RETURNING exam_id""",
                )
                await rows(
                    database,
                    "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s RETURNING id",
                    job_id,
                )
            await asyncio.sleep(0)

    await asyncio.gather(work_off(), *(finish(database, task, 5) for task in tasks))
    await work_off()
    assert await rows(database, JOBS) == [(0,)]
    assert await rows(database, "SELECT DISTINCT by_hand FROM marks WHERE question_number = 2") == [(5,)]


async def test_a_worker_that_dies_half_way_loses_and_doubles_nothing(database: Database) -> None:
    exam_id, tasks, _ = await final(database, essays=2)
    for task in tasks:
        await finish(database, task, 6)

    async def killed() -> None:
        async with database.transaction() as conn:
            assert await renew_results(conn, exam_id) == 2
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await killed()
    assert await rows(database, VERSION, exam_id) == [(1,)]
    assert [await renew(database, exam_id), await renew(database, exam_id)] == [2, 0]
    assert await rows(database, VERSION, exam_id) == [(2,)]


async def test_a_mark_that_is_reopened_again_waits_for_its_marker(database: Database) -> None:
    exam_id, [first, second], _ = await final(database, essays=2)
    for task in (first, second):
        await finish(database, task, 6)
    async with database.transaction() as conn:
        await reopen_task(conn, first[0], by=first[1], is_author=True, reason="Not yet.")
    assert await renew(database, exam_id) == 1
    assert sorted(await rows(database, "SELECT by_hand FROM marks WHERE question_number = 2")) == [(3,), (6,)]


async def test_points_that_come_back_to_what_counts_change_nothing(database: Database) -> None:
    exam_id, [task], _ = await final(database, essays=1)
    await finish(database, task, 6)
    async with database.transaction() as conn:
        await reopen_task(conn, task[0], by=task[1], is_author=True, reason="Once more.")
    async with database.transaction() as conn:
        await finish_task(conn, *task, sheet(3, revision=3))
    assert await renew(database, exam_id) == 0
    assert await rows(database, VERSION, exam_id) == [(1,)]


async def test_a_job_that_has_begun_is_not_counted_on(database: Database) -> None:
    _, [first, second], _ = await final(database, essays=2)
    await finish(database, first, 6)
    await rows(database, "UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo' RETURNING id")
    await finish(database, second, 6)
    assert await rows(database, JOBS) == [(1,)]


async def test_what_the_machine_marks_again_and_nobody_has_to_mark_holds_up_nothing(
    database: Database,
) -> None:
    exam_id, _, [sitting, _] = await final(database, essays=2)
    # As who is let in again and writes something else leaves it, of a question that is no essay any more.
    await rows(database, "UPDATE marks SET by_hand = NULL WHERE sitting_id = %s RETURNING 1", sitting)
    await rows(
        database,
        """UPDATE items SET kind = 'short_text', key = '{"accept": ["x"]}'
            WHERE question_number = 2 RETURNING 1""",
    )
    assert await renew(database, exam_id) == 0
