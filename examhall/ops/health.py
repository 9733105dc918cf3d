"""Is this process alive, and can it do its work? Asked by load balancers, so it must be quick and honest."""

import asyncio
from typing import Any

from examhall.base.db import Database, Unavailable
from examhall.base.group_commit import GroupCommit
from examhall.base.shared_store import SharedStore

# A database that is slower than this is as good as gone for somebody who waits for a page.
PATIENCE_S = 1.0


async def look(database: Database, saves: GroupCommit[Any, Any], store: SharedStore) -> dict[str, Any]:
    """Per dependency: ok or not. The process itself is alive, or it would not answer.

    Without the shared store, where there should be one, it is degraded: it serves, and works harder.
    """
    checks = {"database": await _database_answers(database), "saving": saves.accepts}
    status = "ok" if all(checks.values()) else "unavailable"
    if store.is_there:
        checks["redis"] = store.state == "ok"
        if status == "ok" and not checks["redis"]:
            status = "degraded"
    return {"status": status, "checks": checks}


def http_status(found: dict[str, Any]) -> int:
    """What a load balancer is told: 200 to send requests here, 503 not to."""
    return 503 if found["status"] == "unavailable" else 200


async def _database_answers(database: Database) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S), database.connection() as conn:
            await conn.execute("SELECT 1")
    except (Unavailable, TimeoutError):
        return False
    return True
