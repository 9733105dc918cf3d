"""Groups: many members at once, all or nobody, and of two lists at once one after the other."""

import asyncio

import pytest

from examhall.base.errors import SomebodyWasFaster
from examhall.courses.groups import (
    Changed,
    GroupNameTaken,
    MembersOfCourse,
    NoSuchGroup,
    TooManyUsernames,
    UnknownUsernames,
    change_members,
    create_course_group,
    create_group,
    edit_group,
    find_group,
    groups_of,
    list_members,
    usernames_in,
)

from .rows import add_course, add_people, enrol_people

pytestmark = pytest.mark.anyio


async def members(conn, group_id):
    return [each.username for each in await list_members(conn, group_id)]


@pytest.fixture
async def group_id(conn):
    await add_people(conn, "alice", "bob", "carol")
    return await create_group(conn, name="Quiet room", description="", created_by=None)


def test_usernames_are_found_in_whatever_is_pasted():
    assert usernames_in(" alice,bob;\r\ncarol\talice  ALICE ") == ["ALICE", "bob", "carol"]
    assert usernames_in("") == []
    with pytest.raises(TooManyUsernames):
        usernames_in(" ".join(f"u{n}" for n in range(20_001)))


async def test_many_are_added_taken_out_or_made_all_of_it(conn, group_id):
    assert await change_members(conn, group_id, ["alice", "BOB"], way="add") == Changed(2, 0, 0)
    assert await change_members(conn, group_id, ["alice", "bob"], way="add") == Changed(0, 0, 2)
    assert await change_members(conn, group_id, ["alice", "carol"], way="remove") == Changed(0, 1, 1)
    assert await change_members(conn, group_id, ["bob", "carol"], way="replace") == Changed(1, 0, 1)
    assert await change_members(conn, group_id, ["carol"], way="replace", dry=True) == Changed(0, 1, 1)
    assert await members(conn, group_id) == ["bob", "carol"]


async def test_nobody_is_added_when_one_is_unknown(conn, group_id):
    with pytest.raises(UnknownUsernames) as caught:
        await change_members(conn, group_id, ["alice", "x'; DROP TABLE people; --"], way="add")
    assert caught.value.details["problems"] == 1
    assert await members(conn, group_id) == []


async def test_two_lists_at_once_leave_one_of_them(database):
    async with database.transaction() as conn:
        await add_people(conn, *(f"p{n}" for n in range(20)))
        group_id = await create_group(conn, name="Quiet room", description="", created_by=None)
    halves = [[f"p{n}" for n in range(20) if n % 2 == half] for half in (0, 1)]

    async def replace(half):
        async with database.transaction() as conn:
            await change_members(conn, group_id, halves[half][:: 1 - 2 * half], way="replace")

    await asyncio.gather(*(replace(n % 2) for n in range(8)))
    async with database.transaction() as conn:
        assert await members(conn, group_id) in halves


async def test_the_members_of_a_course_are_those_enrolled(conn):
    alice, bob = await add_people(conn, "alice", "bob")
    course_id = await add_course(conn)
    await enrol_people(conn, course_id, [alice])
    group_id = await create_course_group(conn, course_id, created_by=None)
    with pytest.raises(MembersOfCourse):
        await change_members(conn, group_id, ["bob"], way="add")
    assert [each.id for each in await groups_of(conn, alice)] == [group_id]
    await enrol_people(conn, course_id, [bob])
    assert (await find_group(conn, group_id)).members == 2
    with pytest.raises(GroupNameTaken):
        await create_course_group(conn, course_id, created_by=None)


async def test_two_who_edit_one_version_do_not_overwrite_each_other(conn, group_id):
    await edit_group(conn, group_id, version=1, name="Room 1", description="")
    with pytest.raises(SomebodyWasFaster):
        await edit_group(conn, group_id, version=1, name="Room 2", description="")
    with pytest.raises(NoSuchGroup):
        await edit_group(conn, 10**9, version=1, name="Room 2", description="")
    assert (await find_group(conn, group_id)).name == "Room 1"
