"""The whole master data as one reply: put together once, kept an hour, dropped everywhere when it changes."""

import hashlib
from dataclasses import dataclass

import msgspec

from examhall.base.cache import Cache
from examhall.base.db import Connection, Database
from examhall.base.shared_store import SharedStore
from examhall.reference.catalog import KINDS, Entry, list_entries

TTL_S = 3600
# There is one reply, the same for everybody.
ALL = "all"


@dataclass(frozen=True)
class Reply:
    body: bytes
    # Of the body: the same entries have the same, on every node and after every restart.
    etag: str


class MasterData:
    """One process's memory of it."""

    def __init__(self, database: Database, store: SharedStore | None = None) -> None:
        self._database = database
        self._kept: Cache[str, Reply] = Cache(
            ttl_s=TTL_S, size=1, name="master_data", store=store, kind=Reply
        )

    async def reply(self) -> Reply:
        return await self._kept.get(ALL, self._load)

    def drop(self, _kind: str) -> None:
        """An entry changed, of whatever kind."""
        self._kept.drop(ALL)

    async def forget_all(self, _: Connection) -> None:
        """After a reconnect: announcements may have been missed."""
        self._kept.drop(ALL)

    async def _load(self) -> Reply:
        async with self._database.connection() as conn:
            return reply_of(await list_entries(conn))


def reply_of(entries: list[Entry]) -> Reply:
    """Entries by kind, in their order; those no longer in use as well, because older exams name them."""
    by_kind: dict[str, list[dict[str, object]]] = {kind: [] for kind in KINDS}
    for entry in entries:
        by_kind[entry.kind].append({name: value for name, value in vars(entry).items() if name != "kind"})
    body = msgspec.json.encode(by_kind)
    return Reply(body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
