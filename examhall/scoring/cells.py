"""Marks and answers as statements pack them, eight bytes each by row and item, taken apart by NumPy."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from examhall.psychometrics.arrays import Ints

# 20 bits for the row, 15 for the question, 28 for a value such as thousandths of points.
ROW_SHIFT, QUESTION_SHIFT, QUESTION_MASK, VALUE_MASK = 43, 28, 0x7FFF, 0xFFF_FFFF
PART_SEPARATOR = "\x1f"


class Cells(NamedTuple):
    row: Ints
    column: Ints
    """of the item; -1 of one that is not among the columns"""

    value: Ints


def eights(body: bytes) -> Ints:
    return np.frombuffer(body, ">i8").astype(np.int64)


def unpack_cells(packed: bytes, parts: str, items: Sequence[tuple[int, str]]) -> Cells:
    """The cells in the order in which they were packed.

    `parts` are their questions' parts in the same order; `items` the question and part of each column.
    Which column is whose is looked up here: a join with the exam's items takes ten times as long where
    PostgreSQL expects one row, and compares each mark with all items.
    """
    cells = eights(packed)
    question = cells >> QUESTION_SHIFT & QUESTION_MASK
    of_cell = parts.split(PART_SEPARATOR) if len(cells) else []
    number = {part: place for place, part in enumerate(sorted(set(of_cell)))}
    column = np.full((QUESTION_MASK + 1, max(len(number), 1)), -1, np.int64)
    for place, (asked, part) in enumerate(items):
        if part in number:
            column[asked, number[part]] = place
    which = np.fromiter((number[part] for part in of_cell), np.int64, len(of_cell))
    return Cells(cells >> ROW_SHIFT, column[question, which], cells & VALUE_MASK)
