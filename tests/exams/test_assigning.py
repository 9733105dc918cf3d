"""Whom an exam is assigned to: people, groups with those who join later, and never everybody by mistake."""

import asyncio

import pytest

from examhall.accounts.tickets import issue_tickets
from examhall.accounts.tokens import Signer
from examhall.courses.groups import GroupInUse, UnknownUsernames, change_members, create_group, delete_group
from examhall.exams.assigning import (
    LastAssignment,
    assign_group,
    assign_people,
    assigned_to,
    unassign_group,
    unassign_people,
)
from examhall.sittings.availability import ExamNotFound, availability_of_exam
from examhall.sittings.candidates import count_candidates, list_candidates
from examhall.sittings.start import Starts
from tests.accounts.office import SECRET
from tests.courses.rows import add_course, add_people, enrol_people
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio


async def may_sit(conn, exam_id, person_id):
    try:
        return (await availability_of_exam(conn, exam_id=exam_id, candidate_id=person_id)).is_admitted
    except ExamNotFound:
        return False


async def test_who_joins_a_group_later_may_sit_it_and_who_leaves_may_not(conn):
    alice, bob = await add_people(conn, "alice", "bob")
    exam_id = await add_exam(conn)
    group_id = await create_group(conn, name="B2", description="", created_by=None)
    await change_members(conn, group_id, ["alice"], way="add")
    assert await may_sit(conn, exam_id, bob)
    await assign_group(conn, exam_id, group_id)
    assert [await may_sit(conn, exam_id, each) for each in (alice, bob)] == [True, False]
    await change_members(conn, group_id, ["bob"], way="replace")
    assert [await may_sit(conn, exam_id, each) for each in (alice, bob)] == [False, True]
    assert (await count_candidates(conn, exam_id)).expected == 1
    tickets = await issue_tickets(conn, Signer(SECRET), exam_id=exam_id)
    assert [each.username for each in tickets] == ["bob"]


async def test_of_a_courses_exam_those_assigned_must_be_enrolled(conn):
    alice, bob, eve = await add_people(conn, "alice", "bob", "eve")
    course_id = await add_course(conn)
    await enrol_people(conn, course_id, [alice, bob])
    exam_id = await add_exam(conn, course_id=course_id)
    assert (await count_candidates(conn, exam_id)).expected == 2
    await assign_people(conn, exam_id, ["bob", "eve"])
    assert [await may_sit(conn, exam_id, each) for each in (alice, bob, eve)] == [False, True, False]
    assert [each.person_id for each in await list_candidates(conn, exam_id, limit=9)] == [bob]


async def test_the_last_assignment_goes_only_when_that_is_meant(conn):
    [alice] = await add_people(conn, "alice")
    exam_id = await add_exam(conn)
    await assign_people(conn, exam_id, ["alice"])
    with pytest.raises(LastAssignment):
        async with conn.transaction():
            await unassign_people(conn, exam_id, [alice])
    assert await unassign_people(conn, exam_id, [alice], may_open=True) == 1
    assert (await assigned_to(conn, exam_id)).to_everybody
    # A repeat does nothing, and asks nothing.
    assert await unassign_people(conn, exam_id, [alice]) == 0


async def test_two_who_take_the_last_two_away_do_not_open_it(database):
    async with database.transaction() as conn:
        alice, bob = await add_people(conn, "alice", "bob")
        exam_id = await add_exam(conn)
        await assign_people(conn, exam_id, ["alice", "bob"])

    async def take_off(person_id):
        async with database.transaction() as conn:
            return await unassign_people(conn, exam_id, [person_id])

    done = await asyncio.gather(take_off(alice), take_off(bob), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["LastAssignment", "int"]


async def test_a_group_with_an_exam_is_not_deleted_for_that_would_open_it(conn):
    exam_id = await add_exam(conn)
    group_id = await create_group(conn, name="B2", description="", created_by=None)
    await assign_group(conn, exam_id, group_id)
    with pytest.raises(GroupInUse):
        async with conn.transaction():
            await delete_group(conn, group_id)
    await unassign_group(conn, exam_id, group_id, may_open=True)
    await delete_group(conn, group_id)


async def test_nobody_is_assigned_when_one_is_unknown(conn):
    await add_people(conn, "alice")
    exam_id = await add_exam(conn)
    with pytest.raises(UnknownUsernames) as caught:
        await assign_people(conn, exam_id, ["ALICE", "nobody"])
    assert caught.value.details == {"usernames": ["nobody"], "problems": 1}
    assert (await assigned_to(conn, exam_id)).to_everybody


async def test_nobody_who_starts_the_exam_waits_for_those_who_are_assigned(database):
    async with database.transaction() as conn:
        await add_people(conn, "alice", "bob")
        [carol] = await add_people(conn, "carol")
        exam_id = await add_exam(conn)
        await assign_people(conn, exam_id, ["carol"])
    async with database.transaction() as office:
        await assign_people(office, exam_id, ["alice", "bob"])
        starting = Starts(database).start(exam_id=exam_id, candidate_id=carol)
        assert (await asyncio.wait_for(starting, 5)).is_new
