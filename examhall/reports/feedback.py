"""Written feedback: drafts by a text model, within a daily cap, and a person's decision on each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import structlog

from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.languages import known_or_source
from examhall.base.sqlfile import beside
from examhall.reports.facts import read_facts
from examhall.reports.text_model import (
    ANSWER_TOKENS,
    LONGEST_CHARS,
    AnswerUnusable,
    ModelUnavailable,
    TextModel,
)

log = structlog.get_logger()

SQL = beside(__file__)

# Held back for each call before it is made: the question is some 500 tokens, more with many topics.
RESERVED_TOKENS = ANSWER_TOKENS + 1_100


class NoSuchDraft(NotFound):
    """There is no such draft."""


class DraftDecided(Conflict):
    """Somebody has decided on this draft already, or it was written anew since. Look at it again."""


@dataclass(frozen=True)
class _Wanted:
    candidate_id: int
    sitting_id: int
    key_version: int
    facts: dict[str, Any]
    language: str | None


@dataclass(frozen=True)
class _Reserved:
    spent_on: date


class Drafted(NamedTuple):
    written: int
    # Where to go on; None when there is no more, or no more just now.
    next_after: int | None


@dataclass(frozen=True)
class _Found:
    sitting_id: int


@dataclass(frozen=True)
class Draft:
    sitting_id: int
    candidate_id: int
    full_name: str
    draft: str
    model: str
    state: str
    written_at: datetime
    points: float
    max_points: float


@dataclass(frozen=True)
class Spending:
    """Of today, in UTC."""

    tokens: int
    calls: int


@dataclass(frozen=True)
class Counts:
    draft: int
    approved: int
    rejected: int
    # Reports without a draft by this key.
    missing: int


async def write_drafts(
    database: Database,
    model: TextModel,
    *,
    exam_id: int,
    tokens_a_day: int,
    limit: int,
    after_sitting_id: int = 0,
) -> Drafted:
    """Draft feedback for reports of this exam that have none, at most `limit`, in the order of the sittings.

    Each is in the language of the candidate's account.

    The tokens of a call are taken from the day's cap before it is made, so that it holds however many workers
    draft at once and whatever becomes of the call. It ends early when the cap is reached or the model gives
    no answer; an answer that is of no use is passed over; all that is said in the log. What is drafted is
    kept one by one.
    """
    async with database.transaction() as conn:
        wanted = await many(
            conn, SQL.wanted, _Wanted, exam_id=exam_id, limit=limit, after_sitting_id=after_sitting_id
        )
    written = 0
    for each in wanted:
        async with database.transaction() as conn:
            reserved = await maybe(conn, SQL.reserve, _Reserved, tokens=RESERVED_TOKENS, cap=tokens_a_day)
        if reserved is None:
            log.warning("no more feedback is drafted today: the cap is reached", cap=tokens_a_day)
            return Drafted(written, None)
        try:
            answer = await model.comment_on(read_facts(each.facts), known_or_source(each.language))
        except AnswerUnusable:
            log.warning("the text model gave no text", sitting=each.sitting_id)
            continue
        except ModelUnavailable as error:
            log.warning("the text model gives no answer", status=error.details.get("status"))
            return Drafted(written, None)
        async with database.transaction() as conn:
            await run(
                conn,
                SQL.correct_spending,
                spent_on=reserved.spent_on,
                more=(answer.tokens or RESERVED_TOKENS) - RESERVED_TOKENS,
            )
            await run(
                conn,
                SQL.keep_draft,
                candidate_id=each.candidate_id,
                sitting_id=each.sitting_id,
                exam_id=exam_id,
                key_version=each.key_version,
                draft=answer.text,
                model=model.model,
            )
        written += 1
    return Drafted(written, wanted[-1].sitting_id if len(wanted) == limit else None)


async def list_drafts(
    conn: Connection, *, exam_id: int, state: str, after_sitting_id: int, limit: int
) -> list[Draft]:
    """Of one exam and state, in the order of their sittings."""
    return await many(
        conn,
        SQL.list_drafts,
        Draft,
        exam_id=exam_id,
        state=state,
        after_sitting_id=after_sitting_id,
        limit=limit,
    )


async def count_drafts(conn: Connection, exam_id: int) -> Counts:
    return await one(conn, SQL.count_drafts, Counts, exam_id=exam_id)


async def spending_today(conn: Connection) -> Spending:
    return await maybe(conn, SQL.spending_today, Spending) or Spending(0, 0)


async def decide(
    conn: Connection,
    *,
    exam_id: int,
    sitting_id: int,
    key_version: int,
    approve: bool,
    text: str | None,
    decided_by: int,
) -> None:
    """Approve a draft, as it is or as edited, or reject it: once, however many press the button at once.

    An approved one is in the candidate's report when that is made anew, shortly after. What was drafted by
    another version of the key since the person read it is not what they decide on.
    """
    changed = await run(
        conn,
        SQL.decide,
        exam_id=exam_id,
        sitting_id=sitting_id,
        key_version=key_version,
        state="approved" if approve else "rejected",
        text=text[:LONGEST_CHARS] if text else None,
        decided_by=decided_by,
    )
    if changed == 0:
        found = await maybe(conn, SQL.find, _Found, exam_id=exam_id, sitting_id=sitting_id)
        raise DraftDecided if found else NoSuchDraft


async def approve_all(conn: Connection, *, exam_id: int, key_version: int, decided_by: int) -> int:
    """Approve every draft of an exam by this version of its key that nobody has decided on; give how many."""
    return await run(conn, SQL.approve_all, exam_id=exam_id, key_version=key_version, decided_by=decided_by)
