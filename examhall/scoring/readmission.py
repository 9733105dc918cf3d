"""Letting somebody in again who has handed in, while the exam's results are not final."""

from dataclasses import dataclass

from examhall.base.db import Connection, maybe, run
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.exams.holding import hold_exam
from examhall.scoring.conclude import announce_results
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.interventions import Intervention, Order, readmit

SQL = beside(__file__)


class ResultsAreFinal(Conflict):
    """The results of this exam are final: ratings and certificates follow from them."""


@dataclass(frozen=True)
class _Exam:
    id: int


async def let_in_again(conn: Connection, order: Order, *, seconds: int) -> Intervention:
    """Open what these have handed in, with so much time from now on, and drop the results it had.

    They are marked anew when they hand in again. What a person marked by hand stays. Repeated with the same
    key, nobody is let in twice, and no new result is dropped.
    """
    # Of a conclusion and this, one comes first: see conclude.sql, hold_concluded.
    if await hold_exam(conn, order.exam_id) is None:
        raise ExamNotFound
    done = await readmit(conn, order, seconds=seconds)
    if await maybe(conn, SQL.concluded_before, _Exam, exam_id=order.exam_id, at=done.done_at):
        raise ResultsAreFinal
    if await run(conn, SQL.drop_results, exam_id=order.exam_id, sitting_ids=done.sitting_ids):
        await announce_results(conn, order.exam_id)
    return done
