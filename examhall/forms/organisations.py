"""Organisations (training centres, schools, companies) and who belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation

from examhall.accounts.access import Person
from examhall.base.csv_file import Problem
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound, SomebodyWasFaster
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.forms.organisations_file import BadOrganisationsFile, OrganisationLine

SQL = beside(__file__)

CODE_CHARS = 40
NAME_CHARS = 200
KIND_CHARS = 40
# What an organisation is when nobody says: the commonest.
USUAL_KIND = "training-centre"


class NoSuchOrganisation(NotFound):
    """There is no such organisation, or it is not yours."""


class OrganisationCodeTaken(Conflict):
    """There is an organisation with this code already."""


class NoSuchMember(NotFound):
    """Nobody here has this username."""


@dataclass(frozen=True)
class Organisation:
    id: int
    code: str
    name: str
    kind: str
    email: str | None
    active: bool
    version: int
    created_at: datetime
    members: int


@dataclass(frozen=True)
class Member:
    person_id: int
    username: str
    full_name: str
    manager: bool
    joined_at: datetime


@dataclass(frozen=True)
class Belonging:
    """An organisation that somebody is in."""

    id: int
    code: str
    name: str
    manager: bool


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Line:
    line: int


async def create_organisation(
    conn: Connection, *, code: str, name: str, kind: str, email: str | None, created_by: int | None
) -> int:
    """Add an organisation; its id. Of two with the same code one is added."""
    try:
        created = await one(
            conn,
            SQL.create_organisation,
            _Id,
            code=code,
            name=name,
            kind=kind,
            email=email,
            created_by=created_by,
        )
    except UniqueViolation as error:
        raise OrganisationCodeTaken from error
    return created.id


async def edit_organisation(
    conn: Connection,
    organisation_id: int,
    *,
    version: int,
    code: str,
    name: str,
    kind: str,
    email: str | None,
    active: bool,
) -> None:
    """Change what still is as the editor saw it: of two edits of a version the second is refused."""
    try:
        changed = await run(
            conn,
            SQL.edit_organisation,
            organisation_id=organisation_id,
            version=version,
            code=code,
            name=name,
            kind=kind,
            email=email,
            active=active,
        )
    except UniqueViolation as error:
        raise OrganisationCodeTaken from error
    if not changed:
        raise SomebodyWasFaster(version=(await find_organisation(conn, organisation_id)).version)


async def find_organisation(conn: Connection, organisation_id: int) -> Organisation:
    found = await maybe(conn, SQL.find_organisation, Organisation, organisation_id=organisation_id)
    if found is None:
        raise NoSuchOrganisation
    return found


async def organisation_of_code(conn: Connection, code: str) -> int | None:
    """The id of the active organisation that people call so, in upper or lower case."""
    found = await maybe(conn, SQL.organisation_of_code, _Id, code=code)
    return None if found is None else found.id


async def list_organisations(
    conn: Connection, *, before_id: int, limit: int, search: str | None = None
) -> list[Organisation]:
    """The newest first, of those before one of them; `search` is in the code or the name."""
    return await many(
        conn,
        SQL.list_organisations,
        Organisation,
        before_id=before_id,
        limit=limit,
        search=search or None,
    )


async def organisations_of(conn: Connection, person_id: int) -> list[Belonging]:
    """The active organisations that somebody is in, by name."""
    return await many(conn, SQL.organisations_of, Belonging, person_id=person_id)


async def is_manager(conn: Connection, person: Person, organisation_id: int) -> bool:
    """Whether somebody looks after an organisation; by a ticket nobody does."""
    if person.exam_id is not None:
        return False
    found = await maybe(conn, SQL.find_manager, _Id, organisation_id=organisation_id, person_id=person.id)
    return found is not None


async def list_members(conn: Connection, organisation_id: int, *, after: int, limit: int) -> list[Member]:
    return await many(
        conn, SQL.list_members, Member, organisation_id=organisation_id, after=after, limit=limit
    )


async def set_member(conn: Connection, organisation_id: int, *, username: str, manager: bool) -> int:
    """Make somebody a member, or change whether they manage; their id. A repeat changes nothing."""
    await find_organisation(conn, organisation_id)
    found = await maybe(
        conn, SQL.set_member, _Id, organisation_id=organisation_id, username=username, manager=manager
    )
    if found is None:
        raise NoSuchMember
    return found.id


async def remove_member(conn: Connection, organisation_id: int, person_id: int) -> None:
    """Whoever is no member stays none."""
    await run(conn, SQL.remove_member, organisation_id=organisation_id, person_id=person_id)


async def import_organisations(
    conn: Connection, lines: Sequence[OrganisationLine], *, created_by: int | None, kinds: Sequence[str]
) -> tuple[int, int]:
    """Add those whose codes are new and change the others, all of them or none: (added, changed).

    The same file again changes nothing. `kinds` are those that there are.
    """
    if problems := [
        Problem(each.line, "kind", said("is none of {names}", names=", ".join(kinds)))
        for each in lines
        if (each.kind or USUAL_KIND) not in kinds
    ]:
        raise BadOrganisationsFile(problems)
    given: dict[str, object] = {
        "codes": [each.code for each in lines],
        "names": [each.name for each in lines],
        "kinds": [each.kind for each in lines],
        "emails": [each.email for each in lines],
        "actives": [each.active for each in lines],
    }
    # In this order, each of its own statement: what the second changes is not what the first has added.
    changed = await run(conn, SQL.update_organisations, **given)
    added = await run(conn, SQL.insert_organisations, **given, usual=USUAL_KIND, created_by=created_by)
    return added, changed
