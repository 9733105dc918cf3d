"""Is this process alive, and can it do its work? Asked by load balancers, so it must be quick and honest."""

import asyncio
from typing import Any

from examhall.base.db import Database, Unavailable
from examhall.base.group_commit import GroupCommit

# A database that is slower than this is as good as gone for somebody who waits for a page.
PATIENCE_S = 1.0


async def look(database: Database, saves: GroupCommit[Any, Any]) -> dict[str, Any]:
    """Per dependency: ok or not. The process itself is alive, or it would not answer."""
    checks = {"database": await _database_answers(database), "saving": saves.accepts}
    return {"status": "ok" if all(checks.values()) else "unavailable", "checks": checks}


async def _database_answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S), database.connection() as conn:
            await conn.execute("SELECT 1")
    except (Unavailable, TimeoutError):
        return False
    return True
