import asyncio

import pytest

from examhall.base.cache import Cache, named_caches

pytestmark = pytest.mark.anyio


class Slow:
    """Computes when it is let, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_go_on = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        answer = self.asked
        await self.may_go_on.wait()
        return answer


def cache(ttl_s: float = 60) -> Cache[str, int]:
    return Cache(ttl_s=ttl_s, size=2)


async def test_however_many_ask_it_is_computed_once() -> None:
    kept, compute = cache(), Slow()
    asking = [asyncio.create_task(kept.get("a", compute)) for _ in range(1000)]
    await asyncio.sleep(0)
    compute.may_go_on.set()
    assert await asyncio.gather(*asking) == [1] * 1000
    assert await kept.get("a", compute) == 1


async def test_what_is_dropped_while_it_is_computed_is_not_kept() -> None:
    """It may have read the old value just before the change."""
    kept, compute = cache(), Slow()
    asking = asyncio.create_task(kept.get("a", compute))
    await asyncio.sleep(0)
    kept.drop("a")
    compute.may_go_on.set()
    assert await asking == 1
    assert await kept.get("a", compute) == 2
    kept.clear()
    assert await kept.get("a", compute) == 3


async def test_who_goes_away_does_not_take_the_value_from_the_others() -> None:
    kept, compute = cache(), Slow()
    gone, staying = (asyncio.create_task(kept.get("a", compute)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    compute.may_go_on.set()
    assert await staying == 1


async def test_a_failure_is_shared_and_not_kept() -> None:
    kept, compute = cache(), Slow()
    compute.may_go_on.set()

    async def fail() -> int:
        await compute()
        raise LookupError

    outcomes = await asyncio.gather(*(kept.get("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 3
    assert compute.asked == 1
    assert await kept.get("a", compute) == 2


async def test_no_more_is_kept_than_there_is_room_for() -> None:
    kept, compute = cache(), Slow()
    compute.may_go_on.set()
    assert [await kept.get(key, compute) for key in "abca"] == [1, 2, 3, 4]


async def test_nothing_outlives_its_time() -> None:
    kept, compute = cache(ttl_s=0), Slow()
    compute.may_go_on.set()
    assert [await kept.get("a", compute) for _ in range(2)] == [1, 2]


async def test_an_old_value_that_comes_late_does_not_replace_the_new_one() -> None:
    kept, slow, quick = cache(), Slow(), Slow()
    late = asyncio.create_task(kept.get("a", slow))
    await asyncio.sleep(0)
    kept.drop("a")
    quick.asked = 1
    quick.may_go_on.set()
    assert await kept.get("a", quick) == 2
    slow.may_go_on.set()
    assert await late == 1
    assert await kept.get("a", quick) == 2


async def test_that_there_is_nothing_is_worth_keeping_too() -> None:
    kept: Cache[str, None] = Cache(ttl_s=60, size=2)
    asked = 0

    async def compute() -> None:
        nonlocal asked
        asked += 1

    assert [await kept.get("a", compute) for _ in range(3)] == [None] * 3
    assert asked == 1


async def test_every_asking_is_counted_once() -> None:
    kept: Cache[str, int] = Cache(name="counted here", ttl_s=60, size=2)
    compute = Slow()
    compute.may_go_on.set()
    assert kept.stats.hit_rate == 0
    await asyncio.gather(*(kept.get("a", compute) for _ in range(4)))
    for _ in range(5):
        await kept.get("a", compute)
    stats = kept.stats
    assert (stats.misses, stats.joined, stats.hits, stats.shared, stats.asked) == (1, 3, 5, 0, 9)
    assert stats.hit_rate == 8 / 9
    assert [each for each in named_caches() if each.name == "counted here"] == [kept]
