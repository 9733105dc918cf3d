"""The question bank for authors: found, read with its versions, written, archived."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound, Refusal
from examhall.base.wire import LARGEST_ID
from examhall.exams.bank import (
    NewerVersion,
    Search,
    add_bank_question,
    archive_bank_question,
    change_bank_question,
    find_bank_question,
    search_bank,
    versions_of,
)
from examhall.exams.questions import find_exam
from examhall.scoring.bank_difficulty import difficulties_of
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.bank_form import as_text, difference, gist_of, kind_names, read_written, terms_of
from examhall.web.staff.given import before_of, version_in
from examhall.web.staff.question_words import KINDS

ON_A_PAGE = 30
SEARCH_CHARS = 200
NEW = """prompt: What is $2 + 2$?
type: number
answer: 4
points: 1
"""


async def bank_page(request: Request) -> Response:
    """GET /staff/bank"""
    me = await page_person(request)
    require_role(me, "author")
    asked = {
        name: request.query_params.get(name, "")[:SEARCH_CHARS].replace("\0", "")
        for name in ("q", "subject", "topic", "kind")
    }
    archived = request.query_params.get("archived") == "1"
    exam_id = version_in(request.query_params.get("exam", ""))
    wanted = Search(
        asked["subject"] or None,
        asked["topic"] or None,
        asked["kind"] or None,
        asked["q"],
        archived,
    )
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await search_bank(conn, wanted, before=before_of(request), limit=ON_A_PAGE + 1)
        known = await difficulties_of(conn, [each.id for each in found])
        terms = await terms_of(conn)
        exam = await find_exam(conn, exam_id) if exam_id else None
    shown = found[:ON_A_PAGE]
    return framed(
        request,
        me,
        account,
        "staff/bank.html",
        asked=asked,
        archived=archived,
        is_search=any(asked.values()) or archived or before_of(request) != LARGEST_ID,
        terms=terms,
        kinds={kind: words.name for kind, words in KINDS.items()},
        kind_words=KINDS,
        exam=exam,
        exam_id=exam_id,
        cards=[
            vars(each)
            | {
                "gist_html": gist_of(each.document),
                "kind_names": kind_names(each.kinds),
                "difficulty": known.get(each.id),
            }
            for each in shown
        ],
        next_before=shown[-1].id if len(found) > ON_A_PAGE else None,
    )


async def question_page(request: Request) -> Response:
    """GET /staff/bank/{question_id}: what it is and was; /staff/bank/new/text: a new one as text"""
    me = await page_person(request)
    require_role(me, "author")
    return await _question_page(request, me)


async def _question_page(
    request: Request, me: Person, given: dict[str, Any] | None = None, refusal: Refusal | None = None
) -> Response:
    question_id = id_of(request, "question_id") if "question_id" in request.path_params else None
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        terms = await terms_of(conn)
        question, versions, known = None, [], None
        if question_id is not None:
            question = await find_bank_question(conn, question_id)
            versions = await versions_of(conn, question_id)
            known = (await difficulties_of(conn, [question_id])).get(question_id)
    before = [*versions[1:], None]
    stored = {
        "subject": question.subject if question else "",
        "topic": question.topic if question else "",
        "version": question.version if question else 0,
        "text": as_text(question.document) if question else NEW,
    }
    if isinstance(refusal, NewerVersion) and given is not None and question is not None:
        # Whoever saves again has seen the newer one, which is shown below.
        given["version"] = question.version
    _ = gettext_of(request)
    return framed(
        request,
        me,
        account,
        "staff/bank_question.html",
        200 if refusal is None else refusal.status,
        question=question,
        gist_html=gist_of(question.document) if question else "",
        kind_names=kind_names(question.kinds) if question else [],
        difficulty=known,
        terms=terms,
        given=given or stored,
        is_given=given is not None or question is None,
        versions=[
            vars(version)
            | {"lines": difference(earlier.document if earlier else {}, version.document) if earlier else []}
            for version, earlier in zip(versions, before, strict=True)
        ]
        if versions
        else [],
        refused="" if refusal is None else _(refusal.detail),
        problems=[] if refusal is None else refusal.details.get("fields", []),
    )


async def post_question(request: Request) -> Response:
    """POST /staff/bank/{question_id}, and /staff/bank/new/text: save the text, archive, or bring back"""
    me = await page_person(request, "author")
    question_id = id_of(request, "question_id") if "question_id" in request.path_params else None
    form = await request.form()
    given: dict[str, Any] = {
        "subject": str(form.get("subject", "")),
        "topic": str(form.get("topic", "")),
        "version": version_in(str(form.get("version", ""))),
        "text": str(form.get("text", "")).replace("\r\n", "\n"),
    }
    terms = {name: given[name].replace("\0", "") or None for name in ("subject", "topic")}
    try:
        async with request.app.state.database.transaction() as conn:
            if (do := form.get("do")) in ("archive", "restore") and question_id is not None:
                await archive_bank_question(conn, question_id, archived=do == "archive")
            elif question_id is None:
                question_id = (
                    await add_bank_question(conn, read_written(given["text"]), **terms, by=me.id)
                ).id
            else:
                await change_bank_question(
                    conn,
                    question_id,
                    read_written(given["text"]),
                    **terms,
                    by=me.id,
                    seen=given["version"],
                )
    except NotFound:
        raise
    except Refusal as refusal:
        if refusal.status not in (409, 412, 422):
            raise
        return await _question_page(request, me, given, refusal)
    return RedirectResponse(f"/staff/bank/{question_id}", SEE_OTHER)


routes = [
    Route("/staff/bank", bank_page),
    Route("/staff/bank/new/text", question_page),
    Route("/staff/bank/new/text", post_question, methods=["POST"]),
    Route("/staff/bank/{question_id:int}", question_page),
    Route("/staff/bank/{question_id:int}", post_question, methods=["POST"]),
]
