"""Keeps the queue of answers that people mark in step with what the machine leaves to them."""

from collections.abc import Sequence

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Candidate, sitting, question and part of an answer.
Slot = tuple[int, int, int, str]


async def queue_answers(conn: Connection, *, sitting_ids: Sequence[int], waiting: Sequence[Slot]) -> None:
    """Make tasks of the answers of these sittings that wait for a person, as many as its scheme wants.

    `waiting` is everything in them that the machine does not mark. Tasks that are there stay; those of
    answers that the machine marks now are not handed out any more. Of an answer that is another one since it
    was marked, the mark and its tasks are withdrawn. The caller holds the exams, and writes marks afterwards.
    """
    await run(conn, SQL.withdraw_changed, sitting_ids=list(sitting_ids))
    slots = {
        "waiting_in": [slot[1] for slot in waiting],
        "numbers": [slot[2] for slot in waiting],
        "sub_parts": [slot[3] for slot in waiting],
    }
    await run(conn, SQL.note_wanted, sitting_ids=list(sitting_ids), **slots)
    if waiting:
        await run(conn, SQL.add_tasks, candidate_ids=[slot[0] for slot in waiting], **slots)
