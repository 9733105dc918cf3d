"""Who may read an exam's paper now: whoever is sitting it, and staff. Asked of the database each time."""

from dataclasses import dataclass

from examhall.accounts.access import Person, has_role
from examhall.base.db import Connection, maybe
from examhall.base.errors import Forbidden
from examhall.base.sqlfile import beside
from examhall.exams.papers import NoPaper, Paper, find_paper
from examhall.sittings import availability
from examhall.sittings.admission import require_ticket_for
from examhall.sittings.availability import ExamNotFound

SQL = beside(__file__)

READERS = ("author", "analyst", "invigilator")


class NoActiveSession(Forbidden):
    """Start the exam first: its paper is shown while you sit it."""


class WindowClosed(availability.WindowClosed, Forbidden):
    """This exam is over."""

    status = 403


@dataclass(frozen=True)
class ReadablePaper:
    title: str
    paper: Paper


@dataclass(frozen=True)
class _Reader:
    title: str
    is_sitting: bool
    has_sat: bool
    is_admitted: bool
    window_over: bool


async def readable_paper(conn: Connection, *, exam_id: int, me: Person) -> ReadablePaper:
    """The paper, if this person may read it at this moment; refused otherwise, and told why.

    A candidate may from the start until their session is handed in or its time and grace are over, extra
    time after the exam's window included. Staff may at any time, but not with a ticket.
    """
    require_ticket_for(me, exam_id)
    reader = await maybe(conn, SQL.reader, _Reader, exam_id=exam_id, person_id=me.id)
    if reader is None:
        raise ExamNotFound
    if not reader.is_sitting and (me.exam_id is not None or not has_role(me, *READERS)):
        if not (reader.is_admitted or reader.has_sat):
            raise ExamNotFound
        raise WindowClosed if reader.window_over else NoActiveSession
    paper = await find_paper(conn, exam_id)
    if paper is None:
        raise NoPaper
    return ReadablePaper(reader.title, paper)
