"""Sittings that took place before, or elsewhere: brought in with their answers, marked like any others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class PastAnswer(NamedTuple):
    candidate_id: int
    question_number: int
    sub_part: str
    answer: Any
    after_s: int
    """since the exam opened"""


async def record_sittings(
    conn: Connection, *, exam_id: int, candidate_ids: Sequence[int], answers: Sequence[PastAnswer]
) -> int:
    """A first attempt of each candidate at an exam whose window is over, with these answers; give how many.

    They are stored as if just due: the worker closes, marks and concludes them. Who has sat the exam before
    is left as they are. Two statements, however many answers.
    """
    sittings = await run(conn, SQL.insert_sittings, exam_id=exam_id, candidate_ids=list(candidate_ids))
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
    return sittings
