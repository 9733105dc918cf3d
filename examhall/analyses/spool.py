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
# A cell of the marks: 20 bits for the row, 15 for the question, 28 for the thousandths.
ROW_SHIFT, QUESTION_SHIFT, QUESTION_MASK, POINTS_MASK = 43, 28, 0x7FFF, 0xFFF_FFFF
PART_SEPARATOR = "\x1f"
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
        self._columns = {
            (item["question_number"], item["sub_part"]): column for column, item in enumerate(said["items"])
        }
        # As answers and marks by hand name them.
        self._named = {b"%d:%s" % (number, part.encode()): at for (number, part), at in self._columns.items()}
        # No answer is null, the first of each.
        self._answers: dict[int, dict[bytes, int]] = {column: {b"null": 0} for column in said["answered"]}
        self._which = {column: np.zeros(count, np.int32) for column in said["answered"]}
        self._by_hand = {column: np.full(count, NOT_GIVEN, np.int64) for column in said["by_hand"]}

    def take(self, part: bytes) -> None:
        marks, parts, by_hand, answers = _fields(part)
        cells = _eights(marks)
        question = cells >> QUESTION_SHIFT & QUESTION_MASK
        self._marks[cells >> ROW_SHIFT, self._column_of(question, parts.decode())] = cells & POINTS_MASK
        for row, name, points in _lines(by_hand):
            if (values := self._by_hand.get(self._named[name])) is not None:
                values[int(row)] = int(points)
        for row, name, answer in _lines(answers):
            # Of a question in parts all are read, if one is needed.
            if (known := self._answers.get(column := self._named[name])) is not None:
                self._which[column][int(row)] = known.setdefault(answer, len(known))

    def _column_of(self, question: Whole, parts: str) -> Whole:
        """The column of each cell, by its question and its part."""
        of_cell = parts.split(PART_SEPARATOR) if len(question) else []
        number = {part: place for place, part in enumerate(sorted(set(of_cell)))}
        column = np.zeros((QUESTION_MASK + 1, max(len(number), 1)), np.int64)
        for (asked, part), place in self._columns.items():
            if part in number:
                column[asked, number[part]] = place
        which = np.fromiter((number[part] for part in of_cell), np.int64, len(of_cell))
        found: Whole = column[question, which]
        return found

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


def _lines(body: bytes) -> Iterator[list[bytes]]:
    return (line.split(b" ", 2) for line in body.split(b"\n")) if body else iter(())


def _fields(part: bytes) -> Iterator[bytes]:
    """The fields of one row of the copy; what is NULL is empty."""
    row = memoryview(part.removeprefix(COPY_HEADER))
    (count,) = TUPLE.unpack_from(row)
    at = TUPLE.size
    for _ in range(count):
        (length,) = FIELD.unpack_from(row, at)
        at += FIELD.size
        yield bytes(row[at : at + max(length, 0)])
        at += max(length, 0)
