"""The office's directory of people: finding them, and changing one without doing harm to the others."""

import csv
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from uuid import UUID

from psycopg.errors import UniqueViolation

from examhall.accounts.ended import end_sign_in, end_sign_ins_of
from examhall.accounts.people import EmailTaken, LastAdmin, NoSuchPerson, OwnRights, UsernameTaken
from examhall.audit.noting import note
from examhall.base.csv_file import harmless
from examhall.base.db import Connection, Database, many, maybe, run
from examhall.base.errors import NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Of somebody's sign-ins, the newest.
SIGN_INS_SHOWN = 20
# Read from the database at once for an export.
EXPORT_CHUNK = 1_000


class NoSuchSignIn(NotFound):
    """There is no such sign-in."""


@dataclass(frozen=True)
class Entry:
    id: int
    username: str
    email: str | None
    full_name: str
    roles: Sequence[str]
    active: bool
    version: int
    created_at: datetime


@dataclass(frozen=True)
class Sought:
    """What a reader of the directory looks for."""

    search: str = ""
    role: str | None = None
    active: bool | None = None
    group_id: int | None = None


@dataclass(frozen=True)
class StoredSignIn:
    id: UUID
    method: str
    exam_id: int | None
    exam_title: str | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    is_live: bool


@dataclass(frozen=True)
class _Place:
    name: str


@dataclass(frozen=True)
class _Id:
    id: int


async def list_people(conn: Connection, sought: Sought, *, after: int = 0, limit: int) -> list[Entry]:
    """In the order of their names, of those after one of them.

    A search finds whoever has a word that begins so for each of its words, in the name, the username or the
    address; letters' case and apostrophes make no difference. One without any word finds nobody.
    """
    place = await maybe(conn, SQL.place_of, _Place, person_id=after) if after else None
    where = {
        "role": sought.role,
        "active": sought.active,
        "group_id": sought.group_id,
        "after": after,
        "after_name": place.name if place else "",
        "limit": limit,
    }
    if sought.search:
        return await many(conn, SQL.search_people, Entry, search=sought.search, **where)
    return await many(conn, SQL.list_people, Entry, **where)


async def find_person(conn: Connection, person_id: int) -> Entry:
    """Active or not."""
    found = await maybe(conn, SQL.find_person, Entry, person_id=person_id)
    if found is None:
        raise NoSuchPerson
    return found


async def edit_person(
    conn: Connection,
    person_id: int,
    *,
    by: int,
    version: int,
    username: str,
    full_name: str,
    email: str | None,
    roles: Sequence[str],
    active: bool,
) -> Entry:
    """Change somebody if they still are what the editor saw: of two edits of a version the second is refused.

    Nobody changes their own roles, and there is always an active admin. Who loses a role or is closed is
    signed out everywhere.
    """
    await run(conn, SQL.write_together)
    # Held before the person is: whoever makes the same change takes them in the same order.
    admins = [] if active and "admin" in roles else await many(conn, SQL.hold_admins, _Id)
    held = await maybe(conn, SQL.hold_person, Entry, person_id=person_id)
    if held is None:
        raise NoSuchPerson
    if held.version != version:
        raise SomebodyWasFaster(version=held.version)
    if person_id == by and ({*roles} != {*held.roles} or not active):
        raise OwnRights
    if [admin.id for admin in admins] == [person_id]:
        raise LastAdmin
    try:
        await run(
            conn,
            SQL.edit_person,
            person_id=person_id,
            username=username,
            full_name=full_name,
            email=email,
            roles=sorted({*roles}),
            active=active,
        )
    except UniqueViolation as error:
        raise (EmailTaken if error.diag.constraint_name == "people_email" else UsernameTaken) from error
    if not active or {*held.roles} - {*roles}:
        # After the update: whoever was just signing in has waited for it, and is found here.
        await end_sign_ins_of(conn, [person_id], by="staff")
    return await find_person(conn, person_id)


async def list_sign_ins(conn: Connection, person_id: int) -> list[StoredSignIn]:
    """The newest first, those that are over too, as long as they are kept."""
    return await many(conn, SQL.list_sign_ins, StoredSignIn, person_id=person_id, limit=SIGN_INS_SHOWN)


async def sign_out_everywhere(conn: Connection, person_id: int) -> None:
    """End every sign-in of somebody; that the office did so is on record."""
    person = await find_person(conn, person_id)
    await _note_signed_out(conn, person, await end_sign_ins_of(conn, [person_id], by="staff"))


async def end_sign_in_of(conn: Connection, person_id: int, sign_in_id: UUID) -> None:
    """End one of somebody's sign-ins. A repeat changes nothing; somebody else's does not exist."""
    owner = await maybe(conn, SQL.whose_sign_in, _Id, sign_in_id=sign_in_id)
    if owner is None or owner.id != person_id:
        raise NoSuchSignIn
    if await end_sign_in(conn, sign_in_id, by="staff"):
        await _note_signed_out(conn, await find_person(conn, person_id), 1)


async def _note_signed_out(conn: Connection, person: Entry, sign_ins: int) -> None:
    await note(
        conn,
        "signed_out",
        kind="people",
        thing=person.id,
        label=person.full_name,
        person_id=person.id,
        after={"sign_ins": sign_ins},
    )


async def people_csv(database: Database, sought: Sought) -> AsyncIterator[str]:
    """As the import takes it, in pieces: an export of a hundred thousand is never whole in memory."""
    yield _csv([("username", "full_name", "email", "roles", "active")])
    async with database.transaction() as conn:
        asked = {name: str(value) for name, value in vars(sought).items() if value not in (None, "")}
        await note(conn, "people_downloaded", kind="people", thing="file", after=asked)
    after = 0
    more = True
    while more:
        async with database.transaction() as conn:
            people = await list_people(conn, sought, after=after, limit=EXPORT_CHUNK)
        yield _csv(
            (
                each.username,
                harmless(each.full_name),
                harmless(each.email or ""),
                " ".join(each.roles),
                "yes" if each.active else "no",
            )
            for each in people
        )
        more = len(people) == EXPORT_CHUNK
        after = people[-1].id if people else 0


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
