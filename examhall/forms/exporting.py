"""All submissions of a form as CSV, a piece at a time: however many there are, few are in memory."""

import csv
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from examhall.audit.noting import note
from examhall.base.clock import rfc3339
from examhall.base.csv_file import harmless
from examhall.base.db import Database, many
from examhall.base.sqlfile import beside
from examhall.forms.forms import every_version, with_titles
from examhall.forms.paging import Before

SQL = beside(__file__)

# A transaction for each: none lasts as long as the slowest reader.
ROWS_AT_ONCE = 1_000
FIRST = ("id", "sent_at", "status", "organisation", "username", "full_name")


@dataclass(frozen=True)
class _Row:
    id: int
    created_at: datetime
    status: str
    organisation_code: str | None
    username: str | None
    full_name: str | None
    data: dict[str, Any] | None


async def export_csv(database: Database, form_id: int, *, status: str | None = None) -> AsyncIterator[bytes]:
    """The newest first, a column for every field that any version has asked; what is erased is empty.

    In UTF-8 with a mark, which spreadsheets need; no cell is taken for a formula.
    """
    async with database.transaction() as conn:
        titles = with_titles([*(await every_version(conn, form_id)).values()])
        await note(conn, "submissions_downloaded", kind="forms", thing=form_id)
    yield ("\ufeff" + _lines([[*FIRST, *(harmless(title) for title in titles.values())]])).encode()
    before = Before()
    while True:
        async with database.transaction() as conn:
            rows = await many(
                conn,
                SQL.rows,
                _Row,
                form_id=form_id,
                status=status,
                at=before.at,
                id=before.id,
                limit=ROWS_AT_ONCE,
            )
        if not rows:
            return
        yield _lines([_cells(row, list(titles)) for row in rows]).encode()
        before = Before(rows[-1].created_at, rows[-1].id)


def _cells(row: _Row, names: Sequence[str]) -> list[str]:
    data: Mapping[str, Any] = row.data or {}
    return [
        str(row.id),
        rfc3339(row.created_at),
        row.status,
        harmless(row.organisation_code or ""),
        harmless(row.username or ""),
        harmless(row.full_name or ""),
        *(_cell(data.get(name)) for name in names),
    ]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return harmless(", ".join(map(str, value)))
    # A number begins with a minus at most, and no formula can.
    return str(value) if isinstance(value, int | float) else harmless(str(value))


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
