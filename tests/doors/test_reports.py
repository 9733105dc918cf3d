"""Reports through the front door: a candidate's own as values, page and PDF; drafts for staff."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from examhall.app import Hall
from examhall.base.typesetting import Typesetter
from examhall.reports.reports import make_due_reports
from tests.reports.conftest import FONTS, PastExam, add_past_exam, settle

from .conftest import SECRET, Caller

pytestmark = pytest.mark.anyio


@pytest.fixture
async def past(hall: Hall) -> PastExam:
    past = await add_past_exam(hall.database)
    await settle(hall.database, past)
    typesetter = Typesetter(FONTS)
    await make_due_reports(hall.database, typesetter)
    await typesetter.close()
    return past


def sign_in(hall: Hall, caller: Caller, person_id: int, *roles: str) -> None:
    """As this person, through both doors."""
    token = hall.signer.access_token(person_id, uuid4(), roles or ["candidate"])
    caller.client.headers["Authorization"] = f"Bearer {token}"
    cookie = hall.signer.cookie_token(person_id, uuid4(), roles or ["candidate"])
    caller.client.cookies.set("examhall", cookie)
    caller.client.headers["X-CSRF-Token"] = hall.signer.csrf_token(hall.signer.read_cookie(cookie))


async def sitting_of(hall: Hall, past: PastExam, candidate_id: int) -> int:
    async with hall.database.transaction() as conn:
        return await past.sitting_of(conn, candidate_id)


async def test_a_candidate_reads_their_own_report(
    hall: Hall, call: Callable[..., Any], past: PastExam
) -> None:
    best = past.candidates[0]
    sitting = await sitting_of(hall, past, best)
    alice = await call(None)
    sign_in(hall, alice, best)
    report = (await alice.get(f"/api/v1/sessions/{sitting}/report")).json()
    assert (report["score"], report["place"], report["participants"]) == (18, 1, 12)
    page = await alice.get(f"/sittings/{sitting}/report")
    assert page.status_code == 200
    assert "Download as PDF" in page.text
    assert f"/sittings/{sitting}/report" in (await alice.get(f"/sittings/{sitting}/result")).text
    for path in (f"/api/v1/sessions/{sitting}/report.pdf", f"/sittings/{sitting}/report.pdf"):
        pdf = await alice.get(path)
        assert pdf.headers["content-type"] == "application/pdf"
        assert 'filename="Topics.pdf"' in pdf.headers["content-disposition"]
        assert pdf.content.startswith(b"%PDF-")


async def test_a_report_is_read_in_the_language_that_is_asked_for(
    hall: Hall, call: Callable[..., Any], past: PastExam
) -> None:
    best = past.candidates[0]
    sitting = await sitting_of(hall, past, best)
    alice = await call(None)
    sign_in(hall, alice, best)
    for language, words in (("uz", "hech kim bundan koʻp toʻplamadi"), ("ru", "больше не набрал никто")):
        asked = {"Accept-Language": language}
        report = await alice.client.get(f"/api/v1/sessions/{sitting}/report", headers=asked)
        assert words in report.json()["comment"]
        assert words in (await alice.client.get(f"/sittings/{sitting}/report", headers=asked)).text
        for path in (f"/api/v1/sessions/{sitting}/report.pdf", f"/sittings/{sitting}/report.pdf"):
            pdf = await alice.client.get(path, headers=asked)
            assert words in " ".join(PdfReader(BytesIO(pdf.content)).pages[0].extract_text().split())


async def test_nobody_reads_anothers_report(hall: Hall, call: Callable[..., Any], past: PastExam) -> None:
    sitting = await sitting_of(hall, past, past.candidates[0])
    other = await call(None)
    sign_in(hall, other, past.candidates[1])
    for path in (
        f"/api/v1/sessions/{sitting}/report",
        f"/api/v1/sessions/{sitting}/report.pdf",
        f"/sittings/{sitting}/report",
        f"/sittings/{sitting}/report.pdf",
    ):
        assert (await other.get(path)).status_code == 404


async def test_without_a_text_model_the_page_says_so_and_asks_nobody(
    hall: Hall, call: Callable[..., Any], past: PastExam
) -> None:
    olga = await call("olga", "author")
    sign_in(hall, olga, olga.id, "author")
    page = await olga.get(f"/staff/exams/{past.id}/reports")
    assert "12 of 12" in page.text
    assert "No text model is set up" in page.text
    assert (await olga.post(f"/staff/exams/{past.id}/reports/drafts")).status_code == 409


async def test_an_author_decides_on_drafts_and_an_analyst_only_reads_them(
    hall: Hall, call: Callable[..., Any], past: PastExam
) -> None:
    hall.settings = replace(hall.settings, feedback_url="http://127.0.0.1:1/v1", given_secret=SECRET)
    olga, anna = await call("olga", "author"), await call("anna", "analyst")
    sign_in(hall, olga, olga.id, "author")
    sign_in(hall, anna, anna.id, "analyst")
    sitting = await sitting_of(hall, past, past.candidates[0])
    async with hall.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO feedback_drafts (candidate_id, sitting_id, exam_id, key_version, draft, model,"
            " written_at) VALUES (%s, %s, %s, 1, '<b>Bold</b> words', 'small', now())",
            (past.candidates[0], sitting, past.id),
        )
    page = f"/staff/exams/{past.id}/reports"
    read = (await anna.get(page)).text
    assert "&lt;b&gt;Bold&lt;/b&gt; words" in read
    assert 'value="approve"' not in read
    decision = f"{page}/drafts/{sitting}"
    assert (
        await anna.client.post(decision, data={"decision": "approve", "key_version": "1"})
    ).status_code == 403
    assert (
        await olga.client.post(decision, data={"decision": "perhaps", "key_version": "1"})
    ).status_code == 422
    done = await olga.client.post(
        decision, data={"decision": "approve", "key_version": "1", "text": "Well\x20done."}
    )
    assert done.status_code == 303
    again = await olga.client.post(decision, data={"decision": "reject", "key_version": "1"})
    assert again.status_code == 409
    async with hall.database.transaction() as conn:
        cursor = await conn.execute("SELECT state, draft, decided_by FROM feedback_drafts")
        assert await cursor.fetchone() == ("approved", "Well done.", olga.id)
