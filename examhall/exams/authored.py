"""The exams of the office as their authors list them, drafts among them, and what became of each."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.exams.editing import Change

SQL = beside(__file__)


@dataclass(frozen=True)
class ListedExam:
    id: int
    title: str
    kind: str
    is_draft: bool
    opens_at: datetime | None
    closes_at: datetime | None
    questions: int
    version: int
    created_by: str | None
    created_at: datetime


@dataclass(frozen=True)
class _Series:
    name: str


async def list_authored(
    conn: Connection,
    *,
    search: str = "",
    made_by: int | None = None,
    is_draft: bool | None = None,
    before_id: int,
    limit: int,
) -> list[ListedExam]:
    """The newest first: whose title has `search` in it, those that somebody made, drafts or the others."""
    pattern = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await many(
        conn,
        SQL.authored,
        ListedExam,
        pattern=f"%{pattern}%",
        made_by=made_by,
        is_draft=is_draft,
        before_id=before_id,
        limit=limit,
    )


async def list_series(conn: Connection) -> list[str]:
    """The names of all series."""
    return [series.name for series in await many(conn, SQL.series, _Series)]


async def list_edits(conn: Connection, exam_id: int, *, before_version: int, limit: int) -> list[Change]:
    """What authors changed in it, the newest first; a few more than `limit` where one was of many parts."""
    return await many(conn, SQL.edits, Change, exam_id=exam_id, before_version=before_version, limit=limit)
