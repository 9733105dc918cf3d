"""Classical item statistics: facility, discrimination, distractors, and how reliable the number right is."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools, Floats, Ints
from examhall.psychometrics.tally import Tally, tally

# Persons with the same items from which their spread is worth including in a reliability.
FEWEST_PERSONS = 10


class Classical(NamedTuple):
    presented: Ints
    """(items,): persons who had the item"""

    facility: Floats
    """(items,): the share of them who had it right, 0 to 1; NaN if nobody had it"""

    discrimination: Floats
    """(items,): corrected point-biserial, -1 to 1; NaN without spread"""

    kr20: float
    """Kuder & Richardson's formula 20, Cronbach's alpha for right and wrong. At most 1; may be negative"""

    sem: float
    """standard error of measurement of the number right, in items"""

    reliable_persons: int
    """persons on whom kr20 and sem rest"""


def classical(matrix: NDArray[Any]) -> Classical:
    """The classical statistics of a matrix of marks.

    Discrimination is the correlation of an item with the rest of the test (Henrysson 1963), over those who
    had it; the rest is counted as the share right of the other items each person had, which for complete data
    is the same as their number. KR-20 (Kuder & Richardson 1937, eq. 20) and
    SEM = sd sqrt(1 - KR-20) need persons with the same items: with booklets they are means over the
    booklets that at least ten persons had, weighted by persons.

    Parameters
    ----------
    matrix : array of shape (persons, items)
        1 right, 0 wrong; -1 (or NaN) not presented.

    Returns
    -------
    Classical
        kr20 and sem are NaN if fewer than ten persons share the same two or more items, or all have the
        same score.

    Raises
    ------
    ValueError
        If the matrix holds anything else.

    Examples
    --------
    >>> marks = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]] * 3)
    >>> found = classical(marks)
    >>> found.facility, found.discrimination.round(4)
    (array([0.75, 0.5 , 0.25]), array([0.5222, 0.7071, 0.5222]))
    >>> round(found.kr20, 4), round(found.sem, 4)
    (0.75, 0.5839)
    """
    return classical_tally(tally(matrix))


def classical_tally(counted: Tally) -> Classical:
    """`classical` on counts."""
    persons = counted.persons.astype(float)
    presented = persons @ counted.here
    right = counted.right.sum(axis=0, dtype=np.int64)
    with np.errstate(invalid="ignore"):
        facility = right / presented
    kr20, sem, reliable = _reliability(counted)
    return Classical(presented.astype(np.int64), facility, _discrimination(counted), kr20, sem, reliable)


def _discrimination(counted: Tally) -> Floats:
    persons = counted.persons.astype(float)
    others = counted.length - 1.0
    usable = others > 0
    others = np.where(usable, others, 1.0)
    # The rest of the test for those right and for those wrong on the item, by cell.
    if_right, if_wrong = (counted.score - 1) / others, counted.score / others
    right = counted.right * usable[:, None]
    all_of_them = persons[:, None] * (counted.here & usable[:, None])
    wrong = all_of_them - right
    n, hits = all_of_them.sum(axis=0), right.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Around a middle common to all, so that no large squares cancel.
        middle = float(counted.score @ persons) / max(float(counted.length @ persons), 1.0)
        up, down = if_right - middle, if_wrong - middle
        total = up @ right + down @ wrong
        squares = up**2 @ right + down**2 @ wrong
        covariance = up @ right - hits * total / n
        spread = (squares - total**2 / n) * (hits - hits**2 / n)
        # What rounding leaves of no spread at all is no spread.
        spread = np.where(spread > 1e-12 * np.maximum(squares * hits, 1e-300), spread, np.nan)
        return np.asarray(np.clip(covariance / np.sqrt(spread), -1, 1))


def _reliability(counted: Tally) -> tuple[float, float, int]:
    patterns = len(counted.presented)
    persons = np.bincount(counted.pattern, counted.persons, patterns)
    length = counted.presented.sum(axis=1)
    chosen = (persons >= FEWEST_PERSONS) & (length > 1)
    kr20, sem, weight = [], [], []
    for pattern in np.flatnonzero(chosen):
        cells = counted.pattern == pattern
        n = persons[pattern]
        p = counted.right[cells].sum(axis=0, dtype=np.int64) / n
        score = counted.score[cells].astype(float)
        mean = score @ counted.persons[cells] / n
        variance = (score - mean) ** 2 @ counted.persons[cells] / n
        if variance > 0:
            kr20.append(_alpha(length[pattern], float((p * (1 - p)).sum()), variance))
            # With the sample's variance, as anybody would compute the standard deviation.
            sem.append(np.sqrt(variance * n / (n - 1) * (1 - kr20[-1])))
            weight.append(n)
    if not weight:
        return float("nan"), float("nan"), 0
    return float(np.average(kr20, weights=weight)), float(np.average(sem, weights=weight)), int(sum(weight))


def _alpha(parts: int, variance_of_parts: float, variance: float) -> float:
    return float(parts / (parts - 1) * (1 - variance_of_parts / variance))


def alpha(points: Floats) -> float:
    """Cronbach's alpha of points with partial credit (Cronbach 1951, eq. 2).

    Parameters
    ----------
    points : array of shape (persons, items)
        Points on each item; persons with a NaN are left out.

    Returns
    -------
    float
        At most 1; NaN with fewer than two items, fewer than two persons, or no spread of the sums.

    Examples
    --------
    >>> round(alpha(np.array([[2.0, 1.0], [1.0, 1.0], [0.0, 0.0], [2.0, 2.0]])), 4)
    0.9143
    """
    complete = points[~np.isnan(points).any(axis=1)]
    if len(complete) < 2 or points.shape[1] < 2:
        return float("nan")
    variance = complete.sum(axis=1).var()
    if variance == 0:
        return float("nan")
    return _alpha(points.shape[1], float(complete.var(axis=0).sum()), float(variance))


class Distractors(NamedTuple):
    """By item and option."""

    chosen: Ints
    """how many chose it"""

    rest: Floats
    """their mean share right of the other items, 0 to 1; NaN if nobody chose it"""

    discrimination: Floats
    """correlation of choosing it with that share, over all who had the item; NaN without spread"""


def distractors(choices: NDArray[np.int8], right: NDArray[Any], options: int) -> Distractors:
    """Who chose what: a good distractor draws the weaker; one with a discrimination above the key's beats it.

    Parameters
    ----------
    choices : array of shape (persons, items)
        The option chosen, 0 to options - 1; -1 for none.
    right : array of shape (persons, items)
        Marks as in `classical`; only those who had an item (not -1) count for it.
    options : how many options an item has at most

    Returns
    -------
    Distractors
        Arrays of shape (items, options).

    Raises
    ------
    ValueError
        If the shapes differ or a choice is out of range.

    Examples
    --------
    >>> found = distractors(np.array([[0, 1], [0, 1], [2, 0], [-1, 1]]),
    ...                     np.array([[1, 1], [1, 1], [0, 0], [0, 1]]), 3)
    >>> found.chosen
    array([[2, 0, 1],
           [1, 3, 0]])
    >>> found.discrimination.round(4)
    array([[ 0.5774,     nan, -1.    ],
           [-0.5774,  0.5774,     nan]])
    """
    if choices.shape != right.shape:
        raise ValueError(f"choices of shape {choices.shape}, but marks of shape {right.shape}")
    if choices.size and (choices.min() < -1 or choices.max() >= options):
        raise ValueError(f"a choice is from 0 to {options - 1}, or -1 for none")
    counted = tally(right)
    items = choices.shape[1]
    length, score = counted.length[counted.cell], counted.score[counted.cell]
    chosen = np.zeros((items, options), np.int64)
    rest, discrimination = np.full((2, items, options), np.nan)
    for item in range(items):
        marked = counted.item(item)
        had = counted.presented[counted.pattern[counted.cell], item] & (length > 1)
        share = (score - marked)[had] / (length[had] - 1)
        choice = choices[had, item]
        for option in range(options):
            these = choice == option
            chosen[item, option] = these.sum()
            rest[item, option] = share[these].mean() if these.any() else np.nan
            discrimination[item, option] = _correlation(these, share)
    return Distractors(chosen, rest, discrimination)


def _correlation(these: Bools, share: Floats) -> float:
    if not these.any() or these.all() or np.ptp(share) == 0:
        return float("nan")
    p = these.mean()
    return float((share[these].mean() - share.mean()) / share.std() * np.sqrt(p / (1 - p)))
