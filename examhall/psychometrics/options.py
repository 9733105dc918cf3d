"""Who chose which option of an item: whether wrong ones draw the weaker, and the right one the abler."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools, Floats, Ints


class Option(NamedTuple):
    chosen: int
    """how many chose it"""

    rest: float
    """their mean share right of the other items, 0 to 1; NaN if nobody chose it, or there is no other item"""

    discrimination: float
    """correlation of choosing it with that share, over all who had the item, -1 to 1; NaN without spread"""

    by_group: tuple[float, ...]
    """the share of each group of persons that chose it; NaN for nobody"""


def options_chosen(
    choices: NDArray[np.int16], count: int, had: Bools, rest: Floats, group: Ints, groups: int
) -> list[Option]:
    """One item's options, and those who chose none last (Haladyna 2004, ch. 9).

    A good distractor is chosen by some, and by the weaker; one that discriminates more than the key beats it.

    Parameters
    ----------
    choices : array of shape (persons,)
        A bit for each option chosen; 0 for none.
    count : options the item has, at most 15
    had : array of shape (persons,)
        Who had the item; the others do not count.
    rest : array of shape (persons,)
        Share right of each person's other items; NaN if there are none.
    group : array of shape (persons,)
        Which group each is of, from 0; -1 for none.
    groups : how many there are

    Returns
    -------
    list of `count` + 1 Options

    Examples
    --------
    >>> choices = np.array([1, 1, 2, 0], np.int16)
    >>> everybody, rest = np.ones(4, bool), np.array([1.0, 1.0, 0.0, 0.5])
    >>> found = options_chosen(choices, 2, everybody, rest, np.array([1, 1, 0, 0]), 2)
    >>> [option.chosen for option in found], round(found[0].discrimination, 4), found[0].by_group
    ([2, 1, 1], 0.9045, (0.0, 1.0))
    """
    choices, rest, group = choices[had], rest[had], group[had]
    sizes = np.bincount(group[group >= 0], minlength=groups)
    found = []
    for option in range(count + 1):
        these = choices >> option & 1 == 1 if option < count else choices == 0
        members = np.bincount(group[these & (group >= 0)], minlength=groups)
        with np.errstate(invalid="ignore"):
            by_group = members / sizes
        found.append(Option(int(these.sum()), *_rest(these, rest), tuple(float(share) for share in by_group)))
    return found


def _rest(these: Bools, rest: Floats) -> tuple[float, float]:
    """The mean of `rest` of these persons, and its correlation with being one of them."""
    known = np.isfinite(rest)
    these, rest = these[known], rest[known]
    if not these.any():
        return float("nan"), float("nan")
    mean = float(rest[these].mean())
    p = these.mean()
    spread = rest.std()
    if p == 1 or not spread > 1e-12:
        return mean, float("nan")
    return mean, float(np.clip((mean - rest.mean()) / spread * np.sqrt(p / (1 - p)), -1, 1))
