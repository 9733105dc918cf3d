"""Whether somebody's name stands in rankings."""

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)


async def set_hidden_from_standings(conn: Connection, *, person_id: int, hidden: bool) -> bool:
    """Hide somebody from all standings, or show them again; give whether that changed anything."""
    return await run(conn, SQL.set_hidden, person_id=person_id, hidden=hidden) > 0
