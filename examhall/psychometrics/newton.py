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

    Raises
    ------
    NoEstimate
        If there is none at finite parameters.
    """
    along = np.outer(flat, flat) / (flat @ flat)
    parameters = before = start
    highest, step = -np.inf, np.zeros_like(start)
    for number in range(1, MOST_STEPS + 1):
        at = derivatives(parameters, True)
        # Rounding leaves the likelihood uncertain by about this much.
        if not at.value >= highest - 1e-12 * abs(highest):
            step = step / 2
            parameters = before + step
            continue
        covariance = _inverse(at.information, along)
        step = np.clip(covariance @ at.gradient, -LONGEST_STEP, LONGEST_STEP)
        before, highest = parameters, at.value
        parameters = parameters + step
        if np.abs(step).max() < LAST_STEP:
            at = derivatives(parameters, False)
            return Maximum(parameters, covariance, at.value, float(np.abs(at.gradient).max()), number)
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
