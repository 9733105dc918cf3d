"""A course and its students, in the fewest rows that a test needs."""

from collections.abc import Sequence

from examhall.accounts.people import create_person
from examhall.base.db import Connection
from examhall.courses.courses import create_course


async def add_course(conn: Connection, code: str = "ALG-1") -> int:
    return await create_course(conn, code=code, title="Algebra", description="", created_by=None)


async def add_people(conn: Connection, *usernames: str) -> list[int]:
    return [await create_person(conn, username=each, full_name=each.title()) for each in usernames]


async def enrol_people(
    conn: Connection, course_id: int, person_ids: Sequence[int], *, active: bool = True
) -> None:
    await conn.execute(
        "INSERT INTO enrolments (course_id, person_id, active) SELECT %s, unnest(%s::bigint[]), %s",
        (course_id, list(person_ids), active),
    )
