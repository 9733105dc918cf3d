import asyncio
from typing import Any, get_args

import pytest

from examhall.accounts.people import create_person
from examhall.base.db import Connection, Database
from examhall.base.errors import SomebodyWasFaster
from examhall.exams.exam_file_kinds import FIELDS
from examhall.reference import catalog
from examhall.reference.built_in import NAMES
from examhall.reference.catalog import BadValue, CodeTaken, FixedKind, NoSuchEntry
from examhall.standings.scale import TIERS

pytestmark = pytest.mark.anyio

PERCENT = {"lowest": 0, "highest": 100}


@pytest.fixture
async def ada(conn: Connection) -> int:
    return await create_person(conn, username="ada", full_name="Ada", roles=["admin"])


async def entry(conn: Connection, kind: str, code: str) -> Any:
    return await catalog.find_entry(conn, kind, code)


async def test_there_is_something_of_every_kind_to_begin_with(conn: Connection) -> None:
    found = await catalog.list_entries(conn)
    assert {each.kind for each in found} == set(get_args(catalog.Kind))
    for each in found:
        assert each.active
        assert catalog.read_value(each.kind, each.value) == each.value, each.code


async def test_the_names_that_pages_translate_are_those_that_it_comes_with(conn: Connection) -> None:
    entries = await catalog.list_entries(conn)
    built_in = {kind: tuple(each.name for each in entries if each.kind == kind) for kind in catalog.KINDS}
    assert built_in == NAMES


async def test_question_types_are_those_of_exam_files(conn: Connection) -> None:
    found = await catalog.list_entries(conn, "question_types")
    assert {each.code for each in found} == set(FIELDS)


async def test_rating_tiers_are_those_of_the_standings(conn: Connection) -> None:
    found = await catalog.list_entries(conn, "rating_tiers")
    least = [(tier.word, tier.name, tier.least if tier.least > 0 else None) for tier in TIERS]
    assert [(each.code, each.name, each.value["from_rating"]) for each in found] == least


async def test_topics_belong_to_a_subject_that_is_there(conn: Connection, ada: int) -> None:
    subjects = {each.code for each in await catalog.list_entries(conn, "subjects")}
    assert {each.value["subject"] for each in await catalog.list_entries(conn, "topics")} <= subjects
    with pytest.raises(BadValue):
        await catalog.add_entry(
            conn, kind="topics", code="x", name="X", value={"subject": "alchemy"}, saved_by=ada
        )


async def test_a_change_makes_a_version_and_the_one_before_stays_readable(conn: Connection, ada: int) -> None:
    change: dict[str, Any] = {"kind": "scales", "code": "percent", "saved_by": ada, "active": True}
    value = {"lowest": 0, "highest": 1000}
    await catalog.change_entry(conn, version=1, name="Per mille", value=value, **change)
    now = await entry(conn, "scales", "percent")
    assert (now.version, now.name, now.value, now.saved_by) == (2, "Per mille", value, "Ada")
    before = await catalog.find_entry(conn, "scales", "percent", 1)
    assert (before.version, before.name, before.value) == (1, "Percent", PERCENT)
    versions = await catalog.entry_versions(conn, "scales", "percent")
    assert [each.version for each in versions] == [2, 1]
    [listed] = [each for each in await catalog.list_entries(conn, "scales") if each.code == "percent"]
    assert listed.version == 2
    with pytest.raises(NoSuchEntry):
        await catalog.find_entry(conn, "scales", "percent", 3)


async def test_the_same_change_twice_is_refused_the_second_time(conn: Connection, ada: int) -> None:
    change: dict[str, Any] = {
        "kind": "scales", "code": "percent", "version": 1, "name": "%", "value": PERCENT, "active": True,
        "saved_by": ada,
    }  # fmt: skip
    await catalog.change_entry(conn, **change)
    with pytest.raises(SomebodyWasFaster) as refused:
        await catalog.change_entry(conn, **change)
    assert refused.value.details == {"version": 2}
    with pytest.raises(NoSuchEntry):
        await catalog.change_entry(conn, **change | {"code": "none"})


async def test_a_code_is_taken_once(conn: Connection, ada: int) -> None:
    with pytest.raises(CodeTaken):
        await catalog.add_entry(conn, kind="scales", code="percent", name="Mine", value=PERCENT, saved_by=ada)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("scales", {"lowest": 1}),
        ("scales", {"lowest": 2, "highest": 1}),
        ("scales", {"lowest": 0, "highest": 10, "mean": 5}),
        ("scales", {"lowest": 0, "highest": 10, "mean": 50, "sd": 1}),
        ("scales", {"lowest": 0, "highest": 10, "step": 0}),
        ("scales", {"lowest": 0, "highest": "NaN"}),
        ("scales", {"lowest": 0, "highest": 1, "colour": "red"}),
        ("grade_bands", {"bands": []}),
        ("grade_bands", {"bands": [{"name": "A", "from_percent": 50}]}),
        ("grade_bands", {"bands": [{"name": "A", "from_percent": 0}, {"name": "B", "from_percent": 0}]}),
        ("grade_bands", {"bands": [{"name": "B", "from_percent": 0}, {"name": "A", "from_percent": 90}]}),
        ("subjects", {"x": 1}),
        ("topics", {}),
    ],
)
async def test_a_value_is_held_to_its_kind(
    conn: Connection, ada: int, kind: str, value: dict[str, Any]
) -> None:
    with pytest.raises(BadValue):
        await catalog.add_entry(conn, kind=kind, code="new", name="New", value=value, saved_by=ada)


async def test_what_the_program_itself_defines_gets_another_name_at_most(conn: Connection, ada: int) -> None:
    with pytest.raises(FixedKind):
        await catalog.add_entry(
            conn, kind="question_types", code="oral", name="Oral", value={"marked_by": "person"}, saved_by=ada
        )
    change: dict[str, Any] = {"kind": "rating_tiers", "code": "master", "active": True, "saved_by": ada}
    with pytest.raises(FixedKind):
        await catalog.change_entry(conn, version=1, name="Master", value={"from_rating": 1}, **change)
    await catalog.find_entry(conn, "rating_tiers", "expert")


async def test_a_name_of_what_the_program_defines_can_change(conn: Connection, ada: int) -> None:
    await catalog.change_entry(
        conn,
        kind="rating_tiers",
        code="master",
        version=1,
        name="Meister",
        value={"from_rating": 2100},
        active=True,
        saved_by=ada,
    )
    assert (await entry(conn, "rating_tiers", "master")).name == "Meister"


async def test_of_many_who_saw_the_same_version_one_succeeds(database: Database) -> None:
    async with database.transaction() as conn:
        ada = await create_person(conn, username="ada", full_name="Ada", roles=["admin"])

    async def change(number: int) -> bool:
        try:
            async with database.transaction() as conn:
                await catalog.change_entry(
                    conn, kind="subjects", code="physics", version=1, name=f"Physics {number}", value={},
                    active=True, saved_by=ada,
                )  # fmt: skip
        except SomebodyWasFaster:
            return False
        return True

    assert sum(await asyncio.gather(*(change(number) for number in range(8)))) == 1
    async with database.connection() as conn:
        assert (await entry(conn, "subjects", "physics")).version == 2
        assert len(await catalog.entry_versions(conn, "subjects", "physics")) == 2
