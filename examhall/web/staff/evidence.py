"""The page of one sitting's whole history, for an appeal board: a timeline, a strip over time, a PDF."""

import asyncio
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.attachment import download_headers
from examhall.base.db import Connection
from examhall.certificates.signing import publish_key
from examhall.events.evidence import MARKING, Evidence, Step, note_reading, read_evidence, without_answers
from examhall.events.evidence_words import Part, Translate, more_of, parts_of, said
from examhall.exams.markdown import to_inline_html
from examhall.web.evidence_pdf import print_evidence, signed_facts
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of, language_of
from examhall.web.staff.exam_tabs import tabs_for

READERS = ("author", "analyst", "invigilator")
A_PAGE = 200
# Of an answer, beyond which it is folded away.
LONG = 240
STRIP_HEIGHT = 40
GAPS_SHOWN = 50


class Shown(NamedTuple):
    """A step as the page has it."""

    step: Step
    # To the millisecond, in UTC: what is said before a board means the same to all of it.
    at: str
    sentence: str
    parts: list[tuple[str, str | Markup]]
    is_long: bool
    more: list[str]


class Bar(NamedTuple):
    """One slice of the strip: its place and height in units of the picture."""

    x: int
    height: int
    is_cut_off: bool


async def evidence_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/sittings/{sitting_id}"""
    me = await page_person(request)
    require_role(me, *READERS)
    with_answers = _sees_answers(me)
    _ = gettext_of(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        evidence = await _read(request, conn, me, "evidence_read")
    question = _number(request, "question")
    page = max(_number(request, "page"), 1)
    steps = [step for step in evidence.steps if not question or _is_of(step, question)]
    first = (page - 1) * A_PAGE
    items = {(item.question_number, item.sub_part): item for item in evidence.items}
    return framed(
        request,
        me,
        account,
        "staff/evidence.html",
        evidence=evidence,
        started=_instant(evidence.sitting.started_at)[:-4],
        ended=_instant(evidence.ended_at)[:-4],
        gaps=[
            (_instant(since)[11:19], _instant(until)[11:19], (until - since).total_seconds())
            for since, until in evidence.gaps[:GAPS_SHOWN]
        ],
        sitting=evidence.sitting,
        exam_id=evidence.sitting.exam_id,
        tabs=tabs_for(me),
        shown=[_shown(step, items, _, with_answers) for step in steps[first : first + A_PAGE]],
        with_answers=with_answers,
        question=question,
        questions=sorted({item.question_number for item in evidence.items}),
        page=page,
        pages=max(-(-len(steps) // A_PAGE), 1),
        query=urlencode({"question": question} if question else {}),
        bars=_bars(evidence),
        busiest=max(bucket.changes for bucket in evidence.strip),
        longest=max(evidence.time_of_question.values(), default=0.0),
    )


async def evidence_pdf(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/sittings/{sitting_id}/evidence.pdf"""
    me = await page_person(request)
    require_role(me, *READERS)
    with_answers = _sees_answers(me)
    state = request.app.state
    async with state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        await publish_key(conn, state.certificate_signer)
        evidence = await _read(request, conn, me, None)
    reader = account.full_name if account else ""
    facts = await asyncio.to_thread(
        signed_facts, evidence, state.certificate_signer, with_answers=with_answers
    )
    printed = await print_evidence(
        evidence, facts, gettext_of(request), reader=reader, with_answers=with_answers,
        language=language_of(request), url=state.settings.url,
    )  # fmt: skip
    async with state.database.transaction() as conn:
        await note_reading(conn, evidence, "evidence_printed", with_answers=with_answers, sha256=facts.sha256)
    sitting = evidence.sitting
    name = f"{sitting.title} - {sitting.full_name or sitting.candidate_id} - {sitting.id}.pdf"
    return Response(printed, media_type="application/pdf", headers=download_headers(name))


async def _read(request: Request, conn: Connection, me: Person, deed: str | None) -> Evidence:
    with_answers = _sees_answers(me)
    evidence = await read_evidence(
        conn,
        id_of(request, "sitting_id"),
        exam_id=id_of(request, "exam_id"),
        marks=me.id if has_role(me, *MARKING) else None,
    )
    if deed is not None:
        await note_reading(conn, evidence, deed, with_answers=with_answers)
    return evidence if with_answers else without_answers(evidence)


def _sees_answers(me: Person) -> bool:
    return has_role(me, "author", "analyst")


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _is_of(step: Step, question: int) -> bool:
    if step.change is not None:
        return step.change.question_number == question
    return step.details.get("question") == question


def _shown(step: Step, items: dict[tuple[int, str], Any], _: Translate, with_answers: bool) -> Shown:
    parts: list[Part] = []
    if step.change is not None and with_answers:
        item = items.get((step.change.question_number, step.change.sub_part))
        parts = parts_of(item, step.change.answer, _)
    return Shown(
        step,
        _instant(step.at),
        said(step, _, with_answers=with_answers),
        [(part.letter, _as_html(part)) for part in parts],
        sum(len(part.text) for part in parts) > LONG,
        more_of(step, _),
    )


def _instant(at: datetime) -> str:
    moment = at.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"


def _as_html(part: Part) -> str | Markup:
    """An author's option with its formulas; what a candidate typed is text, which the template escapes."""
    # Pictures of options are left out: their names stand for them.
    return Markup(to_inline_html(part.text, exam_id=0)) if part.is_markdown else part.text  # noqa: S704


def _bars(evidence: Evidence) -> list[Bar]:
    most = max((bucket.changes for bucket in evidence.strip), default=0) or 1
    return [
        Bar(
            x, max(round(bucket.changes / most * STRIP_HEIGHT), 2) if bucket.changes else 0, bucket.is_cut_off
        )
        for x, bucket in enumerate(evidence.strip)
    ]


routes = [
    Route("/staff/exams/{exam_id:int}/sittings/{sitting_id:int}", evidence_page),
    Route("/staff/exams/{exam_id:int}/sittings/{sitting_id:int}/evidence.pdf", evidence_pdf),
]
