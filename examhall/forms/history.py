"""Who did what to a submission, and when: appended in the transaction that did it."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class Event:
    id: int
    at: datetime
    # None: a stranger, or a sender whose submission was erased.
    person_id: int | None
    full_name: str | None
    what: str
    from_status: str | None
    to_status: str | None
    note: str | None


async def note_history(
    conn: Connection,
    submission_id: int,
    *,
    person_id: int | None,
    what: str,
    from_status: str | None = None,
    to_status: str | None = None,
    note: str | None = None,
) -> None:
    await run(
        conn,
        SQL.append_history,
        submission_id=submission_id,
        person_id=person_id,
        what=what,
        from_status=from_status,
        to_status=to_status,
        note=note,
    )


async def list_history(conn: Connection, submission_id: int) -> list[Event]:
    """Everything that happened to it, the first first."""
    return await many(conn, SQL.list_history, Event, submission_id=submission_id)


async def erase_from_history(conn: Connection, submission_id: int, *, sender: int | None) -> None:
    """Take out what people wrote, and who the sender was; what the office did, and when, stays."""
    await run(conn, SQL.erase_history, submission_id=submission_id, sender=sender)
