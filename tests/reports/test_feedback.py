"""Drafts of feedback: within the cap, decided once by a person, and in the report only then."""

import asyncio
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.typesetting import Typesetter
from examhall.reports.feedback import (
    RESERVED_TOKENS,
    DraftDecided,
    NoSuchDraft,
    approve_all,
    count_drafts,
    decide,
    list_drafts,
    spending_today,
    write_drafts,
)
from examhall.reports.reports import make_due_reports, report_of
from examhall.reports.text_model import TextModel

from .conftest import PastExam, add_past_exam, settle
from .endpoint import GOOD, served

pytestmark = pytest.mark.anyio

OLGA = 7


@pytest.fixture
async def past(database: Database, typesetter: Typesetter) -> PastExam:
    past = await add_past_exam(database)
    await settle(database, past)
    await make_due_reports(database, typesetter)
    return past


async def draft(
    database: Database, past: PastExam, *, cap: int = 1_000_000, limit: int = 50, **given: Any
) -> int:
    async with served(**given) as endpoint:
        model = TextModel(endpoint.url, key=None, model="small")
        try:
            drafted = await write_drafts(database, model, exam_id=past.id, tokens_a_day=cap, limit=limit)
            return drafted.written
        finally:
            await model.close()


async def first_sitting(database: Database, past: PastExam) -> int:
    async with database.transaction() as conn:
        return await past.sitting_of(conn, past.candidates[0])


async def decided(
    conn: Connection,
    past: PastExam,
    sitting_id: int,
    *,
    approve: bool,
    text: str | None = None,
    key_version: int = 1,
) -> None:
    """Olga has decided."""
    await decide(
        conn,
        exam_id=past.id,
        sitting_id=sitting_id,
        key_version=key_version,
        approve=approve,
        text=text,
        decided_by=OLGA,
    )


async def comment(database: Database, past: PastExam) -> str:
    async with database.transaction() as conn:
        sitting = await past.sitting_of(conn, past.candidates[0])
        return (
            await report_of(conn, sitting_id=sitting, candidate_id=past.candidates[0], language="en")
        ).comment


async def test_each_report_gets_one_draft_and_its_cost_is_kept(database: Database, past: PastExam) -> None:
    assert await draft(database, past, limit=5) == 5
    assert await draft(database, past) == 7
    assert await draft(database, past) == 0
    async with database.transaction() as conn:
        counts, spent = await count_drafts(conn, past.id), await spending_today(conn)
    assert (counts.draft, counts.missing) == (12, 0)
    assert (spent.tokens, spent.calls) == (12 * 700, 12)


async def test_the_cap_holds_for_workers_at_once(database: Database, past: PastExam) -> None:
    await asyncio.gather(*[draft(database, past, cap=3 * RESERVED_TOKENS) for _ in range(4)])
    async with database.transaction() as conn:
        spent = await spending_today(conn)
    assert spent.tokens <= 3 * RESERVED_TOKENS
    assert spent.calls >= 2


async def test_without_an_answer_what_was_reserved_stays_spent(database: Database, past: PastExam) -> None:
    """The endpoint may have charged for what never arrived."""
    assert await draft(database, past, replies=[(400, {})]) == 0
    async with database.transaction() as conn:
        assert (await spending_today(conn)).tokens == RESERVED_TOKENS


async def test_an_answer_of_no_use_is_passed_over(database: Database, past: PastExam) -> None:
    empty = {"choices": [{"message": {"content": ""}}]}
    assert await draft(database, past, replies=[(200, empty), (200, GOOD)]) == 11


async def test_a_draft_is_seen_by_the_candidate_only_when_approved(
    database: Database, typesetter: Typesetter, past: PastExam
) -> None:
    await draft(database, past)
    sitting = await first_sitting(database, past)
    assert await make_due_reports(database, typesetter) == 0
    assert "Well done." not in await comment(database, past)
    async with database.transaction() as conn:
        await decided(conn, past, sitting, approve=True, text="Bravo, Alice.")
    assert await make_due_reports(database, typesetter) == 1
    assert await comment(database, past) == "Bravo, Alice."
    assert await make_due_reports(database, typesetter) == 0


async def test_a_rejected_draft_is_never_seen(
    database: Database, typesetter: Typesetter, past: PastExam
) -> None:
    await draft(database, past)
    sitting = await first_sitting(database, past)
    async with database.transaction() as conn:
        await decided(conn, past, sitting, approve=False)
        assert await approve_all(conn, exam_id=past.id, key_version=1, decided_by=OLGA) == 11
    assert await make_due_reports(database, typesetter) == 11
    assert "Well done." not in await comment(database, past)


async def test_a_draft_is_decided_on_once_however_many_decide(database: Database, past: PastExam) -> None:
    await draft(database, past, limit=1)
    sitting = await first_sitting(database, past)

    async def press(approve: bool) -> str:
        try:
            async with database.transaction() as conn:
                await decided(conn, past, sitting, approve=approve)
        except DraftDecided:
            return "late"
        return "decided"

    assert sorted(await asyncio.gather(*[press(n % 2 == 0) for n in range(6)])) == ["decided"] + ["late"] * 5
    with pytest.raises(NoSuchDraft):
        async with database.transaction() as conn:
            await decided(conn, past, 10**9, approve=True)


async def test_a_draft_by_another_key_than_was_read_is_not_decided_on(
    database: Database, past: PastExam
) -> None:
    await draft(database, past, limit=1)
    sitting = await first_sitting(database, past)
    async with database.transaction() as conn:
        with pytest.raises(DraftDecided):
            await decided(conn, past, sitting, approve=True, key_version=2)
        assert await approve_all(conn, exam_id=past.id, key_version=2, decided_by=OLGA) == 0


async def test_after_a_correction_a_draft_of_the_old_key_is_not_used(
    database: Database, typesetter: Typesetter, past: PastExam
) -> None:
    await draft(database, past)
    async with database.transaction() as conn:
        await approve_all(conn, exam_id=past.id, key_version=1, decided_by=OLGA)
        await conn.execute("UPDATE exams SET key_version = 2")
        await conn.execute("UPDATE results SET key_version = 2")
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 2)", (past.id,))
        assert await list_drafts(conn, exam_id=past.id, state="approved", after_sitting_id=0, limit=50) == []
    await settle(database, past, key_version=2)
    await make_due_reports(database, typesetter)
    assert "Well done." not in await comment(database, past)
