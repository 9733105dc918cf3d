"""What several markers' points of one answer come to: exact, so that nothing is ever rounded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

THIRD = 3


class Settled(NamedTuple):
    points: Decimal
    counts: frozenset[int]
    """the opinions that the points come from"""


class Open(NamedTuple):
    """Somebody has still to mark it."""

    needs_third: bool


def settle(
    points: Mapping[int, Decimal], *, markers: int, differ_above: Decimal | None, third_rule: str
) -> Settled | Open:
    """The points of an answer by the opinions given so far, or what is still wanted.

    Two markers who differ by no more than `differ_above` give their mean. Beyond that a third opinion is
    asked for: it counts alone ('third'), with the nearer of the two, the higher if both are as near
    ('nearest'), or the middle one of the three counts ('median').

    Parameters
    ----------
    points : by opinion, 1 to 3; hundredths at the finest
        So a mean of two has thousandths at the finest, and marks.points holds it exactly.

    Examples
    --------
    >>> settle({1: Decimal(3), 2: Decimal(4)}, markers=2, differ_above=Decimal(1), third_rule="nearest")
    Settled(points=Decimal('3.5'), counts=frozenset({1, 2}))
    >>> settle({1: Decimal(1), 2: Decimal(4)}, markers=2, differ_above=Decimal(1), third_rule="nearest")
    Open(needs_third=True)
    """
    if any(opinion not in points for opinion in range(1, markers + 1)):
        return Open(needs_third=False)
    if markers == 1:
        return Settled(points[1], frozenset({1}))
    first, second = points[1], points[2]
    if differ_above is None or abs(first - second) <= differ_above:
        return Settled((first + second) / 2, frozenset({1, 2}))
    if THIRD not in points:
        return Open(needs_third=True)
    return _with_third(points, third_rule)


def _with_third(points: Mapping[int, Decimal], rule: str) -> Settled:
    third = points[THIRD]
    if rule == "third":
        return Settled(third, frozenset({THIRD}))
    if rule == "median":
        middle = sorted(points.values())[1]
        return Settled(middle, frozenset(opinion for opinion, each in points.items() if each == middle))
    nearer = min((1, 2), key=lambda opinion: (abs(points[opinion] - third), -points[opinion]))
    return Settled((points[nearer] + third) / 2, frozenset({nearer, THIRD}))
