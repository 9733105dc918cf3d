"""An exam's marks and choices as matrices, read from the database by one statement."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.base.columns import fields_of
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.sqlfile import beside
from examhall.psychometrics.arrays import Ints, Marks
from examhall.scoring.cells import eights, unpack_cells
from examhall.scoring.export import NoSuchExam

SQL = beside(__file__)

# An item is right with all of its points.
FULL = 100
NOT_PRESENTED = -1
THOUSAND = 1000
# What a choice has bits for.
MOST_OPTIONS = 15


@dataclass(frozen=True)
class Exam:
    id: int
    title: str
    kind: str
    key_version: int
    scale_mean: float | None
    scale_sd: float | None
    scale_linked_to: int | None


@dataclass(frozen=True)
class Item:
    question_number: int
    sub_part: str
    kind: str
    key: dict[str, Any]
    points: float
    # Of a choice, in the order in which the exam lists them.
    options: list[str]

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class _Ids:
    ids: bytes


@dataclass(frozen=True)
class Matrix:
    """What everybody was given for every item, in their first attempt: rows are persons, columns items."""

    exam: Exam
    items: list[Item]
    candidate_ids: Ints
    sitting_ids: Ints
    shares: Marks
    """(persons, items): hundredths of the points; -1 not presented, or waiting for a mark by hand"""

    choices: NDArray[np.int16]
    """(persons, items with options): a bit for each option chosen"""

    read_s: float

    @property
    def with_options(self) -> list[int]:
        return _with_options(self.items)


async def read_matrix(conn: Connection, exam_id: int) -> Matrix:
    """The marks of everybody's first attempt by the exam's key as it is, in a transaction of its own.

    Rows are in the order of the candidates, columns in that of the questions, so the same data give the same
    matrix to the last bit. Besides the matrices, memory is taken for the marks of a thousand persons. Blank
    answers are wrong answers: only an item without a mark counts as not presented.
    """
    begin = time.perf_counter()
    await run(conn, SQL.one_snapshot)
    exam = await maybe(conn, SQL.exam, Exam, exam_id=exam_id)
    if exam is None:
        raise NoSuchExam
    items = await many(conn, SQL.items, Item, exam_id=exam_id)
    which = {"exam_id": exam_id, "key_version": exam.key_version}
    ids = np.frombuffer((await one(conn, SQL.persons, _Ids, **which)).ids, ">i8").reshape(-1, 2)
    shares = np.full((len(ids), len(items)), NOT_PRESENTED, np.int8)
    reading = _Reading(items, shares, np.zeros((len(ids), len(_with_options(items))), np.int16))
    asked = sorted({items[column].question_number for column in _with_options(items)})
    async with conn.cursor() as cursor, cursor.copy(SQL.cells.text, which | {"with_options": asked}) as copy:
        async for part in copy:
            reading.take(bytes(part))
    candidate_ids, sitting_ids = ids.astype(np.int64).T
    return Matrix(
        exam, items, candidate_ids, sitting_ids, shares, reading.choices, time.perf_counter() - begin
    )


class _Reading:
    """The matrices while they are filled, a thousand persons at a time."""

    def __init__(self, items: Sequence[Item], shares: Marks, choices: NDArray[np.int16]) -> None:
        self._items = items
        self._slots = [(item.question_number, item.sub_part) for item in items]
        self._full = np.array([round(item.points * THOUSAND) for item in items], np.int64)
        self._shares, self.choices = shares, choices
        # Of each column its place among those with options; -1 without.
        self._place = np.full(len(items) + 1, -1, np.int64)
        self._place[_with_options(items)] = np.arange(choices.shape[1])
        # Each different answer to an item is read once.
        self._bits: dict[tuple[int, str], int] = {}

    def take(self, part: bytes) -> None:
        if not (fields := list(fields_of(part))):
            return
        thousand, marks, parts, chosen, chosen_parts, answers = fields
        first = THOUSAND * int(eights(thousand)[0])
        row, column, points = unpack_cells(marks, parts.decode(), self._slots)
        # What is worth nothing has marks, and no column.
        row, column, points = (each[column >= 0] for each in (row, column, points))
        full = self._full[column]
        share = np.where(points >= full, FULL, np.minimum(FULL * points // full, FULL - 1))
        self._shares[first + row, column] = share
        row, column, _ = unpack_cells(chosen, chosen_parts.decode(), self._slots)
        place = self._place[column]
        bits = np.zeros(len(row), np.int16)
        said = answers.decode().split("\n") if len(row) else []
        for at in np.flatnonzero(place >= 0).tolist():
            bits[at] = self._bits_of(int(column[at]), said[at])
        self.choices[first + row[place >= 0], place[place >= 0]] = bits[place >= 0]

    def _bits_of(self, column: int, said: str) -> int:
        if (bits := self._bits.get((column, said))) is None:
            bits = self._bits[column, said] = bits_chosen(self._items[column], said)
        return bits


def bits_chosen(item: Item, said: str) -> int:
    """A bit for each option of the item that an answer, as JSON, chose; 0 for an answer of another form."""
    if len(item.options) > MOST_OPTIONS:
        return 0
    answer = json.loads(said)
    if item.kind == "multiple_choice":
        chosen = answer if isinstance(answer, list) else [answer]
    else:
        # A true-false answer may be a word or the value itself.
        chosen = [answer if isinstance(answer, str) else said]
    return sum(1 << place for place, option in enumerate(item.options) if option in chosen)


def _with_options(items: Sequence[Item]) -> list[int]:
    return [column for column, item in enumerate(items) if item.options]
