"""How far an exam's sealed paper came, counted from the event log."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, one
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class SealedUse:
    """In people."""

    # Asked where it is; what a cache in between gave them, only it knows.
    downloaded: int
    # Had the key of it with a start.
    opened: int
    # Started with the ordinary questions because theirs had been changed on the way.
    failed: int


async def use_of_sealed(conn: Connection, *, exam_id: int, since: datetime) -> SealedUse:
    return await one(conn, SQL.use_of_sealed, SealedUse, exam_id=exam_id, since=since)
