from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.scoring.by_hand_settling import Open, Settled, settle

HUNDREDTHS = st.integers(0, 10_000).map(lambda n: Decimal(n) / 100)
RULES = st.sampled_from(["third", "nearest", "median"])


def test_one_marker_decides_alone() -> None:
    assert settle({1: Decimal(3)}, markers=1, differ_above=None, third_rule="nearest") == Settled(
        Decimal(3), frozenset({1})
    )


@pytest.mark.parametrize("points", [{}, {1: Decimal(3)}, {2: Decimal(3)}, {2: Decimal(3), 3: Decimal(3)}])
def test_an_answer_waits_for_both_markers(points: dict[int, Decimal]) -> None:
    assert settle(points, markers=2, differ_above=Decimal(1), third_rule="nearest") == Open(False)


def test_a_difference_as_large_as_allowed_needs_no_third_opinion() -> None:
    assert settle(
        {1: Decimal(3), 2: Decimal(4)}, markers=2, differ_above=Decimal(1), third_rule="third"
    ) == Settled(Decimal("3.5"), frozenset({1, 2}))
    assert settle(
        {1: Decimal(3), 2: Decimal("4.01")}, markers=2, differ_above=Decimal(1), third_rule="third"
    ) == Open(True)


@pytest.mark.parametrize(
    ("rule", "third", "points", "counts"),
    [
        ("third", 5, "5", {3}),
        ("nearest", 2, "1.5", {1, 3}),
        ("nearest", 5, "5.5", {2, 3}),
        # As near to the one as to the other: the higher.
        ("nearest", "3.5", "4.75", {2, 3}),
        ("median", 5, "5", {3}),
        ("median", 0, "1", {1}),
        ("median", 6, "6", {2, 3}),
    ],
)
def test_what_a_third_opinion_comes_to(rule: str, third: object, points: str, counts: set[int]) -> None:
    given = {1: Decimal(1), 2: Decimal(6), 3: Decimal(str(third))}
    assert settle(given, markers=2, differ_above=Decimal(1), third_rule=rule) == Settled(
        Decimal(points), frozenset(counts)
    )


@given(one=HUNDREDTHS, other=HUNDREDTHS, third=HUNDREDTHS, rule=RULES)
def test_what_is_settled_is_exact_and_between_what_was_given(
    one: Decimal, other: Decimal, third: Decimal, rule: str
) -> None:
    found = settle({1: one, 2: other, 3: third}, markers=2, differ_above=Decimal(2), third_rule=rule)
    assert isinstance(found, Settled)
    assert found.points == found.points.quantize(Decimal("0.001"))
    assert min(one, other, third) <= found.points <= max(one, other, third)


@given(one=HUNDREDTHS, other=HUNDREDTHS, third=HUNDREDTHS, rule=RULES)
def test_it_does_not_matter_who_of_the_two_was_first(
    one: Decimal, other: Decimal, third: Decimal, rule: str
) -> None:
    first = settle({1: one, 2: other, 3: third}, markers=2, differ_above=Decimal(2), third_rule=rule)
    turned = settle({1: other, 2: one, 3: third}, markers=2, differ_above=Decimal(2), third_rule=rule)
    assert isinstance(first, Settled)
    assert isinstance(turned, Settled)
    assert first.points == turned.points
