"""The jobs of ratings, as the worker runs them."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from examhall.base.db import Database
from examhall.settings import Settings
from examhall.standings.achievements import achievements_of
from examhall.worker import FOLLOW_UPS, create_jobs

from .field import add_held, add_people, mark_all

pytestmark = pytest.mark.anyio


async def test_a_concluded_exam_is_rated_and_one_released_later_is_found(
    database: Database, dsn: str, tmp_path: Path
) -> None:
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=dsn), database)
    assert "rate_exam" in FOLLOW_UPS
    assert set(FOLLOW_UPS) <= set(jobs.tasks)
    async with database.transaction() as conn:
        people = await add_people(conn, 3)
        points = dict(zip(people, [3, 2, 1], strict=True))
        at_once = await add_held(conn, points, on=0)
        later = await add_held(conn, points, on=1, release="by_hand")
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) SELECT id, 1 FROM exams")

    async def settled() -> list[int]:
        async with database.connection() as conn:
            cursor = await conn.execute("SELECT exam_id FROM exam_standings ORDER BY exam_id")
            return [row[0] for row in await cursor.fetchall()]

    for exam_id in (at_once, later):
        await jobs.tasks["rate_exam"].func(exam_id=exam_id, key_version=1)
    assert await settled() == [at_once]
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET released_at = now() WHERE id = %s", (later,))
    await jobs.tasks["rate_what_was_released"].func(timestamp=0)
    assert await settled() == [at_once, later]


@pytest.mark.parametrize("first", ["rate_exam", "rate_what_was_released"])
async def test_a_streak_is_counted_before_achievements_are_given_for_the_exam(
    database: Database, dsn: str, tmp_path: Path, first: str
) -> None:
    """They are given once for each exam: a streak counted a moment later would earn nothing."""
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=dsn), database)
    async with database.transaction() as conn:
        [alice] = await add_people(conn, 1)
        cursor = await conn.execute("INSERT INTO series (name) VALUES ('Weekly') RETURNING id")
        series = await cursor.fetchone()
        assert series is not None
        exams = [await add_held(conn, {alice: 1}, on=number, series_id=series[0]) for number in range(3)]
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) SELECT id, 1 FROM exams")
    # As many workers as there are jobs, and the minute may be full before any of them has begun.
    if first == "rate_exam":
        await jobs.tasks[first].func(exam_id=exams[2], key_version=1)
    else:
        await jobs.tasks[first].func(timestamp=0)
    async with database.transaction() as conn:
        assert "streak_3" in {given.rule.name for given in await achievements_of(conn, alice)}


async def test_an_exam_that_cannot_be_rated_keeps_no_other_from_it(
    database: Database, dsn: str, tmp_path: Path
) -> None:
    impatient = Database(dsn, limit_s=2)
    await impatient.open()
    async with database.transaction() as conn:
        people = await add_people(conn, 3)
        exams = [await add_held(conn, dict.fromkeys(people, 1), on=number) for number in range(2)]
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) SELECT id, 1 FROM exams")
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=dsn), impatient)
    async with await psycopg.AsyncConnection.connect(dsn) as holder:
        await holder.execute("SELECT FROM exams WHERE id = %s FOR UPDATE", (exams[0],))
        try:
            await jobs.tasks["rate_what_was_released"].func(timestamp=0)
        finally:
            await impatient.close()
        async with database.transaction() as conn:
            cursor = await conn.execute("SELECT exam_id FROM exam_standings")
            assert await cursor.fetchall() == [(exams[1],)]


async def test_who_sat_an_exam_after_it_was_concluded_by_hand_is_placed_when_it_is_again(
    database: Database, dsn: str, tmp_path: Path
) -> None:
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=dsn), database)
    async with database.transaction() as conn:
        alice, bob = await add_people(conn, 2)
        exam_id = await add_held(conn, {alice: 1}, opens_at=None, closes_at=None)
    await jobs.tasks["rate_exam"].func(exam_id=exam_id, key_version=1)
    async with database.transaction() as conn:
        await mark_all(conn, exam_id, {alice: 1, bob: 2})
    for _ in range(2):
        await jobs.tasks["rate_exam"].func(exam_id=exam_id, key_version=1)
        async with database.transaction() as conn:
            cursor = await conn.execute("SELECT person_id, place FROM exam_places ORDER BY place")
            assert await cursor.fetchall() == [(bob, 1), (alice, 2)]
            cursor = await conn.execute("SELECT person_id, number FROM rating_history ORDER BY person_id")
            assert await cursor.fetchall() == [(alice, 1), (bob, 1)]
