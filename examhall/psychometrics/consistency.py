"""How surely a test decides: how many would pass or fail again if they sat a test like it once more."""

import math
from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Floats

# Gauss-Legendre nodes; 20 are exact to 1e-9 for reliabilities below 0.99.
NODES = 20


class Consistency(NamedTuple):
    agreement: float
    """the share expected to be decided the same way by two such tests, 0.5 to 1; NaN without an estimate"""

    kappa: float
    """the same beyond chance"""


def consistency(scores: Floats, cut: float, reliability: float) -> Consistency:
    """Decision consistency at a cut (Peng & Subkoviak 1980, eq. 6 to 8).

    Scores on two parallel tests are taken as bivariate normal, their correlation as the test's reliability.

    Parameters
    ----------
    scores : array of shape (persons,), points
        Those of NaN are left out.
    cut : the lowest score that passes, in whole points: half a point less is taken for the normal curve
    reliability : 0 to 1, KR-20 or alpha

    Returns
    -------
    Consistency
        NaN with fewer than two scores, no spread, or a reliability outside 0 to 1. `kappa` is NaN if
        practically all pass or all fail.

    Examples
    --------
    >>> scores = np.array([4.0, 6.0, 8.0, 10.0, 12.0])
    >>> found = consistency(scores, 8.5, 0.8)
    >>> round(found.agreement, 4), round(found.kappa, 4)
    (0.7952, 0.5903)
    """
    known = scores[np.isfinite(scores)]
    if len(known) < 2 or np.ptp(known) == 0 or not 0 <= reliability <= 1:
        return Consistency(math.nan, math.nan)
    z = (cut - 0.5 - float(known.mean())) / float(known.std(ddof=1))
    fail = (1 + math.erf(z / math.sqrt(2))) / 2
    both_fail = min(fail**2 + _beyond(z, reliability), fail)
    agreement = 1 + 2 * (both_fail - fail)
    chance = 1 + 2 * (fail**2 - fail)
    kappa = (agreement - chance) / (1 - chance) if 1 - chance > 1e-9 else math.nan
    return Consistency(agreement, kappa)


def _beyond(z: float, correlation: float) -> float:
    """P(both below z) less that of independent ones: the bivariate density integrated over the correlation.

    Owen 1956 / Drezner 1978: 1 / (2 pi) times the integral of exp(-z^2 / (1 + sin t)) over t from 0 to
    asin(correlation), which has no singular end.
    """
    top = math.asin(correlation)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    at = top * (nodes + 1) / 2
    return float(weights @ np.exp(-(z**2) / (1 + np.sin(at)))) * top / 2 / (2 * math.pi)
