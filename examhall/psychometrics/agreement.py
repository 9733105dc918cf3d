"""How far two orders, two classifications or several judges agree."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Floats, Ints

# What rounding leaves of no spread at all is no spread.
NOTHING = 1e-12


class Kappa(NamedTuple):
    agreement: float
    """the share on which both agree, weighted if weights were asked for, 0 to 1"""

    kappa: float
    """agreement beyond chance, at most 1; NaN if chance alone agrees on everything"""

    se: float
    """its standard error in large samples"""


class Icc(NamedTuple):
    single: float
    """ICC(A,1): how reliable the rating of one judge is, at most 1; may be negative"""

    mean: float
    """ICC(A,k): how reliable the mean of these judges is"""

    consistency: float
    """ICC(C,1): the same as `single`, but one judge may be stricter than another throughout"""


def spearman(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation, -1 to 1; ties get the mean of their ranks (Kendall & Gibbons 1990, ch. 3).

    Parameters
    ----------
    one, other : arrays of shape (persons,)
        Persons with a NaN in either are left out.

    Returns
    -------
    float
        NaN with fewer than two persons, or if all tie in one of the orders.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2, 3, 4, 5]), np.array([5.0, 6, 7, 8, 7])), 4)
    0.8208
    """
    one, other = _both(one, other)
    # However they tie, ranks have this mean.
    middle = (len(one) + 1) / 2
    first, second = ranks(one) - middle, ranks(other) - middle
    spread = math.sqrt(float(first @ first) * float(second @ second))
    return float(np.clip(float(first @ second) / spread, -1, 1)) if spread > 0 else math.nan


def kendall(one: Floats, other: Floats) -> float:
    """Kendall's tau-b, -1 to 1, in O(n log n) (Knight 1966, JASA 61, 436-439).

    Pairs in the same order less pairs in the opposite order, of all pairs that tie in neither: sqrt((pairs
    untied in one) (pairs untied in the other)).

    Parameters
    ----------
    one, other : arrays of shape (persons,)
        Persons with a NaN in either are left out.

    Returns
    -------
    float
        NaN with fewer than two persons, or if all tie in one of the orders.

    Examples
    --------
    >>> round(kendall(np.array([12.0, 2, 1, 12, 2]), np.array([1.0, 4, 7, 1, 0])), 4)
    -0.4714
    """
    one, other = _both(one, other)
    n = len(one)
    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(other, return_inverse=True)
    pairs = n * (n - 1) // 2
    tied_one, tied_other = _tied(first), _tied(second)
    _, together = np.unique(first * (int(second.max(initial=0)) + 1) + second, return_inverse=True)
    untied = (pairs - tied_one) * (pairs - tied_other)
    if untied == 0:
        return math.nan
    # Sorted by one, then by the other: pairs that tie in one are in order and count as no inversion.
    against = inversions(second[np.lexsort((second, first))])
    with_each_other = pairs - tied_one - tied_other + _tied(together) - against
    return float(np.clip((with_each_other - against) / math.sqrt(untied), -1, 1))


def ranks(values: Floats) -> Floats:
    """(persons,): ranks from 1, lowest first; ties get the mean of theirs.

    Examples
    --------
    >>> ranks(np.array([10.0, 30.0, 10.0, 20.0]))
    array([1.5, 4. , 1.5, 3. ])
    """
    _, level, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[level.reshape(-1)])


def inversions(values: Ints) -> int:
    """How many pairs stand in the wrong order, larger before smaller.

    Bit by bit from the highest: among values equal in all higher bits, each 1 before a 0 is such a pair; then
    they are parted by that bit, keeping their order. A pass over all for each bit.

    Parameters
    ----------
    values : array of shape (persons,), whole numbers from 0

    Examples
    --------
    >>> inversions(np.array([3, 1, 2, 1]))
    4
    """
    found = 0
    here = np.arange(len(values))
    values = np.asarray(values, np.int64)
    for bit in reversed(range(int(values.max(initial=0)).bit_length())):
        head, one = values >> (bit + 1), values >> bit & 1
        # Values with the same head stand together; each knows where those begin.
        new = np.diff(head, prepend=-1) != 0
        group = np.cumsum(new) - 1
        begins = np.flatnonzero(new)[group]
        ones = np.cumsum(one) - one
        ones_before = ones - ones[begins]
        found += int(ones_before[one == 0].sum())
        zeros = np.bincount(group, one == 0).astype(np.int64)[group]
        place = begins + np.where(one == 1, zeros + ones_before, here - begins - ones_before)
        parted = np.empty_like(values)
        parted[place] = values
        values = parted
    return found


def kappa(table: NDArray[Any], weights: str | None = None) -> Kappa:
    """Cohen's kappa of two classifications (Cohen 1960), weighted if asked (Cohen 1968).

    The standard error is that of Fleiss, Cohen & Everitt (1969, eq. 13), not assuming that kappa is 0.

    Parameters
    ----------
    table : array of shape (classes, classes)
        How many the one put into the row's class and the other into the column's; classes in order.
    weights : None, 'linear' or 'quadratic'
        How much neighbouring classes agree: not at all, less by their distance, or by its square.

    Returns
    -------
    Kappa
        NaN if the table is empty.

    Raises
    ------
    ValueError
        If the table is not square, or there are no such weights.

    Examples
    --------
    >>> found = kappa(np.array([[20, 5], [10, 15]]))
    >>> found.agreement, round(found.kappa, 4), round(found.se, 4)
    (0.7, 0.4, 0.127)
    """
    counts = np.asarray(table, float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"two classifications make a square table, not one of shape {counts.shape}")
    n = float(counts.sum())
    if n == 0:
        return Kappa(math.nan, math.nan, math.nan)
    agreeing = _weights(len(counts), weights)
    share = counts / n
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    agreed = float((agreeing * share).sum())
    by_chance = float(rows @ agreeing @ columns)
    if 1 - by_chance < NOTHING:
        return Kappa(agreed, math.nan, math.nan)
    found = (agreed - by_chance) / (1 - by_chance)
    expected = (agreeing @ columns)[:, None] + (agreeing.T @ rows)[None, :]
    spread = float((share * (agreeing - expected * (1 - found)) ** 2).sum())
    spread -= (found - by_chance * (1 - found)) ** 2
    return Kappa(agreed, found, math.sqrt(max(spread, 0.0) / n) / (1 - by_chance))


def crossed(one: Ints, other: Ints, classes: int) -> Ints:
    """(classes, classes): how many are in the row's class by the one and in the column's by the other.

    Parameters
    ----------
    one, other : arrays of shape (persons,)
        Classes from 0; persons with a negative one in either are left out.

    Examples
    --------
    >>> crossed(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    known = (one >= 0) & (other >= 0)
    cell = one[known] * classes + other[known]
    return np.bincount(cell, minlength=classes * classes).reshape(classes, classes)


def fleiss_kappa(counts: NDArray[Any]) -> float:
    """Fleiss' kappa of several judges who put things into classes (Fleiss 1971), at most 1.

    Parameters
    ----------
    counts : array of shape (things, classes)
        How many judges put the thing into the class; the same number of judges for each, at least two.

    Returns
    -------
    float
        NaN for nothing at all, or if all are in one class.

    Raises
    ------
    ValueError
        If the numbers of judges differ or there are fewer than two.
    """
    table = np.asarray(counts, float)
    if not len(table):
        return math.nan
    judges = table.sum(axis=1)
    if np.ptp(judges) != 0 or judges[0] < 2:
        raise ValueError("each thing is judged by the same number of judges, at least two")
    share = table.sum(axis=0) / table.sum()
    agreed = float(((table * (table - 1)).sum(axis=1) / (judges * (judges - 1))).mean())
    by_chance = float(share @ share)
    return (agreed - by_chance) / (1 - by_chance) if 1 - by_chance > NOTHING else math.nan


def icc(ratings: Floats) -> Icc:
    """Intraclass correlations of judges who all rated the same things, both drawn at random.

    McGraw & Wong (1996, table 4, case 2A) from the mean squares of a two-way analysis of variance; `single`
    and `mean` are the ICC(2,1) and ICC(2,k) of Shrout & Fleiss (1979), `consistency` their ICC(3,1).

    Parameters
    ----------
    ratings : array of shape (things, judges)
        Things with a NaN are left out.

    Returns
    -------
    Icc
        NaN with fewer than two things or judges, or no spread at all.

    Examples
    --------
    >>> found = icc(np.array([[1.0, 2.0], [3.0, 3.0], [5.0, 6.0]]))
    >>> round(found.single, 4), round(found.mean, 4), round(found.consistency, 4)
    (0.9231, 0.96, 0.96)
    """
    complete = ratings[np.isfinite(ratings).all(axis=1)]
    things, judges = complete.shape
    if things < 2 or judges < 2:
        return Icc(math.nan, math.nan, math.nan)
    centred = complete - complete.mean()
    of_things, of_judges = centred.mean(axis=1), centred.mean(axis=0)
    between = judges * float(of_things @ of_things) / (things - 1)
    severity = things * float(of_judges @ of_judges) / (judges - 1)
    left = centred - of_things[:, None] - of_judges
    error = float((left**2).sum()) / ((things - 1) * (judges - 1))
    more = judges * (severity - error) / things

    def ratio(above: float, below: float) -> float:
        return above / below if below > NOTHING else math.nan

    return Icc(
        ratio(between - error, between + (judges - 1) * error + more),
        ratio(between - error, between + more / judges),
        ratio(between - error, between + (judges - 1) * error),
    )


def _weights(classes: int, weights: str | None) -> Floats:
    if weights is None:
        return np.eye(classes)
    if weights not in ("linear", "quadratic"):
        raise ValueError(f"kappa is weighted linear or quadratic, not {weights}")
    apart = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes))) / max(classes - 1, 1)
    return np.asarray(1 - (apart if weights == "linear" else apart**2))


def _both(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"{one.shape} of one, but {other.shape} of the other")
    known = np.isfinite(one) & np.isfinite(other)
    return one[known], other[known]


def _tied(level: NDArray[Any]) -> int:
    count = np.bincount(level.reshape(-1))
    return int((count * (count - 1) // 2).sum())
