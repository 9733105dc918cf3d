"""Shares of points: against published figures, a simulation, and where there is nothing to go by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.psychometrics.shares import shares


def one(
    reached: float, most: float, squares: float | None = None, z: float = 1.959963984540054
) -> list[float]:
    found = shares(
        np.array([reached]), np.array([most]), np.array([most if squares is None else squares]), z=z
    )
    return [float(part[0]) for part in found]


@pytest.mark.parametrize(
    ("right", "items", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (score, 95 %).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_agrees_with_newcombes_table(right: int, items: int, low: float, high: float) -> None:
    assert one(right, items)[1:] == pytest.approx([low, high], abs=5e-5)


@given(items=st.integers(1, 500), data=st.data())
def test_the_share_is_within_and_what_is_missed_mirrors_what_is_reached(
    items: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, items))
    share, low, high = one(right, items)
    missed, missed_low, missed_high = one(items - right, items)
    assert 0 <= low <= share <= high <= 1
    assert (missed, missed_low, missed_high) == pytest.approx((1 - share, 1 - high, 1 - low), abs=1e-12)


def test_the_truth_is_within_nine_times_in_ten() -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(0.1, 0.9, 20_000)
    items = random.integers(5, 60, 20_000).astype(float)
    found = shares(random.binomial(items.astype(int), truth).astype(float), items, items)
    assert 0.885 < ((found.low <= truth) & (found.high >= truth)).mean() < 0.915


def test_items_of_unequal_worth_say_less_than_as_many_equal_ones() -> None:
    _, low, high = one(5, 10, 10)
    _, less_low, less_high = one(5, 10, 8.2**2 + 2 * 0.9**2)
    assert less_low < low < high < less_high


def test_nothing_to_go_by_is_said() -> None:
    share, low, high = one(0, 0)
    assert np.isnan(share)
    assert (low, high) == (0, 1)
