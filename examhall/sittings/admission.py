"""Who came with a ticket is here for that exam alone; any other does not exist for them."""

from examhall.accounts.access import Person, may_see_exam
from examhall.base.db import Connection
from examhall.sittings.autosave import exam_of_sitting
from examhall.sittings.availability import ExamNotFound


def require_ticket_for(me: Person, exam_id: int) -> None:
    """Refuse whoever came with a ticket for another exam."""
    if not may_see_exam(me, exam_id):
        raise ExamNotFound


async def require_ticket_for_sitting(conn: Connection, me: Person, sitting_id: int) -> None:
    """The same, asked of one of the person's sittings before anything is done to it."""
    if me.exam_id is not None:
        require_ticket_for(me, await exam_of_sitting(conn, sitting_id=sitting_id, candidate_id=me.id))
