"""The place of a rehearsal: a database of its own on the operator's server, with one exam and made-up people.

Its name says which database it was made for, and an advisory lock there says that its rehearsal lives. One
that is left over, after a crash of the machine, is cleared up by the next rehearsal.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from examhall.accounts.passwords import Passwords
from examhall.accounts.people import import_people
from examhall.accounts.tickets import issue_tickets
from examhall.accounts.tokens import Signer
from examhall.base.db import BACKGROUND_LIMIT_S, Connection, Database, many, one
from examhall.base.errors import Conflict
from examhall.base.hindrance import Hindrance
from examhall.base.sqlfile import beside
from examhall.exams.copying import Original, assign_everybody, copy_exam
from examhall.ops.rehearse.human import Item

SQL = beside(__file__)

PREFIX = "examhall_rehearsal"
# The first half of the advisory lock's key: the letters "rehe". The second is the rehearsal's number.
LOCK_KIND = 0x72656865
# A real exam that opens so soon after the rehearsal's end must not find it still running.
CLEAR_BEFORE = timedelta(minutes=10)


class CannotRehearse(Hindrance):
    """The rehearsal cannot take place. The message says why, and what helps."""


class RealExamNear(Conflict):
    """People sit a real exam now, or soon. Wait, or rehearse all the same by --although-live."""


@dataclass(frozen=True)
class _Real:
    open: int
    next_opens_at: datetime | None


@dataclass(frozen=True)
class _Claim:
    claimed: bool


@dataclass(frozen=True)
class _Where:
    name: str
    oid: int
    most_connections: int
    connections: int
    may_create: bool


@dataclass(frozen=True)
class _Named:
    name: str


@dataclass(frozen=True)
class Outcome:
    """What became of the sittings, as the database has it."""

    sittings: int
    open: int
    handed_in: int
    closed_by_time: int
    marked: int
    # How long after its deadline and grace the last one was closed; None if none was by time.
    closed_late_s: float | None


@dataclass(frozen=True)
class Place:
    database: str
    address: str


async def refuse_near_real_exams(conn: Connection, *, lasts: timedelta) -> None:
    real = await one(conn, SQL.real_sittings, _Real, within=lasts + CLEAR_BEFORE)
    if real.open or real.next_opens_at is not None:
        next_opens_at = real.next_opens_at.isoformat() if real.next_opens_at else None
        raise RealExamNear(open_sittings=real.open, next_opens_at=next_opens_at)


async def make_place(conn: Connection, address: str, *, connections_needed: int) -> Place:
    """An empty database beside that of `address`. `conn` must stay open until the rehearsal is over."""
    where = await one(conn, SQL.where, _Where)
    if not where.may_create:
        raise CannotRehearse(
            "the database user may not create databases; let it by ALTER ROLE ... CREATEDB, or rehearse on "
            "a staging server by --url"
        )
    free = where.most_connections - where.connections
    if free < connections_needed:
        raise CannotRehearse(
            f"the rehearsal needs {connections_needed} database connections, and {free} are free: "
            "raise max_connections, or use fewer --workers"
        )
    number = secrets.randbelow(2**31)
    while not (await one(conn, SQL.claim, _Claim, kind=LOCK_KIND, number=number)).claimed:
        number = secrets.randbelow(2**31)
    name = f"{PREFIX}_{where.oid}_{number}"
    await conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return Place(name, address_beside(address, name))


def address_beside(address: str, database: str) -> str:
    """The address of another database of the same server, wherever in `address` its own is named."""
    parts = urlsplit(address)
    # libpq believes a dbname here rather than the path: the rehearsal would be played in the real database.
    told = [each for each in parts.query.split("&") if unquote(each.partition("=")[0]) != "dbname"]
    query = "&".join(filter(None, told))
    return f"postgresql://{parts.netloc}/{database}" + (f"?{query}" if query else "")


def drop_place(address: str, database: str) -> None:
    """Ends whatever still uses it. A repeat changes nothing."""
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


async def clear_up(conn: Connection) -> set[str]:
    """Drop what rehearsals of this database left behind that are no more; the names of those that live."""
    where = await one(conn, SQL.where, _Where)
    mine = f"{PREFIX}_{where.oid}_"
    living = set()
    for found in await many(conn, SQL.databases_like, _Named, pattern=mine.replace("_", r"\_") + "%"):
        number = found.name.removeprefix(mine)
        if (
            number.isdigit()
            and (await one(conn, SQL.claim, _Claim, kind=LOCK_KIND, number=int(number))).claimed
        ):
            await conn.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(found.name))
            )
        else:
            living.add(found.name)
    return living


async def furnish(
    source: Connection,
    address: str,
    original: Original,
    signer: Signer,
    *,
    candidates: int,
    window: Mapping[str, Any],
) -> list[str]:
    """One exam, made-up people, all assigned: their tickets."""
    database = Database(address, pool_size=2, limit_s=BACKGROUND_LIMIT_S)
    await database.open()
    passwords = Passwords()
    try:
        await import_people(database, passwords, _people_csv(candidates))
        async with database.transaction() as conn:
            await copy_exam(source, conn, original, **window)
            await assign_everybody(conn, exam_id=original.id)
            tickets = await issue_tickets(conn, signer, exam_id=original.id)
        # What a server that has been running for a while knows of its tables.
        async with database.connection() as conn:
            await conn.execute("ANALYZE")
    finally:
        passwords.close()
        await database.close()
    return [ticket.token for ticket in tickets]


def _people_csv(count: int) -> str:
    lines = [f"rehearsal-{number},Rehearsal {number}" for number in range(1, count + 1)]
    return "\n".join(["username,full_name", *lines, ""])


async def read_items(conn: Connection, *, exam_id: int) -> Sequence[Item]:
    return await many(conn, SQL.items, Item, exam_id=exam_id)


async def read_outcome(conn: Connection) -> Outcome:
    return await one(conn, SQL.outcome, Outcome)
