"""Fills a database with an exam, candidates, sittings and as many stored answers as are asked for."""

import asyncio
import math
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.servers import ROOT, Hall
from examhall.base.sqlfile import beside
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

SQL = beside(__file__)

EXAM = ROOT / "examhall" / "demo" / "mathematics.yaml"
# How many sit the exam while it is measured.
OPEN_SITTINGS = 1_000
# Sat by each over the years.
ATTEMPTS = 5
# Enough people for 10,000 sittings that are due at once.
LEAST_PEOPLE = 10_000


@dataclass(frozen=True)
class Seat:
    candidate_id: int
    sitting_id: int


@dataclass(frozen=True)
class Item:
    question_number: int
    sub_part: str
    answer: str  # one that the item takes


@dataclass(frozen=True)
class Stock:
    exam_id: int
    seats: list[Seat]
    items: list[Item]
    answers: int


def add_exam(hall: Hall) -> int:
    """The demo's mathematics exam: 45 questions, 55 answers."""

    async def add() -> int:
        async with await psycopg.AsyncConnection.connect(hall.dsn) as conn:
            return await import_exam(conn, read_exam_file(EXAM.read_bytes(), folder=EXAM.parent), None)

    return asyncio.run(add())


def fill(hall: Hall, *, answers: int) -> Stock:
    """An exam that 1000 sit at this moment, and in all so many stored answers, each in the history too."""
    exam_id = add_exam(hall)
    items = _items(hall, exam_id)
    # Few: the open sittings share them. Many: sittings of the years past, all of them answered in full.
    full = max(OPEN_SITTINGS, math.ceil(answers / len(items)))
    attempts = ATTEMPTS if full >= OPEN_SITTINGS * ATTEMPTS else 1
    people = max(OPEN_SITTINGS, math.ceil(full / attempts))
    with hall.admin() as conn:
        conn.execute(SQL.add_people.text, {"people": people})
        conn.execute(
            SQL.add_sittings.text,
            {"exam_id": exam_id, "attempts": attempts, "open_every": people // OPEN_SITTINGS},
        )
        each = max(1, round(answers / (people * attempts)))
        conn.execute(SQL.add_answers.text, {"exam_id": exam_id, "each": each})
        conn.execute(SQL.add_history.text, {"sittings": people * attempts})
        # More people, who have sat nothing, only after the stock: the starts and the due sittings need them.
        conn.execute("UPDATE people SET username = 'old-' || id")
        conn.execute(SQL.add_people.text, {"people": LEAST_PEOPLE})
        settle(conn)
        seats = [Seat(*row) for row in conn.execute(SQL.open_sittings.text, {"exam_id": exam_id}).fetchall()]
        stored = conn.execute(SQL.counts.text).fetchone()
    assert stored is not None
    return Stock(exam_id, seats[:OPEN_SITTINGS], items, int(stored[0]))


def settle(conn: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Do now what the server would otherwise do in the middle of a measurement."""
    conn.execute("VACUUM (ANALYZE) people, sittings, answers, answer_history, results, marks")
    conn.execute("CHECKPOINT")


def _items(hall: Hall, exam_id: int) -> list[Item]:
    with hall.admin() as conn:
        rows = conn.execute(
            """SELECT question_number, sub_part, CASE kind WHEN 'single_choice' THEN 'B' ELSE '12,5' END
                 FROM items WHERE exam_id = %s ORDER BY question_number, sub_part""",
            (exam_id,),
        ).fetchall()
    return [Item(*row) for row in rows]
