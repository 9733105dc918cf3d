"""The whole analysis of an exam's marks in one call: items, persons, fit, classical statistics."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Ints
from examhall.psychometrics.classical import Classical, classical_tally
from examhall.psychometrics.fit import Fit, item_fit, person_fit
from examhall.psychometrics.persons import Ability, maximum_likelihood, separation_reliability, warm
from examhall.psychometrics.rasch import Calibration, calibrate_tally
from examhall.psychometrics.tally import tally


@dataclass(frozen=True)
class Analysis:
    """All about a matrix of marks. What has no estimate is NaN, and `calibration.problems` says why."""

    classical: Classical
    calibration: Calibration
    item_fit: Fit
    score: Ints
    """(persons,): right answers to the items presented, whether or not they were estimated"""

    presented: Ints
    """(persons,): items presented"""

    ability: Ability
    """(persons,): Warm's estimates, finite for nothing and everything right too"""

    person_fit: Fit
    """(persons,): NaN for nothing and everything right, about which the model has nothing to say"""

    separation: float
    """person separation reliability: from maximum likelihood, without extreme scores"""

    warm_reliability: float
    """the same from Warm's estimates of everybody"""


def analyse(matrix: NDArray[Any]) -> Analysis:
    """Analyse a matrix of marks under the Rasch model and classically.

    The matrix is read once, into a table of right answers by score and item, from which all follows but the
    fit of each person; so the number of persons costs little more than reading them.

    Parameters
    ----------
    matrix : array of shape (persons, items)
        1 right, 0 wrong; -1 (or NaN) not presented. An int8 matrix is not copied. Presented and left blank
        must already be 0.

    Returns
    -------
    Analysis
        Nobody, or nothing to estimate, gives arrays of NaN in the right shapes.

    Raises
    ------
    ValueError
        If the matrix holds anything else.

    Examples
    --------
    >>> found = analyse(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0], [1, 0, 1], [1, 1, 1]]))
    >>> found.calibration.difficulty.round(3)
    array([-0.698,  0.083,  0.616])
    >>> found.ability.theta.round(3)
    array([ 0.57 , -0.562,  0.57 ,  0.57 ,  0.57 ,  2.099])
    """
    counted = tally(matrix)
    calibration, kept = calibrate_tally(counted)
    difficulty = calibration.difficulty
    here = kept.here & calibration.estimated
    score = np.where(here.any(axis=1), kept.score, 0)
    ability = warm(score, difficulty, here)
    likely, error = maximum_likelihood(score, difficulty, here)
    return Analysis(
        classical=classical_tally(counted),
        calibration=calibration,
        item_fit=item_fit(kept, difficulty, likely),
        score=counted.score[counted.cell],
        presented=counted.length[counted.cell],
        ability=Ability(ability.theta[kept.cell], ability.se[kept.cell]),
        person_fit=person_fit(kept, difficulty, likely),
        separation=separation_reliability(likely, error, kept.persons),
        warm_reliability=separation_reliability(ability.theta, ability.se, kept.persons),
    )
