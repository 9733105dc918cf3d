"""How well the answers to an item, or of a person, fit the Rasch model: infit and outfit."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools, Bytes, Floats
from examhall.psychometrics.persons import chances
from examhall.psychometrics.tally import Tally

Complexes: TypeAlias = NDArray[np.complex128]
Cells: TypeAlias = NDArray[np.int32]
# The cells and answers (bytes, persons) of some persons -> their sums of squares, beyond their cell's.
AddUp: TypeAlias = Callable[[Cells, Bytes], Complexes]

# Persons worked out together, with and without tables: temporaries of a few megabytes.
LOOKED_UP = 131_072
WORKED_OUT = 8192
# Complex numbers in the tables that stand ready at a time: 32 MB.
TABLE = 2_000_000
# Persons to a cell from which a table for it pays.
WORTH_A_TABLE = 100


class Fit(NamedTuple):
    """Mean squares, near 1 if the model holds: above, answers are more erratic than it says; below, less.
    Standardised ones are then near N(0, 1). NaN where there is nothing to say."""

    infit: Floats
    """weighted by information: sensitive to answers near the person's own level"""

    outfit: Floats
    """unweighted: sensitive to surprises far from it"""

    infit_t: Floats
    outfit_t: Floats


class _Model(NamedTuple):
    """By cell and item, 0 where the item was not presented. P and Q are the chances of right and wrong."""

    here: Bools
    p: Floats
    odds: Floats
    """P/Q: the squared standardised residual of a wrong answer"""

    inverse: Floats
    """Q/P: that of a right answer"""

    variance: Floats
    """PQ"""


class _Spread(NamedTuple):
    """What mean squares are divided by, and their standard deviations under the model."""

    answers: Floats
    information: Floats
    infit_sd: Floats
    outfit_sd: Floats


def item_fit(counted: Tally, difficulty: Floats, theta: Floats) -> Fit:
    """Infit and outfit of items (Wright & Masters 1982, table 5.4), standardised by the cube root.

    Parameters
    ----------
    counted : Tally
        Of the items with a difficulty alone, as `calibrate_tally` returns it.
    difficulty : array of shape (items,), logits; NaN where there is none
    theta : array of shape (cells,), logits
        Maximum likelihood estimates by custom. Cells where it is not finite are left out.

    Returns
    -------
    Fit
        Arrays of shape (items,), NaN for items without a difficulty or without a person left.
    """
    squares = np.zeros((2, counted.items))
    sums = np.zeros((4, counted.items))
    size = max(1, TABLE // 8 // counted.items)
    for start in range(0, len(theta), size):
        cells = slice(start, start + size)
        at = _model(counted, difficulty, theta, cells)
        persons = counted.persons[cells].astype(float)
        right = np.where(at.here, counted.right[cells], 0.0)
        wrong = persons[:, None] * at.here - right
        squares[0] += (right * (1 - at.p) ** 2 + wrong * at.p**2).sum(axis=0)
        squares[1] += (right * at.inverse + wrong * at.odds).sum(axis=0)
        sums += [persons @ part for part in _parts(at)]
    return _fit(squares, _spread(*sums))


def person_fit(counted: Tally, difficulty: Floats, theta: Floats) -> Fit:
    """Infit and outfit of persons.

    Parameters
    ----------
    counted, difficulty, theta
        As in `item_fit`, which has the source too.

    Returns
    -------
    Fit
        Arrays of shape (persons,), NaN where theta is not finite.
    """
    found = np.empty((4, len(counted.cell)))
    tabled = len(counted.cell) >= WORTH_A_TABLE * len(theta)
    size = max(1, TABLE // (len(counted.bits) * (256 if tabled else 8)))
    for cells, persons in _pieces(counted, size, LOOKED_UP if tabled else WORKED_OUT):
        at = _model(counted, difficulty, theta, cells)
        spread = _spread(*(part.sum(axis=1) for part in _parts(at)))
        # Wrong throughout, every person of a cell would have these sums of squares (infit, outfit);
        base = (at.p**2).sum(axis=1) + 1j * at.odds.sum(axis=1)
        # and each right answer adds this to them. One complex number carries both, so one look finds both.
        adds = np.where(at.here, 1 - 2 * at.p, 0.0) + 1j * (at.inverse - at.odds)
        add_up = _by_table(adds) if tabled else _one_by_one(adds)
        for mine in persons:
            cell = counted.cell[mine] - cells.start
            squares = add_up(cell, counted.bits[:, mine]) + base[cell]
            theirs = _Spread(*(part[cell] for part in spread))
            found[:, mine] = _fit(np.stack([squares.real, squares.imag]), theirs)
    return Fit(*found)


def _model(counted: Tally, difficulty: Floats, theta: Floats, cells: slice) -> _Model:
    finite = np.isfinite(theta[cells])
    here = counted.here[cells] & finite[:, None] & np.isfinite(difficulty)
    level = np.where(finite, theta[cells], 0.0)
    hardness = np.where(np.isfinite(difficulty), difficulty, 0.0)
    p = chances(level, hardness)
    odds = np.exp(level[:, None] - hardness)
    return _Model(here, p * here, odds * here, here / odds, p * (1 - p) * here)


def _parts(at: _Model) -> tuple[Bools, Floats, Floats, Floats]:
    """What is summed over persons or items for `_spread`."""
    # 1 / PQ = P/Q + Q/P + 2, without dividing by nothing.
    return at.here, at.variance, at.odds + at.inverse + 2 * at.here, at.variance**2


def _spread(answers: Floats, information: Floats, inverse: Floats, squared: Floats) -> _Spread:
    # The fourth moment of a residual is PQ(Q³ + P³) = PQ(1 - 3PQ), which gives Wright & Masters' sums.
    with np.errstate(invalid="ignore", divide="ignore"):
        infit = np.sqrt(np.maximum(information - 4 * squared, 0.0)) / information
        outfit = np.sqrt(np.maximum(inverse - 4 * answers, 0.0)) / answers
    return _Spread(np.asarray(answers, float), information, infit, outfit)


def _fit(squares: Floats, spread: _Spread) -> Fit:
    with np.errstate(invalid="ignore", divide="ignore"):
        infit, outfit = squares[0] / spread.information, squares[1] / spread.answers
    return Fit(infit, outfit, _standardised(infit, spread.infit_sd), _standardised(outfit, spread.outfit_sd))


def _standardised(mean_square: Floats, sd: Floats) -> Floats:
    """Wilson & Hilferty's cube root (1931). Where the model allows but one value (sd 0), that is 0 away."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (np.cbrt(mean_square) - 1) * (3 / sd) + sd / 3
    return np.where(sd == 0, 0.0, t)


def _pieces(counted: Tally, size: int, together: int) -> Iterator[tuple[slice, Iterator[Any]]]:
    """At most `size` cells at a time, and their persons, `together` at a time."""
    cells = len(counted.persons)
    if cells <= size:
        yield slice(0, cells), (slice(at, at + together) for at in range(0, len(counted.cell), together))
        return
    order = np.argsort(counted.cell, kind="stable")
    ends = np.concatenate([[0], np.cumsum(counted.persons)])
    for start in range(0, cells, size):
        stop = min(start + size, cells)
        mine = order[ends[start] : ends[stop]]
        yield slice(start, stop), (mine[at : at + together] for at in range(0, len(mine), together))


def _by_table(adds: Complexes) -> AddUp:
    """Sums for each value that a byte of answers can have in each cell; a person is a look for each byte."""
    cells, items = adds.shape
    width = -(-items // 8)
    padded = np.zeros((cells, width * 8), complex)
    padded[:, :items] = adds
    says = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).T.astype(complex)
    tables = [(padded[:, at : at + 8] @ says).reshape(-1) for at in range(0, width * 8, 8)]

    def add_up(cell: Cells, bits: Bytes) -> Complexes:
        base = cell.astype(np.int64) << 8
        total, found = np.zeros((2, len(cell)), complex)
        for table, row in zip(tables, bits, strict=True):
            # Every index is in range; clipping spares a check that it is.
            np.take(table, base + row, out=found, mode="clip")
            total += found
        return total

    return add_up


def _one_by_one(adds: Complexes) -> AddUp:
    def add_up(cell: Cells, bits: Bytes) -> Complexes:
        right = np.unpackbits(bits.T, axis=1, count=adds.shape[1])
        return np.asarray(np.einsum("ij,ij->i", right, adds[cell]))

    return add_up
