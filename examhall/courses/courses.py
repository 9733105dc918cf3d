"""Courses: what they are called, who may change them, and the word that goes out when one has changed."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Whoever changes a course, its enrolment or its exams announces its id here, in the same transaction.
CHANNEL = "examhall_course_changed"

CODE_CHARS = 40
TITLE_CHARS = 200
DESCRIPTION_CHARS = 2_000


class NoSuchCourse(NotFound):
    """There is no such course, or it is not yours."""


class CourseCodeTaken(Conflict):
    """There is a course with this code already."""


@dataclass(frozen=True)
class Course:
    id: int
    code: str
    title: str
    description: str
    active: bool
    version: int
    created_at: datetime
    # Those whose enrolment is active.
    enrolled: int
    contests: int
    server_time: datetime


@dataclass(frozen=True)
class _Id:
    id: int


async def create_course(
    conn: Connection, *, code: str, title: str, description: str, created_by: int | None
) -> int:
    """Add a course without students; its id. Of two with the same code one is added."""
    try:
        created = await one(
            conn,
            SQL.create_course,
            _Id,
            code=code,
            title=title,
            description=description,
            created_by=created_by,
        )
    except UniqueViolation as error:
        raise CourseCodeTaken from error
    return created.id


async def edit_course(
    conn: Connection, course_id: int, *, version: int, code: str, title: str, description: str, active: bool
) -> None:
    """Change a course if it still is what the editor saw: of two edits of a version the second is refused."""
    try:
        changed = await run(
            conn,
            SQL.edit_course,
            course_id=course_id,
            version=version,
            code=code,
            title=title,
            description=description,
            active=active,
        )
    except UniqueViolation as error:
        raise CourseCodeTaken from error
    if not changed:
        raise SomebodyWasFaster(version=(await find_course(conn, course_id)).version)
    await announce_course(conn, course_id)


async def find_course(conn: Connection, course_id: int) -> Course:
    found = await maybe(conn, SQL.find_course, Course, course_id=course_id)
    if found is None:
        raise NoSuchCourse
    return found


async def course_of_code(conn: Connection, code: str) -> int | None:
    """The id of the course that people call so, in upper or lower case."""
    found = await maybe(conn, SQL.course_of_code, _Id, code=code)
    return None if found is None else found.id


async def list_courses(
    conn: Connection, *, before_id: int, limit: int, search: str | None = None
) -> list[Course]:
    """The newest first, of those before one of them; `search` is in the code or the title."""
    return await many(conn, SQL.list_courses, Course, before_id=before_id, limit=limit, search=search or None)


async def announce_course(conn: Connection, course_id: int) -> None:
    """Tell every process, with the commit, to forget what it remembers of this course."""
    await run(conn, SQL.announce_course, channel=CHANNEL, payload=str(course_id))
