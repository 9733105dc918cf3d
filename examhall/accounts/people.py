"""People: their accounts, one at a time or many from a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg.errors import UniqueViolation

from examhall.accounts.ended import end_sign_ins_of
from examhall.accounts.passwords import Passwords
from examhall.accounts.people_file import BadPeopleFile, PersonLine, read_people
from examhall.base.csv_file import Problem
from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import Conflict, Forbidden, NotFound
from examhall.base.said import said
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class UsernameTaken(Conflict):
    """There is an account with this username already."""


class EmailTaken(Conflict):
    """There is an account with this e-mail address already."""


class NoSuchPerson(NotFound):
    """There is no such person."""


class OwnRights(Forbidden):
    """Nobody changes their own roles or closes their own account. Please ask another administrator."""


class LastAdmin(Conflict):
    """This is the last active administrator. Make somebody else one first."""


@dataclass(frozen=True)
class Account:
    id: int
    username: str
    email: str | None
    full_name: str
    roles: Sequence[str]
    # What they chose to read Examhall in, where it is of use.
    language: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class _Created:
    id: int


@dataclass(frozen=True)
class Imported:
    created: int
    updated: int
    # Were there already, exactly so.
    unchanged: int


@dataclass(frozen=True)
class _Conflicting:
    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class _StoredHash:
    line: int
    password_hash: str


@dataclass(frozen=True)
class _Affected:
    id: int


@dataclass(frozen=True)
class _Admins:
    any: bool


# What is wrong with a line that is right by itself.
CONFLICTS = {
    "username_twice": said("this username is in the file more than once"),
    "email_twice": said("this e-mail address is in the file more than once"),
    "email_taken": said("this e-mail address belongs to somebody else"),
}


async def create_person(
    conn: Connection,
    *,
    username: str,
    full_name: str,
    email: str | None = None,
    password_hash: str | None = None,
    roles: Sequence[str] = ("candidate",),
) -> int:
    """Add one person and give their id. Without a password they can enter with a ticket only."""
    try:
        created = await one(
            conn,
            SQL.create_person,
            _Created,
            username=username,
            full_name=full_name,
            email=email,
            password_hash=password_hash,
            roles=list(roles),
        )
    except UniqueViolation as error:
        raise (EmailTaken if error.diag.constraint_name == "people_email" else UsernameTaken) from error
    return created.id


async def find_account(conn: Connection, person_id: int) -> Account:
    """The account of somebody who is signed in."""
    account = await maybe(conn, SQL.find_account, Account, person_id=person_id)
    if account is None:
        raise NoSuchPerson
    return account


async def keep_language(conn: Connection, person_id: int, language: str) -> None:
    """Wherever they sign in from now on, pages are in this language."""
    await run(conn, SQL.keep_language, person_id=person_id, language=language)


async def import_people(
    database: Database, passwords: Passwords, text: str, *, by: int | None = None
) -> Imported:
    """Create and update people from CSV: all of the file, or nothing and a reason for every bad line.

    A cell that is empty and a column that is missing leave what is stored. The same file again changes
    nothing. Who loses a role, is made inactive or gets another password is signed out everywhere. Who imports
    does not change their own rights, and an active admin remains.

    Takes the database, not a connection: passwords are hashed, which takes long, between looking at the
    file's conflicts and writing it. Both are done once more when it is written.
    """
    people = read_people(text)
    async with database.transaction() as conn:
        await refuse_conflicts(conn, people)
        stored = {
            found.line: found.password_hash
            for found in await many(
                conn,
                SQL.stored_hashes,
                _StoredHash,
                lines=[person.line for person in people if person.password],
                usernames=[person.username for person in people if person.password],
            )
        }
    hashes = await _hash_passwords(passwords, people, stored)
    async with database.transaction() as conn:
        # Two imports at once, or an import and whoever else writes people, come one after the other; reading
        # people and signing in go on. What is checked below therefore stays true until the commit.
        await run(conn, SQL.lock_people)
        await refuse_conflicts(conn, people)
        if by is not None:
            await _refuse_own_rights(conn, people, by)
        before = await one(conn, SQL.admins, _Admins)
        imported = await _write(conn, people, hashes)
        if before.any and not (await one(conn, SQL.admins, _Admins)).any:
            raise LastAdmin
        return imported


async def _refuse_own_rights(conn: Connection, people: Sequence[PersonLine], by: int) -> None:
    mine = await find_account(conn, by)
    for person in people:
        if person.username.lower() == mine.username.lower() and (
            person.active is False or (person.roles is not None and {*person.roles} != {*mine.roles})
        ):
            raise OwnRights


async def _hash_passwords(
    passwords: Passwords, people: Sequence[PersonLine], stored: dict[int, str]
) -> dict[int, str]:
    """Line -> hash, only where the password is another than the one stored."""
    new: list[PersonLine] = []
    for person in people:
        if person.password is None:
            continue
        if (
            person.line in stored
            and (await passwords.verify(stored[person.line], person.password, name=person.username)).right
        ):
            continue
        new.append(person)
    hashes = await passwords.hash_many([person.password or "" for person in new])
    return {person.line: password_hash for person, password_hash in zip(new, hashes, strict=True)}


async def refuse_conflicts(conn: Connection, people: Sequence[PersonLine]) -> None:
    """Raise BadPeopleFile where lines, each right by itself, do not go together or with who is there."""
    found = await many(
        conn,
        SQL.conflicts,
        _Conflicting,
        lines=[person.line for person in people],
        usernames=[person.username for person in people],
        emails=[person.email for person in people],
    )
    if found:
        raise BadPeopleFile([Problem(each.line, each.column, CONFLICTS[each.reason]) for each in found])


async def _write(conn: Connection, people: Sequence[PersonLine], hashes: dict[int, str]) -> Imported:
    given = {
        "usernames": [person.username for person in people],
        "full_names": [person.full_name for person in people],
        "emails": [person.email for person in people],
        "password_hashes": [hashes.get(person.line) for person in people],
        # A row of an SQL array cannot be an array of another length.
        "roles": [person.roles and ",".join(person.roles) for person in people],
        "actives": [person.active for person in people],
    }
    affected = await many(
        conn,
        SQL.whose_rights_shrink,
        _Affected,
        **{name: given[name] for name in ("usernames", "password_hashes", "roles", "actives")},
    )
    updated = await run(conn, SQL.update_people, **given)
    created = await run(conn, SQL.insert_people, **given)
    # After the update: whoever was just signing in has waited for it, or is found here.
    await end_sign_ins_of(conn, [each.id for each in affected], by="staff")
    return Imported(created=created, updated=updated, unchanged=len(people) - created - updated)
