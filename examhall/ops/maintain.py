"""`examhall maintain`: what a database needs now and then. At any time: it never holds up a save or a start.

Each step takes only locks that saves and starts do not meet, or gives up after two seconds; the next run, a
week later, makes up for it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

import psycopg
from psycopg import errors

from examhall.accounts.sign_in import forget_old_sign_ins
from examhall.accounts.tickets import forget_revoked_tickets
from examhall.base.db import Connection, many, one, run
from examhall.base.hindrance import Hindrance
from examhall.base.jobs import forget_finished_jobs
from examhall.base.made_once import forget_old_requests
from examhall.base.partitions import ensure_partitions
from examhall.base.sqlfile import beside
from examhall.events.log import forget_old_events
from examhall.ops.clock import database_time

SQL = beside(__file__)

# An index is built anew from this size on (below it fits in memory however bloated it is) ...
PAYS_FROM_BYTES = 32 * 1024 * 1024
# ... and if that makes it less than half as large.
PAYS_FROM_FACTOR = 2.0
# With more people than these sitting, or an exam opening this soon, the schedule waits.
LIVE_IN_NUMBER = 20
AHEAD = timedelta(hours=2)
EVERY = timedelta(days=7)
KEPT_FOR = timedelta(days=400)
GAVE_UP = (errors.LockNotAvailable, errors.DeadlockDetected, errors.QueryCanceled)


class MaintenanceUnderWay(Hindrance):
    """Another run of `examhall maintain` is under way on this database."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


@dataclass(frozen=True)
class _Mine:
    mine: bool


@dataclass(frozen=True)
class _Statement:
    name: str
    text: LiteralString


@dataclass(frozen=True)
class _Vacuumed(_Statement):
    dead: int
    changed: int


@dataclass(frozen=True)
class _Bloated(_Statement):
    bytes: int
    expected_bytes: int


@dataclass(frozen=True)
class Liveliness:
    # People who sit just now.
    live: int
    # Exams that open soon.
    opening: int
    # None: never maintained.
    since_last: timedelta | None

    @property
    def is_quiet(self) -> bool:
        return self.live <= LIVE_IN_NUMBER and self.opening == 0

    @property
    def is_due(self) -> bool:
        return self.since_last is None or self.since_last >= EVERY


async def liveliness(conn: Connection) -> Liveliness:
    """Whether the schedule should maintain now."""
    return await one(conn, SQL.liveliness, Liveliness, ahead=AHEAD)


async def maintain(
    address: str,
    *,
    events_kept_months: int,
    say: Callable[[str], None] = lambda line: None,
    pays_from_bytes: int = PAYS_FROM_BYTES,
) -> list[str]:
    """Do all that is to be done, on a connection of its own; say and give back what was done.

    What could not be had without waiting is said and left. Raises `MaintenanceUnderWay`.
    """
    did: list[str] = []
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
        if not (await one(conn, SQL.lock_out_another_run, _Mine)).mine:
            raise MaintenanceUnderWay
        await run(conn, SQL.be_gentle)
        started_at = await database_time(conn)
        steps: list[tuple[str, Callable[[Connection], AsyncIterator[str]]]] = [
            ("partitions", _partitions),
            ("old events", lambda conn: _old_events(conn, events_kept_months)),
            ("sign-ins", _sign_ins),
            ("tickets", _tickets),
            ("jobs", _jobs),
            ("requests", _requests),
            ("vacuum", _vacuum),
            ("indexes", lambda conn: _indexes(conn, pays_from_bytes)),
        ]
        for name, step in steps:
            try:
                async for line in step(conn):
                    did.append(line)
                    say(line)
            except GAVE_UP as error:
                did.append(f"{name}: left for the next time ({str(error).strip().splitlines()[0]})")
                say(did[-1])
        await run(conn, SQL.keep_maintenance, started_at=started_at, did=did)
        await run(conn, SQL.forget_old_maintenance, kept_for=KEPT_FOR)
    return did


async def _partitions(conn: Connection) -> AsyncIterator[str]:
    async with conn.transaction():
        made = await ensure_partitions(conn)
    yield f"partitions: made {', '.join(made)}" if made else "partitions: all of them are there"


async def _old_events(conn: Connection, months: int) -> AsyncIterator[str]:
    async with conn.transaction():
        dropped = await forget_old_events(conn, months=months)
    yield (
        f"old events: dropped {', '.join(dropped)}" if dropped else f"old events: none beyond {months} months"
    )


async def _sign_ins(conn: Connection) -> AsyncIterator[str]:
    yield await _forgotten(conn, "sign-ins", forget_old_sign_ins)


async def _tickets(conn: Connection) -> AsyncIterator[str]:
    yield await _forgotten(conn, "tickets", forget_revoked_tickets)


async def _jobs(conn: Connection) -> AsyncIterator[str]:
    yield await _forgotten(conn, "jobs", forget_finished_jobs)


async def _requests(conn: Connection) -> AsyncIterator[str]:
    yield await _forgotten(conn, "requests", forget_old_requests)


async def _forgotten(conn: Connection, what: str, forget: Callable[[Connection], Awaitable[int]]) -> str:
    async with conn.transaction():
        return f"{what}: forgot {await forget(conn):,}"


async def _vacuum(conn: Connection) -> AsyncIterator[str]:
    done = 0
    for table in await many(conn, SQL.tables_to_vacuum, _Vacuumed):
        await conn.execute(table.text)
        yield f"vacuum: {table.name} (dead rows: {table.dead:,}, changed: {table.changed:,})"
        done += 1
    for parent in await many(conn, SQL.partitioned_tables, _Statement):
        await conn.execute(parent.text)
    if not done:
        yield "vacuum: nothing to do"


async def _indexes(conn: Connection, pays_from_bytes: int) -> AsyncIterator[str]:
    await _drop_unfinished(conn)
    bloated = await many(
        conn,
        SQL.bloated_indexes,
        _Bloated,
        pays_from_bytes=pays_from_bytes,
        pays_from_factor=PAYS_FROM_FACTOR,
    )
    for index in bloated:
        try:
            await conn.execute(index.text)
        except GAVE_UP:
            await _drop_unfinished(conn)
            raise
        yield f"indexes: built {index.name} anew, {_mb(index.bytes)} for {_mb(index.expected_bytes)}"
    if not bloated:
        yield "indexes: none would gain enough"


async def _drop_unfinished(conn: Connection) -> None:
    for index in await many(conn, SQL.unfinished_indexes, _Statement):
        await conn.execute(index.text)


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:,.1f} MB"
