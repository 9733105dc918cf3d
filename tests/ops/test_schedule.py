"""What the job worker does by itself: counting, and maintenance in a quiet hour."""

from dataclasses import replace
from pathlib import Path

import pytest

from examhall.base.db import Database
from examhall.ops.maintain import LIVE_IN_NUMBER
from examhall.settings import Settings
from examhall.worker import FOLLOW_UPS, create_jobs
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio


async def runs(database: Database) -> int:
    async with database.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM maintenance")
        found = await cursor.fetchone()
        assert found is not None
        return int(found[0])


async def test_maintenance_waits_for_a_quiet_hour_and_then_for_a_week(
    database: Database, tmp_path: Path
) -> None:
    maintain = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), database).tasks[
        "maintain"
    ]
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        for candidate_id in range(LIVE_IN_NUMBER + 1):
            await add_seat(conn, candidate_id=candidate_id + 1, exam_id=exam_id)
    await maintain(timestamp=0)
    assert await runs(database) == 0
    async with database.transaction() as conn:
        await conn.execute("UPDATE sittings SET closed_at = now(), closed_by = 'staff'")
    for _ in range(2):
        await maintain(timestamp=0)
        assert await runs(database) == 1


async def test_an_exam_is_counted_every_few_minutes_and_when_it_is_concluded(
    database: Database, tmp_path: Path
) -> None:
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), database)
    assert "roll_up_exam" in FOLLOW_UPS
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        await add_seat(conn, exam_id=exam_id)
    for task, arguments in (
        ("roll_up_activity", {"timestamp": 0}),
        ("roll_up_exam", {"exam_id": exam_id, "key_version": 1}),
    ):
        await jobs.tasks[task](**arguments)
        async with database.transaction() as conn:
            cursor = await conn.execute("DELETE FROM activity_rollups RETURNING exam_id, sittings")
            assert await cursor.fetchall() == [(exam_id, 1)]
