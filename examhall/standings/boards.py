"""Each process's memory of the standings' pages. What is one reader's own is never in it."""

from collections.abc import Awaitable, Callable

from examhall.base.cache import Cache
from examhall.base.db import Connection, Database
from examhall.base.event_stream import Broadcast, encoded
from examhall.base.listen import Listener
from examhall.scoring.conclude import CHANNEL
from examhall.standings.exam_standing import Standing, list_places
from examhall.standings.leaderboard import Cursor, Listing, Tab, list_leaders

# What streams of this topic are told. No exam's id: strangers follow it, and ask for what they may see.
TOPIC = "standings"
CHANGED = encoded("", name="changed")
# Announced in the place of an exam's id: who is shown has changed.
NO_EXAM = 0
# New results are announced on CHANNEL; this only bounds what a lost word could do.
TTL_S = 300
# How old a live standing may be: one computation for everybody who watches.
LIVE_TTL_S = 2
# Of fifty lines, at some 20 kB a page: what people look at, and not what a robot walks through.
PAGES_KEPT = 200


class Boards:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages: Cache[tuple[object, ...], Listing] = Cache(
            ttl_s=TTL_S, size=PAGES_KEPT, name="leaderboards"
        )
        self._live: Cache[tuple[object, ...], Listing] = Cache(
            ttl_s=LIVE_TTL_S, size=PAGES_KEPT, name="live standings"
        )

    async def leaders(self, tab: Tab, *, after: Cursor, limit: int) -> Listing:
        """A page of the leaderboard, at most five minutes old, and no older than the newest results."""

        async def load(conn: Connection) -> Listing:
            return await list_leaders(conn, tab, after=after, limit=limit)

        return await self._pages.get((tab, after, limit), lambda: self._load(load))

    async def places(self, standing: Standing, *, after: Cursor, limit: int) -> Listing:
        """A page of an exam's standing; until it is final, at most two seconds old."""

        async def load(conn: Connection) -> Listing:
            return await list_places(conn, standing, after=after, limit=limit)

        cache = self._pages if standing.state == "final" else self._live
        key = (standing.exam_id, standing.state, standing.until, after, limit)
        return await cache.get(key, lambda: self._load(load))

    async def _load(self, load: Callable[[Connection], Awaitable[Listing]]) -> Listing:
        async with self._database.connection() as conn:
            return await load(conn)

    def follow(self, listener: Listener, broadcast: Broadcast) -> None:
        """Before the listener opens: forget what is announced to have changed, then tell those who watch."""

        def heard(payload: str) -> None:
            # Whoever it was may be on any page.
            self._pages.clear()
            broadcast.tell(TOPIC, CHANGED)

        # First, so that who asks again when told of a break is not given an old page.
        listener.on_reconnect(self.forget_all)
        broadcast.relay(listener, CHANNEL, heard)

    async def forget_all(self, conn: Connection) -> None:
        """After LISTEN was interrupted anything may have changed unheard."""
        self._pages.clear()
