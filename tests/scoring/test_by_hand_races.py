"""Markers, corrections and the machine at once, on real connections: no mark is lost or doubled."""

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from examhall.base.db import Database
from examhall.exams.marking_scheme import NewScheme
from examhall.scoring.by_hand import Sheet, save_sheet, take_next
from examhall.scoring.by_hand_finish import finish_task, reopen_task
from examhall.scoring.rescore import apply_correction, rescore_sittings
from examhall.scoring.results import score_sittings

from .corrected import correction
from .essays import add_essays, by_two, people, sheet, write_essay

pytestmark = pytest.mark.anyio

ALL = {"first_id": 1, "last_id": 2**62}


async def rows(database: Database, query: str, *parameters: object) -> list[Any]:
    async with database.transaction() as conn:
        return await (await conn.execute(query.encode(), parameters or None)).fetchall()


async def written(
    database: Database, *, essays: int, markers: int, scheme: NewScheme | None = None
) -> tuple[int, list[int], list[tuple[int, int]]]:
    """An exam, its markers, and who wrote which sitting."""
    async with database.transaction() as conn:
        exam_id = await add_essays(conn)
        if scheme is not None:
            await by_two(conn, exam_id, scheme)
        candidates = await people(conn, essays)
        sittings = [(each, await write_essay(conn, exam_id, each)) for each in candidates]
        return exam_id, await people(conn, markers, "marker"), sittings


async def mark_all(database: Database, exam_id: int, marker_id: int, points: object) -> None:
    while True:
        async with database.transaction() as conn:
            task_id = await take_next(conn, exam_id=exam_id, marker_id=marker_id)
        if task_id is None:
            return
        async with database.transaction() as conn:
            await save_sheet(conn, task_id, marker_id, sheet(points))
        async with database.transaction() as conn:
            await finish_task(conn, task_id, marker_id, sheet(points, revision=2))


async def test_many_markers_at_once_take_different_answers(database: Database) -> None:
    exam_id, markers, _ = await written(database, essays=6, markers=12, scheme=NewScheme(markers=2))

    async def take(marker_id: int) -> int | None:
        async with database.transaction() as conn:
            return await take_next(conn, exam_id=exam_id, marker_id=marker_id)

    taken = await asyncio.gather(*(take(each) for each in markers))
    assert None not in taken
    assert len({*taken}) == 12


async def test_one_markers_many_requests_never_take_both_opinions_of_an_answer(database: Database) -> None:
    exam_id, [mina], _ = await written(database, essays=2, markers=1, scheme=NewScheme(markers=2))

    async def take() -> int | None:
        async with database.transaction() as conn:
            return await take_next(conn, exam_id=exam_id, marker_id=mina)

    await asyncio.gather(*(take() for _ in range(8)))
    found = await rows(database, "SELECT sitting_id FROM marking_tasks WHERE marker_id = %s", mina)
    assert max(Counter(found).values()) == 1


async def test_all_marks_of_many_markers_settle_once(database: Database) -> None:
    scheme = NewScheme(markers=2, differ_above=Decimal(1))
    exam_id, markers, sittings = await written(database, essays=10, markers=6, scheme=scheme)
    points = [0, 0, 3, 3, 6, 6]
    await asyncio.gather(
        *(mark_all(database, exam_id, each, given) for each, given in zip(markers, points, strict=True))
    )
    # A third opinion asked for by the last of them may have come after others had gone.
    for each, given in zip(markers, points, strict=True):
        await mark_all(database, exam_id, each, given)
    assert await rows(database, "SELECT count(*) FROM marking_tasks WHERE finished_at IS NULL") == [(0,)]
    assert await rows(database, "SELECT DISTINCT unmarked FROM results") == [(0,)]
    assert await rows(
        database,
        """SELECT count(*) FROM results JOIN marks USING (candidate_id, sitting_id)
            WHERE question_number = 2 AND marks.points = by_hand AND results.points = by_hand + 1""",
    ) == [(len(sittings),)]
    assert await rows(
        database,
        """SELECT count(*)
             FROM (SELECT FROM marking_tasks GROUP BY sitting_id, marker_id HAVING count(*) > 1) AS twice""",
    ) == [(0,)]


async def test_two_who_finish_at_the_same_moment_settle_the_answer_once(database: Database) -> None:
    for _ in range(5):
        exam_id, markers, [(_, sitting)] = await _again(database)

        async def finish(task_id: int, marker_id: int, points: int) -> None:
            async with database.transaction() as conn:
                await finish_task(conn, task_id, marker_id, sheet(points))

        # Taken before: while one finishes it holds both opinions, and nothing waits for another to take.
        tasks = []
        for marker_id in markers:
            async with database.transaction() as conn:
                tasks.append(await take_next(conn, exam_id=exam_id, marker_id=marker_id) or 0)
        await asyncio.gather(finish(tasks[0], markers[0], 2), finish(tasks[1], markers[1], 3))
        assert await rows(
            database, "SELECT points, unmarked FROM results WHERE sitting_id = %s", sitting
        ) == [(Decimal("3.5"), 0)]
        assert await rows(
            database,
            "SELECT count(*) FROM marking_events WHERE sitting_id = %s AND what = 'settled'",
            sitting,
        ) == [(1,)]


async def _again(database: Database) -> tuple[int, list[int], list[tuple[int, int]]]:
    await rows(database, "UPDATE people SET username = username || '-' || id RETURNING id")
    return await written(database, essays=1, markers=2, scheme=NewScheme(markers=2))


async def test_saves_in_any_order_leave_the_newest(database: Database) -> None:
    exam_id, [mina], _ = await written(database, essays=1, markers=1)
    async with database.transaction() as conn:
        task_id = await take_next(conn, exam_id=exam_id, marker_id=mina) or 0

    async def save(revision: int) -> None:
        async with database.transaction() as conn:
            words = Sheet({}, Decimal(1), f"revision {revision}", "", revision)
            await save_sheet(conn, task_id, mina, words)

    await asyncio.gather(*(save(revision) for revision in [5, 9, 3, 20, 1, 19, 7, 20, 2]))
    assert await rows(database, "SELECT comment, revision FROM marking_sheets") == [("revision 20", 20)]


async def test_marks_by_hand_survive_corrections_and_markings_at_the_same_time(database: Database) -> None:
    exam_id, markers, sittings = await written(database, essays=12, markers=3)
    [olga] = await _olga(database)

    async def correct() -> None:
        for version, answer in enumerate(["B", "A"] * 4, start=1):
            change = {"change": "key", "question_number": 1, "answer": answer}
            async with database.transaction() as conn:
                await apply_correction(
                    conn, exam_id=exam_id, version=version, correction=correction(change), corrected_by=olga
                )
            more = True
            while more:
                async with database.transaction() as conn:
                    more = await rescore_sittings(conn, exam_id=exam_id, key_version=version + 1, **ALL) > 0

    async def mark_by_machine() -> None:
        for _ in range(10):
            async with database.transaction() as conn:
                await score_sittings(conn, sittings)

    await asyncio.gather(
        correct(), mark_by_machine(), *(mark_all(database, exam_id, each, 4) for each in markers)
    )
    assert await rows(database, "SELECT DISTINCT points, unmarked, key_version FROM results") == [(5, 0, 9)]


async def test_a_reopened_mark_and_a_finish_at_the_same_time_come_one_after_the_other(
    database: Database,
) -> None:
    exam_id, markers, [(_, sitting)] = await written(
        database, essays=1, markers=2, scheme=NewScheme(markers=2)
    )
    tasks = []
    for each in markers:
        async with database.transaction() as conn:
            tasks.append(await take_next(conn, exam_id=exam_id, marker_id=each) or 0)
    async with database.transaction() as conn:
        await finish_task(conn, tasks[0], markers[0], sheet(2))

    async def reopen() -> None:
        async with database.transaction() as conn:
            await reopen_task(conn, tasks[0], by=markers[0], is_author=False, reason="A slip.")

    async def finish() -> None:
        async with database.transaction() as conn:
            await finish_task(conn, tasks[1], markers[1], sheet(4))

    await asyncio.gather(reopen(), finish())
    assert await rows(database, "SELECT unmarked FROM results WHERE sitting_id = %s", sitting) == [(1,)]
    async with database.transaction() as conn:
        await finish_task(conn, tasks[0], markers[0], sheet(3, revision=2))
    assert await rows(database, "SELECT points, unmarked FROM results WHERE sitting_id = %s", sitting) == [
        (Decimal("4.5"), 0)
    ]


async def _olga(database: Database) -> list[int]:
    async with database.transaction() as conn:
        return await people(conn, 1, "author")


async def test_who_takes_an_answer_does_not_wait_for_whoever_takes_at_the_same_moment(
    database: Database,
) -> None:
    exam_id, [mina, karel], _ = await written(database, essays=2, markers=2)
    async with database.transaction() as one, database.transaction() as other:
        # Long enough for anything but a lock that is never let go.
        await other.execute("SET LOCAL lock_timeout = '2s'")
        first = await take_next(one, exam_id=exam_id, marker_id=mina)
        second = await take_next(other, exam_id=exam_id, marker_id=karel)
    assert first is not None
    assert second not in (None, first)
