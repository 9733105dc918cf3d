"""A cache with a lifetime and a bound, and one computation per key however many ask at once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    def __init__(self, *, ttl_s: float, size: int) -> None:
        self._kept: TTLCache[Key, Value] = TTLCache(maxsize=size, ttl=ttl_s)
        self._computing: dict[Key, asyncio.Future[Value]] = {}

    def drop(self, key: Key) -> None:
        """Forget a key. A computation under way is not kept: it may have read the old value."""
        self._kept.pop(key, None)
        self._computing.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()
        self._computing.clear()

    async def get(self, key: Key, compute: Callable[[], Awaitable[Value]]) -> Value:
        """The kept value, or the one computed now; those who ask meanwhile share it, its failure too."""
        if (kept := self._kept.get(key)) is not None:
            return kept
        if (computing := self._computing.get(key)) is None:
            computing = asyncio.ensure_future(compute())
            self._computing[key] = computing
            computing.add_done_callback(lambda done: self._keep(key, done))
        # Shielded: a caller who goes away must not take the computation from the others.
        return await asyncio.shield(computing)

    def _keep(self, key: Key, done: "asyncio.Future[Value]") -> None:
        if self._computing.get(key) is done:
            del self._computing[key]
            if not done.cancelled() and done.exception() is None:
                self._kept[key] = done.result()
