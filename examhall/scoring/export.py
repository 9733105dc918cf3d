"""Everything about one exam in one file: people, answers and marks, as CSV or JSON.

Rows flow from a cursor in the database to the file: memory does not grow with the exam.
"""

import csv
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import TextIO

from psycopg.rows import class_row

from examhall.base.clock import rfc3339
from examhall.base.csv_file import harmless
from examhall.base.db import Connection, maybe, run
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)

ROWS_AT_A_TIME = 2_000
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class NoSuchExam(NotFound):
    """There is no such exam."""


@dataclass(frozen=True)
class _Exam:
    id: int
    title: str


@dataclass(frozen=True)
class _Row:
    """One item of one sitting. Without a sitting everything after the person is None."""

    username: str
    full_name: str
    email: str | None
    sitting_id: int | None
    attempt_number: int | None
    started_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    question_number: int | None
    sub_part: str | None
    kind: str | None
    answer: object
    revision: int | None
    saved_at: datetime | None
    points: Decimal | None
    max_points: Decimal | None


OF_PERSON = ("username", "full_name", "email")
OF_SITTING = ("sitting_id", "attempt_number", "started_at", "closed_at", "closed_by")
OF_ITEM = ("question_number", "sub_part", "kind", "answer", "revision", "saved_at", "points", "max_points")


async def export_csv(conn: Connection, exam_id: int, file: TextIO) -> None:
    """One line per item of each sitting, and one for each person assigned who never sat.

    What people wrote cannot become a formula in a spreadsheet: an apostrophe stands before it. JSON is exact.
    """
    await _find(conn, exam_id)
    writer = csv.writer(file)
    names = (*OF_PERSON, *OF_SITTING, *OF_ITEM)
    writer.writerow(names)
    async for row in _rows(conn, exam_id):
        writer.writerow([safe_cell(getattr(row, name)) for name in names])


async def export_json(conn: Connection, exam_id: int, file: TextIO) -> None:
    """{"exam": {...}, "sittings": [...]}: a line per sitting or per person assigned who never sat."""
    exam = await _find(conn, exam_id)
    file.write(f'{{"exam": {_json(vars(exam))}, "sittings": [')
    sitting: dict[str, object] = {}
    items: list[dict[str, object]] = []
    before: tuple[str, int | None] | None = None
    separators = ("\n" if number == 0 else ",\n" for number in count())
    async for row in _rows(conn, exam_id):
        if before is not None and before != (row.username, row.sitting_id):
            file.write(next(separators) + _json({**sitting, "answers": items}))
            items = []
        before = (row.username, row.sitting_id)
        sitting = {name: getattr(row, name) for name in (*OF_PERSON, *OF_SITTING)}
        if row.question_number is not None:
            items.append({name: getattr(row, name) for name in OF_ITEM})
    if before is not None:
        file.write(next(separators) + _json({**sitting, "answers": items}))
    file.write("\n]}\n")


async def _find(conn: Connection, exam_id: int) -> _Exam:
    exam = await maybe(conn, SQL.find_exam, _Exam, exam_id=exam_id)
    if exam is None:
        raise NoSuchExam
    return exam


async def _rows(conn: Connection, exam_id: int) -> AsyncIterator[_Row]:
    await run(conn, SQL.stay_for_slow_readers)
    async with conn.cursor(name="export", row_factory=class_row(_Row)) as cursor:
        cursor.itersize = ROWS_AT_A_TIME
        await cursor.execute(SQL.rows.text, {"exam_id": exam_id})
        async for row in cursor:
            yield row


def safe_cell(value: object) -> object:
    """A value as CSV shows it: what somebody wrote cannot become a formula."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        return harmless(value)
    return value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    assert isinstance(value, Decimal)
    return float(value)
