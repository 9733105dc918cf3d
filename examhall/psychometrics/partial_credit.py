"""The partial credit model for items with several points, by conditional maximum likelihood."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools, Floats, Ints, Marks
from examhall.psychometrics.newton import Derivatives, NoEstimate, maximum
from examhall.psychometrics.persons import Ability, Sums, solve, weighted
from examhall.psychometrics.points_given import PointsGiven
from examhall.psychometrics.rasch import FEWEST_ITEMS, Problem

# Points: int8 holds no more.
MOST_POINTS = 127


@dataclass(frozen=True)
class PartialCredit:
    """Difficulties in logits. What has no estimate is NaN, and `problems` says why."""

    threshold: Floats
    """(items, most points): where one point more is as likely as one less; NaN beyond an item's points"""

    threshold_se: Floats
    """(items, most points)"""

    location: Floats
    """(items,): the mean of an item's thresholds; these add up to 0"""

    location_se: Floats
    """(items,)"""

    log_likelihood: float
    """conditional, without the constants of persons"""

    residual: float
    """the largest difference between the observed and expected number of persons in a category"""

    problems: tuple[Problem, ...]


def calibrate_partial_credit(points: NDArray[Any]) -> PartialCredit:
    """Estimate the thresholds of the partial credit model (Masters 1982, eq. 5).

    By conditional maximum likelihood (Andersen 1972; Fischer & Molenaar 1995, ch. 15), as `rasch.calibrate`,
    which it equals for items of one point.

    Parameters
    ----------
    points : array of shape (persons, items)
        Whole points from 0; -1 (or NaN) not presented. An item's most points are the most that anybody got.

    Returns
    -------
    PartialCredit
        Items that nobody had, that all got the same points for, or with a number of points in between that
        nobody got have no finite estimate: they are left out and named. Where the rest have none together
        (say, booklets without a common item) everything is NaN and that is named.

    Raises
    ------
    ValueError
        If it is not a matrix, or has other values.

    Examples
    --------
    >>> points = np.array([[0, 1], [1, 0], [1, 1], [2, 1], [1, 2], [2, 0], [0, 0], [2, 2]])
    >>> calibrate_partial_credit(points).threshold.round(4)
    array([[-0.6773,  0.1492],
           [-0.1492,  0.6773]])
    """
    marks = _as_points(points)
    kept, found = _estimable(marks)
    items, most = marks.shape[1], max(int(marks.max(initial=0)), 1)
    threshold, threshold_se = np.full((2, items, most), np.nan)
    location, location_se = np.full((2, items), np.nan)
    if kept.sum() < FEWEST_ITEMS:
        problems = (*found, Problem("too_few_items", tuple(np.flatnonzero(kept).tolist())))
        return PartialCredit(threshold, threshold_se, location, location_se, np.nan, np.nan, problems)

    given = PointsGiven.count(np.ascontiguousarray(marks[:, kept]))

    def derivatives(cumulated: Floats, second: bool) -> Derivatives:
        value, expected, information = given.derivatives(cumulated, second=second)
        return Derivatives(value, expected - given.observed, information)

    try:
        best = maximum(_start(given), given.worth.astype(float), derivatives)
    except NoEstimate:
        problems = (*found, Problem("not_connected", tuple(np.flatnonzero(kept).tolist())))
        return PartialCredit(threshold, threshold_se, location, location_se, np.nan, np.nan, problems)

    steps, means = _contrasts(given)
    for row, item in enumerate(np.flatnonzero(kept)):
        mine = np.flatnonzero(given.item == row)
        threshold[item, : len(mine)] = steps[mine] @ best.parameters
        threshold_se[item, : len(mine)] = _errors(steps[mine], best.covariance)
    location[kept], location_se[kept] = means @ best.parameters, _errors(means, best.covariance)
    return PartialCredit(threshold, threshold_se, location, location_se, best.value, best.residual, found)


def warm_partial_credit(points: Ints, threshold: Floats, presented: Bools | None = None) -> Ability:
    """Warm's weighted likelihood estimates of persons under the partial credit model.

    Solves sum E = r + J / 2I, with I the sum of the variances of the points and J that of their third central
    moments (Warm 1989, generalised by Penfield & Bergeron 2005, eq. 10).

    Parameters
    ----------
    points : array of shape (n,)
        Sum of points, from 0 to the most for the items presented.
    threshold : array of shape (items, most points), logits; NaN beyond an item's points
    presented : array of shape (n, items), optional; all, if left out

    Returns
    -------
    Ability
        Arrays of shape (n,), logits, finite for every sum; NaN where nothing with thresholds was presented.

    Raises
    ------
    ValueError
        If a sum is out of its range.

    Examples
    --------
    >>> theta, _ = warm_partial_credit(np.array([0, 1, 2]), np.array([[-0.5, 0.5]]))
    >>> theta.round(4)
    array([-1.4063,  0.    ,  1.4063])
    """
    known = np.isfinite(threshold)
    here = known.any(axis=1) & (True if presented is None else presented)
    here = np.broadcast_to(here, (len(points), len(threshold)))
    most = here @ known.sum(axis=1)
    if (points < 0).any() or (points > most).any():
        raise ValueError("a sum of points is from 0 to the most for the items presented")
    theta, se = np.full((2, len(points)), np.nan)
    solved = most > 0
    if solved.any():
        theta[solved], se[solved] = _among(points[solved], threshold, here[solved], most[solved])
    return Ability(theta, se)


def _among(points: Ints, threshold: Floats, here: Bools, most: Ints) -> Ability:
    known = np.isfinite(threshold)
    worth = np.arange(threshold.shape[1] + 1.0)
    cost = np.zeros((len(threshold), len(worth)))
    np.cumsum(np.where(known, threshold, np.inf), axis=1, out=cost[:, 1:])

    def sums(theta: Floats) -> Sums:
        logit = theta[:, None, None] * worth - cost
        chance = np.exp(logit - logit.max(axis=2, keepdims=True))
        chance /= chance.sum(axis=2, keepdims=True)
        mean = chance @ worth
        apart = worth - mean[:, :, None]
        second, third, fourth = ((chance * apart**power).sum(axis=2) for power in (2, 3, 4))
        parts = (mean, second, third, fourth - 3 * second**2)
        return Sums(*((part * here).sum(axis=1) for part in parts))

    margin = np.log(4.0 * most.max()) + 1
    between = (float(threshold[known].min() - margin), float(threshold[known].max() + margin))
    start = threshold[known].mean() + np.log((points + 0.5) / (most - points + 0.5))
    return solve(points.astype(float), start, between, sums, weighted)


def _as_points(points: NDArray[Any]) -> Marks:
    if points.ndim != 2 or points.shape[1] == 0:
        raise ValueError(f"points are a matrix of persons by items, not of shape {points.shape}")
    values = np.where(np.isnan(points), -1, points) if points.dtype.kind == "f" else points
    if values.size and (values.min() < -1 or values.max() > MOST_POINTS or (values != np.rint(values)).any()):
        raise ValueError(f"points are whole numbers from 0 to {MOST_POINTS}, or -1 (not presented)")
    return values.astype(np.int8)


def _estimable(marks: Marks) -> tuple[Bools, tuple[Problem, ...]]:
    kinds: dict[str, list[int]] = {"nobody_had": [], "all_the_same": [], "unused_points": []}
    for item in range(marks.shape[1]):
        used = np.unique(marks[marks[:, item] >= 0, item])
        if len(used) == 0:
            kinds["nobody_had"].append(item)
        elif len(used) == 1:
            kinds["all_the_same"].append(item)
        elif len(used) <= used[-1]:
            kinds["unused_points"].append(item)
    kept = np.ones(marks.shape[1], bool)
    for items in kinds.values():
        kept[items] = False
    return kept, tuple(Problem(kind, tuple(items)) for kind, items in kinds.items() if items)


def _start(given: PointsGiven) -> Floats:
    """From how many reached each number of points rather than one less, as if persons were alike."""
    zero = np.bincount(given.item, given.observed)
    lower = np.where(given.worth == 1, (given.had - zero)[given.item], np.roll(given.observed, 1))
    step = np.log((lower + 0.5) / (given.observed + 0.5))
    return np.asarray(_cumulated(given) @ (step - step.mean()))


def _cumulated(given: PointsGiven) -> Floats:
    """(parameters, parameters): adds up an item's thresholds."""
    same = given.item[:, None] == given.item
    return np.asarray((same & (given.worth[:, None] >= given.worth)).astype(float))


def _contrasts(given: PointsGiven) -> tuple[Floats, Floats]:
    """Thresholds and locations, adding up to 0 over items, as linear functions of the parameters."""
    steps = np.linalg.inv(_cumulated(given))
    number = np.bincount(given.item)
    means = (np.arange(len(number))[:, None] == given.item) @ steps / number[:, None]
    middle = means.mean(axis=0)
    return np.asarray(steps - middle), np.asarray(means - middle)


def _errors(contrast: Floats, covariance: Floats) -> Floats:
    variance = np.einsum("ij,jk,ik->i", contrast, covariance, contrast)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
