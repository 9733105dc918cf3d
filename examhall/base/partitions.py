"""Tables that grow for ever have a partition per month; this makes them ahead of time and drops old ones."""

from dataclasses import dataclass
from typing import LiteralString

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class _Statement:
    name: str
    text: LiteralString


async def ensure_partitions(conn: Connection) -> list[str]:
    """Make the partitions of this month and the next two, if missing; name those that were made.

    For every table that is partitioned by an instant and has a partition for the rest. Nothing is refused for
    want of a partition: such rows wait in the rest, and move to their month's partition when it is made. Safe
    to run on many nodes at once, and as often as you like.
    """
    if not await many(conn, SQL.missing_partitions, _Statement):
        return []
    # Asked again behind the lock: another node may have been faster.
    await run(conn, SQL.one_node_at_a_time)
    return await _execute(conn, await many(conn, SQL.missing_partitions, _Statement))


async def drop_old_partitions(conn: Connection, table: str, *, months: int) -> list[str]:
    """Drop the table's partitions that hold nothing of the last `months` full months; name them.

    Rows of the rest that are as old go as well. Whoever writes into the table waits for the commit.
    """
    await run(conn, SQL.one_node_at_a_time)
    await _execute(conn, await many(conn, SQL.old_rows_of_the_rest, _Statement, table=table, months=months))
    return await _execute(conn, await many(conn, SQL.old_partitions, _Statement, table=table, months=months))


async def _execute(conn: Connection, statements: list[_Statement]) -> list[str]:
    for statement in statements:
        # Made by our own query of nothing but names and dates.
        await conn.execute(statement.text)
    return [statement.name for statement in statements]
