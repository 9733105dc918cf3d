"""An exam's PDF paper for the office: which one holds, another one, and those before."""

from collections.abc import AsyncIterator

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Malformed, Refusal
from examhall.exams.correcting import find_standing
from examhall.exams.paper_files import PIECE_BYTES, upload_paper
from examhall.exams.papers import list_papers, may_change_paper, take_paper_away
from examhall.exams.pdf import NoPdf
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for

READERS = ("author", "analyst", "invigilator")


async def paper_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/paper"""
    me = await page_person(request)
    require_role(me, *READERS)
    return await _page(request, me)


async def post_paper(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/paper"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    settings = request.app.state.settings
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise NoPdf
        await upload_paper(
            request.app.state.database,
            request.app.state.storage,
            _parts(upload),
            exam_id=exam_id,
            version=_version(form.get("version")),
            file_name=upload.filename or "",
            uploaded_by=me.id,
            largest_bytes=settings.paper_mb * 1_000_000,
            scratch=settings.data / "incoming",
        )
    except Refusal as refusal:
        return await _page(request, me, refusal)
    finally:
        await request.close()
    return _back(exam_id)


async def post_away(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/paper/away"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    try:
        async with request.app.state.database.transaction() as conn:
            await take_paper_away(conn, exam_id=exam_id, version=_version(form.get("version")))
    except Refusal as refusal:
        return await _page(request, me, refusal)
    return _back(exam_id)


async def _page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_standing(conn, exam_id)
        papers = await list_papers(conn, exam_id)
        is_open_to_change = await may_change_paper(conn, exam_id)
    current = next((paper for paper in papers if paper.ended_at is None), None)
    return framed(
        request,
        me,
        account,
        "staff/paper.html",
        refusal.status if refusal else 200,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        paper=current,
        earlier=[paper for paper in papers if paper is not current],
        version=current.version if current else 0,
        is_open_to_change=is_open_to_change,
        may_change=is_open_to_change and has_role(me, "author"),
        most_mb=request.app.state.settings.paper_mb,
        problem=gettext_of(request)(refusal.detail) if refusal else None,
    )


async def _parts(upload: UploadFile) -> AsyncIterator[bytes]:
    while piece := await upload.read(PIECE_BYTES):
        yield piece


def _version(given: object) -> int:
    text = str(given or "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Malformed
    return int(text)


def _back(exam_id: int) -> Response:
    return RedirectResponse(f"/staff/exams/{exam_id}/paper", SEE_OTHER)


routes = [
    Route("/staff/exams/{exam_id:int}/paper", paper_page),
    Route("/staff/exams/{exam_id:int}/paper", post_paper, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/paper/away", post_away, methods=["POST"]),
]
