"""The one clock that exams are judged by: the database's."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, one
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class _Now:
    at: datetime


async def database_time(conn: Connection) -> datetime:
    return (await one(conn, SQL.database_time, _Now)).at
