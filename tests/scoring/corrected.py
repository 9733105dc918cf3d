"""An exam that many sat, corrected afterwards: what the tests of corrections share."""

from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from examhall.base.db import Connection, Database
from examhall.exams.correction import Correction
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.scoring.rescore import rescore_sittings
from examhall.scoring.results import score_sittings
from examhall.sittings.close import submit_sitting
from examhall.sittings.start import start_sitting

DEMO = Path(__file__).parents[2] / "examhall" / "demo"

# Every kind of item once, and a question in two parts.
EXAM = """
title: Everything
duration: 1 h
questions:
  - {prompt: one, options: [w, x, y, z], answer: A, points: 2}
  - {prompt: many, type: multiple, options: [w, x, y, z], answer: [A, C]}
  - {prompt: true, type: true_false, answer: true}
  - {prompt: number, type: number, answer: "12.5", tolerance: "0.1"}
  - {prompt: word, type: short_text, answer: [Paris]}
  - {prompt: order, type: ordering, options: [w, x, y], answer: [B, A, C], points: 3}
  - {prompt: match, type: matching, left: [l, m], right: [r, s], answer: {1: B, 2: A}}
  - {prompt: ends, type: best_worst, options: [w, x, y], answer: {best: A, worst: C}}
  - prompt: in parts
    parts: {a: {type: number, answer: 1}, b: {type: short_text, answer: two}}
  - {prompt: essay, type: essay, points: 5}
"""
# What somebody might answer, by question and part; every third candidate leaves something out.
ANSWERS: dict[tuple[int, str], list[Any]] = {
    (1, ""): ["A", "B", None, "C"],
    (2, ""): [["A", "C"], ["A"], ["A", "B"], None],
    (3, ""): ["true", "false", None],
    (4, ""): ["12,5", "12.6", "7", None],
    (5, ""): ["paris", "Lutetia", None, "Lyon"],
    (6, ""): [["B", "A", "C"], ["A", "B", "C"], ["C"], None],
    (7, ""): [{"1": "B", "2": "A"}, {"1": "A"}, None],
    (8, ""): [{"best": "A", "worst": "C"}, {"best": "A"}, {"best": "C", "worst": "A"}, None],
    (9, "a"): ["1", "2", None],
    (9, "b"): ["two", "2", None],
    (10, ""): ["An essay.", " ", None],
}


def correction(*changes: dict[str, Any], reason: str = "The key was wrong.") -> Correction:
    return TypeAdapter(Correction).validate_python({"reason": reason, "changes": list(changes)})


async def add_everything(conn: Connection) -> int:
    return await import_exam(conn, read_exam_file(EXAM), created_by=None)


async def answer(conn: Connection, exam_id: int, candidate_id: int) -> tuple[int, int]:
    """Start, answer something, hand in, unmarked; candidate and sitting."""
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=candidate_id)).sitting
    for step, ((number, part), choices) in enumerate(ANSWERS.items()):
        given = choices[(candidate_id * (step + 3) + candidate_id // 4) % len(choices)]
        if given is not None:
            await conn.execute(
                "INSERT INTO answers VALUES (%s, %s, %s, %s, %s, 1, now())",
                (candidate_id, sitting.id, number, part, Jsonb(given)),
            )
    await submit_sitting(conn, sitting_id=sitting.id, candidate_id=candidate_id)
    return candidate_id, sitting.id


async def sat_by(conn: Connection, exam_id: int, candidates: int) -> list[tuple[int, int]]:
    """So many candidates have handed in, and are marked."""
    sittings = [await answer(conn, exam_id, candidate_id) for candidate_id in range(1, candidates + 1)]
    await score_sittings(conn, sittings)
    return sittings


async def rescore_all(conn: Connection, exam_id: int, key_version: int) -> int:
    total = 0
    while done := await rescore_sittings(
        conn, exam_id=exam_id, key_version=key_version, first_id=1, last_id=2**62, limit=7
    ):
        total += done
    return total


async def everything_marked(conn: Connection) -> tuple[list[Any], list[Any]]:
    """Marks and results, without when and by which version they were made."""
    marks = await conn.execute(
        "SELECT sitting_id, question_number, sub_part, points, by_hand FROM marks ORDER BY 1, 2, 3"
    )
    results = await conn.execute(
        "SELECT sitting_id, points, max_points, unmarked FROM results ORDER BY sitting_id"
    )
    return await marks.fetchall(), await results.fetchall()


async def jobs(database: Database, task: str) -> list[dict[str, Any]]:
    async with database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", (task,)
        )
        return [row[0] for row in await cursor.fetchall()]
