"""Accommodations: what may be given, to whom, and what becomes of two who give at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from examhall.base.errors import SomebodyWasFaster
from examhall.courses.groups import GroupInUse, create_group, delete_group
from examhall.exams.accommodations import (
    AccommodationThere,
    EmptyWindow,
    NobodyToAccommodate,
    NoSuchAccommodation,
    NothingGiven,
    Terms,
    WindowWithoutExam,
    accommodations_of_exam,
    accommodations_of_person,
    change_accommodation,
    give_accommodation,
    withdraw_accommodation,
)
from examhall.exams.assigning import assign_people
from tests.courses.rows import add_people
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
DOUBLE = Terms(factor=Decimal(2))


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        (Terms(), NothingGiven),
        (Terms(reason="because"), NothingGiven),
        (Terms(factor=Decimal(2), extra_s=60), NothingGiven),
        (Terms(opens_at=NOW, closes_at=NOW), EmptyWindow),
        (Terms(opens_at=NOW + timedelta(days=9)), EmptyWindow),
    ],
)
async def test_what_is_no_accommodation_is_refused(conn, terms, refusal):
    [alice] = await add_people(conn, "alice")
    exam_id = await add_exam(conn, opens_at=NOW, closes_at=NOW + timedelta(days=1))
    with pytest.raises(refusal):
        await give_accommodation(conn, terms, by=None, exam_id=exam_id, person_id=alice)


async def test_a_window_is_for_one_exam(conn):
    [alice] = await add_people(conn, "alice")
    with pytest.raises(WindowWithoutExam):
        await give_accommodation(conn, Terms(opens_at=NOW), by=None, person_id=alice)


async def test_it_is_for_one_person_or_one_group_who_are_there(conn):
    [alice] = await add_people(conn, "alice")
    group_id = await create_group(conn, name="Quiet room", description="", created_by=None)
    for whose in ({}, {"person_id": alice, "group_id": group_id}, {"person_id": 10**9}):
        with pytest.raises(NobodyToAccommodate):
            async with conn.transaction():
                await give_accommodation(conn, DOUBLE, by=None, **whose)


async def test_of_many_who_give_the_same_at_once_one_does(database):
    async with database.transaction() as conn:
        [alice] = await add_people(conn, "alice")

    async def give():
        async with database.transaction() as conn:
            return await give_accommodation(conn, DOUBLE, by=None, person_id=alice)

    done = await asyncio.gather(*(give() for _ in range(8)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Accommodation"] + ["AccommodationThere"] * 7
    assert isinstance(next(each for each in done if isinstance(each, Exception)), AccommodationThere)


async def test_two_who_change_the_same_version_do_not_overwrite_each_other(conn):
    [alice] = await add_people(conn, "alice")
    given = await give_accommodation(conn, DOUBLE, by=None, person_id=alice)
    changed = await change_accommodation(conn, given.id, Terms(extra_s=600), version=given.version)
    assert (changed.factor, changed.extra_s, changed.version) == (None, 600, 2)
    with pytest.raises(SomebodyWasFaster):
        await change_accommodation(conn, given.id, DOUBLE, version=given.version)
    await withdraw_accommodation(conn, given.id)
    with pytest.raises(NoSuchAccommodation):
        await change_accommodation(conn, given.id, DOUBLE, version=2)


async def test_an_exam_shows_those_of_its_own_and_its_peoples_general_ones(conn):
    alice, bob, eve = await add_people(conn, "alice", "bob", "eve")
    exam_id = await add_exam(conn)
    await assign_people(conn, exam_id, ["alice", "bob"])
    group_id = await create_group(conn, name="Quiet room", description="", created_by=None)
    await conn.execute("INSERT INTO group_members (group_id, person_id) VALUES (%s, %s)", (group_id, bob))
    for whose in ({"person_id": alice, "exam_id": exam_id}, {"group_id": group_id}, {"person_id": eve}):
        await give_accommodation(conn, DOUBLE, by=None, **whose)
    assert [each.whose for each in await accommodations_of_exam(conn, exam_id)] == ["Alice", "Quiet room"]
    assert [each.whose for each in await accommodations_of_person(conn, bob)] == ["Quiet room"]


async def test_a_group_that_has_time_is_not_deleted_unnoticed(conn):
    group_id = await create_group(conn, name="Quiet room", description="", created_by=None)
    await give_accommodation(conn, DOUBLE, by=None, group_id=group_id)
    with pytest.raises(GroupInUse):
        await delete_group(conn, group_id)
