"""Differential item functioning: is an item harder for one group than for equally able people of another?"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools, Floats, Ints
from examhall.psychometrics.matching import Matching, as_matching, matched_on

# -2.35 times a log odds ratio is on the delta scale of item difficulty (Holland & Thayer 1988, eq. 6).
DELTA = -2.35
# Fewer of either group than these: nothing is said. Half of the smallest that testing programmes use.
FEWEST = 50
# Rounds of purification; lists of items settle after two or three.
ROUNDS = 10
# 5 % of a chi-squared with one degree of freedom, and of a standard normal, one-sided.
CHI_SQUARED_95 = 3.841458820694124
NORMAL_95 = 1.6448536269514722
# In standard deviations of an item with partial credit (Zwick, Thayer & Mazzeo 1997).
MEANS_NEGLIGIBLE, MEANS_LARGE = 0.17, 0.25


@dataclass(frozen=True)
class Dif:
    """Differences between reference and focal group, item by item, each of shape (items,).

    A negative effect means that the item is harder for the focal group than for equally able people of the
    reference group.
    """

    reference: Ints
    """persons of the reference group who had the item"""

    focal: Ints
    """persons of the focal group who had it"""

    odds_ratio: Floats
    """the common odds ratio, above 1 if the reference group is favoured; NaN for items with partial credit"""

    effect: Floats
    """MH D-DIF, delta points, for right and wrong; the standardised mean difference divided by the item's
    standard deviation for items with partial credit"""

    se: Floats
    """standard error of `effect`, in its units"""

    chi_squared: Floats
    """Mantel's, one degree of freedom; with continuity correction for right and wrong"""

    p: Floats
    """the chance of a statistic this large without any difference"""

    size: tuple[str, ...]
    """'A' negligible, 'B' moderate, 'C' large; '' for no estimate"""

    why: tuple[str, ...]
    """'' or why there is no estimate: 'few_reference', 'few_focal', 'no_spread' (all got the same),
    'not_comparable' (no score that people of both groups have), 'one_sided' (at no score was one group ever
    wrong where the other was right, so that the odds ratio is 0 or infinite)"""

    anchor: Bools
    """the items on whose sum people were matched"""


def dif(
    points: Floats,
    most: Floats,
    focal: Bools,
    *,
    matching: str = "total",
    purify: bool = True,
    least: int | None = None,
    fewest: int = FEWEST,
) -> Dif:
    """Mantel-Haenszel's comparison of two groups, item by item, among people with the same points in all.

    Items with nothing between 0 and all points: the Mantel-Haenszel common odds ratio (1959), as MH D-DIF =
    -2.35 ln(alpha) (Holland & Thayer 1988), chi-squared with continuity correction, the standard error of
    Robins, Breslow & Greenland (1986), and the classes of the Educational Testing Service (Zwick 2012): C if
    |D| is at least 1.5 and significantly above 1, A if it is below 1 or not significantly different from 0,
    B otherwise. Items with partial credit: Mantel's chi-squared (1963) and the standardised mean difference
    (Dorans & Schmitt 1991; its hypergeometric standard error: Zwick & Thayer 1996) in standard deviations of
    the item: C above 0.25, B above 0.17, A otherwise or if not significant.

    Parameters
    ----------
    points : array of shape (persons, items)
        Points reached, 0 to `most`; NaN not presented. Presented and left blank is 0. People are compared
        with those who were presented the same items.
    most : array of shape (items,)
        Points of a full answer. An item worth nothing has no estimate.
    focal : array of shape (persons,)
        True for the focal group, False for the reference group. Leave out those of neither.
    matching : 'total' or 'rest'
        Whether the item itself counts in the sum on which people are matched. It should, under the
        Rasch model (Holland & Thayer 1988).
    purify : bool
        Match without the items of class B and C and those significantly one-sided, and on the item itself;
        again until the list stays the same.
    least : int, optional
        Neighbouring scores are put together until each holds as many of either group (thick matching,
        Donoghue & Allen 1993). 1 matches each score by itself. If left out: 1 if the smaller group has 10 for
        each score that occurs, else 5.
    fewest : int
        Fewer persons of a group than these give no estimate.

    Returns
    -------
    Dif

    Raises
    ------
    ValueError
        If the shapes do not fit, or `matching` is neither.

    Examples
    --------
    >>> patterns = [[1.0, 0.0], [0.0, 1.0]]
    >>> marks = np.repeat(patterns * 2, [60, 20, 40, 40], axis=0)
    >>> found = dif(marks, np.ones(2), np.arange(160) >= 80, purify=False)
    >>> found.odds_ratio.round(3), found.effect.round(2), found.se.round(3), found.size
    (array([3.   , 0.333]), array([-2.58,  2.58]), array([0.803, 0.803]), ('C', 'C'))
    """
    persons, items = points.shape
    if most.shape != (items,) or focal.shape != (persons,):
        raise ValueError(f"{persons} persons and {items} items, but {most.shape} and {focal.shape}")
    if matching not in ("total", "rest"):
        raise ValueError("people are matched by their 'total' or by the 'rest' of it")
    anchor = most > 0
    how = as_matching(points, focal, least)
    found = _once(points, most, focal, anchor, how, matching, fewest)
    for _ in range(ROUNDS if purify else 0):
        kept = (most > 0) & ~_uneven(found)
        if (kept == anchor).all() or not kept.any():
            break
        anchor = kept
        found = _once(points, most, focal, anchor, how, matching, fewest)
    return found


def _uneven(found: Dif) -> Bools:
    """Of class B or C, or always to one side and not by chance."""
    differs = np.array([size in ("B", "C") for size in found.size], bool)
    one_sided = np.array([why == "one_sided" for why in found.why], bool)
    return differs | (one_sided & (found.chi_squared >= CHI_SQUARED_95))


def _once(
    points: Floats, most: Floats, focal: Bools, anchor: Bools, how: Matching, matching: str, fewest: int
) -> Dif:
    items = len(most)
    counts = np.zeros((2, items), np.int64)
    numbers = np.full((5, items), np.nan)
    size, why = [""] * items, [""] * items
    score = np.nansum(points[:, anchor], axis=1)
    together = matched_on(score, how)
    for item in range(items):
        had = np.isfinite(points[:, item])
        counts[:, item] = (had & ~focal).sum(), (had & focal).sum()
        why[item] = _hopeless(points[had, item], counts[:, item], fewest)
        if why[item]:
            continue
        own = int(matching == "total") - int(anchor[item])
        # An item that did not count joins the sum, or one that did leaves it.
        stratum = matched_on(score + own * np.nan_to_num(points[:, item]), how) if own else together
        cells = _cells(points[had, item], stratum[had], focal[had])
        whole = bool(np.isin(points[had, item], (0.0, most[item])).all())
        found = _odds(cells, float(most[item])) if whole else _means(cells, float(points[had, item].std()))
        numbers[:, item], size[item], why[item] = found
    odds_ratio, effect, se, chi_squared, p = numbers
    return Dif(counts[0], counts[1], odds_ratio, effect, se, chi_squared, p, tuple(size), tuple(why), anchor)


def _hopeless(points: Floats, persons: Ints, fewest: int) -> str:
    if persons[0] < fewest:
        return "few_reference"
    if persons[1] < fewest:
        return "few_focal"
    return "no_spread" if np.ptp(points) == 0 else ""


@dataclass(frozen=True)
class Cells:
    """Persons, their points and the squares of them, each (2, strata): reference, then focal group."""

    persons: Floats
    points: Floats
    squares: Floats


def _cells(points: Floats, stratum: Ints, focal: Bools) -> Cells:
    cell = stratum * 2 + focal
    strata = int(stratum.max()) + 1

    def summed(weights: Floats | None) -> Floats:
        return np.bincount(cell, weights, 2 * strata).reshape(strata, 2).T.astype(float)

    sums = Cells(summed(None), summed(points), summed(points**2))
    # A score that only one of the groups reached compares nobody.
    both = sums.persons.min(axis=0) > 0
    return Cells(sums.persons[:, both], sums.points[:, both], sums.squares[:, both])


def _mantel(cells: Cells, *, correction: float) -> tuple[float, Floats]:
    """Mantel's chi-squared, and the hypergeometric variance of the focal group's sum in each stratum."""
    n, total, squares = (part.sum(axis=0) for part in (cells.persons, cells.points, cells.squares))
    reference, focal = cells.persons
    expected = focal * total / n
    variance = reference * focal * (n * squares - total**2) / (n**2 * np.maximum(n - 1, 1))
    off = max(abs(float((cells.points[1] - expected).sum())) - correction, 0.0)
    spread = float(variance.sum())
    return (off**2 / spread if spread > 1e-12 else math.nan), variance


Found = tuple[tuple[float, float, float, float, float], str, str]


def _none(why: str, chi_squared: float = math.nan) -> Found:
    return (math.nan, math.nan, math.nan, chi_squared, tail(chi_squared)), "", why


def _odds(cells: Cells, most: float) -> Found:
    """The common odds ratio of a right answer, its effect, error, statistic and class."""
    right = cells.points / most
    wrong = cells.persons - right
    n = cells.persons.sum(axis=0)
    chi_squared, _ = _mantel(Cells(cells.persons, right, right), correction=0.5)
    if math.isnan(chi_squared):
        return _none("not_comparable")
    up, down = right[0] * wrong[1] / n, wrong[0] * right[1] / n
    ups, downs = float(up.sum()), float(down.sum())
    if ups == 0 or downs == 0:
        return _none("one_sided", chi_squared)
    same, cross = (right[0] + wrong[1]) / n, (wrong[0] + right[1]) / n
    variance = (
        float((same * up).sum()) / (2 * ups**2)
        + float((same * down + cross * up).sum()) / (2 * ups * downs)
        + float((cross * down).sum()) / (2 * downs**2)
    )
    alpha = ups / downs
    effect, se = DELTA * math.log(alpha), abs(DELTA) * math.sqrt(variance)
    size = "C" if abs(effect) >= 1.5 and abs(effect) - NORMAL_95 * se > 1 else "B"
    if chi_squared < CHI_SQUARED_95 or abs(effect) < 1:
        size = "A"
    return (alpha, effect, se, chi_squared, tail(chi_squared)), size, ""


def _means(cells: Cells, sd: float) -> Found:
    """The standardised mean difference of an item with partial credit, in its standard deviations."""
    chi_squared, variance = _mantel(cells, correction=0)
    if math.isnan(chi_squared):
        return _none("not_comparable")
    share = cells.persons[1] / cells.persons[1].sum()
    means = cells.points / cells.persons
    effect = float((share * (means[1] - means[0])).sum()) / sd
    se = math.sqrt(float((share**2 * (1 / cells.persons).sum(axis=0) ** 2 * variance).sum())) / sd
    size = "B" if abs(effect) <= MEANS_LARGE else "C"
    if chi_squared < CHI_SQUARED_95 or abs(effect) <= MEANS_NEGLIGIBLE:
        size = "A"
    return (math.nan, effect, se, chi_squared, tail(chi_squared)), size, ""


def tail(chi_squared: float) -> float:
    """P(chi-squared with one degree of freedom > `chi_squared`); NaN stays NaN.

    Examples
    --------
    >>> round(tail(3.841459), 6)
    0.05
    """
    return math.erfc(math.sqrt(chi_squared / 2))


def sizes(found: Dif) -> NDArray[np.int64]:
    """(3,): how many items are of class A, B and C.

    Examples
    --------
    >>> marks = np.tile([[1.0, 0.0], [0.0, 1.0]], (60, 1))
    >>> sizes(dif(marks, np.ones(2), np.arange(120) < 60))
    array([2, 0, 0])
    """
    return np.array([found.size.count(size) for size in "ABC"])
