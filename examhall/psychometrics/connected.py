"""Whether the answers compare all items with each other, without which difficulties do not exist."""

import numpy as np

from examhall.psychometrics.arrays import Bools
from examhall.psychometrics.tally import Tally

# Persons looked at first. Most data are connected after a few; each later look takes twice as many.
FIRST_LOOK = 1024
MOST_AT_ONCE = 65_536


def connected_items(counted: Tally, among: Bools) -> Bools:
    """The largest set of items that the answers compare with each other, directly or by a chain.

    An item beats another if somebody had it right and the other wrong. Conditional estimates are finite and
    unique exactly if each item beats each other one by a chain (Fischer 1981, Theorem 2), that is, if
    the graph is strongly connected.

    Parameters
    ----------
    counted : Tally
    among : array of shape (items,)
        The items to look at, at least one.

    Returns
    -------
    array of shape (items,)
        True for the items of the largest strongly connected part; of equally large ones, the one with
        the first item. A part of a single item is no comparison and is never returned as connected.

    Examples
    --------
    >>> from examhall.psychometrics.tally import tally
    >>> two_booklets = np.array([[1, 0, -1, -1], [0, 1, -1, -1], [-1, -1, 1, 0], [-1, -1, 0, 1]])
    >>> connected_items(tally(two_booklets), np.ones(4, bool))
    array([ True,  True, False, False])
    """
    beats = np.eye(counted.items, dtype=bool)
    start, look = 0, FIRST_LOOK
    persons = len(counted.cell)
    together = np.zeros((counted.items, counted.items), bool)
    while start < persons:
        stop = min(start + look, persons)
        right = counted.rows(start, stop).astype(np.float32)
        wrong = counted.presented[counted.pattern[counted.cell[start:stop]]] - right
        beats |= (right.T @ wrong) > 0
        start, look = stop, min(look * 2, MOST_AT_ONCE)
        together = _mutual(beats)
        if together[np.ix_(among, among)].all():
            break
    sizes = np.where(among, (together & among).sum(axis=1), 0)
    largest = int(sizes.argmax())
    if sizes[largest] < 2:
        return np.zeros_like(among)
    return np.asarray(together[largest] & among)


def _mutual(beats: Bools) -> Bools:
    """(items, items): which items beat each other by chains, both ways."""
    reaches, before = beats, -1
    # Each squaring doubles the length of the chains.
    while (count := int(reaches.sum())) != before:
        before = count
        way = reaches.astype(np.float32)
        reaches = (way @ way) > 0
    return np.asarray(reaches & reaches.T)
