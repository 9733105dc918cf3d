"""Reads a matrix of marks once and keeps what the statistics need: counts by score and item, and its bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.arrays import Bools, Bytes, Ints, Marks

# Rows looked at together: their bytes and the temporaries fit a core's cache.
ROWS = 8192
# Persons counted together: 64-bit indices of 1 MB.
PERSONS = 131_072
# Cells counted together: a histogram of 256 bytes' values for each, 8 MB.
CELLS = 4096
# Odd and with its bits spread (2^64 / golden ratio): mixes the words of a pattern into one.
MIX = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Tally:
    """Marks counted by cell: a cell is all persons with the same items presented and the same number right.

    Under the Rasch model a cell's persons have the same ability, so that everything but the fit of each
    person follows from these counts. Cells are sorted by pattern, then by score.
    """

    presented: Bools
    """(patterns, items): which items the persons of a pattern had."""

    pattern: Ints
    """(cells,): the pattern of each cell."""

    score: Ints
    """(cells,): items right."""

    persons: Ints
    """(cells,): how many persons, at least 1."""

    right: NDArray[np.int32]
    """(cells, items): how many of them had the item right."""

    cell: NDArray[np.int32]
    """(persons,): the cell of each person."""

    bits: Bytes
    """(bytes, persons): the right answers, eight items to a byte, the first item highest."""

    @property
    def items(self) -> int:
        return int(self.presented.shape[1])

    @property
    def length(self) -> Ints:
        """(cells,): items presented."""
        return np.asarray(self.presented.sum(axis=1)[self.pattern])

    @property
    def here(self) -> Bools:
        """(cells, items): which items the persons of a cell had."""
        return np.asarray(self.presented[self.pattern])

    @property
    def informative(self) -> Bools:
        """(cells,): neither nothing nor everything right; the others say nothing about items."""
        return np.asarray((self.score > 0) & (self.score < self.length))

    def only(self, items: Bools) -> "Tally":
        """The same persons with the chosen items alone; the others count as not presented to anybody."""
        if not (self.presented & ~items).any():
            return self
        presented, merged = np.unique(self.presented & items, axis=0, return_inverse=True)
        bits = self.bits & np.packbits(items)[:, None]
        return _counted(presented, merged.reshape(-1)[self.pattern][self.cell], bits)

    def rows(self, start: int, stop: int) -> Bytes:
        """(persons, items): 1 where persons `start` to `stop` were right, else 0."""
        return np.unpackbits(self.bits[:, start:stop].T, axis=1, count=self.items)

    def item(self, item: int) -> Bytes:
        """(persons,): 1 where they were right on the item, else 0."""
        return np.asarray(self.bits[item // 8] >> np.uint8(7 - item % 8) & np.uint8(1))


def as_marks(matrix: NDArray[Any]) -> Marks:
    """The matrix as marks: int8 with 1 right, 0 wrong, -1 not presented. An int8 matrix is not copied.

    Parameters
    ----------
    matrix : array of shape (persons, items)
        Booleans, whole numbers, or floats with NaN for not presented.

    Raises
    ------
    ValueError
        If it is not two-dimensional, has no item, or has a mark besides these.

    Examples
    --------
    >>> as_marks(np.array([[1.0, 0.0, np.nan]]))
    array([[ 1,  0, -1]], dtype=int8)
    """
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise ValueError(f"marks are a matrix of persons by items, not of shape {matrix.shape}")
    if matrix.dtype.kind == "f":
        matrix = np.where(np.isnan(matrix), -1, matrix)
    if matrix.size and (matrix.min() < -1 or matrix.max() > 1):
        raise ValueError("a mark is 1 (right), 0 (wrong) or -1 (not presented)")
    marks = matrix if matrix.dtype == np.int8 else matrix.astype(np.int8)
    if matrix.dtype.kind == "f" and (marks != matrix).any():
        raise ValueError("a mark is 1 (right), 0 (wrong) or NaN (not presented)")
    return marks


def tally(matrix: NDArray[Any]) -> Tally:
    """Count a matrix of marks, in one pass over it and memory for a sixth of it besides.

    Parameters
    ----------
    matrix : array of shape (persons, items)
        As `as_marks` takes it. Nobody at all gives no cells.

    Returns
    -------
    Tally

    Examples
    --------
    >>> counted = tally(np.array([[1, 1, 0], [0, 1, 0], [1, 0, -1]]))
    >>> counted.presented.astype(int)
    array([[1, 1, 0],
           [1, 1, 1]])
    >>> counted.score, counted.persons
    (array([1, 1, 2]), array([1, 1, 1]))
    """
    marks = as_marks(matrix)
    bits = _packed(marks, 1)
    if marks.size and marks.min() < 0:
        presented, pattern = _patterns(_packed(marks, 0), marks.shape[1])
    else:
        presented, pattern = np.ones((1, marks.shape[1]), bool), np.zeros(len(marks), np.int64)
    return _counted(presented, pattern, bits)


def _packed(marks: Marks, least: int) -> Bytes:
    """(bytes, persons): a bit for each mark, set if it is `least` or more."""
    persons, items = marks.shape
    width = -(-items // 8)
    packed = np.empty((width, persons), np.uint8)
    # Whole bytes to a row let all rows of a piece be packed as one.
    piece = np.zeros((min(ROWS, persons), width * 8), bool)
    for start in range(0, persons, ROWS):
        rows = marks[start : start + ROWS]
        np.greater_equal(rows, least, out=piece[: len(rows), :items])
        packed[:, start : start + len(rows)] = np.packbits(piece[: len(rows)]).reshape(-1, width).T
    return packed


def _patterns(packed: Bytes, items: int) -> tuple[Bools, Ints]:
    """(patterns, items), and (persons,): the different columns of bytes, and which one each person has."""
    width, persons = packed.shape
    key = np.zeros(persons, np.uint64)
    for row in packed:
        key = key * np.uint64(MIX) + row
        key ^= key >> np.uint64(29)
    _, first, pattern = np.unique(key, return_index=True, return_inverse=True)
    different = packed[:, first]
    if any((different[byte][pattern] != packed[byte]).any() for byte in range(width)):
        # Two patterns with one key: so rare that slow does not matter, yet it must be right.
        different, pattern = np.unique(packed, axis=1, return_inverse=True)
    return np.unpackbits(different.T, axis=1, count=items).astype(bool), pattern.reshape(-1).astype(np.int64)


def _counted(presented: Bools, pattern: Ints, bits: Bytes) -> Tally:
    items = presented.shape[1]
    score = np.zeros(bits.shape[1], np.int64)
    for row in bits:
        score += np.bitwise_count(row)
    code = pattern * (items + 1) + score
    occurring, cell_of = _numbered(code, len(presented) * (items + 1))
    cell = cell_of.astype(np.int32)
    persons = np.bincount(cell, minlength=len(occurring))
    right = _right(cell, persons, bits)[:, :items]
    return Tally(presented, occurring // (items + 1), occurring % (items + 1), persons, right, cell, bits)


def _numbered(code: Ints, codes: int) -> tuple[Ints, Ints]:
    """The codes that occur, and for each person which of them."""
    if codes > PERSONS:
        occurring, cell = np.unique(code, return_inverse=True)
        return occurring, cell
    # Few enough to count: no need to sort a million persons.
    occurs = np.bincount(code, minlength=codes) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[code]


def _right(cell: NDArray[np.int32], persons: Ints, bits: Bytes) -> NDArray[np.int32]:
    """(cells, items): right answers, from a histogram of each byte's values in each cell."""
    cells = len(persons)
    right = np.zeros((cells, len(bits) * 8), np.int32)
    # (256, 8): which of its eight items a byte's value says were right.
    says = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(float)
    for start, chosen in _pieces(cell, persons):
        base = (cell[chosen].astype(np.int64) - start) << 8
        here = min(CELLS, cells - start)
        for byte, row in enumerate(bits):
            histogram = np.bincount(base + row[chosen], minlength=here << 8).reshape(here, 256)
            # As floats, for which a matrix product is fast; whole numbers up to 2^53 stay exact.
            counted = histogram.astype(float) @ says
            right[start : start + here, byte * 8 : byte * 8 + 8] += counted.astype(np.int32)
    return right


def _pieces(cell: NDArray[np.int32], persons: Ints) -> Iterator[tuple[int, Any]]:
    """(first cell, persons): all persons in pieces, none of which touches more than `CELLS` cells."""
    if len(persons) <= CELLS:
        for start in range(0, len(cell), PERSONS):
            yield 0, slice(start, start + PERSONS)
        return
    order = np.argsort(cell, kind="stable")
    ends = np.concatenate([[0], np.cumsum(persons)])
    for start in range(0, len(persons), CELLS):
        yield start, order[ends[start] : ends[min(start + CELLS, len(persons))]]
