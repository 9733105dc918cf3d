"""Newton's method for conditional likelihoods, which are concave, and flat in one direction."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Floats

# Logits. Newton's error is squared at each step: after a step of this size none is left to see.
LAST_STEP = 1e-7
# Logits. No step is longer, so that a poor start cannot throw an item out of reach.
LONGEST_STEP = 3.0
MOST_STEPS = 100
# How much shorter than the last a step is to be, if second derivatives are not to be computed anew.
FAST = 10
# Of the mean information. Below, the data do not say where along some direction the maximum is.
LEAST_INFORMATION = 1e-9


class NoEstimate(ArithmeticError):
    """The likelihood has no maximum at finite parameters."""


class Derivatives(NamedTuple):
    value: float
    """log-likelihood"""

    gradient: Floats
    information: Floats
    """minus the second derivatives; not looked at where it was not asked for"""


class Maximum(NamedTuple):
    parameters: Floats
    covariance: Floats
    """the Moore-Penrose inverse of the information"""

    value: float
    residual: float
    """the largest element of the gradient, in absolute value"""

    steps: int


def maximum(start: Floats, flat: Floats, derivatives: Callable[[Floats, bool], Derivatives]) -> Maximum:
    """The maximum near `start`. The parameters may be moved along `flat` at will.

    `derivatives` is asked for second ones, which are dear, only where its other argument is true.

    Raises
    ------
    NoEstimate
        If there is none at finite parameters.
    """
    along = np.outer(flat, flat) / (flat @ flat)
    parameters = before = start
    highest, size, step = -np.inf, np.inf, np.zeros_like(start)
    covariance: Floats | None = None
    for number in range(1, MOST_STEPS + 1):
        fresh = covariance is None
        at = derivatives(parameters, fresh)
        # Rounding leaves the likelihood uncertain by about this much.
        if not at.value >= highest - 1e-12 * abs(highest):
            step = step / 2
            parameters = before + step
            continue
        if covariance is None:
            covariance = _inverse(at.information, along)
        step = np.clip(covariance @ at.gradient, -LONGEST_STEP, LONGEST_STEP)
        before, highest = parameters, at.value
        parameters = parameters + step
        longest, size = size, float(np.abs(step).max())
        if fresh and size < LAST_STEP:
            at = derivatives(parameters, False)
            return Maximum(parameters, covariance, at.value, float(np.abs(at.gradient).max()), number)
        # Second derivatives cost three times the first: the old ones serve for as long as they lead on fast.
        if size < LAST_STEP or not (fresh or size < longest / FAST):
            covariance = None
    raise NoEstimate(f"no maximum was reached in {MOST_STEPS} steps")


def _inverse(information: Floats, along: Floats) -> Floats:
    """The Moore-Penrose inverse of information that is singular in the flat direction alone."""
    scale = np.trace(information) / len(information)
    try:
        inverse = np.linalg.inv(information + scale * along)
    except np.linalg.LinAlgError as error:
        raise NoEstimate("the information is singular") from error
    # The inverse's largest element is at least 1 / (size * least eigenvalue).
    if not np.abs(inverse).max() * scale * LEAST_INFORMATION * len(information) < 1:
        raise NoEstimate("the information is as good as singular")
    inverse -= along / scale
    return np.asarray((inverse + inverse.T) / 2)
