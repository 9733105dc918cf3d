"""Groups of people: lists of their own, and the members of a course as a group."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.courses.courses import NoSuchCourse, find_course

SQL = beside(__file__)

NAME_CHARS = 200
DESCRIPTION_CHARS = 2_000
# Pasted at once.
USERNAMES_LIMIT = 20_000
# Of usernames that nobody has: more than that are wrong in one way.
UNKNOWN_SHOWN = 100
EVERYBODY = 2**31 - 1

Way: TypeAlias = Literal["add", "remove", "replace"]


class NoSuchGroup(NotFound):
    """There is no such group."""


class GroupNameTaken(Conflict):
    """There is a group with this name already."""


class GroupInUse(Conflict):
    """Exams are assigned to this group, or it has extra time. Take those away first."""


class MembersOfCourse(Conflict):
    """The members of this group are those of its course: enrol them there."""


class UnknownUsernames(Malformed):
    """Nobody here has some of these usernames. Nothing was changed."""


class TooManyUsernames(Malformed):
    """At most 20,000 usernames at once."""


@dataclass(frozen=True)
class Group:
    id: int
    name: str
    description: str
    course_id: int | None
    course_code: str | None
    version: int
    created_at: datetime
    members: int


@dataclass(frozen=True)
class GroupOf:
    """A group that somebody is in."""

    id: int
    name: str
    course_id: int | None


@dataclass(frozen=True)
class Member:
    person_id: int
    username: str
    full_name: str
    active: bool


@dataclass(frozen=True)
class Changed:
    """What a list of usernames did to a group, or would do."""

    added: int
    removed: int
    unchanged: int


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Held:
    id: int
    course_id: int | None


@dataclass(frozen=True)
class _Named:
    username: str
    person_id: int | None
    full_name: str | None
    is_member: bool


async def create_group(
    conn: Connection, *, name: str, description: str, created_by: int | None, course_id: int | None = None
) -> int:
    """Add a group without members, or a course's; its id. Of two with the same name one is added."""
    try:
        created = await one(
            conn,
            SQL.create_group,
            _Id,
            name=name,
            description=description,
            course_id=course_id,
            created_by=created_by,
        )
    except UniqueViolation as error:
        raise GroupNameTaken from error
    except ForeignKeyViolation as error:
        raise NoSuchCourse from error
    return created.id


async def create_course_group(conn: Connection, course_id: int, *, created_by: int | None) -> int:
    """The members of a course as a group, under the course's code and title."""
    course = await find_course(conn, course_id)
    return await create_group(
        conn,
        name=f"{course.code} · {course.title}"[:NAME_CHARS],
        description="",
        created_by=created_by,
        course_id=course.id,
    )


async def edit_group(conn: Connection, group_id: int, *, version: int, name: str, description: str) -> None:
    """Change a group if it still is what the editor saw: of two edits of a version the second is refused."""
    try:
        changed = await run(
            conn, SQL.edit_group, group_id=group_id, version=version, name=name, description=description
        )
    except UniqueViolation as error:
        raise GroupNameTaken from error
    if not changed:
        raise SomebodyWasFaster(version=(await find_group(conn, group_id)).version)


async def delete_group(conn: Connection, group_id: int) -> None:
    """Never one that an exam is assigned to: without it, the exam would be open to everybody."""
    try:
        deleted = await run(conn, SQL.delete_group, group_id=group_id)
    except ForeignKeyViolation as error:
        raise GroupInUse from error
    if not deleted:
        raise NoSuchGroup


async def find_group(conn: Connection, group_id: int) -> Group:
    found = await maybe(conn, SQL.find_group, Group, group_id=group_id)
    if found is None:
        raise NoSuchGroup
    return found


async def list_groups(
    conn: Connection, *, before_id: int, limit: int, search: str | None = None
) -> list[Group]:
    """The newest first, of those before one of them."""
    return await many(conn, SQL.list_groups, Group, before_id=before_id, limit=limit, search=search or None)


async def groups_of(conn: Connection, person_id: int) -> list[GroupOf]:
    """All that somebody is in at this moment, in the order of their names."""
    return await many(conn, SQL.groups_of, GroupOf, person_id=person_id)


async def list_members(
    conn: Connection, group_id: int, *, after: int = 0, limit: int = EVERYBODY, search: str | None = None
) -> list[Member]:
    """In the order of the people's ids, of those after one of them."""
    return await many(
        conn, SQL.list_members, Member, group_id=group_id, after=after, limit=limit, search=search or None
    )


def usernames_in(pasted: str) -> list[str]:
    """Each once, as they stand in a text with spaces, commas, semicolons or line breaks between them."""
    # Nor is there a NUL in anybody's name: the database has no such text.
    found = {name.lower(): name for name in re.split(r"[\s,;\0]+", pasted) if name}
    if len(found) > USERNAMES_LIMIT:
        raise TooManyUsernames
    return list(found.values())


async def change_members(
    conn: Connection, group_id: int, usernames: Sequence[str], *, way: Way, dry: bool = False
) -> Changed:
    """Add these to a group, take them out, or make them all of it; `dry` only says what would change.

    All of them or nothing: who is unknown is named. Two lists at once are applied one after the other. Again
    with the same list nothing changes.
    """
    group = await maybe(conn, SQL.hold_group, _Held, group_id=group_id)
    if group is None:
        raise NoSuchGroup
    if group.course_id is not None:
        raise MembersOfCourse
    named = await many(conn, SQL.named, _Named, group_id=group_id, usernames=list(usernames))
    if unknown := [each.username for each in named if each.person_id is None]:
        raise UnknownUsernames(usernames=unknown[:UNKNOWN_SHOWN], problems=len(unknown))
    inside = [each.person_id for each in named if each.is_member]
    outside = [each.person_id for each in named if not each.is_member]
    adding = [] if way == "remove" else outside
    removing: Sequence[int | None] = inside if way == "remove" else []
    if way == "replace":
        kept = [each.person_id for each in named]
        removing = [
            each.id for each in await many(conn, SQL.others_than, _Id, group_id=group_id, person_ids=kept)
        ]
    if not dry:
        await run(conn, SQL.add_members, group_id=group_id, person_ids=adding)
        await run(conn, SQL.remove_members, group_id=group_id, person_ids=list(removing))
    unchanged = len(outside) if way == "remove" else len(inside)
    return Changed(added=len(adding), removed=len(removing), unchanged=unchanged)
