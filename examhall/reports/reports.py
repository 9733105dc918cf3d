"""Making candidates' reports in the background, and showing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside
from examhall.base.typesetting import Typesetter
from examhall.reports.facts import Due, Facts, as_stored, gather, list_due, read_facts
from examhall.reports.printing import print_report
from examhall.reports.wording import comment_on

log = structlog.get_logger()

SQL = beside(__file__)

# Made between two commits: half a second of work that a crash may cost.
CHUNK = 50


class NoReport(NotFound):
    """There is no report for this exam, or not yet."""


@dataclass(frozen=True)
class _Stored:
    facts: dict[str, Any]
    comment: str
    made_at: datetime


@dataclass(frozen=True)
class _Found:
    key_version: int


@dataclass(frozen=True)
class _Pdf:
    title: str
    key_version: int
    pdf: bytes


@dataclass(frozen=True)
class Report:
    facts: Facts
    comment: str
    made_at: datetime


@dataclass(frozen=True)
class Progress:
    """How far the reports of an exam are."""

    wanted: bool
    participants: int
    made: int
    # Made by an older version of the key: they are being replaced.
    outdated: int


@dataclass(frozen=True)
class ListedReport:
    sitting_id: int
    candidate_id: int
    full_name: str
    made_at: datetime
    comment_by: str


async def make_due_reports(database: Database, typesetter: Typesetter, *, limit: int = CHUNK) -> int:
    """Make the reports that are due, at most so many; give how many were made.

    A report is due once its exam is settled and calibrated by the key as it is, and again after a correction
    of the key or when written feedback is approved. It is set outside of any transaction, by a process that
    yields to everything else; two workers at it at once make the same, and one of them is kept.
    """
    async with database.transaction() as conn:
        due = await list_due(conn, limit=limit)
        facts = await gather(conn, due)
    comments = [each.approved or comment_on(its) for each, its in zip(due, facts, strict=True)]
    pdfs = [await print_report(typesetter, its, text) for its, text in zip(facts, comments, strict=True)]
    if due:
        async with database.transaction() as conn:
            await _store(conn, due, facts, comments, pdfs)
    return len(due)


async def _store(
    conn: Connection,
    due: Sequence[Due],
    facts: Sequence[Facts],
    comments: Sequence[str],
    pdfs: Sequence[bytes],
) -> None:
    await run(
        conn,
        SQL.upsert_reports,
        candidate_ids=[each.candidate_id for each in due],
        sitting_ids=[each.sitting_id for each in due],
        exam_ids=[each.exam_id for each in due],
        key_versions=[each.key_version for each in due],
        facts=[Jsonb(as_stored(its)) for its in facts],
        comments=comments,
        comments_by=["model" if each.approved else "template" for each in due],
        pdfs=pdfs,
    )


async def report_of(conn: Connection, *, sitting_id: int, candidate_id: int) -> Report:
    """A candidate's own report, as long as the results are released and it is of the key as it is."""
    found = await maybe(conn, SQL.report, _Stored, sitting_id=sitting_id, candidate_id=candidate_id)
    if found is None:
        raise NoReport
    return Report(read_facts(found.facts), found.comment, found.made_at)


async def has_report(conn: Connection, *, sitting_id: int, candidate_id: int) -> bool:
    """Whether `report_of` would give one."""
    return (
        await maybe(conn, SQL.has_report, _Found, sitting_id=sitting_id, candidate_id=candidate_id)
        is not None
    )


async def pdf_of(conn: Connection, *, sitting_id: int, candidate_id: int) -> tuple[str, bytes]:
    """The exam's title and the same report as a PDF."""
    found = await maybe(conn, SQL.pdf, _Pdf, sitting_id=sitting_id, candidate_id=candidate_id)
    if found is None:
        raise NoReport
    return found.title, found.pdf


async def progress_of(conn: Connection, exam_id: int) -> Progress:
    return await one(conn, SQL.progress, Progress, exam_id=exam_id)


async def list_reports(
    conn: Connection, *, exam_id: int, after_sitting_id: int, limit: int
) -> list[ListedReport]:
    """Of one exam, in the order of their sittings."""
    return await many(
        conn, SQL.list_reports, ListedReport, exam_id=exam_id, after_sitting_id=after_sitting_id, limit=limit
    )
