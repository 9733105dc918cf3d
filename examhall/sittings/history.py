"""The history of answers is kept in a partition per month; this makes them ahead of time."""

from dataclasses import dataclass
from typing import LiteralString

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class _Statement:
    text: LiteralString


async def ensure_partitions(conn: Connection) -> int:
    """Make the partitions of this month and the next two, if missing; say how many were made.

    Nothing is refused for want of a partition: such rows rest in answer_history_rest, and move to
    their month's partition when it is made. Safe to run on many nodes at once, and as often as you like.
    """
    if not await many(conn, SQL.missing_partitions, _Statement):
        return 0
    # Asked again behind the lock: another node may have been faster.
    await run(conn, SQL.one_node_at_a_time)
    missing = await many(conn, SQL.missing_partitions, _Statement)
    for statement in missing:
        # Made by our own query of nothing but dates.
        await conn.execute(statement.text)
    return len(missing)
