"""Letting candidates see their results, where the exam leaves that to a person."""

from examhall.base.db import Connection, run
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.exams.contents import announce_change

SQL = beside(__file__)


class NotReleasedByHand(Conflict):
    """The results of this exam are released by themselves, or there is no such exam."""


async def release_results(conn: Connection, *, exam_id: int) -> None:
    """Release them now. A repeat changes nothing: the first moment stays."""
    if await run(conn, SQL.release_results, exam_id=exam_id) == 0:
        raise NotReleasedByHand
    await announce_change(conn, exam_id)
