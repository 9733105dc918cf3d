"""The pool, transactions, and four ways to ask PostgreSQL, each named after how many rows it expects."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import AsyncConnection, AsyncCursor, errors, generators, pq
from psycopg.abc import PQGen
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from examhall.base.actor import SETTING, statement
from examhall.base.errors import Overloaded
from examhall.base.sqlfile import Query
from examhall.base.statements import STATEMENTS

Connection: TypeAlias = AsyncConnection[Any]
Row = TypeVar("Row")

# Within a second of the database going away a waiting request is told so.
POOL_WAIT_S = 0.8
# As long as it lets others in, it is worth waiting for.
BUSY_WAIT_S = 8.0
# The least that libpq takes for a limit.
KNOCK_WAIT_S = 2
# More waiting than this, and waiting longer would only make it worse.
POOL_QUEUE = 2_000
# A transaction that somebody waits for, at its longest; then the connection is hung up on.
REQUEST_LIMIT_S = 5.0
# One that nobody waits for.
BACKGROUND_LIMIT_S = 120.0


def connecting(*, pooled: bool, limit_s: float) -> dict[str, Any]:
    """How connections are made, besides the address.

    `pooled` means that the address leads through PgBouncer, where a prepared statement may be run on another
    server connection, under the name of another statement (reproduced: silently wrong rows), and where
    settings cannot be sent along: there the role's own settings hold, as docs/operators.md says.
    """
    if pooled:
        return {"prepare_threshold": None}
    # Whoever is not said to be behind a transaction is the server: not somebody with SQL by hand.
    said = f"-c {SETTING}=|server|"
    return {"options": f"-c statement_timeout={int(limit_s * 1000)} -c synchronous_commit=on {said}"}


# After a failover a server that lives on as a standby answers, but takes nothing: as good as gone, and its
# connection must not be used again.
GONE = (psycopg.OperationalError, errors.ReadOnlySqlTransaction)


class Unavailable(Overloaded):
    """The server can store nothing just now. What was saved is safe; please try again in a moment."""


class Spoken(AsyncConnection[Any]):
    """A connection whose transactions begin with on whose behalf they are, in the packet of their BEGIN."""

    # Whether the next transaction says so.
    says_who = True

    def _exec_command(self, command: Any, result_format: pq.Format = pq.Format.TEXT) -> PQGen[Any]:
        """psycopg's own, which takes one statement; BEGIN takes along who it is for."""
        begins = self.says_who and isinstance(command, bytes) and command.startswith(b"BEGIN")
        said = statement() if begins else b""
        if not said:
            return (yield from super()._exec_command(command, result_format))
        if self._pipeline:
            yield from super()._exec_command(command, result_format)
            return (yield from super()._exec_command(said, result_format))
        self._check_connection_ok()
        self.pgconn.send_query(command + b"; " + said)
        results = yield from generators.execute(self.pgconn)
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, encoding=self.pgconn._encoding)
        return results[-1]


def hang_up(conn: Connection) -> None:
    """End a connection from our side. Whoever waits on it sees it broken; the server is not asked to cancel.

    A cancel during a commit that waits for its standby makes PostgreSQL acknowledge what is not replicated.
    """
    with suppress(OSError, psycopg.Error):
        duplicate = socket.socket(fileno=os.dup(conn.pgconn.socket))
        with duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)


class Database:
    """One process's pool of connections. Knows how to recover when PostgreSQL goes away and comes back."""

    def __init__(
        self, dsn: str, *, pool_size: int = 4, pooled: bool = False, limit_s: float = REQUEST_LIMIT_S
    ) -> None:
        self.dsn = dsn
        self._limit_s = limit_s
        self.pool: AsyncConnectionPool[Spoken] = AsyncConnectionPool(
            dsn,
            connection_class=Spoken,
            min_size=1,
            max_size=pool_size,
            max_waiting=POOL_QUEUE,
            # psycopg doubles the pause between attempts; a short total keeps the pauses short.
            reconnect_timeout=5.0,
            open=False,
            kwargs=connecting(pooled=pooled, limit_s=limit_s),
        )
        self._knocking: asyncio.Task[bool] | None = None
        self._check: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.pool.open()

    async def close(self) -> None:
        await self.pool.close(timeout=5.0)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection without a transaction around it: each statement commits by itself."""
        async with self.transaction() as conn:
            await conn.set_autocommit(True)
            try:
                yield conn
            finally:
                if not conn.closed:
                    await conn.set_autocommit(False)

    @asynccontextmanager
    async def transaction(self, *, says_who: bool = True) -> AsyncIterator[Connection]:
        """A connection in one transaction: committed at the end, rolled back by any exception.

        What it changes is on record as done by base/actor.py's actor; without `says_who` (for what thousands
        do at once, and nothing records) by nobody.
        """
        conn = await self._take()
        conn.says_who = says_who
        loop = asyncio.get_running_loop()
        # A frozen server never answers, and psycopg would wait for it without end.
        limit = loop.call_later(self._limit_s, hang_up, conn)
        try:
            async with conn:
                yield conn
        except GONE as error:
            if isinstance(error, errors.ReadOnlySqlTransaction):
                await conn.close()
            raise self._lost(error) from error
        finally:
            limit.cancel()
            await self.pool.putconn(conn)

    async def _take(self) -> Spoken:
        """A connection of the pool. A busy pool is waited for; a database that is gone is not."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + BUSY_WAIT_S
        while True:
            try:
                return await self.pool.getconn(timeout=POOL_WAIT_S)
            except PoolTimeout as error:
                if loop.time() > give_up_at or not await self._is_there():
                    raise Unavailable from error
            except psycopg.OperationalError as error:
                # Too many wait already, or the pool is closing.
                raise Unavailable from error

    async def _is_there(self) -> bool:
        """Whether the database lets somebody in just now. However many ask at once, one knocks."""
        if self._knocking is None or self._knocking.done():
            self._knocking = asyncio.create_task(self._knock(), name="is the database there")
        return await asyncio.shield(self._knocking)

    async def _knock(self) -> bool:
        try:
            conn = await AsyncConnection.connect(self.dsn, connect_timeout=KNOCK_WAIT_S)
        except (psycopg.OperationalError, OSError):
            return False
        await conn.close()
        return True

    def _lost(self, error: psycopg.Error) -> Exception:
        # 57014: our own statement_timeout; class 57 otherwise and no sqlstate at all: the server went away.
        # The other connections are likely dead too: find out once, now, not one request at a time.
        if self._check is None or self._check.done():
            self._check = asyncio.ensure_future(self.pool.check())
        return Unavailable()


async def one(conn: Connection, query: Query, row: type[Row], **params: object) -> Row:
    found = await maybe(conn, query, row, **params)
    if found is None:
        raise LookupError(f"{query.name} found no row")
    return found


async def maybe(conn: Connection, query: Query, row: type[Row], **params: object) -> Row | None:
    async with conn.cursor(row_factory=class_row(row)) as cursor:
        await _execute(cursor, query, params)
        return await cursor.fetchone()


async def many(conn: Connection, query: Query, row: type[Row], **params: object) -> list[Row]:
    async with conn.cursor(row_factory=class_row(row)) as cursor:
        await _execute(cursor, query, params)
        return await cursor.fetchall()


async def run(conn: Connection, query: Query, **params: object) -> int:
    """Execute a statement that returns nothing; give the number of rows it touched."""
    async with conn.cursor() as cursor:
        await _execute(cursor, query, params)
        return cursor.rowcount


async def _execute(cursor: AsyncCursor[Any], query: Query, params: dict[str, object]) -> None:
    if params.keys() != query.parameters:
        raise TypeError(f"{query.name} takes {sorted(query.parameters)}, got {sorted(params)}")
    began = time.perf_counter()
    try:
        await cursor.execute(query.text, params)
    finally:
        # One that failed as well: mostly because it took too long.
        STATEMENTS.note(query.label, began, max(cursor.rowcount, 0))
