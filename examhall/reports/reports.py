"""Making candidates' reports in the background, and showing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import structlog
from psycopg.types.json import Jsonb

from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import NotFound
from examhall.base.languages import gettext_for, known_or_source
from examhall.base.sqlfile import beside
from examhall.base.typesetting import BadDocument, Typesetter, TypesetterGone
from examhall.reports.facts import Due, Facts, as_stored, gather, list_due, read_facts
from examhall.reports.printing import print_report
from examhall.reports.wording import comment_on

log = structlog.get_logger()

SQL = beside(__file__)

# Made between two commits: half a second of work that a crash may cost.
CHUNK = 50


# Sittings and versions of the key whose reports could not be set.
Failed: TypeAlias = set[tuple[int, int]]


class NoReport(NotFound):
    """There is no report for this exam, or not yet."""


@dataclass(frozen=True)
class _Stored:
    facts: dict[str, Any]
    comment: str
    comment_by: str
    made_at: datetime


@dataclass(frozen=True)
class _Found:
    key_version: int


@dataclass(frozen=True)
class _Pdf:
    title: str
    facts: dict[str, Any]
    comment: str
    comment_by: str
    # None when it was made in another language than is asked for.
    pdf: bytes | None


class PrintedReport(NamedTuple):
    """The exam's title, and the PDF as it was made or else what it is set from."""

    title: str
    facts: Facts
    comment: str
    pdf: bytes | None


@dataclass(frozen=True)
class _Made:
    due: Due
    facts: Facts
    comment: str
    language: str
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


async def make_due_reports(
    database: Database, typesetter: Typesetter, *, limit: int = CHUNK, failed: Failed | None = None
) -> int:
    """Make the reports that are due, at most so many; give how many were tried, 0 when none is due.

    A report is due once its exam is settled and calibrated by the key as it is, and again after a correction
    of the key or when written feedback is approved. It is in the language of the candidate's account. It is
    set outside of any transaction, by a process that yields to everything else; two workers at it at once
    make the same, and one of them is kept. One that cannot be set holds up no other: it is said in the log,
    added to `failed`, and left out from then on.
    """
    failed = set() if failed is None else failed
    async with database.transaction() as conn:
        due = await list_due(conn, limit=limit, leave_out=failed)
        facts = await gather(conn, due)
    made = []
    for each, its in zip(due, facts, strict=True):
        language = known_or_source(each.language)
        comment = each.approved or comment_on(its, gettext_for(language))
        try:
            pdf = await print_report(typesetter, its, comment, language)
            made.append(_Made(each, its, comment, language, pdf))
        except (BadDocument, TypesetterGone) as error:
            log.error("a report cannot be made", sitting=each.sitting_id, error=str(error))
            failed.add((each.sitting_id, each.key_version))
    if made:
        async with database.transaction() as conn:
            await _store(conn, made)
    return len(due)


async def _store(conn: Connection, made: Sequence[_Made]) -> None:
    await run(
        conn,
        SQL.upsert_reports,
        candidate_ids=[each.due.candidate_id for each in made],
        sitting_ids=[each.due.sitting_id for each in made],
        exam_ids=[each.due.exam_id for each in made],
        key_versions=[each.due.key_version for each in made],
        facts=[Jsonb(as_stored(each.facts)) for each in made],
        comments=[each.comment for each in made],
        comments_by=["model" if each.due.approved else "template" for each in made],
        languages=[each.language for each in made],
        pdfs=[each.pdf for each in made],
    )


async def report_of(conn: Connection, *, sitting_id: int, candidate_id: int, language: str) -> Report:
    """A candidate's own report, as long as the results are released and it is of the key as it is.

    What nobody wrote is said in `language`; feedback that staff approved stays as they approved it.
    """
    found = await maybe(conn, SQL.report, _Stored, sitting_id=sitting_id, candidate_id=candidate_id)
    if found is None:
        raise NoReport
    facts = read_facts(found.facts)
    return Report(facts, _comment(found, facts, language), found.made_at)


def _comment(found: _Stored | _Pdf, facts: Facts, language: str) -> str:
    return found.comment if found.comment_by == "model" else comment_on(facts, gettext_for(language))


async def has_report(conn: Connection, *, sitting_id: int, candidate_id: int) -> bool:
    """Whether `report_of` would give one."""
    return (
        await maybe(conn, SQL.has_report, _Found, sitting_id=sitting_id, candidate_id=candidate_id)
        is not None
    )


async def pdf_of(conn: Connection, *, sitting_id: int, candidate_id: int, language: str) -> PrintedReport:
    """The same report as a PDF."""
    found = await maybe(
        conn, SQL.pdf, _Pdf, sitting_id=sitting_id, candidate_id=candidate_id, language=language
    )
    if found is None:
        raise NoReport
    facts = read_facts(found.facts)
    return PrintedReport(found.title, facts, _comment(found, facts, language), found.pdf)


async def progress_of(conn: Connection, exam_id: int) -> Progress:
    return await one(conn, SQL.progress, Progress, exam_id=exam_id)


async def list_reports(
    conn: Connection, *, exam_id: int, after_sitting_id: int, limit: int
) -> list[ListedReport]:
    """Of one exam, in the order of their sittings."""
    return await many(
        conn, SQL.list_reports, ListedReport, exam_id=exam_id, after_sitting_id=after_sitting_id, limit=limit
    )
