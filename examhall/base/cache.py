"""A cache with a lifetime and a bound, and one computation per key however many ask at once.

What it holds is dropped by announcements (base/listen.py) that come from the transaction of the change. One
that is lost costs its lifetime, no more: so nothing that decides a permission or a deadline is kept for
longer than `DECIDES_S`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakSet

from cachetools import TLRUCache

from examhall.base.second_level import SecondLevel
from examhall.base.shared_store import SharedStore

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# The longest life of what a permission or a deadline is read from.
DECIDES_S = 1.0


class Stats:
    """How a cache was asked. Each asking counts once: as a hit, as joined, as shared or as a miss."""

    __slots__ = ("hits", "joined", "misses", "shared")

    def __init__(self) -> None:
        self.hits = 0
        # Waited for a computation that somebody else had asked for.
        self.joined = 0
        # Found in the second level, where another process had put it.
        self.shared = 0
        # Had it computed.
        self.misses = 0

    @property
    def asked(self) -> int:
        return self.hits + self.joined + self.shared + self.misses

    @property
    def hit_rate(self) -> float:
        """The share of askings that cost no computation; 0 before the first."""
        return (self.asked - self.misses) / self.asked if self.asked else 0.0


class _Kept(NamedTuple):
    value: Any
    life_s: float


class Cache(Generic[Key, Value]):
    """Caches with the same name are counted together.

    With a `store` and the `kind` of its values, other processes' computations are used too.
    """

    def __init__(
        self,
        *,
        ttl_s: float,
        size: int,
        name: str = "",
        store: SharedStore | None = None,
        kind: Any = None,
    ) -> None:
        self.name = name
        self.stats = Stats()
        self._ttl_s = ttl_s
        self._second: SecondLevel[Key, Value] | None = None
        if store is not None and store.is_there:
            self._second = SecondLevel(store, name=name, kind=kind, ttl_s=ttl_s)
        # What comes out of the second level has lived there for a while: each has a life of its own.
        self._kept: TLRUCache[Key, _Kept] = TLRUCache(size, lambda _, kept, now: now + kept.life_s)
        self._computing: dict[Key, asyncio.Future[_Kept]] = {}
        _ALL.add(self)

    def __len__(self) -> int:
        return len(self._kept)

    def drop(self, key: Key) -> None:
        """Forget a key. A computation under way is not kept: it may have read the old value."""
        self._kept.pop(key, None)
        self._computing.pop(key, None)
        if self._second is not None:
            self._second.drop(key)

    def clear(self) -> None:
        self._kept.clear()
        self._computing.clear()
        if self._second is not None:
            self._second.clear()

    async def get(self, key: Key, compute: Callable[[], Awaitable[Value]]) -> Value:
        """The kept value, or the one computed now; those who ask meanwhile share it, its failure too."""
        if (kept := self._kept.get(key)) is not None:
            self.stats.hits += 1
            return kept.value  # type: ignore[no-any-return]
        if (computing := self._computing.get(key)) is None:
            computing = asyncio.ensure_future(self._fill(key, compute))
            self._computing[key] = computing
            computing.add_done_callback(lambda done: self._keep(key, done))
        else:
            self.stats.joined += 1
        # Shielded: a caller who goes away must not take the computation from the others.
        return (await asyncio.shield(computing)).value  # type: ignore[no-any-return]

    async def _fill(self, key: Key, compute: Callable[[], Awaitable[Value]]) -> _Kept:
        if self._second is None:
            self.stats.misses += 1
            return _Kept(await compute(), self._ttl_s)
        value, life_s, is_shared = await self._second.fetch(key, compute)
        if is_shared:
            self.stats.shared += 1
        else:
            self.stats.misses += 1
        return _Kept(value, life_s)

    def _keep(self, key: Key, done: "asyncio.Future[_Kept]") -> None:
        # Dropped meanwhile: then it is not ours any more, and perhaps somebody else's.
        dropped = self._computing.get(key) is not done
        if not dropped:
            del self._computing[key]
        if not done.cancelled() and done.exception() is None and not dropped:
            self._kept[key] = done.result()


_ALL: WeakSet[Cache[Any, Any]] = WeakSet()


def named_caches() -> Iterable[Cache[Any, Any]]:
    """Every cache of this process that has a name, in the order of the names."""
    return sorted((cache for cache in _ALL if cache.name), key=lambda cache: cache.name)
