"""An exam and the question bank: what of it is kept there, and where the bank has something newer."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound, Refusal
from examhall.exams.bank import links_of
from examhall.exams.bank_use import save_to_bank, take_from_bank, take_newer
from examhall.exams.questions import find_exam, list_questions
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.bank_form import gist_of, kind_names, terms_of
from examhall.web.staff.given import version_in


async def exam_bank_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/bank"""
    me = await page_person(request)
    require_role(me, "author")
    return await _page(request, me)


async def _page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        questions = await list_questions(conn, exam_id)
        links = {link.id: link for link in await links_of(conn, exam_id)}
        terms = await terms_of(conn)
    return framed(
        request,
        me,
        account,
        "staff/exam_bank.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        terms=terms,
        newer=sum(link.has_newer for link in links.values()),
        cards=[
            {
                "id": each.id,
                "number": each.number,
                "version": each.version,
                "gist_html": gist_of(each.document),
                "kind_names": kind_names(dict.fromkeys(item.kind for item in each.question.items)),
                "link": links.get(each.id),
                "topic": next(
                    (code for code, name in terms.topics.items() if name == each.question.topic), ""
                ),
            }
            for each in questions
        ],
        refused="" if refusal is None else gettext_of(request)(refusal.detail),
    )


async def post_exam_bank(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/bank: save a question, take one, or take over a newer version"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    question_id, seen = (version_in(str(form.get(name, ""))) for name in ("question", "version"))
    goal = f"/staff/exams/{exam_id}/bank"
    try:
        async with request.app.state.database.transaction() as conn:
            match form.get("do"):
                case "save":
                    terms = {
                        name: str(form.get(name, "")).replace("\0", "") or None
                        for name in ("subject", "topic")
                    }
                    await save_to_bank(conn, exam_id=exam_id, question_id=question_id, **terms, by=me.id)
                case "newer":
                    await take_newer(conn, exam_id=exam_id, question_id=question_id, by=me.id, seen=seen)
                case "take":
                    taken = await take_from_bank(conn, exam_id=exam_id, bank_id=question_id, by=me.id)
                    goal = f"/staff/exams/{exam_id}/questions#question-{taken.id}"
                case _:
                    raise NotFound
    except Refusal as refusal:
        if refusal.status not in (409, 412, 422):
            raise
        return await _page(request, me, refusal)
    return RedirectResponse(goal, SEE_OTHER)


routes = [
    Route("/staff/exams/{exam_id:int}/bank", exam_bank_page),
    Route("/staff/exams/{exam_id:int}/bank", post_exam_bank, methods=["POST"]),
]
