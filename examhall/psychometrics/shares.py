"""How much of the points somebody reached, and how far that may be chance."""

from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Floats

# The normal quantile of a two-sided interval that holds the truth nine times in ten.
Z_90 = 1.6448536269514722


class Shares(NamedTuple):
    share: Floats
    """(groups,): points reached of those to be had, 0 to 1"""

    low: Floats
    high: Floats
    """(groups,): where the true share lies, nine times in ten"""


def shares(reached: Floats, most: Floats, squares: Floats, *, z: float = Z_90) -> Shares:
    """Shares of points with Wilson's score interval, which stays within 0 and 1 and is honest for few items.

    Wilson (1927), JASA 22, 209-212. Items of unequal worth count as fewer: as many as equal ones would leave
    the same variance, (sum of w)² / sum of w² (Kish 1965).

    Parameters
    ----------
    reached : array of shape (groups,)
        Points reached in each group of items, 0 to `most`.
    most : array of shape (groups,)
        Points to be had, the sum of the items' worths.
    squares : array of shape (groups,)
        The sum of the squares of the items' worths.
    z : float
        The normal quantile of the interval.

    Returns
    -------
    Shares
        Each of shape (groups,). A group without points to be had has the share NaN, between 0 and 1.

    Examples
    --------
    >>> found = shares(np.array([8.0]), np.array([10.0]), np.array([10.0]))
    >>> found.share, found.low.round(3), found.high.round(3)
    (array([0.8]), array([0.541]), array([0.931]))
    """
    known = most > 0
    share = np.divide(reached, most, out=np.full(len(most), np.nan), where=known)
    n = np.divide(most**2, squares, out=np.zeros(len(most)), where=known)
    p = np.where(known, share, 0.5)
    # Everything multiplied by n, so that no items leave the whole of 0 to 1.
    middle = n * p + z**2 / 2
    spread = z * np.sqrt(n * p * (1 - p) + z**2 / 4)
    low, high = (middle - spread) / (n + z**2), (middle + spread) / (n + z**2)
    return Shares(share, np.clip(low, 0, 1), np.clip(high, 0, 1))
