"""An exam that Olga wrote and Alice sits, in the fewest rows that a sitting needs."""

from dataclasses import dataclass

import psycopg

from examhall.base.db import Connection

ALICE, MALLORY = 1, 666


@dataclass(frozen=True)
class Seat:
    candidate_id: int
    sitting_id: int


async def add_exam(conn: Connection, **columns: object) -> int:
    values = {"title": "Algebra", "kind": "mock_exam", "duration_s": 3600} | columns
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, values))
    places = psycopg.sql.SQL(", ").join(map(psycopg.sql.Placeholder, values))
    cursor = await conn.execute(
        psycopg.sql.SQL("INSERT INTO exams ({}) VALUES ({}) RETURNING id").format(names, places), values
    )
    exam_id: int = (await cursor.fetchone())[0]  # type: ignore[index]
    await conn.execute("INSERT INTO questions (exam_id, number, prompt) VALUES (%s, 1, '2 + 2?')", (exam_id,))
    await conn.execute(
        """INSERT INTO items (exam_id, question_number, sub_part, kind, presented, key, points)
           VALUES (%s, 1, '', 'single_choice',
                   '{"options": [{"key": "A", "text": "4"}, {"key": "B", "text": "5"}]}',
                   '{"correct": ["A"]}', 1)""",
        (exam_id,),
    )
    return exam_id


async def add_seat(
    conn: Connection, *, candidate_id: int = ALICE, exam_id: int | None = None, closes_in_s: float = 3600
) -> Seat:
    """A sitting that is open for so many more seconds, grace included."""
    exam_id = exam_id or await add_exam(conn)
    cursor = await conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed,
                                 started_at, deadline_at, closes_at)
           SELECT %(candidate_id)s, %(exam_id)s, 1 + count(*), 7, now(), t.closes_at, t.closes_at
             FROM (SELECT clock_timestamp() + %(closes_in_s)s * interval '1 second' AS closes_at) AS t
             LEFT JOIN sittings AS s ON s.candidate_id = %(candidate_id)s AND s.exam_id = %(exam_id)s
            GROUP BY t.closes_at
           RETURNING id""",
        {"candidate_id": candidate_id, "exam_id": exam_id, "closes_in_s": closes_in_s},
    )
    return Seat(candidate_id, (await cursor.fetchone())[0])  # type: ignore[index]
