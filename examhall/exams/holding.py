"""One after the other on one exam, while candidates start it."""

from dataclasses import dataclass

from examhall.base.db import Connection, maybe
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class HeldExam:
    id: int
    course_id: int | None
    key_version: int


async def hold_exam(conn: Connection, exam_id: int) -> HeldExam | None:
    """Until the commit nobody else who asks for this has the exam, none of it is marked, and its key stays.

    Candidates start it and save all the while. None: there is no such exam.
    """
    return await maybe(conn, SQL.hold_exam, HeldExam, exam_id=exam_id)
