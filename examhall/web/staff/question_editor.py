"""One question of an exam being written: its form, how candidates will see it, what somebody else changed."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person
from examhall.accounts.people import find_account
from examhall.exams.questions import (
    EditedQuestion,
    NoSuchQuestion,
    change_question,
    create_question,
    find_exam,
    list_questions,
)
from examhall.web.frame import framed, id_of
from examhall.web.staff.frames import showing_frames
from examhall.web.staff.given import version_in
from examhall.web.staff.question_editing import (
    Addresses,
    Place,
    Shown,
    form_of,
    framed_look,
    look_of,
    new_draft,
    posted,
)
from examhall.web.staff.question_form import Draft, draft_of, read_draft, write_document


async def new_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions/new"""
    me = await page_person(request, "author")
    return await _editor(request, me, new_draft(request), Shown(version=0))


async def question_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions/{question_id}"""
    me = await page_person(request, "author")
    return await _editor(request, me, None, None)


async def post_question(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/questions/new and /staff/exams/{exam_id}/questions/{question_id}"""
    me = await page_person(request, "author")
    form = await request.form()
    return await posted(request, me, form, read_draft(form), PLACE)


def _new(request: Request, _draft: Draft) -> str:
    return f"{_way(request)}/new"


def _way(request: Request) -> str:
    return f"/staff/exams/{id_of(request, 'exam_id')}/questions"


async def _save(request: Request, me: Person, form: FormData, draft: Draft, seen: int) -> str:
    exam_id, document = id_of(request, "exam_id"), write_document(draft).document
    async with request.app.state.database.transaction() as conn:
        if "question_id" not in request.path_params:
            place = version_in(str(form.get("place", ""))) or None
            saved = await create_question(conn, exam_id=exam_id, document=document, by=me.id, place=place)
        else:
            question_id = id_of(request, "question_id")
            saved = await change_question(
                conn, exam_id=exam_id, question_id=question_id, document=document, by=me.id, seen=seen
            )
    return f"{_way(request)}/{saved.id}"


async def _editor(request: Request, me: Person, draft: Draft | None, shown: Shown | None) -> Response:
    """The page with what was typed; or, without a draft, with the question as it is."""
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        questions = await list_questions(conn, exam_id)
    question = _among(request, questions)
    if question is None and "question_id" in request.path_params:
        if draft is None:
            raise NoSuchQuestion
        # What was typed is still there: saved, it is a new question.
        shown = replace(shown or Shown(0), version=0, is_deleted=True)
    if draft is None or shown is None:
        assert question is not None
        draft, shown = draft_of(question.document), Shown(question.version)
    at = questions.index(question) if question else len(questions)
    way = _way(request)
    is_new = question is None or shown.is_deleted
    addresses = Addresses(
        action=f"{way}/new" if is_new else f"{way}/{id_of(request, 'question_id')}",
        look=f"{way}/look",
        frame=f"{way}/{question.id}/look" if question else f"{way}/look",
        pictures=f"/api/v1/exams/{exam_id}/pictures",
    )
    page = framed(
        request,
        me,
        account,
        "staff/question_editor.html",
        shown.status,
        exam=exam,
        exam_id=exam_id,
        root=way,
        question=question,
        # What was typed when the exam opened is still shown, though it cannot be saved.
        has_form=not exam.has_started or bool(shown.refused),
        topics=sorted({each.question.topic for each in questions if each.question.topic}),
        place=at + 1,
        total=len(questions) + (question is None),
        before=questions[at - 1] if at else None,
        behind=questions[at + 1] if at + 1 < len(questions) else None,
        **form_of(request, draft, shown, addresses),
    )
    return showing_frames(page)


PLACE = Place(_save, _editor, _new)


def _among(request: Request, questions: Sequence[EditedQuestion]) -> EditedQuestion | None:
    if "question_id" not in request.path_params:
        return None
    wanted = id_of(request, "question_id")
    return next((each for each in questions if each.id == wanted), None)


async def post_look(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/questions/look: what stands in the form, as a candidate would see it"""
    await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, exam_id)
    return await look_of(request, exam_id=exam_id, pictures=exam.pictures)


async def look_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions/look and /staff/exams/{exam_id}/questions/{question_id}/look"""
    await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, exam_id)
        questions = await list_questions(conn, exam_id)
    question = _among(request, questions)
    return framed_look(
        request,
        question.question if question else None,
        exam_id=exam_id,
        pictures=exam.pictures,
        place=question.number if question else 1,
        total=len(questions),
    )


routes = [
    Route("/staff/exams/{exam_id:int}/questions/new", new_page),
    Route("/staff/exams/{exam_id:int}/questions/new", post_question, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/questions/look", look_page),
    Route("/staff/exams/{exam_id:int}/questions/look", post_look, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/questions/{question_id:int}", question_page),
    Route("/staff/exams/{exam_id:int}/questions/{question_id:int}", post_question, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/questions/{question_id:int}/look", look_page),
]
