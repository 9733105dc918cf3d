import asyncio

import pytest

from examhall.analyses import scenarios
from examhall.analyses.document import BadScenario
from examhall.analyses.projects import NoSuchProject, OnlyLooking, edit_project
from examhall.analyses.scenarios import NoSuchScenario
from examhall.base.db import Connection, Database
from examhall.base.errors import SomebodyWasFaster
from examhall.base.wire import LARGEST_ID
from tests.scoring.corrected import add_everything

from .written import add_analyst, add_project, add_scenario, dropping

pytestmark = pytest.mark.anyio


@pytest.fixture
async def nora(conn: Connection) -> int:
    return await add_analyst(conn, "nora")


@pytest.fixture
async def exam_id(conn: Connection) -> int:
    return await add_everything(conn)


@pytest.fixture
async def project_id(conn: Connection, nora: int) -> int:
    await add_analyst(conn, "vic")
    return await add_project(conn, nora, vic="viewer")


async def save(
    conn: Connection, scenario_id: int, by: int, version: int, exam_id: int, *numbers: int
) -> None:
    await scenarios.save_scenario(
        conn,
        scenario_id,
        by=by,
        version=version,
        name=f"Without {numbers}",
        description="",
        scenario=dropping(exam_id, *numbers),
    )


async def test_every_version_stays(conn: Connection, nora: int, project_id: int, exam_id: int) -> None:
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))
    await save(conn, scenario_id, nora, 1, exam_id, 2, 3)
    now = await scenarios.find_scenario(conn, scenario_id, nora)
    assert (now.version, now.newest, now.name, now.scenario) == (
        2,
        2,
        "Without (2, 3)",
        dropping(exam_id, 2, 3),
    )
    before = await scenarios.find_scenario(conn, scenario_id, nora, version=1)
    assert (before.version, before.newest, before.scenario) == (1, 2, dropping(exam_id, 2))
    assert before.document_hash == dropping(exam_id, 2).digest() != now.document_hash
    assert [each.version for each in await scenarios.list_versions(conn, scenario_id)] == [2, 1]
    with pytest.raises(NoSuchScenario):
        await scenarios.find_scenario(conn, scenario_id, nora, version=3)


async def test_who_comes_late_is_told_what_the_other_changed(
    conn: Connection, nora: int, project_id: int, exam_id: int
) -> None:
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))
    await save(conn, scenario_id, nora, 1, exam_id, 3)
    with pytest.raises(SomebodyWasFaster) as refused:
        await save(conn, scenario_id, nora, 1, exam_id, 2, 4)
    told = refused.value.details
    assert (told["version"], told["saved_by"]) == (2, "Nora")
    assert told["changes"] == [
        {
            "part": "questions",
            "about": {"exam_id": exam_id, "question_number": number},
            "here": [{"change": "drop", "award": "nobody"}] if number == 2 else None,
            "there": [{"change": "drop", "award": "nobody"}] if number == 3 else None,
        }
        for number in (2, 3)
    ]
    assert (await scenarios.find_scenario(conn, scenario_id, nora)).version == 2


async def test_a_wrong_scenario_is_not_saved(
    conn: Connection, nora: int, project_id: int, exam_id: int
) -> None:
    with pytest.raises(BadScenario):
        await add_scenario(conn, project_id, nora, dropping(exam_id, 99))
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))
    async with conn.transaction(force_rollback=True):
        with pytest.raises(BadScenario):
            await save(conn, scenario_id, nora, 1, exam_id, 99)
    assert (await scenarios.find_scenario(conn, scenario_id, nora)).version == 1


async def test_only_members_see_it_and_viewers_change_nothing(
    conn: Connection, nora: int, project_id: int, exam_id: int
) -> None:
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))
    mallory = await add_analyst(conn, "mallory")
    for version in (None, 1):
        with pytest.raises(NoSuchScenario):
            await scenarios.find_scenario(conn, scenario_id, mallory, version=version)
    with pytest.raises(NoSuchScenario):
        await scenarios.copy_scenario(conn, scenario_id, by=mallory)
    with pytest.raises(NoSuchScenario):
        await scenarios.archive_scenario(conn, scenario_id, by=mallory)
    with pytest.raises(NoSuchProject):
        await add_scenario(conn, project_id, mallory, dropping(exam_id, 2))
    cursor = await conn.execute("SELECT id FROM people WHERE username = 'vic'")
    [vic] = await cursor.fetchone() or [0]
    await scenarios.find_scenario(conn, scenario_id, vic)
    with pytest.raises(OnlyLooking):
        await save(conn, scenario_id, vic, 1, exam_id, 3)
    with pytest.raises(OnlyLooking):
        await scenarios.archive_scenario(conn, scenario_id, by=vic)
    with pytest.raises(OnlyLooking):
        await scenarios.copy_scenario(conn, scenario_id, by=vic)
    own = await add_project(conn, vic)
    assert await scenarios.copy_scenario(conn, scenario_id, by=vic, project_id=own)
    with pytest.raises(NoSuchScenario):
        await scenarios.compare_scenarios(
            conn, scenario_id, await add_scenario(conn, own, vic, dropping(exam_id)), person_id=nora
        )


async def test_a_copy_is_its_own_scenario(conn: Connection, nora: int, project_id: int, exam_id: int) -> None:
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))
    copy_id = await scenarios.copy_scenario(conn, scenario_id, by=nora)
    await save(conn, copy_id, nora, 1, exam_id, 2, 3)
    copy = await scenarios.find_scenario(conn, copy_id, nora)
    assert (copy.copied_from, copy.version) == (scenario_id, 2)
    assert (
        await scenarios.find_scenario(conn, copy_id, nora, version=1)
    ).name == "Copy of Without question 2"
    here, there, found = await scenarios.compare_scenarios(conn, scenario_id, copy_id, person_id=nora)
    assert (here.id, there.id) == (scenario_id, copy_id)
    assert [each.about["question_number"] for each in found] == [3]


async def test_what_is_put_away_is_kept_and_comes_back(
    conn: Connection, nora: int, project_id: int, exam_id: int
) -> None:
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))

    async def listed(archived: bool) -> list[int]:
        found = await scenarios.list_scenarios(
            conn, project_id, before_id=LARGEST_ID, limit=9, archived=archived
        )
        return [each.id for each in found]

    for _ in range(2):
        await scenarios.archive_scenario(conn, scenario_id, by=nora)
    assert (await listed(False), await listed(True)) == ([], [scenario_id])
    kept = await scenarios.find_scenario(conn, scenario_id, nora)
    assert kept.archived_at is not None
    with pytest.raises(OnlyLooking):
        await save(conn, scenario_id, nora, 1, exam_id, 3)
    await scenarios.restore_scenario(conn, scenario_id, by=nora)
    assert (await listed(False), await listed(True)) == ([scenario_id], [])


async def test_a_project_that_is_put_away_takes_nothing_new(
    conn: Connection, nora: int, project_id: int, exam_id: int
) -> None:
    scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id, 2))
    await edit_project(conn, project_id, person_id=nora, version=1, name="P", description="", archived=True)
    with pytest.raises(OnlyLooking):
        await add_scenario(conn, project_id, nora, dropping(exam_id, 3))
    with pytest.raises(OnlyLooking):
        await save(conn, scenario_id, nora, 1, exam_id, 3)


async def test_lists_are_paged_newest_first(
    conn: Connection, nora: int, project_id: int, exam_id: int
) -> None:
    ids = [
        await add_scenario(conn, project_id, nora, dropping(exam_id, number), name=f"S{number}")
        for number in range(1, 6)
    ]
    first = await scenarios.list_scenarios(conn, project_id, before_id=LARGEST_ID, limit=3)
    rest = await scenarios.list_scenarios(conn, project_id, before_id=first[-1].id, limit=3)
    assert [each.id for each in first + rest] == ids[::-1]
    assert (first[0].name, first[0].exams, first[0].saved_by) == ("S5", [exam_id], "Nora")


async def test_of_many_who_save_a_version_at_once_one_succeeds(database: Database) -> None:
    async with database.transaction() as conn:
        nora, exam_id = await add_analyst(conn, "nora"), await add_everything(conn)
        project_id = await add_project(conn, nora)
        scenario_id = await add_scenario(conn, project_id, nora, dropping(exam_id))

    async def try_to_save(number: int) -> bool:
        try:
            async with database.transaction() as conn:
                await save(conn, scenario_id, nora, 1, exam_id, number)
        except SomebodyWasFaster:
            return False
        return True

    assert sum(await asyncio.gather(*(try_to_save(number) for number in range(1, 9)))) == 1
    async with database.connection() as conn:
        assert [each.version for each in await scenarios.list_versions(conn, scenario_id)] == [2, 1]
