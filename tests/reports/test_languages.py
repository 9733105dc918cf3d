"""A report speaks the language of whoever reads it; what a person approved stays as it was written."""

import io

import pytest
from msgspec.structs import replace
from pypdf import PdfReader

from examhall.base.db import Database
from examhall.base.languages import gettext_for
from examhall.base.typesetting import Typesetter
from examhall.reports.printing import print_report
from examhall.reports.reports import make_due_reports, pdf_of, report_of
from examhall.reports.sheets import ReportSheets
from examhall.reports.wording import comment_on

from .conftest import FONTS, PastExam, add_past_exam, settle
from .test_wording import FACTS, topic

pytestmark = pytest.mark.anyio


async def past_exam(database: Database, typesetter: Typesetter) -> PastExam:
    """Its first candidate chose Uzbek, the others nothing."""
    past = await add_past_exam(database)
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET language = 'uz' WHERE id = %s", (past.candidates[0],))
    await settle(database, past)
    await make_due_reports(database, typesetter)
    return past


def text_of(pdf: bytes) -> str:
    return " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())


def test_the_comment_is_in_the_readers_words_and_figures() -> None:
    facts = replace(FACTS, points=45.5, topics=(topic("Kasrlar", "strength"), topic("Doira", "strength")))
    uzbek, russian = (comment_on(facts, gettext_for(language)) for language in ("uz", "ru"))
    assert uzbek.startswith("Siz 55 balldan 45,5 ball toʻpladingiz, bu oʻrtacha natijadan (29,4) yuqori.")
    assert "Kasrlar va Doira" in uzbek
    assert russian.startswith("Вы набрали баллов: 45,5 из 55, это выше среднего результата (29,4).")
    assert "Kasrlar и Doira" in russian


async def test_a_pdf_is_wholly_in_one_language(typesetter: Typesetter) -> None:
    facts = replace(FACTS, topics=(topic("Kasrlar", "usual"),))
    russian = text_of(await print_report(typesetter, facts, "", "ru"))
    assert "6 ноября 2026" in russian
    assert "81,8 %" in russian.replace("\u00a0", " ")
    assert "+1,60" in russian
    uzbek = text_of(await print_report(typesetter, replace(facts, passed=True), "", "uz"))
    assert "2026-yil 6-noyabr" in uzbek
    assert "81,8% · oʻtdi" in uzbek
    for word in ("Report", "Points", "Place", "Ahead", "passed", "mean", "topic", "stand", "Made", "logits"):
        assert word not in russian
        assert word not in uzbek


async def test_a_report_is_made_in_the_language_of_the_account(
    database: Database, typesetter: Typesetter
) -> None:
    past = await past_exam(database, typesetter)
    async with database.transaction() as conn:
        for candidate, language in ((past.candidates[0], "uz"), (past.candidates[1], "en")):
            sitting = await past.sitting_of(conn, candidate)
            made = await pdf_of(conn, sitting_id=sitting, candidate_id=candidate, language=language)
            assert made.pdf is not None
            assert made.comment in text_of(made.pdf)


async def test_in_another_language_it_is_set_when_asked_for(
    database: Database, typesetter: Typesetter
) -> None:
    past = await past_exam(database, typesetter)
    sheets = ReportSheets(FONTS)
    async with database.transaction() as conn:
        sitting = await past.sitting_of(conn, past.candidates[0])
        of = {"sitting_id": sitting, "candidate_id": past.candidates[0]}
        kept = await pdf_of(conn, **of, language="uz")
        other = await pdf_of(conn, **of, language="ru")
    assert other.pdf is None
    try:
        assert await sheets.pdf(kept, "uz") == kept.pdf
        assert "больше не набрал никто" in text_of(await sheets.pdf(other, "ru"))
    finally:
        await sheets.close()


async def test_approved_feedback_stays_as_it_was_approved(database: Database, typesetter: Typesetter) -> None:
    past = await past_exam(database, typesetter)
    async with database.transaction() as conn:
        sitting = await past.sitting_of(conn, past.candidates[0])
        await conn.execute("UPDATE reports SET comment = 'Well done.', comment_by = 'model'")
        report = await report_of(conn, sitting_id=sitting, candidate_id=past.candidates[0], language="ru")
    assert report.comment == "Well done."
