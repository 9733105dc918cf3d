"""A contest in a course, with the students who may sit it."""

from dataclasses import dataclass

from examhall.base.db import Connection
from examhall.sittings.hand_in import hand_in
from examhall.sittings.start import Wanted, start_sittings
from tests.courses.rows import add_course, add_people, enrol_people
from tests.sittings.seats import add_exam


@dataclass(frozen=True)
class Class:
    course_id: int
    contest_id: int
    students: list[int]


async def add_class(conn: Connection, *usernames: str, code: str = "ALG-1", **columns: object) -> Class:
    """A course, an open contest in it with one question, and these people enrolled."""
    course_id = await add_course(conn, code)
    students = await add_people(conn, *usernames)
    await enrol_people(conn, course_id, students)
    contest_id = await add_exam(conn, kind="contest", course_id=course_id, **columns)
    return Class(course_id, contest_id, students)


async def hand_in_for(conn: Connection, contest_id: int, student_id: int) -> None:
    [started] = await start_sittings(conn, [Wanted(student_id, contest_id)])
    assert started is not None
    await hand_in(conn, [(student_id, started.sitting.id)])
