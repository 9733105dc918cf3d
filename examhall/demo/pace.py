"""When the demo's people of the past began, answered and handed in: each at a pace of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from examhall.base import clock
from examhall.sittings.past import PastPaper

SATURDAY = 5
# The spread of people's pace, and of one answer's time, on the logarithm's scale.
PERSON_SPREAD, ANSWER_SPREAD = 0.14, 0.45
# Who has answered everything looks through it for a tenth of the time it took.
LOOK = 1.1


class Pace(NamedTuple):
    paper: PastPaper
    # Since the exam opened, for each of its answers.
    answers_s: tuple[int, ...]


def saturday(weeks_ago: int) -> datetime:
    """Nine o'clock of the Saturday so many weeks before the last one that is wholly over."""
    today = clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
    last = today - timedelta(days=(today.weekday() - SATURDAY) % 7 or 7)
    return last - timedelta(weeks=weeks_ago)


def paces(
    people: Sequence[int],
    random: np.random.Generator,
    *,
    easiest_s: int,
    hardest_s: int,
    answers: int,
    duration_s: int,
) -> list[Pace]:
    """Most begin in the first minute; an answer takes from *easiest_s* to *hardest_s*, later ones longer.

    Whoever is too slow for *duration_s* has handed in then, and has answers after it that do not count.
    """
    usual = np.linspace(easiest_s, hardest_s, answers)
    found = []
    for person in people:
        begun_s = min(int(random.exponential(25)), 300)
        taken = usual * random.lognormal(0, PERSON_SPREAD) * random.lognormal(0, ANSWER_SPREAD, answers)
        saved = begun_s + np.cumsum(taken)
        taken_s = min(int(taken.sum() * LOOK), duration_s)
        found.append(Pace(PastPaper(person, begun_s, taken_s), tuple(int(each) for each in saved)))
    return found
