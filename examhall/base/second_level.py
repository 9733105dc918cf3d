"""The second level of a cache: values that processes and nodes share, in Redis or Valkey.

A value is stored with the marks that its key and its cache bore when its computation began. Whoever hears of
a change sets a new mark, and a value whose marks are not the present ones counts for nothing. So a slow
computation never brings an old value back, in whatever order the processes hear of the change.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from redis.asyncio import Redis

from examhall.base.shared_store import Away, SharedStore

Key = TypeVar("Key")
Value = TypeVar("Value")

# A turn to compute ends by itself after this; a process that died in the middle blocks nobody for longer.
TURN_S = 10
# How long one process waits for another's computation before it makes its own.
PATIENCE_S = 1.0
FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.05
# A turn is ended only by whom it belongs to.
END_TURN = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0"

encode = msgspec.msgpack.Encoder().encode


class Fetched(NamedTuple):
    value: Any
    life_s: float
    # Another process had computed it.
    is_shared: bool


class _Stored(msgspec.Struct, array_like=True):
    marks: list[bytes | None]
    value: msgspec.Raw


class _Look(NamedTuple):
    marks: list[bytes | None]
    found: Fetched | None


read_stored = msgspec.msgpack.Decoder(_Stored).decode


class SecondLevel(Generic[Key, Value]):
    """The values of one cache, all of one type that msgspec can write and read."""

    def __init__(self, store: SharedStore, *, name: str, kind: type[Value], ttl_s: float) -> None:
        self._store = store
        self._life_ms = int(ttl_s * 1000)
        # Longer than anything that was stored before it can live.
        self._mark_life_s = int(ttl_s) + 2 * TURN_S + 60
        self._read = msgspec.msgpack.Decoder(kind).decode
        # A release, or a type that changed its shape, never reads what another wrote.
        shape = hashlib.sha256(encode([store.release, msgspec.json.schema(kind)])).hexdigest()[:12]
        self._prefix = f"examhall:{name}:{shape}:"
        self._all_mark = f"{self._prefix}mark"
        self._marking: set[asyncio.Task[None]] = set()
        store.on_return(self._mark_all)

    def drop(self, key: Key) -> None:
        self._set_mark(self._name("mark", key))

    def clear(self) -> None:
        self._set_mark(self._all_mark)

    async def fetch(self, key: Key, compute: Callable[[], Awaitable[Value]]) -> Fetched:
        """The stored value, or the one computed now, by one process at a time.

        Without the store, or when another process takes longer than `PATIENCE_S`, it is computed here.
        """
        token = secrets.token_hex(8)
        try:
            look, has_turn = await self._look_or_turn(key, token)
        except Away:
            return Fetched(await compute(), self._life_ms / 1000, is_shared=False)
        if look.found is not None:
            return look.found
        try:
            value = await compute()
            await self._keep(key, look.marks, value)
        finally:
            if has_turn:
                await self._end_turn(key, token)
        return Fetched(value, self._life_ms / 1000, is_shared=False)

    async def _look_or_turn(self, key: Key, token: str) -> tuple[_Look, bool]:
        give_up_at = time.monotonic() + PATIENCE_S
        pause_s = FIRST_PAUSE_S
        while True:
            look = await self._look(key)
            if look.found is not None or time.monotonic() > give_up_at:
                return look, False
            if await self._take_turn(key, token):
                # Between the look and the turn another one may have ended, and left the value.
                return await self._look(key), True
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _look(self, key: Key) -> _Look:
        # A mark that is on its way here would come too late.
        while self._marking:
            await asyncio.wait(self._marking)
        name = self._name("value", key)

        async def ask(redis: Redis) -> Any:
            async with redis.pipeline(transaction=False) as asked:
                asked.mget(name, self._name("mark", key), self._all_mark)
                asked.pttl(name)
                return await asked.execute()

        (written, *marks), life_ms = await self._store.ask(ask)
        if written is None or life_ms <= 0:
            return _Look(marks, None)
        try:
            stored = read_stored(written)
            value = self._read(stored.value)
        except msgspec.DecodeError:
            # Not of our writing: as good as nothing.
            return _Look(marks, None)
        if stored.marks != marks:
            return _Look(marks, None)
        return _Look(marks, Fetched(value, life_ms / 1000, is_shared=True))

    async def _take_turn(self, key: Key, token: str) -> bool:
        return bool(
            await self._store.ask(lambda redis: redis.set(self._name("turn", key), token, nx=True, ex=TURN_S))
        )

    async def _keep(self, key: Key, marks: list[bytes | None], value: Value) -> None:
        written = encode(_Stored(marks, msgspec.Raw(encode(value))))
        if self._life_ms > 0:
            await self._try(lambda redis: redis.set(self._name("value", key), written, px=self._life_ms))

    async def _end_turn(self, key: Key, token: str) -> None:
        await self._try(lambda redis: redis.eval(END_TURN, 1, self._name("turn", key), token))

    async def _try(self, ask: Callable[[Redis], Awaitable[object]]) -> bool:
        try:
            await self._store.ask(ask)
        except Away:
            return False
        return True

    def _set_mark(self, name: str) -> None:
        async def set_mark() -> None:
            mark = secrets.token_bytes(8)
            if not await self._try(lambda redis: redis.set(name, mark, ex=self._mark_life_s)):
                self._store.missed()

        marking = asyncio.get_running_loop().create_task(set_mark())
        self._marking.add(marking)
        marking.add_done_callback(self._marking.discard)

    async def _mark_all(self, redis: Redis) -> None:
        await redis.set(self._all_mark, secrets.token_bytes(8), ex=self._mark_life_s)

    def _name(self, what: str, key: Key) -> str:
        return f"{self._prefix}{what}:{msgspec.json.encode(key).decode()}"
