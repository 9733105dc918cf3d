"""Enrolment from a file: seen before it is applied, all of it or nothing, one file after the other."""

import asyncio

import pytest

from examhall.base.db import Connection, Database
from examhall.courses.courses import NoSuchCourse
from examhall.courses.enrolment import enrol, enrolment_csv, list_students, preview_enrolment
from examhall.courses.enrolment_file import BadEnrolmentFile, EnrolmentLine, read_enrolment

from .rows import add_course, add_people, enrol_people

pytestmark = pytest.mark.anyio


def file_of(*usernames: str, active: bool = True) -> list[EnrolmentLine]:
    return [EnrolmentLine(line, username, active) for line, username in enumerate(usernames, 2)]


async def active_in(conn: Connection, course_id: int) -> list[str]:
    return [each.username for each in await list_students(conn, course_id) if each.active]


async def test_a_file_is_seen_and_changes_nothing_until_it_is_applied(conn: Connection) -> None:
    course_id = await add_course(conn)
    ann, ben, _cy = await add_people(conn, "ann", "ben", "cy")
    await enrol_people(conn, course_id, [ann])
    await enrol_people(conn, course_id, [ben], active=False)
    file = file_of("ANN", "ben", "cy")
    seen = await preview_enrolment(conn, course_id, file, deactivate_missing=False)
    assert [(each.username, each.what) for each in seen.each] == [
        ("ann", "unchanged"),
        ("ben", "activated"),
        ("cy", "added"),
    ]
    assert await active_in(conn, course_id) == ["ann"]
    assert (await enrol(conn, course_id, file, deactivate_missing=False)).fingerprint == seen.fingerprint
    assert await active_in(conn, course_id) == ["ann", "ben", "cy"]
    again = await enrol(conn, course_id, file, deactivate_missing=False)
    assert again.counts == {"unchanged": 3}
    assert again.fingerprint != seen.fingerprint


async def test_a_whole_list_makes_those_inactive_who_are_not_in_it(conn: Connection) -> None:
    course_id, other = await add_course(conn, "A"), await add_course(conn, "B")
    people = await add_people(conn, "ann", "ben", "cy")
    for each in (course_id, other):
        await enrol_people(conn, each, people)
    changes = await enrol(conn, course_id, file_of("ben"), deactivate_missing=True)
    assert changes.counts == {"deactivated": 2, "unchanged": 1}
    assert await active_in(conn, course_id) == ["ben"]
    assert await active_in(conn, other) == ["ann", "ben", "cy"]


async def test_one_bad_line_and_nothing_is_changed(conn: Connection) -> None:
    course_id = await add_course(conn)
    await add_people(conn, "ann", "ben")
    with pytest.raises(BadEnrolmentFile) as caught:
        await enrol(conn, course_id, file_of("ann", "nobody", "ben", "BEN"), deactivate_missing=True)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5]
    assert await list_students(conn, course_id) == []


async def test_an_unknown_course_enrols_nobody(conn: Connection) -> None:
    with pytest.raises(NoSuchCourse):
        await enrol(conn, 10**9, file_of("ann"), deactivate_missing=False)


async def test_two_whole_lists_at_once_are_applied_one_after_the_other(database: Database) -> None:
    """Without the hold on the course each would leave the other's students active."""
    async with database.transaction() as conn:
        course_id = await add_course(conn)
        await add_people(conn, *(f"a{n}" for n in range(20)), *(f"b{n}" for n in range(20)))

    async def apply(letter: str) -> None:
        async with database.transaction() as conn:
            await enrol(
                conn, course_id, file_of(*(f"{letter}{n}" for n in range(20))), deactivate_missing=True
            )

    for _ in range(5):
        await asyncio.gather(apply("a"), apply("b"))
        async with database.transaction() as conn:
            assert len({username[0] for username in await active_in(conn, course_id)}) == 1


async def test_the_export_can_be_sent_back(conn: Connection) -> None:
    course_id = await add_course(conn)
    ann, ben = await add_people(conn, "ann", "ben")
    await enrol_people(conn, course_id, [ann])
    await enrol_people(conn, course_id, [ben], active=False)
    exported = enrolment_csv(await list_students(conn, course_id))
    changes = await enrol(conn, course_id, read_enrolment(exported.encode()), deactivate_missing=True)
    assert changes.counts == {"unchanged": 2}


async def test_a_name_cannot_become_a_formula(conn: Connection) -> None:
    course_id = await add_course(conn)
    [ann] = await add_people(conn, "ann")
    await conn.execute("UPDATE people SET full_name = 'Ann;=1+1' WHERE id = %s", (ann,))
    await enrol_people(conn, course_id, [ann])
    assert ",Ann;'=1+1," in enrolment_csv(await list_students(conn, course_id))
