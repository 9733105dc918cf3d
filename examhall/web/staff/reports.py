"""Reports of an exam for the office: how far they are, and drafts of feedback that wait for a person."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Conflict, Malformed
from examhall.base.jobs import enqueue
from examhall.base.wire import storable
from examhall.exams.correcting import find_standing
from examhall.reports.feedback import approve_all, count_drafts, decide, list_drafts, spending_today
from examhall.reports.reports import progress_of
from examhall.web.frame import framed, id_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for

# On one page; a person reads each of them.
DRAFTS = 20
DECISIONS = {"approve": True, "reject": False}


class NoTextModel(Conflict):
    """No text model is set up on this server: EXAMHALL_FEEDBACK_URL says which."""


async def reports_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/reports"""
    me = await page_person(request)
    require_role(me, "author", "analyst")
    exam_id = id_of(request, "exam_id")
    settings = request.app.state.settings
    after = _after(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_standing(conn, exam_id)
        progress = await progress_of(conn, exam_id)
        counts = await count_drafts(conn, exam_id)
        drafts = await list_drafts(
            conn, exam_id=exam_id, state="draft", after_sitting_id=after, limit=DRAFTS + 1
        )
        spending = await spending_today(conn)
    return framed(
        request,
        me,
        account,
        "staff/reports.html",
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        progress=progress,
        percent=round(100 * progress.made / progress.participants) if progress.participants else 0,
        counts=counts,
        drafts=drafts[:DRAFTS],
        next_after=drafts[DRAFTS - 1].sitting_id if len(drafts) > DRAFTS else None,
        spending=spending,
        cap=settings.feedback_tokens_a_day,
        model=settings.feedback_model if settings.feedback_url else None,
        may_decide=has_role(me, "author"),
    )


async def post_ask(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/reports/drafts: have drafts written for all reports that have none."""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    if request.app.state.settings.feedback_url is None:
        raise NoTextModel
    async with request.app.state.database.transaction() as conn:
        await find_standing(conn, exam_id)
        await enqueue(conn, "write_feedback", [{"exam_id": exam_id}], queue="text_model")
    return _back(exam_id)


async def post_decision(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/reports/drafts/{sitting_id}"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    approve = DECISIONS.get(str(form.get("decision", "")))
    if approve is None:
        raise Malformed
    async with request.app.state.database.transaction() as conn:
        await decide(
            conn,
            exam_id=exam_id,
            sitting_id=id_of(request, "sitting_id"),
            key_version=_key_version(form),
            approve=approve,
            text=_text(form.get("text")),
            decided_by=me.id,
        )
    return _back(exam_id)


async def post_approve_all(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/reports/drafts/approve-all"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    key_version = _key_version(await request.form())
    async with request.app.state.database.transaction() as conn:
        await find_standing(conn, exam_id)
        await approve_all(conn, exam_id=exam_id, key_version=key_version, decided_by=me.id)
    return _back(exam_id)


def _key_version(form: Mapping[str, object]) -> int:
    """Of the drafts that the person has read."""
    given = str(form.get("key_version", ""))
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Malformed
    return int(given)


def _text(given: object) -> str | None:
    try:
        return " ".join(storable(str(given or "")).split()) or None
    except ValueError as error:
        raise Malformed from error


def _after(request: Request) -> int:
    given = request.query_params.get("after", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0


def _back(exam_id: int) -> Response:
    return RedirectResponse(f"/staff/exams/{exam_id}/reports", SEE_OTHER)


routes = [
    Route("/staff/exams/{exam_id:int}/reports", reports_page),
    Route("/staff/exams/{exam_id:int}/reports/drafts", post_ask, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/reports/drafts/approve-all", post_approve_all, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/reports/drafts/{sitting_id:int}", post_decision, methods=["POST"]),
]
