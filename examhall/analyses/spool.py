"""What was read for a calculation, from the bytes that PostgreSQL sent to the arrays that `what_if` takes.

For a million answers some 60 MB at once: every mark in four bytes, every answer that is needed in four more,
each different answer once, and the part that is being taken in.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np

from examhall.analyses.arithmetic import Whole
from examhall.analyses.frames import HEADER, MEMBERS, PART, SITTINGS, frames
from examhall.analyses.remarking import NOT_GIVEN, Given, Item, Sat
from examhall.analyses.subgroups import GroupNamed, Membership
from examhall.base.columns import HEADER as COPY_HEADER

# Columns of the sittings: see reading.sql.
SITTING_FIELDS = 6
# A cell of the marks: 24 bits for the row, 12 for the column, 28 for the thousandths.
ROW_SHIFT, COLUMN_SHIFT, COLUMN_MASK, POINTS_MASK = 40, 28, 0xFFF, 0xFFF_FFFF
TUPLE = struct.Struct(">h")
FIELD = struct.Struct(">i")


class Read:
    """Everything that a calculation is worked out from."""

    def __init__(self, file: BinaryIO) -> None:
        taken = frames(file)
        kind, body = next(taken)
        if kind != HEADER:
            raise ValueError("a calculation's inputs begin with their header")
        header = json.loads(body)
        self.document: dict[str, Any] = header["document"]
        self.membership: Membership | None = None
        taking: list[_Taking] = []
        for kind, body in taken:
            if kind == SITTINGS:
                taking.append(_Taking(header["exams"][len(taking)], body))
            elif kind == PART:
                taking[-1].take(body)
            elif kind == MEMBERS:
                members = _eights(body).reshape(-1, 2)
                named = [GroupNamed(**group) for group in header["groups"]]
                self.membership = Membership(header["by"], named, members[:, 0], members[:, 1])
        self.exams = [exam.sat() for exam in taking]


class _Taking:
    """One exam, part by part; a part has the marks and answers of a thousand sittings."""

    def __init__(self, said: Mapping[str, Any], sittings: bytes) -> None:
        self._said = said
        self._sittings = _eights(sittings).reshape(-1, SITTING_FIELDS).T.copy()
        count = self._sittings.shape[1]
        self._marks = np.zeros((count, len(said["items"])), np.int32)
        # No answer is null, the first of each.
        self._answers: dict[int, dict[bytes, int]] = {column: {b"null": 0} for column in said["answered"]}
        self._which = {column: np.zeros(count, np.int32) for column in said["answered"]}
        self._by_hand = {column: np.full(count, NOT_GIVEN, np.int64) for column in said["by_hand"]}

    def take(self, part: bytes) -> None:
        marks, answers, by_hand = _fields(part)
        row, column, points = _cells(marks)
        self._marks[row, column] = points
        row, column, points = _cells(by_hand)
        for each, values in self._by_hand.items():
            values[row[column == each]] = points[column == each]
        for line in answers.split(b"\n") if answers else ():
            at_row, at_column, answer = line.split(b" ", 2)
            known = self._answers[int(at_column)]
            self._which[int(at_column)][int(at_row)] = known.setdefault(answer, len(known))

    def sat(self) -> Sat:
        said = self._said
        candidate_ids, sitting_ids, attempts, seconds, points, max_points = self._sittings
        percent = said["pass_percent"]
        return Sat(
            exam_id=said["id"],
            title=said["title"],
            key_version=said["key_version"],
            pass_percent=None if percent is None else Decimal(percent),
            items=[Item(**item) for item in said["items"]],
            sitting_ids=sitting_ids,
            candidate_ids=candidate_ids,
            attempts=attempts,
            seconds=seconds,
            points=points,
            max_points=max_points,
            marks=self._marks,
            given={
                column: Given([json.loads(answer) for answer in known], self._which[column])
                for column, known in self._answers.items()
            },
            by_hand=self._by_hand,
            waiting=said["waiting"],
        )


def _eights(body: bytes) -> Whole:
    return np.frombuffer(body, ">i8").astype(np.int64)


def _cells(body: bytes) -> tuple[Whole, Whole, Whole]:
    cells = _eights(body)
    return cells >> ROW_SHIFT, cells >> COLUMN_SHIFT & COLUMN_MASK, cells & POINTS_MASK


def _fields(part: bytes) -> Iterator[bytes]:
    """The three fields of one row of the copy; what is NULL is empty."""
    row = memoryview(part.removeprefix(COPY_HEADER))
    (count,) = TUPLE.unpack_from(row)
    at = TUPLE.size
    for _ in range(count):
        (length,) = FIELD.unpack_from(row, at)
        at += FIELD.size
        yield bytes(row[at : at + max(length, 0)])
        at += max(length, 0)
