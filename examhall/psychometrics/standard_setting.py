"""Where to draw the line: cut scores from judges, by Angoff's ratings of items and by bookmarks."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from examhall.psychometrics.agreement import Icc, icc, spearman
from examhall.psychometrics.arrays import Bools, Floats, Ints
from examhall.psychometrics.persons import chances

# The standard error of a median of normal values is this many times that of their mean: sqrt(pi / 2).
MEDIAN = 1.2533141373155003


class Cut(NamedTuple):
    points: float
    """the cut in points; NaN without a complete judge"""

    percent: float
    """the same of all points of the items judged, 0 to 100"""

    se: float
    """standard error in points; NaN with one judge"""

    judges: int
    """judges on whom it rests"""


@dataclass(frozen=True)
class Angoff:
    cut: Cut

    judge_points: Floats
    """(judges,): what each judge expects of a just-passing candidate, points; NaN for an incomplete one"""

    complete: Bools
    """(judges,): who rated every item; the others do not count"""

    item_mean: Floats
    """(items,): mean rating of the complete judges, 0 to 1; NaN without one"""

    item_sd: Floats
    """(items,): how far they differ, as a sample's standard deviation; NaN with one"""

    item_lowest: Floats
    item_highest: Floats
    """(items,): the ends of their ratings"""

    agreement: Icc
    """of the complete judges about the items; `consistency` forgives strictness"""


def angoff(ratings: Floats, points: Floats) -> Angoff:
    """The cut score of a panel by Angoff's method (Angoff 1971; Cizek & Bunch 2007, ch. 6).

    Each judge says of each item what share of candidates who just pass would have it right. The sum over the
    items, weighted by their points, is what that judge expects of such a candidate; the cut is the mean of
    the judges' sums, and its standard error their standard deviation over the root of their number.

    Parameters
    ----------
    ratings : array of shape (judges, items)
        0 to 1; NaN not rated. For an item with partial credit, the mean share of its points.
    points : array of shape (items,)
        Points of a full answer, at least 0.

    Returns
    -------
    Angoff

    Raises
    ------
    ValueError
        If shapes do not fit, or a rating is not from 0 to 1.

    Examples
    --------
    >>> found = angoff(np.array([[0.6, 0.8, 0.4], [0.5, 0.9, 0.4], [0.7, 0.7, 0.4]]), np.ones(3))
    >>> round(found.cut.points, 3), round(found.cut.percent, 2), round(found.cut.se, 3)
    (1.8, 60.0, 0.0)
    >>> found.item_sd.round(3)
    array([0.1, 0.1, 0. ])
    """
    if ratings.ndim != 2 or points.shape != ratings.shape[1:]:
        raise ValueError(f"ratings of shape {ratings.shape}, but points of shape {points.shape}")
    if ((ratings < 0) | (ratings > 1)).any():
        raise ValueError("a rating is from 0 to 1")
    complete = np.isfinite(ratings).all(axis=1) & (ratings.shape[1] > 0)
    kept = ratings[complete]
    judge_points = np.full(len(ratings), np.nan)
    judge_points[complete] = kept @ points
    nothing = np.full(len(points), np.nan)
    judged = len(kept) > 0
    return Angoff(
        cut=_mean_cut(judge_points[complete], float(points.sum())),
        judge_points=judge_points,
        complete=complete,
        item_mean=kept.mean(axis=0) if judged else nothing,
        item_sd=kept.std(axis=0, ddof=1) if len(kept) > 1 else nothing,
        item_lowest=kept.min(axis=0) if judged else nothing,
        item_highest=kept.max(axis=0) if judged else nothing,
        agreement=icc(kept.T),
    )


def realism(ratings: Floats, facility: Floats) -> Floats:
    """(judges,): whether each judge's ratings order the items as they turned out: Spearman's correlation.

    A judge near or below 0 has rated something other than difficulty (intrajudge consistency, Cizek & Bunch
    2007, ch. 6).

    Parameters
    ----------
    ratings : array of shape (judges, items); NaN not rated
    facility : array of shape (items,), the mean share of points; NaN unknown

    Examples
    --------
    >>> realism(np.array([[0.2, 0.5, 0.9], [0.9, 0.5, 0.2]]), np.array([0.3, 0.6, 0.7]))
    array([ 1., -1.])
    """
    return np.array([spearman(row, facility) for row in ratings], float)


@dataclass(frozen=True)
class Booklet:
    """Items from the easiest to the hardest, as a bookmark panel leafs through them."""

    order: Ints
    """(pages,): the item on each page"""

    location: Floats
    """(pages,): the ability at which the item is mastered with the asked probability, logits, rising"""

    difficulty: Floats
    points: Floats
    """(pages,): of the item on each page, logits and points of a full answer"""

    def expected(self, ability: Floats) -> Floats:
        """(persons,): points that people of these abilities are expected to have of all items in the booklet.

        Partial credit counts as right or wrong.
        """
        return np.asarray(chances(ability, self.difficulty) @ self.points)


def ordered_booklet(difficulty: Floats, points: Floats, *, mastery: float = 0.67) -> Booklet:
    """The ordered item booklet under the Rasch model (Mitzel, Lewis, Patz & Green 2001).

    An item lies where its chance of being right is `mastery`: at its difficulty plus
    ln(mastery / (1 - mastery)); 0.67 puts it 0.71 logits above, 0.5 on its difficulty.

    Parameters
    ----------
    difficulty : array of shape (items,), logits
        Items with NaN are left out of the booklet.
    points : array of shape (items,)
    mastery : the response probability, above 0 and below 1

    Returns
    -------
    Booklet
        Items equally hard stay in their order.

    Raises
    ------
    ValueError
        If shapes differ, or `mastery` is no probability between 0 and 1.

    Examples
    --------
    >>> booklet = ordered_booklet(np.array([1.0, -1.0, np.nan]), np.array([2.0, 1.0, 1.0]))
    >>> booklet.order, booklet.location.round(3), booklet.expected(booklet.location).round(3)
    (array([1, 0]), array([-0.292,  1.708]), array([1.101, 2.278]))
    """
    if difficulty.shape != points.shape:
        raise ValueError(f"{difficulty.shape} difficulties, but {points.shape} points")
    if not 0 < mastery < 1:
        raise ValueError("mastery is a probability between 0 and 1")
    known = np.flatnonzero(np.isfinite(difficulty))
    order = known[np.argsort(difficulty[known], kind="stable")]
    location = difficulty[order] + math.log(mastery / (1 - mastery))
    return Booklet(order.astype(np.int64), location, difficulty[order], points[order])


class BookmarkCut(NamedTuple):
    cut: Cut
    """in points and percent of the booklet's; the standard error is that of a median"""

    logits: float
    """the cut on the scale of ability; NaN without a judge"""

    se_logits: float

    mean_deviation: float
    """mean absolute distance of the judges' abilities from the cut, logits: how far apart they are"""


def bookmark(pages: Ints, booklet: Booklet) -> BookmarkCut:
    """The cut of judges who each put a bookmark after the last item that just-passing candidates master.

    Each bookmark is the ability at which the item before it is mastered; the cut is the judges' median
    (Mitzel et al. 2001). Its standard error is that of a median of normal values, 1.2533 sd / sqrt(judges).

    Parameters
    ----------
    pages : array of shape (judges,)
        After which page each bookmark is: 1 to the number of pages.
    booklet : Booklet

    Returns
    -------
    BookmarkCut
        NaN without a judge.

    Raises
    ------
    ValueError
        If there is no such page.

    Examples
    --------
    >>> booklet = ordered_booklet(np.arange(-2.0, 3.0), np.ones(5), mastery=0.5)
    >>> found = bookmark(np.array([2, 3, 3]), booklet)
    >>> found.logits, round(found.cut.points, 3), round(found.se_logits, 3)
    (0.0, 2.5, 0.418)
    """
    if len(pages) and (pages.min() < 1 or pages.max() > len(booklet.order)):
        raise ValueError(f"a bookmark is after page 1 to {len(booklet.order)}")
    if not len(pages):
        return BookmarkCut(Cut(math.nan, math.nan, math.nan, 0), math.nan, math.nan, math.nan)
    at = booklet.location[pages - 1]
    judges = len(at)
    logits = float(np.median(at))
    error = MEDIAN / math.sqrt(judges) if judges > 1 else math.nan
    most = float(booklet.points.sum())
    points = float(booklet.expected(np.array([logits]))[0])
    # The judges' cuts in points spread by themselves: the scale of points is not that of logits stretched.
    spread = booklet.expected(at).std(ddof=1) if judges > 1 else math.nan
    cut = Cut(points, 100 * points / most if most > 0 else math.nan, float(spread) * error, judges)
    spread_logits = float(at.std(ddof=1)) if judges > 1 else math.nan
    return BookmarkCut(cut, logits, spread_logits * error, float(np.abs(at - logits).mean()))


def _mean_cut(sums: Floats, most: float) -> Cut:
    judges = len(sums)
    if not judges:
        return Cut(math.nan, math.nan, math.nan, 0)
    points = float(sums.mean())
    se = float(sums.std(ddof=1)) / math.sqrt(judges) if judges > 1 else math.nan
    return Cut(points, 100 * points / most if most > 0 else math.nan, se, judges)
