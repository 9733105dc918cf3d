"""An exam that a matrix of marks describes, in the fewest statements: closed sittings, marks and results."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from examhall.base.db import Connection

OPTIONS = [{"key": key, "text": f"option {key}"} for key in "ABCD"]


def simulated(persons: int, difficulty: NDArray[np.float64], seed: int = 1) -> NDArray[np.int8]:
    """Marks after the Rasch model, abilities N(0, 1)."""
    random = np.random.default_rng(seed)
    theta = random.normal(size=(persons, 1))
    chance = 1 / (1 + np.exp(difficulty - theta))
    return (random.random(chance.shape) < chance).astype(np.int8)


async def add_marked_exam(
    conn: Connection,
    marks: NDArray[Any],
    *,
    prompts: Sequence[str] | None = None,
    first: int = 1,
    **columns: object,
) -> int:
    """One point a question, in two statements a table; -1 leaves no mark. Candidates count from `first`."""
    values: dict[str, object] = {"title": "Algebra", "kind": "mock_exam", "duration_s": 3600} | columns
    names = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    cursor = await conn.execute(
        f"INSERT INTO exams ({names}) VALUES ({places}) RETURNING id".encode(), values
    )
    exam_id: int = (await cursor.fetchone())[0]  # type: ignore[index]
    items = marks.shape[1]
    await conn.execute(
        """INSERT INTO questions (exam_id, number, prompt)
           SELECT %s, n, p FROM unnest(%s::int[], %s::text[]) AS t (n, p)""",
        (exam_id, list(range(1, items + 1)), list(prompts or [f"Question {n}" for n in range(1, items + 1)])),
    )
    await conn.execute(
        """INSERT INTO items (exam_id, question_number, sub_part, kind, presented, key, points)
           SELECT %s, n, '', 'single_choice', %s, '{"correct": ["A"]}', 1
             FROM generate_series(1, %s::int) AS n""",
        (exam_id, Jsonb({"options": OPTIONS}), items),
    )
    await add_marks(conn, exam_id, marks, first=first)
    return exam_id


async def add_marks(
    conn: Connection,
    exam_id: int,
    marks: NDArray[Any],
    *,
    first: int = 1,
    attempt: int = 1,
    key_version: int = 1,
) -> None:
    """Sittings of candidates from `first` on; right answers are A, wrong ones B."""
    persons, items = marks.shape
    await conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                 closes_at, closed_at, closed_by)
           SELECT n, %s, %s, 7, now(), now(), now(), now(), 'deadline'
             FROM generate_series(%s::int, %s::int) AS n""",
        (exam_id, attempt, first, first + persons - 1),
    )
    person, item = np.nonzero(marks >= 0)
    given = {
        "exam_id": exam_id,
        "attempt": attempt,
        "key_version": key_version,
        "persons": (person + first).tolist(),
        "items": (item + 1).tolist(),
        "points": marks[person, item].astype(float).tolist(),
    }
    of_sitting = """
          FROM unnest(%(persons)s::bigint[], %(items)s::int[], %(points)s::numeric[])
            AS given (candidate_id, number, points)
          JOIN sittings
            ON sittings.candidate_id = given.candidate_id
           AND sittings.exam_id = %(exam_id)s AND sittings.attempt_number = %(attempt)s"""
    await conn.execute(
        f"""INSERT INTO marks (candidate_id, sitting_id, question_number, sub_part, points)
            SELECT given.candidate_id, sittings.id, given.number, '', given.points {of_sitting}""".encode(),
        given,
    )
    await conn.execute(
        f"""INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                                 saved_at)
            SELECT given.candidate_id, sittings.id, given.number, '',
                   CASE WHEN given.points = 1 THEN '"A"'::jsonb ELSE '"B"' END, 1, now()
            {of_sitting}""".encode(),
        given,
    )
    await conn.execute(
        """INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked,
                                marked_at, key_version)
           SELECT candidate_id, id, exam_id, 1, 0, %(items)s, 0, now(), %(key_version)s FROM sittings
            WHERE exam_id = %(exam_id)s AND attempt_number = %(attempt)s AND candidate_id >= %(first)s""",
        {"items": items, "exam_id": exam_id, "attempt": attempt, "first": first, "key_version": key_version},
    )
