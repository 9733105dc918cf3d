"""An exam with an essay that several wrote and people mark: what the tests of marking by hand share."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from examhall.accounts.people import create_person
from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.marking_scheme import Criterion, NewScheme
from examhall.scoring.by_hand import Sheet, take_next
from examhall.scoring.by_hand_finish import Finished, finish_task
from examhall.scoring.by_hand_schemes import save_scheme
from examhall.scoring.results import score_sittings
from examhall.sittings.close import submit_sitting
from examhall.sittings.start import start_sitting

EXAM = """
title: Essays
duration: 1 h
questions:
  - {prompt: "Two and two?", options: [four, five], answer: A, points: 1}
  - {prompt: "Why?", type: essay, points: 6}
"""
ESSAY = (2, "")
RUBRIC = [
    Criterion.model_validate(
        {"key": key, "name": name, "levels": [{"points": n, "words": f"{name} {n}"} for n in range(most + 1)]}
    )
    for key, name, most in (("c1", "Content", 4), ("c2", "Language", 2))
]
TWO = NewScheme(markers=2, differ_above=Decimal(1))


async def add_essays(conn: Connection, **columns: object) -> int:
    exam_id = await import_exam(conn, read_exam_file(EXAM), created_by=None)
    for column, value in columns.items():
        await conn.execute(f"UPDATE exams SET {column} = %s WHERE id = %s".encode(), (value, exam_id))
    return exam_id


async def people(conn: Connection, count: int, *roles: str) -> list[int]:
    return [
        await create_person(
            conn,
            username=f"{(roles or ('candidate',))[0]}{n}",
            full_name=f"Person {n}",
            roles=roles or ["candidate"],
        )
        for n in range(count)
    ]


async def write_essay(conn: Connection, exam_id: int, candidate_id: int, text: str = "An essay.") -> int:
    """Answer everything and hand in; the sitting, marked by the machine."""
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=candidate_id)).sitting
    for number, answer in ((1, "A"), (2, f"{text} {candidate_id}" if text else "")):
        await conn.execute(
            "INSERT INTO answers VALUES (%s, %s, %s, '', %s, 1, now())",
            (candidate_id, sitting.id, number, Jsonb(answer)),
        )
    await submit_sitting(conn, sitting_id=sitting.id, candidate_id=candidate_id)
    await score_sittings(conn, [(candidate_id, sitting.id)])
    return sitting.id


async def by_two(conn: Connection, exam_id: int, scheme: NewScheme = TWO) -> None:
    await save_scheme(conn, exam_id=exam_id, question_number=2, sub_part="", scheme=scheme, seen=0)


def sheet(
    points: object = None, *, revision: int = 1, levels: dict[str, int] | None = None, **words: str
) -> Sheet:
    return Sheet(
        levels=levels or {},
        points=None if points is None else Decimal(str(points)),
        comment=words.get("comment", ""),
        note=words.get("note", ""),
        revision=revision,
    )


async def mark_next(conn: Connection, exam_id: int, marker_id: int, points: object, **how: Any) -> Finished:
    task_id = await take_next(conn, exam_id=exam_id, marker_id=marker_id)
    assert task_id is not None
    return await finish_task(conn, task_id, marker_id, sheet(points, **how))


async def result(conn: Connection, sitting_id: int) -> Sequence[Any]:
    """Points, of how many, and what waits for a person."""
    cursor = await conn.execute(
        "SELECT points, max_points, unmarked FROM results WHERE sitting_id = %s", (sitting_id,)
    )
    found = await cursor.fetchone()
    assert found is not None
    return found


async def whats(conn: Connection, sitting_id: int) -> list[str]:
    cursor = await conn.execute(
        "SELECT what FROM marking_events WHERE sitting_id = %s ORDER BY id", (sitting_id,)
    )
    return [row[0] for row in await cursor.fetchall()]
