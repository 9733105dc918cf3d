"""Is this process alive, and can it do its work? Asked by load balancers, so it must be quick and honest."""

import asyncio
from typing import Any

from examhall.base.cache import Cache
from examhall.base.db import Database, Unavailable
from examhall.base.group_commit import GroupCommit
from examhall.base.shared_store import SharedStore

# A database that is slower than this is as good as gone for somebody who waits for a page.
PATIENCE_S = 1.0
# For so long its last answer is taken for the next: of those who ask at full load one waits for a connection.
# Well below the second or more between two questions of one load balancer.
REMEMBERED_S = 0.5


class Health:
    """What this process can do, per dependency."""

    def __init__(self, database: Database, saves: GroupCommit[Any, Any], store: SharedStore) -> None:
        self._database, self._saves, self._store = database, saves, store
        self._answered: Cache[None, bool] = Cache(ttl_s=REMEMBERED_S, size=1)

    async def look(self) -> dict[str, Any]:
        """Per dependency: ok or not. The process itself is alive, or it would not answer.

        However many ask at once, the database is asked once; that it answered is remembered for a moment,
        that it did not is not remembered. Without the shared store, where there should be one, the process is
        degraded: it serves, and works harder.
        """
        checks = {"database": await self._database_answers(), "saving": self._saves.accepts}
        status = "ok" if all(checks.values()) else "unavailable"
        if self._store.is_there:
            checks["redis"] = self._store.state == "ok"
            if status == "ok" and not checks["redis"]:
                status = "degraded"
        return {"status": status, "checks": checks}

    async def _database_answers(self) -> bool:
        try:
            # Kept are answers alone: a failure is an exception, which whoever asked meanwhile gets too.
            return await self._answered.get(None, self._ask)
        except (Unavailable, TimeoutError):
            return False

    async def _ask(self) -> bool:
        async with asyncio.timeout(PATIENCE_S), self._database.connection() as conn:
            await conn.execute("SELECT 1")
        return True


def http_status(found: dict[str, Any]) -> int:
    """What a load balancer is told: 200 to send requests here, 503 not to."""
    return 503 if found["status"] == "unavailable" else 200
