"""The distribution of answers given the number right, on which conditional maximum likelihood rests.

Elementary symmetric functions of a hundred items span more than a hundred powers of ten. Here they are never
formed: items are added one by one, and what is kept is the probability that the item just added is right,
given the score so far. All later sums are of products of such probabilities, all positive, so nothing
overflows, underflows or cancels, however many items there are.
"""

from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Bools, Floats, Ints

# Keeps 0/0 out where an item is absent and the score beyond reach; far below any quotient that is used.
TINY = 1e-300
# Numbers held at a time when many patterns are worked through together: 16 MB.
AT_ONCE = 2_000_000


class Steps(NamedTuple):
    """How the score came about, item by item, for each pattern. Axes: item k, pattern, score r - 1."""

    right: Floats
    """P(item k right | r right among items 0 to k)"""

    wrong: Floats
    """P(item k wrong | r right among items 0 to k)"""

    log_gamma: Floats
    """(patterns, items + 1): logarithms of the elementary symmetric functions of score 0, 1, ..."""


def steps(difficulty: Floats, presented: Bools) -> Steps:
    """Build up the score item by item.

    With v_r = gamma_r / gamma_(r-1) over the items so far, adding an item of easiness e gives
    P(right | r) = e / (v_r + e) and the new v_r = (v_r + e) P(wrong | r - 1): the summation algorithm
    (Fischer 1974; Verhelst, Glas & van der Sluis 1984) written in quotients.

    Parameters
    ----------
    difficulty : array of shape (items,), logits, finite
    presented : array of shape (patterns, items)

    Examples
    --------
    >>> np.exp(steps(np.zeros(3), np.ones((1, 3), bool)).log_gamma).round(9)
    array([[1., 3., 3., 1.]])
    """
    patterns, items = presented.shape
    easiness = np.where(presented, np.exp(-difficulty), 0.0)
    right, wrong = np.zeros((2, items, patterns, items))
    ratio = np.zeros((patterns, items))
    for k in range(items):
        # Of k + 1 items at most k + 1 are right.
        e, v = easiness[:, k, None], ratio[:, : k + 1]
        both = v + e
        both += TINY
        np.divide(e, both, out=right[k, :, : k + 1])
        np.divide(v, both, out=wrong[k, :, : k + 1])
        both[:, 1:] *= wrong[k, :, :k]
        ratio[:, : k + 1] = both
    log_gamma = np.zeros((patterns, items + 1))
    np.cumsum(np.log(np.maximum(ratio, TINY)), axis=1, out=log_gamma[:, 1:])
    return Steps(right, wrong, log_gamma)


def expected(taken: Steps, persons: Floats) -> Floats:
    """Expected right answers to each item given everybody's score.

    Parameters
    ----------
    taken : Steps
    persons : array of shape (patterns, items + 1)
        How many have each score.

    Returns
    -------
    array of shape (items,)
        Adds up to the sum of all scores.
    """
    found = np.empty(len(taken.right))
    mass = persons.astype(float)
    for k in reversed(range(len(found))):
        was_right = mass[:, 1 : k + 2] * taken.right[k, :, : k + 1]
        found[k] = was_right.sum()
        mass[:, 1 : k + 2] *= taken.wrong[k, :, : k + 1]
        mass[:, : k + 1] += was_right
    return found


def probabilities(taken: Steps, pattern: Ints, score: Ints) -> Floats:
    """P(item right | score) for each cell, by walking down from its score item by item.

    Parameters
    ----------
    taken : Steps
    pattern, score : arrays of shape (cells,)
        Scores from 0 to the number of items presented.

    Returns
    -------
    array of shape (cells, items)
        Each row adds up to its score; 0 where the item was not presented.
    """
    items, patterns, _ = taken.right.shape
    expected = np.empty((len(pattern), items))
    # One pattern needs no copy of its steps for every cell.
    mine = slice(None) if patterns == 1 else pattern
    mass = np.zeros((len(pattern), items + 1))
    mass[np.arange(len(pattern)), score] = 1.0
    for k in reversed(range(items)):
        was_right = mass[:, 1 : k + 2] * taken.right[k, mine, : k + 1]
        np.add.reduce(was_right, axis=1, out=expected[:, k])
        mass[:, 1 : k + 2] *= taken.wrong[k, mine, : k + 1]
        mass[:, : k + 1] += was_right
    return expected


def pairs(taken: Steps, persons: Floats) -> Floats:
    """Expected number of persons with both of two items right, given everybody's score.

    Parameters
    ----------
    taken : Steps
    persons : array of shape (patterns, items + 1)
        How many have each score.

    Returns
    -------
    array of shape (items, items)
        Symmetric; on the diagonal the expected number with the item right.
    """
    items, patterns, _ = taken.right.shape
    both = np.zeros((items, items))
    # Row k: those persons who had item k right; the last row: all of them.
    mass = np.zeros((items + 1, patterns, items + 1))
    mass[items] = persons
    for k in reversed(range(items)):
        rows = mass[k + 1 :]
        was_right = rows[:, :, 1 : k + 2] * taken.right[k, :, : k + 1]
        both[k, k + 1 :] = np.add.reduce(was_right[:-1], axis=(1, 2))
        both[k, k] = was_right[-1].sum()
        rows[:, :, 1 : k + 2] *= taken.wrong[k, :, : k + 1]
        rows[:, :, : k + 1] += was_right
        mass[k, :, : k + 1] = was_right[-1]
    return both + np.triu(both, 1).T
