from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from throttled import utils

from examhall.base import limits
from examhall.base.limits import Limit
from examhall.base.rates import Rate, Rates, read_rates


class Clock:
    """The clock that the library counts by, in our hands."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(utils, "now_mono_f", clock)
    return clock


def test_what_is_used_up_comes_back_evenly(clock: Clock) -> None:
    limit = Limit("test", read_rates("60/minute"))
    assert [limit.take("a").is_refused for _ in range(61)] == [False] * 60 + [True]
    assert limit.look("a").retry_after_s == pytest.approx(1)
    clock.now += 0.75
    assert limit.look("a").retry_after_s == limit.take("a").retry_after_s == pytest.approx(0.25)
    clock.now += 0.25
    assert [limit.take("a").is_refused for _ in range(2)] == [False, True]
    for _ in range(3):
        clock.now += 1.001
        assert [limit.take("a").is_refused for _ in range(2)] == [False, True]


def test_in_any_hour_no_more_pass_than_the_bucket_and_what_flows_into_it(clock: Clock) -> None:
    limit = Limit("test", read_rates("60/minute,1000/hour"))
    passed = 0
    for _ in range(3600 * 2):
        clock.now += 0.5
        passed += not limit.take("a").is_refused
    assert 1900 < passed <= 2000


@given(st.lists(st.floats(0, 40), max_size=60), st.integers(1, 5))
@settings(deadline=None)
def test_whoever_waits_as_long_as_told_is_let_pass(pauses: list[float], cost: int) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "now_mono_f", clock)
        limit = Limit("test", read_rates("5/minute"))
        for pause in pauses:
            clock.now += pause
            looked, taken = limit.look("a"), limit.take("a", cost)
            if cost == 1:
                assert looked.is_refused == taken.is_refused
                assert looked.retry_after_s == pytest.approx(taken.retry_after_s, abs=0.002)
            if taken.is_refused:
                clock.now += taken.retry_after_s + 0.002
                assert not limit.take("a", cost).is_refused


def test_looking_uses_nothing_up() -> None:
    limit = Limit("test", read_rates("2/hour"))
    assert not any(limit.look("a").is_refused for _ in range(5))
    assert [limit.take("a").remaining for _ in range(2)] == [1, 0]
    assert limit.look("a").is_refused
    assert (limit.refuse("a"), limit.refuse("b")) != (None, None)
    assert limit.refuse("b") is None
    assert limit.refused == 2


def test_a_million_addresses_take_no_more_memory_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SUBJECTS_KEPT", 1000)
    limit = Limit("test", read_rates("60/minute,1000/hour"))
    for number in range(20_000):
        limit.take(str(number))
        limit.look(f"looked at {number}")
    assert [len(each._store._backend._client) for each in limit._here] == [1000, 1000]
    assert [len(each._store._backend.expire_info) for each in limit._here] == [1000, 1000]


def test_without_rates_there_is_no_limit() -> None:
    limit = Limit("test", Rates())
    assert not any(limit.take("a").is_refused or limit.look("a").is_refused for _ in range(1000))
    assert limit.refuse("a") is None


def test_rates_are_read_as_they_are_written() -> None:
    assert read_rates("1000/hour, 60/minute") == Rates((Rate(60, 60), Rate(1000, 3600)))
    for text in ("off", "60/minute,1000/hour", "50/second"):
        assert str(read_rates(text)) == text
    assert [each.burst for each in read_rates("50/second,60/minute").rates] == [500, 60]
