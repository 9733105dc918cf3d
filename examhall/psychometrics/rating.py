"""Ratings from places: one update for everybody after each contest, from the whole field at once."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Floats

# Weng & Lin's own settings: a newcomer is at 25, give or take a third of it.
MEAN = 25.0
SPREAD = MEAN / 3
# Half the newcomer's spread: how far apart two must be for the better to be ahead three times in four or so.
BETA = SPREAD / 2
# What an exam adds to uncertainty, so that somebody who changes is believed.
TAU = SPREAD / 100
# The least share of a variance that one exam may leave.
KAPPA = 0.0001


class Ratings(NamedTuple):
    mu: Floats
    """(participants,): skill"""

    sigma: Floats
    """(participants,): its uncertainty, a standard deviation"""

    def sure(self) -> Floats:
        """What somebody is almost certainly worth, for ranking: mu - 3 sigma; 0 for a newcomer."""
        return self.mu - 3 * self.sigma


def newcomers(participants: int) -> Ratings:
    return Ratings(np.full(participants, MEAN), np.full(participants, SPREAD))


def rate(
    before: Ratings,
    places: NDArray[Any],
    *,
    counts_as: int | None = None,
    beta: float = BETA,
    tau: float = TAU,
    kappa: float = KAPPA,
) -> Ratings:
    """Everybody's rating after a contest: Weng & Lin's Plackett-Luce update for a ranked field with ties.

    Algorithm 4 of Weng & Lin (2011), with gamma = sigma / c, each participant a team of one. Its sums over
    everybody placed before somebody are running sums over the places: a field takes the time to sort it.

    Parameters
    ----------
    before : Ratings
        Of the participants; finite, sigma positive.
    places : array of shape (participants,)
        1 is best; equal places are ties. Only their order matters, so minus the points will do.
    counts_as : int, optional
        The most participants that a field counts as in c, the scale of its outcomes; all, if left out, as in
        the paper. There c grows with the field, until an exam of thousands moves nobody and teaches nothing.
    beta, tau, kappa
        The spread of performances, what an exam adds to each sigma, the least share it leaves of a variance.

    Returns
    -------
    Ratings
        In the order given. The same field gives the same ratings in whatever order it is listed, up to
        rounding. A single participant keeps mu and all but tau of sigma; nobody gives nobody.

    Raises
    ------
    ValueError
        If there is not a place for each participant, or a place is NaN.

    Examples
    --------
    >>> after = rate(newcomers(3), np.array([2, 1, 2]))
    >>> after.mu.round(4), after.sigma.round(4)
    (array([23.5655, 27.869 , 23.5655]), array([8.0582, 8.2052, 8.0582]))
    """
    mu, sigma = before
    if places.shape != mu.shape or sigma.shape != mu.shape:
        raise ValueError(f"{len(mu)} participants, but places of shape {places.shape}")
    if np.isnan(places).any():
        raise ValueError("everybody rated has a place")
    if len(mu) == 0:
        return before
    variance = sigma**2 + tau**2
    share = 1.0 if counts_as is None else min(counts_as / len(mu), 1.0)
    c = float(np.sqrt((variance + beta**2).sum() * share))
    strength = np.exp((mu - mu.max()) / c)

    _, place, tied = np.unique(places, return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    # For each place: the strength of everybody not placed before it.
    field = np.cumsum(np.bincount(place, strength)[::-1])[::-1]
    # Of everybody up to somebody's own place: each place counts once, its tied ones sharing it.
    chance = strength * np.cumsum(1 / field)[place]
    squared = strength**2 * np.cumsum(1 / field**2)[place]

    omega = variance / c * (1 / tied[place] - chance)
    delta = variance**1.5 / c**3 * (chance - squared)
    return Ratings(mu + omega, np.sqrt(variance * np.maximum(1 - delta, kappa)))
