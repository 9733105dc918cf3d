"""What charts of a calibration show: what a test tells at each ability, and how groups of persons did."""

from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Floats, Ints, Marks
from examhall.psychometrics.persons import chances

# Persons summed up together.
ROWS = 65_536


class Information(NamedTuple):
    information: Floats
    error: Floats
    """the standard error of an ability, logits: 1 / sqrt(information)"""


class Observed(NamedTuple):
    """Groups of persons of about the same ability; rows are groups, columns items."""

    theta: Floats
    """(groups, items): mean ability of those who had the item; NaN if nobody had"""

    share: Floats
    """(groups, items): the share of them who had it right"""

    persons: Ints
    """(groups, items)"""


def information(theta: Floats, difficulty: Floats) -> Information:
    """What all items together tell about each ability: sum PQ (Lord 1980, eq. 5-6, for the Rasch model).

    Parameters
    ----------
    theta : array of shape (n,), logits
    difficulty : array of shape (items,), logits; NaN is left out

    Returns
    -------
    Information
        Arrays of shape (n,). Without an item the information is 0 and the error infinite.

    Examples
    --------
    >>> found = information(np.array([0.0, 2.0]), np.array([0.0, 0.0, np.nan]))
    >>> found.information.round(3), found.error.round(3)
    (array([0.5 , 0.21]), array([1.414, 2.182]))
    """
    p = chances(theta, difficulty[np.isfinite(difficulty)])
    total = (p * (1 - p)).sum(axis=1)
    with np.errstate(divide="ignore"):
        return Information(total, 1 / np.sqrt(total))


def grouped(theta: Floats, groups: int) -> Ints:
    """Which of `groups` of about the same size each person is of, by ability; equal abilities stay together.

    Parameters
    ----------
    theta : array of shape (persons,), logits; NaN is of no group
    groups : at least 1

    Returns
    -------
    array of shape (persons,)
        0 for the least able; -1 for NaN. Few different abilities give fewer groups, numbered without a gap.

    Examples
    --------
    >>> grouped(np.array([0.3, -1.0, 0.3, 2.0, np.nan]), 2)
    array([ 1,  0,  1,  1, -1])
    """
    group = np.full(len(theta), -1)
    known = np.isfinite(theta)
    values, place, count = np.unique(theta[known], return_inverse=True, return_counts=True)
    if len(values):
        # By the middle of each ability's persons in the order of all.
        middle = (np.cumsum(count) - count / 2) / count.sum()
        _, number = np.unique(np.minimum((middle * groups).astype(int), groups - 1), return_inverse=True)
        group[known] = number.reshape(-1)[place.reshape(-1)]
    return group


def observed(marks: Marks, theta: Floats, group: Ints) -> Observed:
    """How often each group was right: the points beside an item's curve.

    Parameters
    ----------
    marks : array of shape (persons, items)
        1 right, 0 wrong, -1 not presented.
    theta : array of shape (persons,), logits
    group : array of shape (persons,)
        As `grouped` gives it.

    Examples
    --------
    >>> marks = np.array([[0, 1], [1, -1], [1, 1]], np.int8)
    >>> found = observed(marks, np.array([-1.0, 0.0, 1.0]), np.array([0, 1, 1]))
    >>> found.share, found.persons, found.theta
    (array([[0., 1.],
           [1., 1.]]), array([[1, 1],
           [2, 1]]), array([[-1. , -1. ],
           [ 0.5,  1. ]]))
    """
    groups = int(group.max(initial=-1)) + 1
    shape = (groups, marks.shape[1])
    had, right, total = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for start in range(0, len(marks), ROWS):
        rows, of, able = (each[start : start + ROWS] for each in (marks, group, theta))
        for number in range(groups):
            mine = of == number
            presented = rows[mine] >= 0
            had[number] += presented.sum(axis=0)
            right[number] += (rows[mine] > 0).sum(axis=0)
            total[number] += able[mine] @ presented
    with np.errstate(invalid="ignore"):
        return Observed(total / had, right / had, had.astype(np.int64))
