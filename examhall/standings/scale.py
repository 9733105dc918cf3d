"""The rating that people read, and the tiers that it is in: one table, to be changed here.

A skill mu of 25 is 1500, and each unit 30 points: a newcomer is at 1500, give or take 250. To hundredths: in
a field of thousands an exam moves most people by less than a point, and their order is in those.
"""

from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Floats
from examhall.psychometrics.rating import MEAN

MIDDLE = 1500.0
POINTS_PER_MU = 30.0
# Before that a rating says more about the one exam than about the person.
EXAMS_TO_SETTLE = 3


def _(message: str) -> str:
    """Marks a name for translation."""
    return message


class Tier(NamedTuple):
    word: str
    name: str
    # The least rating of it.
    least: float


# From the top; simulated fields of 100 and 1000 put one in a hundred or so into the first after 30 exams.
TIERS = (
    Tier("grandmaster", _("Grandmaster"), 2400),
    Tier("master", _("Master"), 2100),
    Tier("expert", _("Expert"), 1800),
    Tier("advanced", _("Advanced"), 1600),
    Tier("skilled", _("Skilled"), 1450),
    Tier("learner", _("Learner"), float("-inf")),
)
NEWCOMER = Tier("newcomer", _("Newcomer"), float("-inf"))


def on_scale(mu: Floats) -> Floats:
    """Ratings for skills, to hundredths. Skills in their order give ratings in theirs, or equal ones."""
    return np.round(MIDDLE + POINTS_PER_MU * (mu - MEAN), 2)


def uncertainty(sigma: float) -> float:
    """One standard deviation of a rating, in its points."""
    return POINTS_PER_MU * sigma


def tier_of(rating: float, rated_exams: int) -> Tier:
    """Where a rating belongs; for a person's first exams it is not said yet."""
    if rated_exams < EXAMS_TO_SETTLE:
        return NEWCOMER
    # By the whole points that people see: 1800 is 1800, even where it was 1799.6.
    return next(tier for tier in TIERS if round(rating) >= tier.least)
