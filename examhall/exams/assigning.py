"""One more person who may sit an exam."""

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside
from examhall.exams.contents import announce_change

SQL = beside(__file__)


async def assign_person(conn: Connection, *, exam_id: int, person_id: int) -> None:
    """Whoever is not yet assigned to an exam that is assigned to some is so now; a repeat changes nothing.

    An exam without assignments is open to everybody and stays so: one alone would shut all others out.
    """
    if await run(conn, SQL.assign_person, exam_id=exam_id, person_id=person_id):
        await announce_change(conn, exam_id)
