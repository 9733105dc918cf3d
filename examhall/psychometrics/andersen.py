"""Andersen's test of the Rasch model: are items equally hard for different groups of persons?"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools
from examhall.psychometrics.rasch import FEWEST_ITEMS, estimable, maximise
from examhall.psychometrics.tally import as_marks, tally


class Andersen(NamedTuple):
    statistic: float
    """twice what separate difficulties add to the conditional log-likelihood; NaN if it cannot be tested"""

    df: int
    p: float
    """the chance of a statistic this large if the model holds"""

    left_out: tuple[int, ...]
    """items not tested, having no estimate in one of the groups"""


def andersen_test(matrix: NDArray[Any], groups: NDArray[Any] | None = None) -> Andersen:
    """Andersen's likelihood ratio test (Andersen 1973, eq. 3.9).

    Parameters
    ----------
    matrix : array of shape (persons, items)
        Marks as in `calibrate`.
    groups : array of shape (persons,), optional
        Any labels; persons with the same one are a group. If left out, persons are split by their number
        right: up to the median of those with the same items, and above.

    Returns
    -------
    Andersen
        The statistic has a chi-squared distribution with (groups - 1)(items - 1) degrees of freedom in
        large samples. An item that has no estimate in one group is left out of all, and named. NaN with fewer
        than two groups or two items left.

    Raises
    ------
    ValueError
        If there is not a label for each person, or the matrix holds something besides marks.

    Examples
    --------
    >>> marks = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 1]] * 10)
    >>> found = andersen_test(marks, np.arange(60) % 12 < 6)
    >>> round(found.statistic, 6), found.df, round(found.p, 6)
    (0.0, 2, 1.0)
    """
    marks = as_marks(matrix)
    labels = _above_median(marks) if groups is None else np.asarray(groups)
    if labels.shape != (len(marks),):
        raise ValueError(f"{len(marks)} persons, but labels of shape {labels.shape}")
    members = [labels == label for label in np.unique(labels)]
    kept = _tested(marks, members)
    left_out = tuple(np.flatnonzero(~kept).tolist())
    if len(members) < 2 or kept.sum() < FEWEST_ITEMS:
        return Andersen(math.nan, 0, math.nan, left_out)
    together, *apart = (
        maximise(tally(marks[chosen]).only(kept), kept).value
        for chosen in (np.ones(len(marks), bool), *members)
    )
    statistic = max(2 * (sum(apart) - together), 0.0)
    df = (len(members) - 1) * (int(kept.sum()) - 1)
    return Andersen(statistic, df, chi_squared_tail(statistic, df), left_out)


def chi_squared_tail(value: float, df: int) -> float:
    """P(chi-squared with `df` degrees of freedom > `value`), by the finite sums for whole `df`.

    Abramowitz & Stegun 1964, 26.4.4 and 26.4.5. `value` is at least 0 and `df` at least 1; terms are formed
    from logarithms, so that large ones neither overflow nor vanish.

    Examples
    --------
    >>> round(chi_squared_tail(3.841459, 1), 6), round(chi_squared_tail(18.307038, 10), 6)
    (0.05, 0.05)
    """
    if value <= 0:
        return 1.0
    half = value / 2
    odd = df % 2
    terms = (
        math.exp((k + odd / 2) * math.log(half) - half - math.lgamma(k + odd / 2 + 1)) for k in range(df // 2)
    )
    return min(math.fsum(terms) + (math.erfc(math.sqrt(half)) if odd else 0.0), 1.0)


def _above_median(marks: NDArray[np.int8]) -> Bools:
    counted = tally(marks)
    pattern, score = counted.pattern[counted.cell], counted.score[counted.cell]
    above = np.zeros(len(marks), bool)
    for one in range(len(counted.presented)):
        mine = np.flatnonzero(pattern == one)
        if len(mine):
            above[mine] = score[mine] > np.median(score[mine])
    return above


def _tested(marks: NDArray[np.int8], members: list[Bools]) -> Bools:
    """Items with an estimate in every group. Leaving one out can undo another: until nothing changes."""
    counted = [tally(marks[chosen]) for chosen in members]
    kept = np.ones(marks.shape[1], bool)
    while kept.any():
        still = kept.copy()
        for group in counted:
            still &= estimable(group.only(still))[0]
        if (still == kept).all():
            break
        kept = still
    return kept
