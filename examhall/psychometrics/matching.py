"""Who is compared with whom: people with the same items and the same points, or nearly."""

from dataclasses import dataclass

import numpy as np

from examhall.psychometrics.arrays import Bools, Floats, Ints

# With as many of the smaller group for each score, scores stand by themselves; below, they are put together
# until each has `LEAST` of either group.
ENOUGH_PER_SCORE = 10
LEAST = 5
# Points are sums of decimals: what differs less than this is the same sum.
DECIMALS = 6


@dataclass(frozen=True)
class Matching:
    pattern: Ints
    """(persons,): a number for the items that each person had"""

    focal: Bools
    """(persons,): who is of the focal group"""

    least: int | None
    """how many of either group a stratum holds; None for what fits"""


def as_matching(points: Floats, focal: Bools, least: int | None) -> Matching:
    """How these persons are to be matched.

    Parameters
    ----------
    points : array of shape (persons, items), NaN not presented
    focal : array of shape (persons,)
    least : at least 1, or None for what fits
    """
    missing = np.isnan(points)
    if not missing.any():
        return Matching(np.zeros(len(points), np.int64), focal, least)
    packed = np.ascontiguousarray(np.packbits(missing, axis=1))
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, pattern = np.unique(rows, return_inverse=True)
    return Matching(pattern.reshape(-1).astype(np.int64), focal, least)


def matched_on(score: Floats, how: Matching) -> Ints:
    """(persons,): the stratum of each, by a score, among those who had the same items.

    Parameters
    ----------
    score : array of shape (persons,), points; none NaN
    how : Matching

    Returns
    -------
    array of shape (persons,)
        Whole numbers from 0, without gaps, in the order of pattern, then of the score.

    Examples
    --------
    >>> points = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, np.nan]])
    >>> matched_on(np.array([2.0, 1.0, 1.0, 0.0]), as_matching(points, np.array([True] * 4), 1))
    array([1, 0, 0, 2])
    """
    _, level = np.unique(np.round(score, DECIMALS), return_inverse=True)
    levels = int(level.max(initial=-1)) + 1
    _, stratum = np.unique(how.pattern * levels + level.reshape(-1), return_inverse=True)
    stratum = stratum.reshape(-1)
    strata = int(stratum.max(initial=-1)) + 1
    counts = np.bincount(stratum * 2 + how.focal, minlength=2 * strata).reshape(strata, 2)
    least = how.least
    if least is None:
        least = 1 if counts.sum(axis=0).min(initial=0) >= ENOUGH_PER_SCORE * strata else LEAST
    if least <= 1:
        return np.asarray(stratum)
    pattern = np.zeros(strata, np.int64)
    pattern[stratum] = how.pattern
    return joined(counts, pattern, least)[stratum]


def joined(counts: Ints, pattern: Ints, least: int) -> Ints:
    """(strata,): neighbouring strata put together from the lowest score until each has enough of both groups.

    What is left over at the top joins the one below. A pattern without enough of both stays one stratum.

    Parameters
    ----------
    counts : array of shape (strata, 2), persons of either group
    pattern : array of shape (strata,), strata of different ones are never put together
    least : how many of either group

    Examples
    --------
    >>> joined(np.array([[1, 0], [4, 5], [9, 9], [2, 7], [1, 1]]), np.zeros(5, np.int64), 5)
    array([0, 0, 1, 1, 1])
    """
    new = np.zeros(len(counts), np.int64)
    number, first, of_pattern = -1, True, -1
    reference = focal = 0
    for row, (one, other) in enumerate(counts.tolist()):
        if pattern[row] != of_pattern:
            of_pattern, first, number, reference, focal = int(pattern[row]), True, number + 1, 0, 0
        elif reference >= least and focal >= least:
            first, number, reference, focal = False, number + 1, 0, 0
        reference, focal = reference + one, focal + other
        new[row] = number
        last = row == len(counts) - 1 or pattern[row + 1] != of_pattern
        if last and not first and min(reference, focal) < least:
            new[new == number] = number - 1
            number -= 1
    return new
