"""What authors do with an exam as a whole: publish, take back, copy, delete, download; import one."""

import asyncio
from functools import partial
from typing import Any
from uuid import uuid4

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person
from examhall.accounts.people import find_account
from examhall.base.attachment import download_headers
from examhall.base.errors import NotFound, Refusal
from examhall.exams.authored import list_edits
from examhall.exams.authoring import delete_draft, find_exam, make_draft, publish_exam
from examhall.exams.duplicating import duplicate_exam
from examhall.exams.exam_file import FILE_BYTES, TITLE_CHARS, read_exam_file
from examhall.exams.exam_file_problems import BadExamFile
from examhall.exams.exam_file_writing import to_yaml
from examhall.exams.exporting import download_document
from examhall.exams.importing import import_once
from examhall.exams.readiness import readiness_of
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_settings import request_of_page
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.exam_words import LABELS, WORDS
from examhall.web.staff.given import version_in
from examhall.web.staff.question_words import first_line

EDITS_SHOWN = 30
# Of a line with a mistake; of a file that is shown again to be corrected in the page, in characters.
LINE_SHOWN = 200
TEXT_KEPT = 200_000
# Of a question, in the list of what was changed.
QUESTION_SHOWN = 80


async def office_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/office"""
    me = await page_person(request, "author")
    return await _office(request, me)


async def post_office(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/office: publish, draft, copy or delete"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    going_to = f"/staff/exams/{exam_id}"
    try:
        async with request.app.state.database.transaction() as conn:
            match form.get("do"):
                case "publish":
                    await publish_exam(conn, exam_id, by=me.id)
                case "draft":
                    await make_draft(conn, exam_id, by=me.id)
                    going_to += "/edit"
                case "copy":
                    title = (await find_exam(conn, exam_id)).settings.title
                    title = gettext_of(request)("Copy of {title}").format(title=title)[:TITLE_CHARS]
                    # Of the page as it was shown: pressed twice, it makes one copy.
                    wanted = request_of_page(form, exam_id)
                    made = await duplicate_exam(conn, exam_id, title=title, by=me.id, request=wanted)
                    going_to = f"/staff/exams/{made.id}/edit"
                case "delete":
                    seen = version_in(str(form.get("version", "")))
                    await delete_draft(conn, exam_id, by=me.id, seen=seen)
                    going_to = "/staff/exams"
                case _:
                    raise NotFound
    except Refusal as refusal:
        if refusal.status not in (409, 412):
            raise
        return await _office(request, me, refusal)
    return RedirectResponse(going_to, SEE_OTHER)


async def exam_file(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/file"""
    await page_person(request, "author")
    async with request.app.state.database.transaction() as conn:
        document = await download_document(conn, id_of(request, "exam_id"))
    text = await asyncio.to_thread(to_yaml, document)
    headers = download_headers(f"{document['title']}.yaml")
    return Response(text, media_type="application/yaml", headers=headers)


async def import_page(request: Request) -> Response:
    """GET /staff/exams/import"""
    me = await page_person(request, "author")
    return await _import(request, me)


async def post_import(request: Request) -> Response:
    """POST /staff/exams/import: a file, or what was written into the field"""
    me = await page_person(request, "author")
    form = await request.form()
    upload = form.get("file")
    text = str(form.get("text", ""))
    try:
        if isinstance(upload, UploadFile) and (upload.size or upload.filename):
            source = await upload.read(FILE_BYTES + 1)
            text = source.decode("utf-8", "replace") if len(source) <= FILE_BYTES else ""
        else:
            source = text.encode("utf-8", "replace")
        exam = await asyncio.to_thread(read_exam_file, source, largest_bytes=FILE_BYTES)
        async with request.app.state.database.transaction() as conn:
            # Of the page as it was shown: pressed twice, it makes one draft.
            wanted = request_of_page(form, {"import": source.decode("utf-8", "replace")})
            made = await import_once(conn, exam, by=me.id, is_draft=True, request=wanted)
    except Refusal as refusal:
        return await _import(request, me, refusal, text)
    finally:
        await request.close()
    return RedirectResponse(f"/staff/exams/{made.id}/questions", SEE_OTHER)


async def _office(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    _ = gettext_of(request)
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        readiness = await readiness_of(conn, exam_id)
        edits = await list_edits(conn, exam_id, before_version=2**31 - 1, limit=EDITS_SHOWN)
    return framed(
        request,
        me,
        account,
        "staff/exam_office.html",
        refusal.status if refusal else 200,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        refused=_(refusal.detail) if refusal else "",
        missing=[(each.field, _(each.message)) for each in readiness.missing],
        notes=[_(each) for each in readiness.notes],
        edits=edits,
        first_line=partial(first_line, most=QUESTION_SHOWN),
        labels=LABELS,
        words=WORDS,
        problems={},
        fixed=(),
        given={},
        request_key=str(uuid4()),
    )


async def _import(request: Request, me: Person, refusal: Refusal | None = None, text: str = "") -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
    found: Any = refusal.details.get("fields", []) if isinstance(refusal, BadExamFile) else []
    lines = text.split("\n")
    return framed(
        request,
        me,
        account,
        "staff/exam_import.html",
        refusal.status if refusal else 200,
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        missing_people=refusal.details.get("missing", []) if refusal else [],
        found=[
            {**each, "text": lines[each["line"] - 1][:LINE_SHOWN] if each["line"] <= len(lines) else ""}
            for each in found
        ],
        text=text if len(text) <= TEXT_KEPT else "",
        largest_mb=FILE_BYTES // 1_000_000,
        request_key=str(uuid4()),
    )


routes = [
    Route("/staff/exams/import", import_page),
    Route("/staff/exams/import", post_import, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/office", office_page),
    Route("/staff/exams/{exam_id:int}/office", post_office, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/file", exam_file),
]
