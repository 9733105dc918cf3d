"""Points in whole thousandths: every rounding is half to even, and the same for whoever adds up when."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import isqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# Thousandths of points, as exact as numeric(8, 3).
Whole: TypeAlias = NDArray[np.int64]
THOUSAND = 1000
# Far beyond what a double keeps: what is rounded afterwards is right in its last digit.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def exact(said: Any) -> Fraction:
    """A number of a document, as it was written: 0.1 is a tenth, "1/3" a third."""
    return Fraction(str(said).replace(",", "."))


def thousandths(points: Any) -> int:
    """Half to even."""
    return round(exact(points) * THOUSAND)


def times(points: Whole, factor: Fraction) -> Whole:
    """Each of the points times the factor, in thousandths again."""
    return by_distinct(points, lambda each: round(each * factor))


def by_distinct(points: Whole, change: Callable[[int], int]) -> Whole:
    """`change` once for each different number, in Python's exact ones: of any size, of any denominator."""
    different, which = np.unique(points, return_inverse=True)
    changed = np.array([change(each) for each in different.tolist()], np.int64)
    return changed[which.reshape(-1)] if len(points) else points.copy()


def mean_of(points: Whole) -> Fraction:
    """Exact, whatever the order."""
    different, counts = np.unique(points, return_counts=True)
    pairs = zip(different.tolist(), counts.tolist(), strict=True)
    return Fraction(sum(each * count for each, count in pairs), len(points))


def variance_of(points: Whole) -> Fraction:
    """Of all of them, not of a sample. Exact."""
    different, counts = np.unique(points, return_counts=True)
    pairs = list(zip(different.tolist(), counts.tolist(), strict=True))
    total, squares = sum(v * n for v, n in pairs), sum(v * v * n for v, n in pairs)
    return Fraction(squares, len(points)) - Fraction(total, len(points)) ** 2


def root_of(number: Fraction) -> Decimal:
    """The square root to sixty digits."""
    return EXACT.sqrt(EXACT.divide(Decimal(number.numerator), Decimal(number.denominator)))


def root_whole(number: int) -> int:
    """The square root to the nearest whole number; halves do not occur."""
    return (isqrt(4 * number) + 1) // 2


def least_reaching(percent: Fraction, most: int) -> int:
    """The least points that are so many percent of the most: of 60 percent of 55 points, 33."""
    return -(-(percent * most).numerator // ((percent * most).denominator * 100))
