"""The questions of an exam for their authors: the list in its order, and the pictures that they show."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound, Refusal
from examhall.exams.exam_file_pictures import PICTURE_BYTES
from examhall.exams.markdown import to_inline_html
from examhall.exams.question_pictures import (
    UnfitPicture,
    add_picture,
    delete_picture,
    list_pictures,
)
from examhall.exams.question_warnings import warnings_in
from examhall.exams.questions import (
    EditedExam,
    EditedQuestion,
    delete_question,
    duplicate_question,
    find_exam,
    list_questions,
    move_question,
)
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.given import version_in
from examhall.web.staff.question_words import KINDS, TONES, WARNINGS, first_line

# Of a question's first line, in characters.
GIST = 240


async def questions_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions"""
    me = await page_person(request)
    require_role(me, "author")
    return await _questions_page(request, me)


async def _questions_page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        found = await list_questions(conn, exam_id)
    questions = [each.question for each in found]
    return framed(
        request,
        me,
        account,
        "staff/questions.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        cards=[
            _card(each, warnings, exam, exam_id)
            for each, warnings in zip(found, warnings_in(questions), strict=True)
        ],
        points=float(sum(item.points for each in questions for item in each.items)),
        kinds=KINDS,
        refused="" if refusal is None else gettext_of(request)(refusal.detail),
    )


def _card(each: EditedQuestion, warnings: Sequence[str], exam: EditedExam, exam_id: int) -> dict[str, Any]:
    question = each.question
    first = first_line(question.prompt, GIST)
    kinds = dict.fromkeys(item.kind for item in question.items)
    return {
        "id": each.id,
        "version": each.version,
        "number": each.number,
        "gist_html": to_inline_html(first, exam_id=exam_id, pictures=frozenset(exam.pictures)),
        "kinds": [KINDS[kind].name for kind in kinds],
        "parts": len(question.items),
        "points": float(sum(item.points for item in question.items)),
        "topic": question.topic,
        "section": each.section,
        "warnings": [(WARNINGS[code], TONES.get(code, "wait")) for code in warnings],
    }


async def post_questions(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/questions: up, down, move, duplicate or delete one of them"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    question_id, place = (version_in(str(form.get(name, ""))) for name in ("question", "place"))
    seen = version_in(str(form.get("version", "")))
    what = {"exam_id": exam_id, "question_id": question_id, "by": me.id}
    try:
        async with request.app.state.database.transaction() as conn:
            match form.get("do"):
                case "move":
                    await move_question(conn, **what, place=place, seen=seen)
                case "duplicate":
                    await duplicate_question(conn, **what)
                case "delete":
                    await delete_question(conn, **what, seen=seen)
                case _:
                    raise NotFound
    except Refusal as refusal:
        if refusal.status not in (409, 412):
            raise
        # The list as it is now, with what stood in the way.
        return await _questions_page(request, me, refusal)
    return RedirectResponse(f"/staff/exams/{exam_id}/questions", SEE_OTHER)


async def pictures_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/pictures"""
    me = await page_person(request)
    require_role(me, "author")
    return await _pictures_page(request, me)


async def _pictures_page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        pictures = await list_pictures(conn, exam_id)
    return framed(
        request,
        me,
        account,
        "staff/pictures.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        pictures=sorted(pictures, key=lambda each: (each.is_used, each.name)),
        most_bytes=PICTURE_BYTES,
        refused="" if refusal is None else gettext_of(request)(refusal.detail),
    )


async def post_picture(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/pictures: bring one, or delete one that nothing shows"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    given = form.get("picture")
    try:
        async with request.app.state.database.transaction() as conn:
            if form.get("do") == "delete":
                await delete_picture(conn, exam_id=exam_id, name=str(form.get("name", "")), by=me.id)
            elif isinstance(given, UploadFile):
                await add_picture(
                    conn,
                    exam_id=exam_id,
                    file_name=given.filename or "",
                    # One byte more than may be: then it is known to be too large.
                    content=await given.read(PICTURE_BYTES + 1),
                    by=me.id,
                )
            else:
                raise UnfitPicture
    except Refusal as refusal:
        if refusal.status not in (409, 413, 422):
            raise
        return await _pictures_page(request, me, refusal)
    return RedirectResponse(f"/staff/exams/{exam_id}/pictures", SEE_OTHER)


routes = [
    Route("/staff/exams/{exam_id:int}/questions", questions_page),
    Route("/staff/exams/{exam_id:int}/questions", post_questions, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/pictures", pictures_page),
    Route("/staff/exams/{exam_id:int}/pictures", post_picture, methods=["POST"]),
]
