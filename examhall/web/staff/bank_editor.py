"""A question of the bank being written: in the editor of exams' questions, with what it is filed by."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person
from examhall.accounts.people import find_account
from examhall.base.db import Connection
from examhall.exams.bank import (
    BankQuestion,
    NewerVersion,
    add_bank_question,
    change_bank_question,
    find_bank_question,
    names_of,
)
from examhall.exams.question_document import judge
from examhall.web.frame import framed, id_of
from examhall.web.staff.bank_form import Terms, terms_of
from examhall.web.staff.frames import showing_frames
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

ROOT = "/staff/bank"
CODE_CHARS = 40


async def new_page(request: Request) -> Response:
    """GET /staff/bank/new"""
    me = await page_person(request, "author")
    # As the question before: they come one after the other.
    subject, filed = (request.query_params.get(name, "")[:CODE_CHARS] for name in ("subject", "filed"))
    draft = replace(new_draft(request), subject=subject, filed=filed)
    return await _editor(request, me, draft, Shown(version=0))


async def question_page(request: Request) -> Response:
    """GET /staff/bank/{question_id}/edit"""
    me = await page_person(request, "author")
    return await _editor(request, me, None, None)


async def post_question(request: Request) -> Response:
    """POST /staff/bank/new and /staff/bank/{question_id}/edit"""
    me = await page_person(request, "author")
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        terms = await terms_of(conn)
    names = {"subject": terms.subjects, "filed": terms.topics}
    return await posted(request, me, form, _with_topic(read_draft(form), terms), PLACE, names)


def _new(_request: Request, draft: Draft) -> str:
    return f"{ROOT}/new?{urlencode({'subject': draft.subject, 'filed': draft.filed})}"


def _with_topic(draft: Draft, terms: Terms) -> Draft:
    """The topic that the question brings along into an exam is the one that it is filed by, in words.

    A topic in an author's own words, from an exam or its file, stays.
    """
    if draft.topic and draft.topic not in terms.topics.values():
        return draft
    return replace(draft, topic=terms.topics.get(draft.filed, ""))


async def _save(request: Request, me: Person, _form: FormData, draft: Draft, seen: int) -> str:
    document = write_document(draft).document
    filed: dict[str, Any] = {
        "subject": draft.subject.replace("\0", "") or None,
        "topic": draft.filed.replace("\0", "") or None,
        "by": me.id,
    }
    async with request.app.state.database.transaction() as conn:
        if "question_id" not in request.path_params:
            saved = await add_bank_question(conn, document, **filed)
        else:
            try:
                saved = await change_bank_question(
                    conn, id_of(request, "question_id"), document, **filed, seen=seen
                )
            except NewerVersion as refusal:
                changes: Any = refusal.details["changes"]
                for change in changes:
                    change |= {side: _flat(change[side]) for side in ("before", "after")}
                raise
    return f"{ROOT}/{saved.id}/edit"


def _flat(version: dict[str, Any]) -> dict[str, Any]:
    """A version as one document, with what it is filed by among its fields."""
    document: dict[str, Any] = version["document"]
    return document | {"subject": version["subject"] or "", "filed": version["topic"] or ""}


async def _editor(request: Request, me: Person, draft: Draft | None, shown: Shown | None) -> Response:
    """The page with what was typed; or, without a draft, with the question as it is."""
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        terms = await terms_of(conn)
        question, _ = await _asked(request, conn)
    if draft is None or shown is None:
        assert question is not None
        filed = {"subject": question.subject, "filed": question.topic}
        draft, shown = draft_of(question.document | filed), Shown(question.version)
    way = f"{ROOT}/{question.id}" if question else f"{ROOT}/new"
    addresses = Addresses(
        action=f"{way}/edit" if question else way,
        look=f"{way}/look",
        frame=f"{way}/look",
        pictures=f"/api/v1/bank/{question.id}/pictures" if question else "",
    )
    page = framed(
        request,
        me,
        account,
        "staff/bank_editor.html",
        shown.status,
        question=question,
        has_form=True,
        terms=terms,
        place=1,
        total=1,
        **form_of(request, draft, shown, addresses),
    )
    return showing_frames(page)


PLACE = Place(_save, _editor, _new)


async def _asked(request: Request, conn: Connection) -> tuple[BankQuestion | None, list[str]]:
    """The question that the address names, with its pictures' names; none of a new one."""
    if "question_id" not in request.path_params:
        return None, []
    question_id = id_of(request, "question_id")
    return await find_bank_question(conn, question_id), await names_of(conn, question_id)


def _pictures_at(request: Request) -> str:
    return f"{ROOT}/{request.path_params.get('question_id', 0)}/pictures/"


async def post_look(request: Request) -> Response:
    """POST /staff/bank/new/look and /staff/bank/{question_id}/look: what stands in the form"""
    await page_person(request, "author")
    async with request.app.state.database.transaction() as conn:
        _, pictures = await _asked(request, conn)
    return await look_of(request, exam_id=0, pictures=pictures, picture_base=_pictures_at(request))


async def look_page(request: Request) -> Response:
    """GET /staff/bank/new/look and /staff/bank/{question_id}/look: what stands in the frame"""
    await page_person(request, "author")
    async with request.app.state.database.transaction() as conn:
        question, pictures = await _asked(request, conn)
    return framed_look(
        request,
        judge(question.document, pictures=pictures)[0] if question else None,
        exam_id=0,
        pictures=pictures,
        picture_base=_pictures_at(request),
    )


routes = [
    Route("/staff/bank/new", new_page),
    Route("/staff/bank/new", post_question, methods=["POST"]),
    Route("/staff/bank/new/look", look_page),
    Route("/staff/bank/new/look", post_look, methods=["POST"]),
    Route("/staff/bank/{question_id:int}/edit", question_page),
    Route("/staff/bank/{question_id:int}/edit", post_question, methods=["POST"]),
    Route("/staff/bank/{question_id:int}/look", look_page),
    Route("/staff/bank/{question_id:int}/look", post_look, methods=["POST"]),
]
