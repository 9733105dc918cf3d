"""The sections of an exam for its authors: parts in their order, pools, and what each candidate gets."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Refusal
from examhall.exams.editing import ChangedMeanwhile
from examhall.exams.markdown import to_inline_html
from examhall.exams.questions import EditedQuestion, find_exam, list_questions
from examhall.exams.sections import find_arrangement, is_sealed, pools_that_fail, save_sections
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.question_words import first_line
from examhall.web.staff.sections_form import SectionsForm, given_form, stored_form

# Of a question's first line, in characters.
GIST = 120


async def sections_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/sections"""
    me = await page_person(request)
    require_role(me, "author")
    return await _page(request, me)


async def _page(
    request: Request, me: Person, form: SectionsForm | None = None, refusal: Refusal | None = None
) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        questions = await list_questions(conn, exam_id)
        arrangement = await find_arrangement(conn, exam_id)
        failing = await pools_that_fail(conn, exam_id) if form is None else []
        sealed = await is_sealed(conn, exam_id)
    _ = gettext_of(request)
    theirs: Sequence[Any] = ()
    if isinstance(refusal, ChangedMeanwhile) and form is not None:
        changes: Any = refusal.details["changes"]
        theirs = changes
        # Whoever saves again has seen what the other did.
        form.version = arrangement.version
    pictures = frozenset(exam.pictures)
    return framed(
        request,
        me,
        account,
        "staff/sections.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        form=form or stored_form(arrangement),
        is_given=form is not None,
        cards={each.id: _card(each, exam_id, pictures) for each in questions},
        minutes=exam.duration_s / 60,
        sealed=sealed,
        failing=[(title, _(why().detail)) for title, why in failing],
        refused="" if refusal is None else _(refusal.detail),
        refused_section="" if refusal is None else str(refusal.details.get("section", "")),
        theirs=theirs,
        saved=request.query_params.get("saved") == "1",
    )


def _card(each: EditedQuestion, exam_id: int, pictures: frozenset[str]) -> dict[str, Any]:
    question = each.question
    first = first_line(question.prompt, GIST)
    return {
        "id": each.id,
        "number": each.number,
        "gist_html": to_inline_html(first, exam_id=exam_id, pictures=pictures),
        "points": float(sum(item.points for item in question.items)),
    }


async def post_sections(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/sections: save them, or add, move or remove one in the form"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    given = await request.form()
    async with request.app.state.database.connection() as conn:
        arrangement = await find_arrangement(conn, exam_id)
    form = given_form(given, [question.id for question in arrangement.questions])
    match str(given.get("do", "save")).split(":"):
        case ["add"]:
            form.add()
        case ["up", key]:
            form.move(key, -1)
        case ["down", key]:
            form.move(key, 1)
        case ["remove", key]:
            form.remove(key)
        case _ if form.check():
            try:
                async with request.app.state.database.transaction() as conn:
                    await save_sections(
                        conn, exam_id=exam_id, wanted=form.wanted(), by=me.id, seen=form.version
                    )
            except Refusal as refusal:
                if refusal.status not in (409, 412, 422):
                    raise
                return await _page(request, me, form, refusal)
            return RedirectResponse(f"/staff/exams/{exam_id}/sections?saved=1", SEE_OTHER)
    return await _page(request, me, form)


routes = [
    Route("/staff/exams/{exam_id:int}/sections", sections_page),
    Route("/staff/exams/{exam_id:int}/sections", post_sections, methods=["POST"]),
]
