"""The distribution of points on items given their sum: what `conditional` is for right and wrong."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Bools, Floats, Ints, Marks

# What is left of the logarithm of a sum that cannot be reached; its exponential is 0.
NEVER = -1e300


@dataclass(frozen=True)
class PointsGiven:
    """Counts of points, by the parameters of the model: one for each item and number of points above 0.

    A cell is all persons with the same items presented and the same sum of points.
    """

    item: Ints
    """(parameters,)"""

    worth: Ints
    """(parameters,): points, from 1"""

    observed: Floats
    """(parameters,): how many persons got these points, of those whose sum informs"""

    had: Floats
    """(items,): of the same persons, how many had the item"""

    presented: Bools
    """(patterns, items)"""

    pattern: Ints
    """(cells,)"""

    total: Ints
    """(cells,): sum of points"""

    persons: Floats
    """(cells,)"""

    @classmethod
    def count(cls, marks: Marks) -> "PointsGiven":
        """Counts of a matrix of points, -1 where not presented; every item's points from 0 occur."""
        most = marks.max(axis=0).astype(np.int64)
        item = np.repeat(np.arange(len(most)), most)
        worth = np.concatenate([np.arange(1, m + 1) for m in most])
        presented, pattern = np.unique(marks >= 0, axis=0, return_inverse=True)
        pattern = pattern.reshape(-1)
        total = np.where(marks > 0, marks, 0).sum(axis=1, dtype=np.int64)
        informing = (total > 0) & (total < (presented @ most)[pattern])
        marks, pattern, total = marks[informing], pattern[informing], total[informing]
        cells, persons = np.unique(np.stack([pattern, total], axis=1), axis=0, return_counts=True)
        observed = np.array(
            [np.count_nonzero(marks[:, i] == w) for i, w in zip(item, worth, strict=True)], float
        )
        had = np.count_nonzero(marks >= 0, axis=0).astype(float)
        return cls(item, worth, observed, had, presented, cells[:, 0], cells[:, 1], persons.astype(float))

    def derivatives(self, cumulated: Floats, *, second: bool) -> tuple[float, Floats, Floats]:
        """Log-likelihood; expected persons (parameters,); information (parameters, parameters).

        `cumulated` is the sum of an item's thresholds up to so many points, for each parameter.
        """
        value = -float(self.observed @ cumulated)
        expected, information = np.zeros(len(self.item)), np.zeros((len(self.item),) * 2)
        for number, presented in enumerate(self.presented):
            mine = self.pattern == number
            if not mine.any():
                continue
            # The parameters of the items that these persons had.
            used = np.flatnonzero(presented[self.item])
            total, persons = self.total[mine], self.persons[mine]
            steps, log_gamma = _steps(self.item[used], self.worth[used], cumulated[used])
            value -= float(persons @ log_gamma[total])
            start = np.zeros((len(total), len(log_gamma)))
            start[np.arange(len(total)), total] = 1.0
            chance = _walk_down(steps, start)
            expected[used] += persons @ chance
            if second:
                both = _pairs(steps, persons @ start)
                information[np.ix_(used, used)] += both - chance.T @ (chance * persons[:, None])
        return value, expected, information


class _Step(NamedTuple):
    """An item added to those before it."""

    first: int
    """its first parameter"""

    chance: Floats
    """(points + 1, sums): the probability of its points, given the sum up to and with it"""


def _steps(item: Ints, worth: Ints, cumulated: Floats) -> tuple[list[_Step], Floats]:
    """Items added one by one, and the logarithms of the symmetric functions of each sum."""
    log_gamma = np.full(int(np.bincount(item, minlength=1).sum()) + 1, NEVER)
    log_gamma[0] = 0.0
    taken = []
    for first in np.flatnonzero(worth == 1):
        most = int((item == item[first]).sum())
        terms = np.full((most + 1, len(log_gamma)), NEVER)
        terms[0] = log_gamma
        for w in range(1, most + 1):
            terms[w, w:] = log_gamma[:-w] - cumulated[first + w - 1]
        highest = terms.max(axis=0)
        log_gamma = highest + np.log(np.exp(terms - highest).sum(axis=0))
        taken.append(_Step(int(first), np.exp(terms - log_gamma)))
    return taken, log_gamma


def _walk_down(steps: list[_Step], mass: Floats) -> Floats:
    """(rows, parameters): expected points of each number, for rows of persons by their sums."""
    expected = np.empty((len(mass), sum(len(step.chance) - 1 for step in steps)))
    for step in reversed(steps):
        moved = step.chance[:, None] * mass
        mass = moved[0]
        for w in range(1, len(moved)):
            expected[:, step.first + w - 1] = moved[w].sum(axis=1)
            mass[:, :-w] += moved[w, :, w:]
    return expected


def _pairs(steps: list[_Step], persons: Floats) -> Floats:
    """Expected number of persons with so many points on one item and so many on another."""
    parameters = sum(len(step.chance) - 1 for step in steps)
    both = np.zeros((parameters, parameters))
    # A row for each parameter met so far: those persons who got its points; the last row: all of them.
    mass = np.zeros((parameters + 1, len(persons)))
    mass[-1] = persons
    for step in reversed(steps):
        most = len(step.chance) - 1
        later = step.first + most
        moved = step.chance[:, None] * mass[later:]
        stays = moved[0]
        for w in range(1, most + 1):
            parameter = step.first + w - 1
            both[parameter, later:] = moved[w, :-1].sum(axis=1)
            both[parameter, parameter] = moved[w, -1].sum()
            mass[parameter, : len(persons) - w] = moved[w, -1, w:]
            stays[:, :-w] += moved[w, :, w:]
        mass[later:] = stays
    return both + np.triu(both, 1).T
