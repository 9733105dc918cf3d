"""Two processes' caches over one Valkey; it is killed and frozen under them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from examhall.base import second_level
from examhall.base.cache import Cache
from examhall.base.shared_store import Away, SharedStore
from tests.valkey import Valkey

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("patience")]

NEVER_MET = "unix:///nowhere/at/all"


@dataclass(frozen=True)
class Contest:
    title: str
    seats: int


@pytest.fixture
async def opened(valkey: Valkey) -> AsyncIterator[Callable[..., Awaitable[SharedStore]]]:
    """`await opened()`: the way of one process to the store, there from the start."""
    stores: list[SharedStore] = []

    async def opened(url: str = valkey.url) -> SharedStore:
        store = SharedStore(url)
        stores.append(store)
        store.open()
        if url == valkey.url:
            await until(lambda: answers(store))
        return store

    yield opened
    for store in stores:
        await store.close()


async def answers(store: SharedStore) -> bool:
    try:
        return bool(await store.ask(lambda redis: redis.ping()))
    except Away:
        return False


async def until(it_is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await it_is_so():
            await asyncio.sleep(0.02)


def cache(store: SharedStore, kind: Any = Contest, ttl_s: float = 60) -> Cache[int, Any]:
    return Cache(name="contests", ttl_s=ttl_s, size=10, store=store, kind=kind)


class Office:
    """Where the truth is: says it slowly if asked to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.title = "Old"
        self.asked = 0
        self.read = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self) -> Contest:
        self.asked += 1
        contest = Contest(self.title, 30)
        self.read.set()
        await self.may_answer.wait()
        return contest


async def test_two_processes_share_one_computation(opened: Any) -> None:
    here, there, office = cache(await opened()), cache(await opened()), Office()
    assert await here.get(1, office) == await there.get(1, office) == Contest("Old", 30)
    assert office.asked == 1
    assert (here.stats.misses, there.stats.misses, there.stats.shared) == (1, 0, 1)


async def test_two_processes_that_ask_at_once_compute_once(opened: Any) -> None:
    here, there, office = cache(await opened()), cache(await opened()), Office()
    office.may_answer.clear()
    asking = [asyncio.create_task(each.get(1, office)) for each in (here, there) for _ in range(50)]
    await office.read.wait()
    await asyncio.sleep(0.05)
    office.may_answer.set()
    assert await asyncio.gather(*asking) == [Contest("Old", 30)] * 100
    assert office.asked == 1


async def test_who_waits_for_another_process_does_not_wait_for_ever(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_level, "PATIENCE_S", 0.05)
    here, there, stuck, office = cache(await opened()), cache(await opened()), Office(), Office()
    stuck.may_answer.clear()
    asking = asyncio.create_task(here.get(1, stuck))
    await stuck.read.wait()
    assert await there.get(1, office) == Contest("Old", 30)
    stuck.may_answer.set()
    await asking


async def test_a_computation_that_fails_leaves_its_turn_to_the_next(opened: Any) -> None:
    here, there, office = cache(await opened()), cache(await opened()), Office()

    async def fail() -> Contest:
        raise LookupError

    with pytest.raises(LookupError):
        await here.get(1, fail)
    async with asyncio.timeout(second_level.PATIENCE_S / 2):
        assert await there.get(1, office) == Contest("Old", 30)


async def test_a_value_read_before_a_change_is_never_found_after_it(opened: Any) -> None:
    """Here computes slowly; there hears of the change first. Neither gets the old value afterwards."""
    here, there, office = cache(await opened()), cache(await opened()), Office()
    office.may_answer.clear()
    asking = asyncio.create_task(here.get(1, office))
    await office.read.wait()
    office.title = "New"
    there.drop(1)
    office.may_answer.set()
    assert (await asking).title == "Old"
    assert (await there.get(1, office)).title == "New"
    here.drop(1)
    assert (await here.get(1, office)).title == "New"


@pytest.mark.parametrize("forget", [lambda cache: cache.drop(1), lambda cache: cache.clear()])
async def test_what_one_process_drops_the_other_cannot_find(opened: Any, forget: Any) -> None:
    here, there, office = cache(await opened()), cache(await opened()), Office()
    await here.get(1, office)
    office.title = "New"
    forget(there)
    assert (await there.get(1, office)).title == "New"


async def test_a_value_is_not_older_than_its_life_because_it_came_by_the_store(opened: Any) -> None:
    here, there = cache(await opened(), ttl_s=0.4), cache(await opened(), ttl_s=0.4)
    office = Office()
    await here.get(1, office)
    await asyncio.sleep(0.25)
    await there.get(1, office)
    await asyncio.sleep(0.25)
    await there.get(1, office)
    assert office.asked == 2


async def test_a_type_that_changed_its_shape_does_not_read_the_old_one(opened: Any) -> None:
    @dataclass(frozen=True)
    class Changed:
        title: str
        seats: str = "many"

    here, there, office = cache(await opened()), cache(await opened(), Changed), Office()
    await here.get(1, office)

    async def compute() -> Changed:
        return Changed("New shape")

    assert await there.get(1, compute) == Changed("New shape")


async def test_rubbish_in_the_store_is_as_good_as_nothing(opened: Any, valkey: Valkey) -> None:
    here, there, office = cache(await opened()), cache(await opened()), Office()
    await here.get(1, office)
    async with Redis.from_url(valkey.url) as redis:
        [name] = [name async for name in redis.scan_iter("examhall:contests:*value*")]
        await redis.set(name, b"\xc1rubbish", keepttl=True)
    assert await there.get(1, office) == Contest("Old", 30)


@pytest.mark.parametrize("fate", ["kill", "freeze"])
async def test_whatever_happens_to_the_store_every_request_is_answered(
    opened: Any, valkey: Valkey, fate: str
) -> None:
    store, office = await opened(), Office()
    kept = cache(store)
    assert store.state == "ok"
    with capture_logs() as logged:
        for number in range(600):
            if number == 200:
                getattr(valkey, fate)()
            assert await kept.get(number, office) == Contest("Old", 30)
        await until(lambda: said(store, "lost"))
        assert await kept.get(-1, office) == Contest("Old", 30)
        await asyncio.sleep(1)
    assert [each["event"] for each in logged] == ["shared store lost; going on without it"]

    valkey.start() if fate == "kill" else valkey.thaw()
    await until(lambda: answers(store))
    assert store.state == "ok"
    await kept.get(-2, office)
    other, before = cache(await opened()), office.asked
    await other.get(-2, office)
    assert office.asked == before


async def said(store: SharedStore, state: str) -> bool:
    return store.state == state


async def test_only_the_first_to_ask_a_frozen_store_waits_for_it(opened: Any, valkey: Valkey) -> None:
    store = await opened()
    valkey.freeze()
    with pytest.raises(Away):
        await store.ask(lambda redis: redis.ping())
    # From now on nobody reaches it: whoever asks is answered without a turn of the loop.
    asked = store.ask(lambda redis: redis.ping())
    with pytest.raises(Away):
        asked.send(None)
    valkey.thaw()


async def test_a_change_while_the_store_was_away_is_known_when_it_is_back(
    opened: Any, valkey: Valkey
) -> None:
    there, office = cache(await opened()), Office()
    await there.get(1, office)
    store = await opened()
    changed = cache(store)
    valkey.freeze()
    await until(lambda: said_away(store))
    office.title = "New"
    # Only one process heard of it, and could not tell the store.
    changed.drop(1)
    await asyncio.sleep(0.05)
    valkey.thaw()
    await until(lambda: answers(store))
    assert (await cache(await opened()).get(1, office)).title == "New"


async def said_away(store: SharedStore) -> bool:
    return not await answers(store)


async def test_a_store_that_was_never_there_is_not_missed(opened: Any) -> None:
    store, office = await opened(NEVER_MET), Office()
    kept = cache(store)
    assert await kept.get(1, office) == Contest("Old", 30)
    kept.drop(1)
    assert await kept.get(1, office) == Contest("Old", 30)
    await until(lambda: said(store, "lost"))
    assert SharedStore(None).state == "off"
