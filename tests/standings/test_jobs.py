"""The jobs of ratings, as the worker runs them."""

from dataclasses import replace
from pathlib import Path

import pytest

from examhall.base.db import Database
from examhall.settings import Settings
from examhall.worker import FOLLOW_UPS, create_jobs

from .field import add_held, add_people

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
