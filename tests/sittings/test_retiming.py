"""Moving an exam's end while it is sat: time is given to those who sit it, and never taken away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.exams.authoring import find_exam
from examhall.sittings.retiming import Retimed, change_settings
from examhall.sittings.start import Starts, start_sitting
from tests.exams.test_editing import add_author, until_somebody_waits
from tests.sittings.seats import ALICE, add_exam

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def open_exam(conn: Connection, **columns: Any) -> int:
    """For an hour more; who starts it now would have two."""
    return await add_exam(
        conn, **{"closes_at": datetime.now(UTC).replace(microsecond=0) + HOUR, "duration_s": 7200} | columns
    )


async def change(conn: Connection, exam_id: int, by: int, **changed: Any) -> Retimed:
    found = await find_exam(conn, exam_id)
    if callable(closes := changed.get("closes_at")):
        changed["closes_at"] = closes(found.settings.closes_at)
    settings = replace(found.settings, **changed)
    return await change_settings(conn, exam_id, settings, by=by, seen=found.version, reason="A storm")


async def deadline(conn: Connection, candidate_id: int = ALICE) -> datetime:
    cursor = await conn.execute(
        "SELECT deadline_at, closes_at - deadline_at FROM sittings WHERE candidate_id = %s", (candidate_id,)
    )
    found, grace = await cursor.fetchone()  # type: ignore[misc]
    assert grace == timedelta(seconds=30)
    return found  # type: ignore[no-any-return]


async def given(conn: Connection) -> list[tuple[Any, ...]]:
    cursor = await conn.execute("SELECT kind, reached, seconds, reason FROM interventions ORDER BY seconds")
    return await cursor.fetchall()


async def test_a_later_end_gives_time_to_whom_the_end_had_cut_it(conn: Connection) -> None:
    exam_id, olga = await open_exam(conn), await add_author(conn)
    await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    before = await deadline(conn)
    retimed = await change(conn, exam_id, olga, closes_at=lambda at: at + HOUR / 2)
    assert retimed.given == 1
    assert await deadline(conn) == before + HOUR / 2
    assert await given(conn) == [("time", 1, 1800, "A storm")]


async def test_nobody_gets_more_than_the_time_of_the_exam(conn: Connection) -> None:
    exam_id, olga = await open_exam(conn), await add_author(conn)
    started = await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    await change(conn, exam_id, olga, closes_at=lambda at: at + 9 * HOUR)
    late = started.sitting.started_at + 2 * HOUR - await deadline(conn)
    # What was allotted is kept in whole seconds.
    assert abs(late) < timedelta(seconds=1)


async def test_a_longer_time_is_given_to_those_who_sit_it_and_what_they_were_given_stays(
    conn: Connection,
) -> None:
    exam_id, olga = await open_exam(conn, closes_at=None), await add_author(conn)
    await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    await conn.execute(
        """UPDATE sittings SET granted_s = 600, deadline_at = deadline_at + interval '600 s',
                               closes_at = closes_at + interval '600 s'"""
    )
    before = await deadline(conn)
    assert (await change(conn, exam_id, olga, duration_s=7200 + 90)).given == 1
    assert await deadline(conn) == before + timedelta(seconds=90)
    assert await given(conn) == [("time", 1, 60, "A storm")]
    # Nobody is owed anything a second time.
    assert (await change(conn, exam_id, olga, pass_percent=None, show_key=True)).given == 0
    assert await deadline(conn) == before + timedelta(seconds=90)


async def test_an_earlier_end_takes_nothing_from_those_who_sit_it(conn: Connection) -> None:
    exam_id, olga = await open_exam(conn), await add_author(conn)
    await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    before = await deadline(conn)
    assert (await change(conn, exam_id, olga, closes_at=lambda at: at - HOUR / 2)).given == 0
    assert await deadline(conn) == before
    await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE + 1)
    assert await deadline(conn, ALICE + 1) == before - HOUR / 2
    # And a later one gives back only what was lost.
    await change(conn, exam_id, olga, closes_at=lambda at: at + HOUR / 2)
    assert (await deadline(conn), await deadline(conn, ALICE + 1)) == (before, before)


async def test_who_has_handed_in_keeps_what_they_have(conn: Connection) -> None:
    exam_id, olga = await open_exam(conn), await add_author(conn)
    await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    await conn.execute("UPDATE sittings SET closed_at = now(), closed_by = 'candidate'")
    before = await deadline(conn)
    assert (await change(conn, exam_id, olga, closes_at=lambda at: at + HOUR / 2)).given == 0
    assert await deadline(conn) == before


async def test_who_starts_in_the_same_moment_has_the_new_end(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id, olga = await open_exam(conn), await add_author(conn)
    async with database.transaction() as conn:
        retimed = await change(conn, exam_id, olga, closes_at=lambda at: at + HOUR / 2)
        starting = asyncio.create_task(Starts(database).start(exam_id=exam_id, candidate_id=ALICE))
        await until_somebody_waits(conn, starting)
    await starting
    async with database.transaction() as conn:
        assert await deadline(conn) == retimed.exam.settings.closes_at


async def test_nobody_is_refused_a_start_because_an_author_saves(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id, olga = await open_exam(conn), await add_author(conn)
    starts = Starts(database)

    async def save_again_and_again() -> None:
        for minutes in range(1, 8):
            async with database.transaction() as conn:
                await change(conn, exam_id, olga, closes_at=lambda at, m=minutes: at + timedelta(minutes=m))

    started, _ = await asyncio.gather(
        asyncio.gather(*(starts.start(exam_id=exam_id, candidate_id=n) for n in range(1, 41))),
        save_again_and_again(),
    )
    assert all(each.is_new for each in started)
    async with database.transaction() as conn:
        cursor = await conn.execute(
            """SELECT count(*), count(*) FILTER (WHERE sittings.deadline_at = exams.closes_at)
                 FROM sittings JOIN exams ON exams.id = exam_id"""
        )
        assert await cursor.fetchone() == (40, 40)
