"""An exam's marks and choices as matrices, read from the database by one statement."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.base.columns import HEADER
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.sqlfile import beside
from examhall.psychometrics.arrays import Ints, Marks
from examhall.scoring.export import NoSuchExam

SQL = beside(__file__)

# An item is right with all of its points.
FULL = 100
NOT_PRESENTED = -1
# A tuple's number of fields and its field's length, before its bytes.
TUPLE_BYTES = 2 + 4


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
        return [number for number, item in enumerate(self.items) if item.options]


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
    # Which of the choices' columns is an item's.
    with_options = np.array([bool(item.options) for item in items], bool)
    place = np.cumsum(with_options) - 1
    shares = np.full((len(ids), len(items)), NOT_PRESENTED, np.int8)
    choices = np.zeros((len(ids), int(with_options.sum())), np.int16)
    async with conn.cursor() as cursor, cursor.copy(SQL.cells.text, which) as copy:
        async for part in copy:
            cells = _cells(bytes(part))
            person, item = cells >> 40, cells >> 28 & 0xFFF
            is_mark = (cells >> 16 & 0xFFF) == 0
            value = (cells & 0xFFFF).astype(np.int16)
            shares[person[is_mark], item[is_mark]] = value[is_mark]
            choices[person[~is_mark], place[item[~is_mark]]] = value[~is_mark]
    candidate_ids, sitting_ids = ids.astype(np.int64).T
    return Matrix(exam, items, candidate_ids, sitting_ids, shares, choices, time.perf_counter() - begin)


def _cells(part: bytes) -> Ints:
    """The eight-byte cells of one row of the copy; none for its trailer."""
    part = part.removeprefix(HEADER)
    return np.frombuffer(part[TUPLE_BYTES:], ">i8").astype(np.int64)
