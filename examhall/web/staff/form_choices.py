"""What a form can be tied to: the organisations, courses and exams that its page offers."""

from dataclasses import dataclass

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# More than anybody scrolls through; the API takes any.
SHOWN = 200


@dataclass(frozen=True)
class Choice:
    id: int
    title: str


@dataclass(frozen=True)
class Choices:
    organisations: list[Choice]
    courses: list[Choice]
    exams: list[Choice]


async def choices(
    conn: Connection, *, organisation_id: int | None, course_id: int | None, exam_id: int | None
) -> Choices:
    """The newest of each, and whatever the form is tied to already."""
    return Choices(
        await many(conn, SQL.organisations, Choice, limit=SHOWN, kept=organisation_id),
        await many(conn, SQL.courses, Choice, limit=SHOWN, kept=course_id),
        await many(conn, SQL.exams, Choice, limit=SHOWN, kept=exam_id),
    )
