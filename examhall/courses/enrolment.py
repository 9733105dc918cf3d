"""Who is enrolled in a course: one list from a file, seen before it is applied."""

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from examhall.base.clock import rfc3339
from examhall.base.csv_file import Problem, harmless
from examhall.base.db import Connection, many, maybe, run
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.courses.courses import NoSuchCourse, announce_course
from examhall.courses.enrolment_file import BadEnrolmentFile, EnrolmentLine

SQL = beside(__file__)

EVERYBODY = 2**31 - 1


@dataclass(frozen=True)
class Student:
    person_id: int
    username: str
    full_name: str
    email: str | None
    active: bool
    enrolled_at: datetime


@dataclass(frozen=True)
class _Line:
    # None: not in the file, but enrolled.
    line: int | None
    username: str
    person_id: int | None
    full_name: str | None
    times: int
    # What the file wants, and what is stored; None: not enrolled.
    active: bool
    was_active: bool | None


@dataclass(frozen=True)
class Change:
    """What a file would do to one person's enrolment."""

    # None: not in the file.
    line: int | None
    person_id: int
    username: str
    full_name: str
    # added, activated, deactivated or unchanged
    what: str


@dataclass(frozen=True)
class Changes:
    """What a file would do to a course, line by line."""

    each: Sequence[Change]

    @property
    def counts(self) -> Counter[str]:
        return Counter(change.what for change in self.each)

    @property
    def real(self) -> list[Change]:
        return [change for change in self.each if change.what != "unchanged"]

    @property
    def fingerprint(self) -> str:
        """Two looks at the same file are the same only if the same would change."""
        told = ",".join(f"{change.person_id}{change.what}" for change in self.real)
        return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class _Id:
    id: int


async def preview_enrolment(
    conn: Connection, course_id: int, lines: Sequence[EnrolmentLine], *, deactivate_missing: bool
) -> Changes:
    """What the file would change; with `deactivate_missing` it is the whole list: who is not in it leaves.

    Raises BadEnrolmentFile with every line that names nobody, or somebody twice. One statement.
    """
    found = await many(
        conn,
        SQL.preview_enrolment,
        _Line,
        course_id=course_id,
        lines=[each.line for each in lines],
        usernames=[each.username for each in lines],
        actives=[each.active for each in lines],
        deactivate_missing=deactivate_missing,
    )
    problems = [problem for each in found if (problem := _problem(each))]
    if problems:
        raise BadEnrolmentFile(problems)
    return Changes([_change(each) for each in found])


async def enrol(
    conn: Connection, course_id: int, lines: Sequence[EnrolmentLine], *, deactivate_missing: bool
) -> Changes:
    """Do what `preview_enrolment` says, all of it or nothing; the same file again changes nothing.

    Two files for one course at once are applied one after the other: the course's row is held.
    """
    if await maybe(conn, SQL.hold_course, _Id, course_id=course_id) is None:
        raise NoSuchCourse
    changes = await preview_enrolment(conn, course_id, lines, deactivate_missing=deactivate_missing)
    if changes.real:
        await run(
            conn,
            SQL.write_enrolments,
            course_id=course_id,
            person_ids=[change.person_id for change in changes.real],
            actives=[change.what != "deactivated" for change in changes.real],
        )
        await announce_course(conn, course_id)
    return changes


async def list_students(
    conn: Connection,
    course_id: int,
    *,
    after: int = 0,
    limit: int = EVERYBODY,
    search: str | None = None,
) -> list[Student]:
    """In the order of the people's ids, of those after one of them; `search` is in the name or username."""
    return await many(
        conn,
        SQL.list_students,
        Student,
        course_id=course_id,
        after=after,
        limit=limit,
        search=search or None,
    )


def enrolment_csv(students: Sequence[Student]) -> str:
    """username,full_name,email,active,enrolled_at with a header: it can be sent back as it is."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("username", "full_name", "email", "active", "enrolled_at"))
    for each in students:
        writer.writerow(
            (
                each.username,
                harmless(each.full_name),
                harmless(each.email or ""),
                "yes" if each.active else "no",
                rfc3339(each.enrolled_at),
            )
        )
    return text.getvalue()


def _problem(each: _Line) -> Problem | None:
    if each.line is None:
        return None
    if each.person_id is None:
        return Problem(
            each.line, "username", said("nobody here has the username {username}", username=each.username)
        )
    if each.times > 1:
        return Problem(
            each.line, "username", said("{username} is in the file more than once", username=each.username)
        )
    return None


def _change(each: _Line) -> Change:
    assert each.person_id is not None
    assert each.full_name is not None
    if each.active == each.was_active or (not each.active and each.was_active is None):
        what = "unchanged"
    elif each.was_active is None:
        what = "added"
    else:
        what = "activated" if each.active else "deactivated"
    return Change(each.line, each.person_id, each.username, each.full_name, what)
