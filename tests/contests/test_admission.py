"""Who may sit an exam of a course: the actively enrolled, wherever it is asked."""

import pytest
from psycopg.errors import CheckViolation

from examhall.accounts.access import Person
from examhall.accounts.tickets import issue_tickets
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection
from examhall.sittings.availability import (
    ExamNotFound,
    availability_of_exam,
    exam_of_test_type,
    my_exams,
)
from examhall.sittings.start import Wanted, start_sittings
from examhall.web.overview import list_my_exams
from tests.courses.rows import add_course, add_people, enrol_people
from tests.sittings.seats import add_exam

from .rows import add_class

pytestmark = pytest.mark.anyio


async def admitted(conn: Connection, exam_id: int, person_id: int) -> set[bool]:
    """What every door says."""
    found = set[bool]()
    try:
        found.add((await availability_of_exam(conn, exam_id=exam_id, candidate_id=person_id)).can_start)
    except ExamNotFound:
        found.add(False)
    listed = await my_exams(conn, candidate_id=person_id, only_exam_id=None, before_id=10**9, limit=50)
    found.add(exam_id in [each.exam_id for each in listed])
    shown, _ = await list_my_exams(conn, Person(person_id))
    found.add(exam_id in [each.id for each in shown])
    async with conn.transaction(force_rollback=True):
        [started] = await start_sittings(conn, [Wanted(person_id, exam_id)])
        found.add(started is not None)
    return found


async def test_the_actively_enrolled_may_sit_and_nobody_else(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    left, stranger = await add_people(conn, "left", "stranger")
    await enrol_people(conn, group.course_id, [left], active=False)
    assert await admitted(conn, group.contest_id, group.students[0]) == {True}
    assert await admitted(conn, group.contest_id, left) == {False}
    assert await admitted(conn, group.contest_id, stranger) == {False}


async def test_the_exams_of_a_course_that_is_not_active_are_open_to_nobody(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    await conn.execute("UPDATE courses SET active = false")
    assert await admitted(conn, group.contest_id, group.students[0]) == {False}


async def test_an_exam_of_a_course_assigned_to_some_is_theirs_alone(conn: Connection) -> None:
    group = await add_class(conn, "ann", "ben")
    [stranger] = await add_people(conn, "stranger")
    await conn.execute(
        "INSERT INTO assignments SELECT %s, unnest(%s::bigint[])",
        (group.contest_id, [group.students[0], stranger]),
    )
    assert await admitted(conn, group.contest_id, group.students[0]) == {True}
    assert await admitted(conn, group.contest_id, group.students[1]) == {False}
    assert await admitted(conn, group.contest_id, stranger) == {False}


async def test_a_test_type_means_one_that_this_person_may_sit(conn: Connection) -> None:
    course_id = await add_course(conn)
    ann, ben = await add_people(conn, "ann", "ben")
    await enrol_people(conn, course_id, [ann])
    own = await add_exam(conn, kind="test", test_type="SJT", course_id=course_id)
    with pytest.raises(ExamNotFound):
        await exam_of_test_type(conn, test_type="SJT", candidate_id=ben, only_exam_id=None)
    assert await exam_of_test_type(conn, test_type="SJT", candidate_id=ann, only_exam_id=None) == own


async def test_tickets_for_everybody_are_for_the_course(conn: Connection) -> None:
    group = await add_class(conn, "ann", "ben")
    await add_people(conn, "stranger")
    issued = await issue_tickets(
        conn, Signer("a secret of some length, for tickets"), exam_id=group.contest_id
    )
    assert [ticket.username for ticket in issued] == ["ann", "ben"]


async def test_who_may_sit_is_decided_inside_the_query_that_asks(conn: Connection) -> None:
    """A call of the function for every row would cost a start; PostgreSQL puts its body in its place."""
    cursor = await conn.execute(
        "EXPLAIN SELECT FROM exams CROSS JOIN admission(exams.id, exams.course_id, 1) WHERE admitted"
    )
    plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "SubPlan" in plan
    assert "Function Scan" not in plan


async def test_a_contest_of_a_course_cannot_be_sat_twice(conn: Connection) -> None:
    with pytest.raises(CheckViolation, match="exams_contest_once"):
        await add_class(conn, attempts_allowed=2)
