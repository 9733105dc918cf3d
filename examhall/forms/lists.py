"""Submissions of a form, of an organisation or of a person, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.forms.paging import Before

SQL = beside(__file__)


@dataclass(frozen=True)
class Listed:
    id: int
    form_id: int
    form_title: str
    organisation_id: int | None
    organisation_name: str | None
    created_by: int | None
    full_name: str | None
    status: str
    # Its short answers; None once it is erased.
    words: str | None
    version: int
    created_at: datetime
    erased_at: datetime | None

    @property
    def before(self) -> Before:
        """The cursor of what comes after it in a list."""
        return Before(self.created_at, self.id)


async def submissions_of_form(
    conn: Connection,
    form_id: int,
    *,
    status: str | None = None,
    organisation_id: int | None = None,
    search: str | None = None,
    before: Before,
    limit: int,
) -> list[Listed]:
    """Of one status if that is wanted; `search` is in the short answers or in the sender's name."""
    wanted = {
        "form_id": form_id,
        "organisation_id": organisation_id,
        "search": search or None,
        "at": before.at,
        "id": before.id,
        "limit": limit,
    }
    # Each has its own index: a rare status is not looked for among all others.
    if status is None:
        return await many(conn, SQL.of_form, Listed, **wanted)
    return await many(conn, SQL.of_form_and_status, Listed, **wanted, status=status)


async def submissions_of_organisation(
    conn: Connection, organisation_id: int, *, before: Before, limit: int
) -> list[Listed]:
    return await many(
        conn,
        SQL.of_organisation,
        Listed,
        organisation_id=organisation_id,
        at=before.at,
        id=before.id,
        limit=limit,
    )


async def submissions_of_person(
    conn: Connection, person_id: int, *, before: Before, limit: int
) -> list[Listed]:
    return await many(
        conn, SQL.of_person, Listed, person_id=person_id, at=before.at, id=before.id, limit=limit
    )
