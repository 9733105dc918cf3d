"""Asking for a calculation: once, at once where it is known, for members alone; and calling it off."""

import asyncio
from typing import Any

import pytest

from examhall.analyses.calculate import (
    Asked,
    NoSuchCalculation,
    OverAlready,
    ask_for_calculation,
    cancel_calculation,
    find_calculation,
    list_calculations,
    read_outcome,
)
from examhall.analyses.candidates import unpack
from examhall.analyses.document import BadScenario
from examhall.analyses.projects import OnlyLooking
from examhall.analyses.scenarios import NoSuchScenario
from examhall.base.db import Database
from examhall.scoring.results import score_sittings

from .conftest import BANDS, Office
from .rows import a_worker, add_project, add_scenario, statuses, until, worked_out

pytestmark = pytest.mark.anyio


async def ask(database: Database, office: Office, **other: Any) -> Asked:
    asked = {"scenario_id": office.scenario_id, "person_id": office.ann} | other
    async with database.transaction() as conn:
        return await ask_for_calculation(conn, asked.pop("scenario_id"), **asked)


async def test_a_calculation_is_worked_out_and_says_from_what(database: Database, office: Office) -> None:
    asked = await ask(database, office)
    assert asked.status == "queued"
    assert await worked_out(database) == [("done", 1)]
    async with database.connection() as conn:
        found = await find_calculation(conn, asked.id, office.vic)
        result, packed = await read_outcome(conn, asked.id)
    assert (found.status, found.progress, found.asked_by) == ("done", 1.0, "Ann")
    assert found.inputs["document"]["grade_bands"][0] == {"name": "A", "from_percent": 80}
    assert found.inputs["exams"][0]["marked"] == 40
    assert result["candidates"] == len(unpack(packed)) == 40
    assert result["new"]["max_points"] == result["official"]["max_points"] - 2
    assert sum(result["new"]["grades"]) == 40


async def test_the_same_inputs_give_the_stored_result_at_once(database: Database, office: Office) -> None:
    first = await ask(database, office)
    await worked_out(database)
    assert await ask(database, office, person_id=office.ed) == Asked(first.id, "done")


async def test_another_project_is_given_its_own_copy_of_the_result(
    database: Database, office: Office
) -> None:
    first = await ask(database, office)
    await worked_out(database)
    async with database.transaction() as conn:
        theirs = await add_project(conn, office.mallory, ann="viewer")
        drop = {"exam_id": office.exam_id, "change": "drop", "question_number": 1, "award": "nobody"}
        # Written otherwise, and meaning the same.
        said = {"grade_bands": BANDS, "pass_mark": {"percent": 45.0}, "questions": [drop]}
        saved = await add_scenario(conn, theirs, office.mallory, office.exam_id, **said)
    asked = await ask(database, office, scenario_id=saved, person_id=office.mallory)
    assert asked.status == "done"
    assert asked.id != first.id
    async with database.connection() as conn:
        assert await read_outcome(conn, asked.id) == await read_outcome(conn, first.id)
        with pytest.raises(NoSuchCalculation):
            await find_calculation(conn, first.id, office.mallory)


async def test_a_new_mark_makes_a_new_calculation(database: Database, office: Office) -> None:
    first = await ask(database, office)
    await worked_out(database)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT candidate_id, id FROM sittings ORDER BY id LIMIT 1")
        await score_sittings(conn, await cursor.fetchall())
    again = await ask(database, office)
    assert again.id != first.id
    assert again.status == "queued"


async def test_marks_that_come_while_it_waits_are_in_the_inputs_of_the_result(
    database: Database, office: Office
) -> None:
    asked = await ask(database, office)
    async with database.transaction() as conn:
        before = await find_calculation(conn, asked.id, office.ann)
        await conn.execute(
            "UPDATE results SET marked_at = marked_at + interval '1 hour' WHERE sitting_id = 1"
        )
    await worked_out(database)
    async with database.connection() as conn:
        after = await find_calculation(conn, asked.id, office.ann)
    assert after.inputs["exams"][0]["marked_at"] > before.inputs["exams"][0]["marked_at"]
    assert await ask(database, office) == Asked(asked.id, "done")


async def test_however_many_ask_at_once_it_is_worked_out_once(database: Database, office: Office) -> None:
    asked = await asyncio.gather(*(ask(database, office) for _ in range(12)))
    assert {each.id for each in asked} == {asked[0].id}
    assert await worked_out(database, at_once=3) == [("done", 1)]


async def test_only_members_ask_and_look_and_viewers_only_look(database: Database, office: Office) -> None:
    with pytest.raises(NoSuchScenario):
        await ask(database, office, person_id=office.mallory)
    with pytest.raises(OnlyLooking):
        await ask(database, office, person_id=office.vic)
    asked = await ask(database, office)
    async with database.transaction() as conn:
        assert (await find_calculation(conn, asked.id, office.vic)).role == "viewer"
        for refused in (find_calculation(conn, asked.id, office.mallory),
                        cancel_calculation(conn, asked.id, person_id=office.mallory)):  # fmt: skip
            with pytest.raises(NoSuchCalculation):
                await refused
        with pytest.raises(OnlyLooking):
            await cancel_calculation(conn, asked.id, person_id=office.vic)
        await cancel_calculation(conn, asked.id, person_id=office.ed)
        [listed] = await list_calculations(conn, office.scenario_id, before_id=2**62, limit=5)
    assert listed.status == "cancelled"


async def test_what_no_longer_fits_is_refused_before_it_is_queued(database: Database, office: Office) -> None:
    async with database.transaction() as conn:
        await conn.execute("DELETE FROM items WHERE question_number = 1")
    with pytest.raises(BadScenario) as refused:
        await ask(database, office)
    assert refused.value.problems[0]["path"] == "/questions/0"
    assert await statuses(database) == []


async def test_what_no_longer_fits_when_its_turn_comes_fails_in_words(
    database: Database, office: Office
) -> None:
    asked = await ask(database, office)
    async with database.transaction() as conn:
        await conn.execute("DELETE FROM items WHERE question_number = 1")
    assert await worked_out(database) == [("failed", 1)]
    async with database.connection() as conn:
        found = await find_calculation(conn, asked.id, office.ann)
    assert found.error_code == "no_longer_fits"
    assert found.error is not None
    assert "changed" in found.error


async def test_more_sittings_than_can_be_read_fail_in_words(
    database: Database, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examhall.analyses.reading.MOST_SITTINGS", 39)
    asked = await ask(database, office)
    assert await worked_out(database) == [("failed", 1)]
    async with database.connection() as conn:
        found = await find_calculation(conn, asked.id, office.ann)
    assert found.error_code == "too_large"


async def test_what_waits_is_called_off_and_never_begun(database: Database, office: Office) -> None:
    asked = await ask(database, office)
    for _ in range(2):
        async with database.transaction() as conn:
            await cancel_calculation(conn, asked.id, person_id=office.ann)
    assert await worked_out(database) == [("cancelled", 0)]
    # Somebody may ask for it anew.
    assert (await ask(database, office)).id != asked.id


async def test_what_runs_is_called_off_and_its_computing_ends(database: Database, office: Office) -> None:
    asked = await ask(database, office)
    ended = asyncio.Event()

    async def forever(file: Any, tell: Any) -> Any:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async with a_worker(database, compute=forever):
        await until(database, "running")
        async with database.transaction() as conn:
            await cancel_calculation(conn, asked.id, person_id=office.ann)
        async with asyncio.timeout(20):
            await ended.wait()
    assert await statuses(database) == [("cancelled", 1)]


async def test_what_is_done_cannot_be_called_off(database: Database, office: Office) -> None:
    asked = await ask(database, office)
    await worked_out(database)
    with pytest.raises(OverAlready):
        async with database.transaction() as conn:
            await cancel_calculation(conn, asked.id, person_id=office.ann)
