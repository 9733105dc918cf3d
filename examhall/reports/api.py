"""Reports over the API: a candidate's own, as values and as a PDF."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from examhall.accounts.access import NotSignedIn, SignedIn
from examhall.accounts.tokens import TokenInvalid
from examhall.base.attachment import download_headers
from examhall.base.clock import rfc3339
from examhall.base.languages import language_of
from examhall.base.typesetting import TypesetterGone
from examhall.base.wire import Db, Id, refusals
from examhall.reports.reports import NoReport, Report, pdf_of, report_of
from examhall.reports.sheets import sheets_of
from examhall.sittings.admission import require_ticket_for_sitting
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.availability import ExamNotFound
from examhall.standings.progress_replies import TopicOut

sessions_router = APIRouter(tags=["Exams and sessions"])

OF_REPORT = refusals(NotSignedIn, TokenInvalid, SessionNotFound, ExamNotFound, NoReport)


class ReportOut(BaseModel):
    title: str
    score: float
    max_score: float
    percent: float
    passed: bool | None
    place: int
    participants: int
    ahead_of_percent: int
    mean_score: float
    ability: float | None = Field(description="Rasch ability, logits; null where it cannot be told.")
    ability_se: float | None
    scaled_score: float | None
    topics: Sequence[TopicOut]
    comment: str
    made_at: str

    @classmethod
    def of(cls, report: Report) -> "ReportOut":
        facts = report.facts
        return cls(
            title=facts.title,
            score=facts.points,
            max_score=facts.max_points,
            percent=facts.percent,
            passed=facts.passed,
            place=facts.place,
            participants=facts.participants,
            ahead_of_percent=facts.ahead_of,
            mean_score=facts.mean_points,
            ability=facts.theta,
            ability_se=facts.se,
            scaled_score=facts.scaled,
            topics=[TopicOut.of(topic) for topic in facts.topics],
            comment=report.comment,
            made_at=rfc3339(report.made_at),
        )


@sessions_router.get("/sessions/{session_id}/report", summary="My report", responses=OF_REPORT)
async def get_report(request: Request, session_id: Id, me: SignedIn, db: Db) -> ReportOut:
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, session_id)
        report = await report_of(
            conn, sitting_id=session_id, candidate_id=me.id, language=language_of(request.scope)
        )
    return ReportOut.of(report)


@sessions_router.get(
    "/sessions/{session_id}/report.pdf",
    summary="My report as a PDF",
    response_class=Response,
    responses=OF_REPORT | refusals(TypesetterGone) | {200: {"content": {"application/pdf": {}}}},
)
async def get_report_pdf(request: Request, session_id: Id, me: SignedIn, db: Db) -> Response:
    language = language_of(request.scope)
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, session_id)
        report = await pdf_of(conn, sitting_id=session_id, candidate_id=me.id, language=language)
    pdf = await sheets_of(request).pdf(report, language)
    return Response(pdf, headers=download_headers(f"{report.title}.pdf"), media_type="application/pdf")
