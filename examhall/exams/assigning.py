"""Whom an exam is assigned to: people, and groups whoever is in them when they come."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.errors import ForeignKeyViolation

from examhall.accounts.tickets import NoSuchExam
from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.courses.groups import UNKNOWN_SHOWN, NoSuchGroup, UnknownUsernames
from examhall.exams.contents import announce_change
from examhall.exams.holding import HeldExam, hold_exam

SQL = beside(__file__)


class LastAssignment(Conflict):
    """Without this nobody is assigned to the exam, and it is open to everybody. Say that you mean it."""


@dataclass(frozen=True)
class Assigned:
    """How many people and groups an exam is assigned to, beside the course that it may be of."""

    people: int
    groups: int
    course_id: int | None
    course_code: str | None

    @property
    def to_everybody(self) -> bool:
        return not self.people and not self.groups and self.course_id is None


@dataclass(frozen=True)
class AssignedGroup:
    id: int
    name: str
    course_id: int | None
    members: int


@dataclass(frozen=True)
class _Named:
    username: str
    person_id: int | None


async def assign_person(conn: Connection, *, exam_id: int, person_id: int) -> None:
    """Whoever is not yet assigned to an exam that is assigned to some is so now; a repeat changes nothing.

    An exam without assignments is open to everybody and stays so: one alone would shut all others out.
    """
    if await run(conn, SQL.assign_person, exam_id=exam_id, person_id=person_id):
        await announce_change(conn, exam_id)


async def assign_people(conn: Connection, exam_id: int, usernames: Sequence[str]) -> int:
    """Assign these to the exam, which from now on admits nobody else; how many were not yet.

    All or nobody: who is unknown is named.
    """
    await _hold(conn, exam_id)
    named = await many(conn, SQL.people_of, _Named, usernames=list(usernames))
    if unknown := [each.username for each in named if each.person_id is None]:
        raise UnknownUsernames(usernames=unknown[:UNKNOWN_SHOWN], problems=len(unknown))
    person_ids = [each.person_id for each in named]
    added = await run(conn, SQL.assign_people, exam_id=exam_id, person_ids=person_ids)
    await announce_change(conn, exam_id)
    return added


async def unassign_people(
    conn: Connection, exam_id: int, person_ids: Sequence[int], *, may_open: bool = False
) -> int:
    """Take these off; how many were on. The last ones only if it `may_open` to everybody."""
    held = await _hold(conn, exam_id)
    removed = await run(conn, SQL.unassign_people, exam_id=exam_id, person_ids=list(person_ids))
    await _keep_shut(conn, held, may_open=may_open, changed=removed > 0)
    return removed


async def assign_group(conn: Connection, exam_id: int, group_id: int) -> bool:
    """Assign the exam to a group: whoever is in it when they come, also who joins later."""
    await _hold(conn, exam_id)
    try:
        added = await run(conn, SQL.assign_group, exam_id=exam_id, group_id=group_id)
    except ForeignKeyViolation as error:
        raise NoSuchGroup from error
    await announce_change(conn, exam_id)
    return added > 0


async def unassign_group(conn: Connection, exam_id: int, group_id: int, *, may_open: bool = False) -> bool:
    """Take a group off. The last assignment only if the exam `may_open` to everybody."""
    held = await _hold(conn, exam_id)
    removed = await run(conn, SQL.unassign_group, exam_id=exam_id, group_id=group_id)
    await _keep_shut(conn, held, may_open=may_open, changed=removed > 0)
    return removed > 0


async def assigned_to(conn: Connection, exam_id: int) -> Assigned:
    found = await maybe(conn, SQL.assigned, Assigned, exam_id=exam_id)
    if found is None:
        raise NoSuchExam
    return found


async def assigned_groups(conn: Connection, exam_id: int) -> list[AssignedGroup]:
    return await many(conn, SQL.assigned_groups, AssignedGroup, exam_id=exam_id)


async def _hold(conn: Connection, exam_id: int) -> HeldExam:
    """Of two who take the last assignments away, one waits for the other and sees what is left."""
    held = await hold_exam(conn, exam_id)
    if held is None:
        raise NoSuchExam
    return held


async def _keep_shut(conn: Connection, held: HeldExam, *, may_open: bool, changed: bool) -> None:
    if not changed:
        return
    left = await assigned_to(conn, held.id)
    # Of a course's exam its students are left.
    if left.to_everybody and not may_open:
        raise LastAssignment
    await announce_change(conn, held.id)
