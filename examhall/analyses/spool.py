"""What was read for a calculation, from the bytes that PostgreSQL sent to the arrays that `what_if` takes.

For a million answers some 60 MB at once: every mark in four bytes, every answer that is needed in four more,
each different answer once, and the part that is being taken in.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np

from examhall.analyses.frames import HEADER, MEMBERS, PART, SITTINGS, frames
from examhall.analyses.remarking import NOT_GIVEN, Given, Item, Sat
from examhall.analyses.subgroups import GroupNamed, Membership
from examhall.base.columns import fields_of
from examhall.scoring.cells import eights, unpack_cells

# Columns of the sittings: see reading.sql.
SITTING_FIELDS = 6


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
                members = eights(body).reshape(-1, 2)
                named = [GroupNamed(**group) for group in header["groups"]]
                self.membership = Membership(header["by"], named, members[:, 0], members[:, 1])
        self.exams = [exam.sat() for exam in taking]


class _Taking:
    """One exam, part by part; a part has the marks and answers of a thousand sittings."""

    def __init__(self, said: Mapping[str, Any], sittings: bytes) -> None:
        self._said = said
        self._sittings = eights(sittings).reshape(-1, SITTING_FIELDS).T.copy()
        count = self._sittings.shape[1]
        self._marks = np.zeros((count, len(said["items"])), np.int32)
        self._presented = np.zeros(self._marks.shape, np.bool_)
        self._items = [(item["question_number"], item["sub_part"]) for item in said["items"]]
        # As answers and marks by hand name them.
        self._named = {
            b"%d:%s" % (number, part.encode()): at for at, (number, part) in enumerate(self._items)
        }
        # No answer is null, the first of each.
        self._answers: dict[int, dict[bytes, int]] = {column: {b"null": 0} for column in said["answered"]}
        self._which = {column: np.zeros(count, np.int32) for column in said["answered"]}
        self._by_hand = {column: np.full(count, NOT_GIVEN, np.int64) for column in said["by_hand"]}

    def take(self, part: bytes) -> None:
        marks, parts, by_hand, answers = fields_of(part)
        cells = unpack_cells(marks, parts.decode(), self._items)
        self._marks[cells.row, cells.column] = cells.value
        self._presented[cells.row, cells.column] = True
        for row, name, points in _lines(by_hand):
            if (values := self._by_hand.get(self._named[name])) is not None:
                values[int(row)] = int(points)
        for row, name, answer in _lines(answers):
            # Of a question in parts all are read, if one is needed.
            if (known := self._answers.get(column := self._named[name])) is not None:
                self._which[column][int(row)] = known.setdefault(answer, len(known))

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
            presented=self._presented,
            given={
                column: Given([json.loads(answer) for answer in known], self._which[column])
                for column, known in self._answers.items()
            },
            by_hand=self._by_hand,
            waiting=said["waiting"],
        )


def _lines(body: bytes) -> Iterator[list[bytes]]:
    return (line.split(b" ", 2) for line in body.split(b"\n")) if body else iter(())
