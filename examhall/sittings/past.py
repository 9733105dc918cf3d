"""Sittings that took place before, or elsewhere: brought in with their answers, marked like any others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside
from examhall.sittings.close import ClosedSitting, enqueue_scoring

SQL = beside(__file__)


class PastAnswer(NamedTuple):
    candidate_id: int
    question_number: int
    sub_part: str
    answer: Any
    after_s: int
    """since the exam opened"""


class PastPaper(NamedTuple):
    candidate_id: int
    # Begun so long after the exam opened, and handed in so long after that.
    after_s: int
    taken_s: int


async def record_papers(
    conn: Connection, *, exam_id: int, papers: Sequence[PastPaper], answers: Sequence[PastAnswer]
) -> int:
    """A first attempt of each candidate, begun and handed in when they did; give how many.

    Who took all of their time is closed by the deadline. The worker marks and concludes them as any others.
    Who has sat the exam before is left as they are. A few statements, however many answers.
    """
    await run(
        conn,
        SQL.insert_papers,
        exam_id=exam_id,
        candidate_ids=[each.candidate_id for each in papers],
        after_s=[each.after_s for each in papers],
    )
    await _insert_answers(conn, exam_id, answers)
    closed = await many(
        conn,
        SQL.hand_in_papers,
        ClosedSitting,
        exam_id=exam_id,
        candidate_ids=[each.candidate_id for each in papers],
        taken_s=[each.taken_s for each in papers],
    )
    if closed:
        await enqueue_scoring(conn, closed)
    return len(closed)


async def _insert_answers(conn: Connection, exam_id: int, answers: Sequence[PastAnswer]) -> None:
    await run(
        conn,
        SQL.insert_answers,
        exam_id=exam_id,
        candidate_ids=[each.candidate_id for each in answers],
        question_numbers=[each.question_number for each in answers],
        sub_parts=[each.sub_part for each in answers],
        answers=[Jsonb(each.answer) for each in answers],
        after_s=[each.after_s for each in answers],
    )
