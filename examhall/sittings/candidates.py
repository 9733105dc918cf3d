"""Who is to come to an exam, with their ticket, the time that is theirs, and whether they came."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from examhall.base.db import Connection, many, maybe
from examhall.base.sqlfile import beside
from examhall.sittings.availability import ExamNotFound

SQL = beside(__file__)


@dataclass(frozen=True)
class Candidate:
    person_id: int
    username: str
    full_name: str
    active: bool
    # Not, for who has a ticket or has sat without being among those whom it is assigned to.
    is_expected: bool
    # Themselves, not by a group or a course.
    is_assigned: bool
    ticket_id: UUID | None
    # Their own: what a start would go by.
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    has_window: bool
    # By which they have it, where it is not theirs by name.
    through_groups: list[str]
    extra_s: int
    # Their last sitting.
    sitting_id: int | None
    closed_at: datetime | None
    deadline_at: datetime | None


@dataclass(frozen=True)
class Counts:
    """An exam, and how many are to come, have a ticket, and came."""

    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    is_draft: bool
    release: str
    server_time: datetime
    # None in particular where it is open to everybody.
    expected: int
    tickets: int
    came: int
    # Of all windows; None: it does not end.
    last_closing_at: datetime | None


@dataclass(frozen=True)
class _Place:
    name: str


async def list_candidates(
    conn: Connection, exam_id: int, *, after: int = 0, limit: int, search: str | None = None
) -> list[Candidate]:
    """In the order of their names, of those after one of them."""
    place = await maybe(conn, SQL.place_of, _Place, person_id=after) if after else None
    return await many(
        conn,
        SQL.list_candidates,
        Candidate,
        exam_id=exam_id,
        after=after,
        after_name=place.name if place else "",
        limit=limit,
        search=search or None,
    )


async def count_candidates(conn: Connection, exam_id: int) -> Counts:
    found = await maybe(conn, SQL.counts, Counts, exam_id=exam_id)
    if found is None:
        raise ExamNotFound
    return found
