"""Scaled scores: logits put on a scale with a mean and spread people know, or on that of an earlier exam."""

from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Floats


class Line(NamedTuple):
    """y = slope * x + intercept, with a positive slope."""

    slope: float
    intercept: float

    def of(self, values: Floats) -> Floats:
        """Values, such as abilities or difficulties, on the other scale. NaN stays NaN."""
        return self.slope * values + self.intercept

    def of_errors(self, errors: Floats) -> Floats:
        """Standard errors on the other scale."""
        return self.slope * errors

    def after(self, first: "Line") -> "Line":
        """Both in one: `first`, then this."""
        return Line(self.slope * first.slope, self.slope * first.intercept + self.intercept)


class Link(NamedTuple):
    line: Line
    """from the new exam's logits to those of the earlier one"""

    shift: Floats
    """(common items,): earlier difficulty minus the new one on the earlier scale, logits. Far from 0, an item
    has become easier or harder for reasons of its own: leave it out and link again"""


def line_through(theta: Floats, *, mean: float, spread: float) -> Line:
    """The line that gives these persons a mean and a standard deviation set by the exam.

    Parameters
    ----------
    theta : array of shape (persons,), logits
        The persons who set the scale; NaN and infinite ones are left out.
    mean, spread : points; spread is positive

    Returns
    -------
    Line

    Raises
    ------
    ValueError
        If `spread` is not positive, or fewer than two different abilities are given: there is nothing to
        stretch.

    Examples
    --------
    >>> line = line_through(np.array([-1.0, 0.0, 1.0]), mean=500, spread=100)
    >>> line.of(np.array([-1.0, 0.0, 2.0]))
    array([400., 500., 700.])
    """
    if not spread > 0:
        raise ValueError("a spread is positive")
    known = theta[np.isfinite(theta)]
    if len(known) < 2 or np.ptp(known) == 0:
        raise ValueError("a scale needs at least two different abilities")
    slope = spread / float(known.std(ddof=1))
    return Line(slope, mean - slope * float(known.mean()))


def scaled_scores(theta: Floats, line: Line, *, lowest: float, highest: float) -> Floats:
    """Abilities on the scale, rounded to whole points and kept between its ends.

    Parameters
    ----------
    theta : array of shape (persons,), logits; NaN stays NaN
    line : Line
    lowest, highest : points, the ends of the scale

    Examples
    --------
    >>> scaled_scores(np.array([-9.0, 0.123, np.nan]), Line(100, 500), lowest=200, highest=800)
    array([200., 512.,  nan])
    """
    return np.clip(np.rint(line.of(theta)), lowest, highest)


def link_by_common_items(new: Floats, earlier: Floats, *, stretch: bool = False) -> Link:
    """Link a new exam to an earlier one by the items they have in common.

    With `stretch`, the mean/sigma method (Marco 1977; Kolen & Brennan 2014, ch. 6.3): the common items
    get the mean and the spread they had. Without, only the mean, which is right if both exams
    follow the Rasch model, where a logit is a logit.

    Parameters
    ----------
    new, earlier : arrays of shape (common items,), logits
        The same items' difficulties in either calibration. Items with NaN in one of them do not count.

    Returns
    -------
    Link

    Raises
    ------
    ValueError
        If the shapes differ, no item is common, or, with `stretch`, fewer than two different ones.

    Examples
    --------
    >>> link = link_by_common_items(np.array([-1.0, 0.0, 1.0]), np.array([-1.5, 0.5, 2.5]), stretch=True)
    >>> link.line, link.shift
    (Line(slope=2.0, intercept=0.5), array([0., 0., 0.]))
    """
    if new.shape != earlier.shape:
        raise ValueError(f"{len(new)} new difficulties, but {len(earlier)} earlier ones")
    known = np.isfinite(new) & np.isfinite(earlier)
    if not known.any():
        raise ValueError("the exams have no calibrated item in common")
    slope = 1.0
    if stretch:
        if known.sum() < 2 or np.ptp(new[known]) == 0 or np.ptp(earlier[known]) == 0:
            raise ValueError("to stretch a scale, common items must differ in difficulty")
        slope = float(earlier[known].std() / new[known].std())
    line = Line(slope, float(earlier[known].mean() - slope * new[known].mean()))
    return Link(line, earlier - line.of(new))
