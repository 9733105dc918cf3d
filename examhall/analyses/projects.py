"""Projects: what belongs together, and who is in it. Everything about analyses is seen by members alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from examhall.accounts.access import Person, require_role
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Forbidden, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside

SQL = beside(__file__)

NAME_CHARS = 120
DESCRIPTION_CHARS = 2_000

Role: TypeAlias = Literal["owner", "editor", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)
# Scenarios quote keys and results name candidates: without one of these accounts' roles nobody sees any.
STAFF = ("analyst", "author")


class NoSuchProject(NotFound):
    """There is no such project, or you are not in it."""


class OnlyLooking(Forbidden):
    """You may look at this project, not change it. One of its owners can let you."""


class OwnersOnly(Forbidden):
    """Only an owner of the project decides this."""


class CannotJoin(Malformed):
    """Nobody with this username may work on analyses: members are analysts, authors or administrators."""


class LastOwner(Conflict):
    """A project needs an owner. Make somebody else one first."""


@dataclass(frozen=True)
class Project:
    id: int
    name: str
    description: str
    version: int
    # Of whoever looks.
    role: str
    members: int
    scenarios: int
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None
    server_time: datetime

    @property
    def may_edit(self) -> bool:
        return self.role in ("owner", "editor") and self.archived_at is None


@dataclass(frozen=True)
class Member:
    person_id: int
    username: str
    full_name: str
    role: str
    added_at: datetime


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Owners:
    owners: list[int]


def require_analyst(me: Person) -> None:
    """Refuse whoever has no business with analyses, whatever project they were once put into."""
    require_role(me, *STAFF)


async def create_project(conn: Connection, *, name: str, description: str, created_by: int) -> int:
    """Add a project with its first owner; its id."""
    created = await one(
        conn, SQL.create_project, _Id, name=name, description=description, created_by=created_by
    )
    return created.id


async def find_project(
    conn: Connection, project_id: int, person_id: int, *, needs: Role = "viewer"
) -> Project:
    """The project, if this person is in it with such a role: an owner may all, an editor all but members.

    Raises NoSuchProject for everybody else, OnlyLooking or OwnersOnly for members who may not.
    """
    found = await maybe(conn, SQL.find_project, Project, project_id=project_id, person_id=person_id)
    if found is None:
        raise NoSuchProject
    require_project_role(found.role, needs)
    return found


def require_project_role(role: str, needs: Role) -> None:
    if needs == "owner" and role != "owner":
        raise OwnersOnly
    if needs == "editor" and role == "viewer":
        raise OnlyLooking


async def list_projects(
    conn: Connection, person_id: int, *, before_id: int, limit: int, archived: bool = False
) -> list[Project]:
    """Those that a person is in, the newest first."""
    return await many(
        conn,
        SQL.list_projects,
        Project,
        person_id=person_id,
        before_id=before_id,
        limit=limit,
        archived=archived,
    )


async def edit_project(
    conn: Connection,
    project_id: int,
    *,
    person_id: int,
    version: int,
    name: str,
    description: str,
    archived: bool,
) -> Project:
    """Change a project if it still is what the editor saw: of two edits of a version the second is refused.

    Who is refused is told what the project is called now.
    """
    before = await find_project(conn, project_id, person_id, needs="editor")
    if archived != (before.archived_at is not None):
        require_project_role(before.role, "owner")
    changed = await run(
        conn,
        SQL.edit_project,
        project_id=project_id,
        version=version,
        name=name,
        description=description,
        archived=archived,
    )
    project = await find_project(conn, project_id, person_id)
    if not changed:
        raise SomebodyWasFaster(
            version=project.version, current={"name": project.name, "description": project.description}
        )
    return project


async def list_members(conn: Connection, project_id: int) -> list[Member]:
    """Owners first, then editors, then viewers; by name."""
    return await many(conn, SQL.list_members, Member, project_id=project_id)


async def set_member(
    conn: Connection, project_id: int, *, by: int, username: str, role: Role
) -> Sequence[Member]:
    """Put somebody into a project, or give a member another role; doing it again changes nothing."""
    await _hold(conn, project_id, by, needs="owner")
    person = await maybe(conn, SQL.find_person, _Id, username=username, roles=["admin", *STAFF])
    if person is None:
        raise CannotJoin(fields=[{"path": "username", "message": CannotJoin.sentence()}])
    if role != "owner":
        await _keep_an_owner(conn, project_id, person.id)
    await run(conn, SQL.set_member, project_id=project_id, person_id=person.id, role=role)
    return await list_members(conn, project_id)


async def remove_member(conn: Connection, project_id: int, *, by: int, person_id: int) -> None:
    """Take somebody out of a project; anybody may go by themselves. Doing it again changes nothing."""
    await _hold(conn, project_id, by, needs="viewer" if person_id == by else "owner")
    await _keep_an_owner(conn, project_id, person_id)
    await run(conn, SQL.remove_member, project_id=project_id, person_id=person_id)


async def _hold(conn: Connection, project_id: int, person_id: int, *, needs: Role) -> None:
    """One change of a project's members at a time: two owners who remove each other do it in some order."""
    await run(conn, SQL.hold_project, project_id=project_id)
    await find_project(conn, project_id, person_id, needs=needs)


async def _keep_an_owner(conn: Connection, project_id: int, leaving: int) -> None:
    if (await one(conn, SQL.owners, _Owners, project_id=project_id)).owners == [leaving]:
        raise LastOwner
