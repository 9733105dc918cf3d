"""Where persons stand on the Rasch scale, given the items' difficulties and their number right."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from examhall.psychometrics.arrays import Bools, Floats, Ints

# Logits; beyond the rounding of sums over hundreds of items.
CLOSE_ENOUGH = 1e-11
# Newton needs five or six steps; halving the bracket alone, from a hundred logits to CLOSE_ENOUGH, 43.
MOST_STEPS = 60


class Ability(NamedTuple):
    theta: Floats
    """logits"""

    se: Floats
    """logits"""


class Sums(NamedTuple):
    """Over the items presented, at some theta: the expected score and its derivatives in theta."""

    expected: Floats
    information: Floats
    second: Floats
    third: Floats


Equation: TypeAlias = Callable[[Floats, Sums], tuple[Floats, Floats]]
"""Scores and sums -> a value that is 0 at the estimate, positive below it; and its slope."""


def warm(score: Ints, difficulty: Floats, presented: Bools | None = None) -> Ability:
    """Warm's weighted likelihood estimate: nearly unbiased, and finite for nothing and everything right.

    Solves sum P = r + J / 2I with I = sum PQ and J = sum PQ(Q - P) (Warm 1989, eq. 9 for the Rasch model).

    Parameters
    ----------
    score : array of shape (n,)
        Items right, from 0 to the number presented.
    difficulty : array of shape (items,), logits
        An item that was presented must have a finite one.
    presented : array of shape (n, items), optional
        Which items each was given; all, if left out.

    Returns
    -------
    Ability
        Arrays of shape (n,), logits; se = 1 / sqrt(I) at the estimate. NaN where nothing was presented.

    Raises
    ------
    ValueError
        If a score is out of its range.

    Examples
    --------
    >>> theta, se = warm(np.array([0, 1, 2]), np.array([-0.5, 0.5]))
    >>> theta.round(4), se.round(4)
    (array([-1.746,  0.   ,  1.746]), array([1.961 , 1.4586, 1.961 ]))
    """
    return _estimate(score, difficulty, presented, weighted, extremes=True)


def maximum_likelihood(score: Ints, difficulty: Floats, presented: Bools | None = None) -> Ability:
    """The maximum likelihood estimate, which solves sum P = r (Wright & Stone 1979, ch. 3).

    Parameters
    ----------
    score, difficulty, presented
        As in `warm`.

    Returns
    -------
    Ability
        As in `warm`; but nothing right has theta -inf, everything right +inf, both with se inf: their
        likelihood has no maximum. Report `warm` to people, and use this where published methods do.

    Examples
    --------
    >>> theta, se = maximum_likelihood(np.array([0, 1, 2]), np.array([-0.5, 0.5]))
    >>> theta.round(4), se.round(4)
    (array([-inf,   0.,  inf]), array([   inf, 1.4586,    inf]))
    """
    return _estimate(score, difficulty, presented, _plain, extremes=False)


def separation_reliability(theta: Floats, se: Floats, persons: Ints | None = None) -> float:
    """The share of the observed variance of abilities that is not error: (var - mean se²) / var.

    With maximum likelihood estimates this is the person separation reliability (Wright & Masters 1982,
    eq. 5.4.3), as eRm's SepRel gives it; with Warm's estimates the WLE reliability.

    Parameters
    ----------
    theta, se : arrays of shape (n,), logits
        Infinite ones and NaN are left out.
    persons : array of shape (n,), optional
        How many persons have each pair; one each, if left out.

    Returns
    -------
    float
        At most 1; negative if errors outweigh the differences; NaN for fewer than two persons or no spread.

    Examples
    --------
    >>> separation_reliability(np.array([-1.0, 0.0, 1.0, np.inf]), np.array([0.5, 0.5, 0.5, np.inf]))
    0.75
    """
    count = np.ones(len(theta)) if persons is None else persons.astype(float)
    count = np.where(np.isfinite(theta) & np.isfinite(se), count, 0.0)
    finite = count > 0
    n = count.sum()
    if n < 2:
        return float("nan")
    count, theta, error = count[finite], theta[finite], se[finite] ** 2
    spread = count @ (theta - count @ theta / n) ** 2 / (n - 1)
    return float(1 - count @ error / n / spread) if spread > 0 else float("nan")


def chances(theta: Floats, difficulty: Floats) -> Floats:
    """(n, items): the probability of a right answer, 1 / (1 + exp(difficulty - theta)).

    Examples
    --------
    >>> chances(np.array([0.0, 1.0]), np.array([0.0]))[:, 0].round(4)
    array([0.5   , 0.7311])
    """
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(difficulty - theta[:, None])))


def weighted(score: Floats, at: Sums) -> tuple[Floats, Floats]:
    """Warm's equation, of the score corrected by J / 2I."""
    tilt = at.second / at.information
    return score - at.expected + tilt / 2, (at.third / at.information - tilt**2) / 2 - at.information


def _plain(score: Floats, at: Sums) -> tuple[Floats, Floats]:
    return score - at.expected, -at.information


def solve(
    score: Floats,
    start: Floats,
    between: tuple[float, float],
    sums: Callable[[Floats], Sums],
    equation: Equation,
) -> Ability:
    """Newton's method inside a bracket that every value narrows, so that it cannot run away."""
    low, high = np.full(len(score), between[0]), np.full(len(score), between[1])
    theta = np.clip(start, low, high)
    for _ in range(MOST_STEPS):
        value, slope = equation(score, sums(theta))
        low = np.where(value > 0, theta, low)
        high = np.where(value > 0, high, theta)
        with np.errstate(divide="ignore", invalid="ignore"):
            better = theta - value / slope
        # NaN is not between either.
        better = np.where((better >= low) & (better <= high), better, (low + high) / 2)
        moved = np.abs(better - theta).max()
        theta = better
        if moved < CLOSE_ENOUGH:
            break
    return Ability(theta, 1 / np.sqrt(sums(theta).information))


def _estimate(
    score: Ints, difficulty: Floats, presented: Bools | None, equation: Equation, *, extremes: bool
) -> Ability:
    here = np.ones((len(score), len(difficulty)), bool) if presented is None else presented
    length = here.sum(axis=1)
    if (score < 0).any() or (score > length).any():
        raise ValueError("a score is from 0 to the number of items presented")
    theta = np.where(score == 0, -np.inf, np.where(score == length, np.inf, 0.0))
    theta[length == 0] = np.nan
    se = np.where(length == 0, np.nan, np.inf)
    solved = (length > 0) & (extremes | ((score > 0) & (score < length)))
    if solved.any():
        used = here[solved].any(axis=0)
        theta[solved], se[solved] = _among(score[solved], difficulty[used], here[solved][:, used], equation)
    return Ability(theta, se)


def _among(score: Ints, difficulty: Floats, here: Bools, equation: Equation) -> Ability:
    length = here.sum(axis=1)
    # So far from all items that together they would be less than a quarter of an item right, or wrong.
    margin = np.log(4.0 * length.max()) + 1
    between = (float(difficulty.min() - margin), float(difficulty.max() + margin))
    start = difficulty.mean() + np.log((score + 0.5) / (length - score + 0.5))
    everything = bool(here.all())

    def sums(theta: Floats) -> Sums:
        p = chances(theta, difficulty)
        if not everything:
            # P = 0 has no information: what is absent adds nothing.
            p *= here
        pq = p * (1 - p)
        second = (pq * (1 - 2 * p)).sum(axis=1)
        return Sums(p.sum(axis=1), pq.sum(axis=1), second, (pq - 6 * pq**2).sum(axis=1))

    return solve(score.astype(float), start, between, sums, equation)
