"""One question being written: its form, how candidates will see it, what somebody else changed meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.exams.editing import ChangedMeanwhile, HasStarted
from examhall.exams.exam_file_items import PROMPT_CHARS, TOPIC_CHARS
from examhall.exams.question_document import BadQuestion, document_of, judge
from examhall.exams.questions import (
    EditedExam,
    EditedQuestion,
    NoSuchQuestion,
    TooManyQuestions,
    change_question,
    create_question,
    find_exam,
    list_questions,
)
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of, language_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER
from examhall.web.staff.frames import for_a_frame, showing_frames
from examhall.web.staff.given import version_in
from examhall.web.staff.question_form import (
    KINDS,
    WHOLE,
    Draft,
    ItemDraft,
    after,
    draft_of,
    read_draft,
    write_document,
)
from examhall.web.staff.question_look import question_html
from examhall.web.staff.question_merge import merged
from examhall.web.staff.question_words import KINDS as WORDS
from examhall.web.staff.question_words import Difference, differences, in_a_form, label_of

SAVES = ("save", "save-new")


@dataclass(frozen=True)
class Shown:
    """What the form shows besides the draft itself."""

    # Of the question that it changes; 0 for a new one.
    version: int
    status: int = 200
    problems: Sequence[tuple[str, str]] = ()
    refused: str = ""
    theirs: Sequence[tuple[str, Sequence[Difference]]] = ()
    is_deleted: bool = False


async def new_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions/new"""
    me = await page_person(request)
    require_role(me, "author")
    kind = request.query_params.get("kind", "")
    item = ItemDraft(kind=kind if kind in KINDS else "single_choice").with_rows()
    # The topic of the question before: they come one after the other.
    draft = Draft(topic=request.query_params.get("topic", "")[:TOPIC_CHARS], items={WHOLE: item})
    return await _editor(request, me, draft, Shown(version=0))


async def question_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions/{question_id}"""
    me = await page_person(request)
    require_role(me, "author")
    return await _editor(request, me, None, None)


async def post_question(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/questions/new and /staff/exams/{exam_id}/questions/{question_id}"""
    me = await page_person(request, "author")
    form = await request.form()
    draft, do = read_draft(form), str(form.get("do", "save"))
    seen = version_in(str(form.get("version", "")))
    if do not in SAVES:
        return await _editor(request, me, after(draft, do), Shown(version=seen))
    try:
        saved = await _save(request, me, form, draft, seen)
    except BadQuestion as refusal:
        return await _editor(request, me, draft, _told(request, draft, seen, refusal))
    except ChangedMeanwhile as refusal:
        shown = _changed(request, draft, refusal)
        return await _editor(request, me, _with_theirs(draft, refusal), shown)
    except (HasStarted, TooManyQuestions, NoSuchQuestion) as refusal:
        why = gettext_of(request)(refusal.detail)
        gone = isinstance(refusal, NoSuchQuestion)
        shown = Shown(version=0 if gone else seen, status=refusal.status, refused=why, is_deleted=gone)
        return await _editor(request, me, draft, shown)
    way = f"/staff/exams/{id_of(request, 'exam_id')}/questions"
    if do == "save-new":
        kind = next(iter(draft.items.values())).kind
        return RedirectResponse(f"{way}/new?kind={kind}", SEE_OTHER)
    return RedirectResponse(f"{way}/{saved.id}?saved=1", SEE_OTHER)


async def _save(request: Request, me: Person, form: FormData, draft: Draft, seen: int) -> EditedQuestion:
    exam_id, document = id_of(request, "exam_id"), write_document(draft).document
    async with request.app.state.database.transaction() as conn:
        if "question_id" not in request.path_params:
            place = version_in(str(form.get("place", ""))) or None
            return await create_question(conn, exam_id=exam_id, document=document, by=me.id, place=place)
        question_id = id_of(request, "question_id")
        return await change_question(
            conn, exam_id=exam_id, question_id=question_id, document=document, by=me.id, seen=seen
        )


def _told(request: Request, draft: Draft, seen: int, refusal: BadQuestion) -> Shown:
    found: Any = refusal.details["fields"]
    return Shown(version=seen, status=refusal.status, problems=_in_fields(request, draft, found))


def _in_fields(request: Request, draft: Draft, found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Each problem with the id of the field that it is about."""
    words, fields = gettext_of(request), write_document(draft).fields
    told = []
    for each in found:
        path, message = in_a_form(each["path"], each["message"], words)
        while path and path not in fields:
            path = path.rpartition(".")[0]
        told.append((fields.get(path, "prompt"), message))
    return list(dict.fromkeys(told))


def _changed(request: Request, draft: Draft, refusal: ChangedMeanwhile) -> Shown:
    """What the others changed, field by field; the form now goes by the version that it shows of them."""
    words, changes = gettext_of(request), refusal.details["changes"]
    version = refusal.details["version"]
    assert isinstance(changes, list)
    assert isinstance(version, int)
    # As it would be stored, which the changes are too.
    yours = document_of(judge(write_document(draft).document)[0])
    return Shown(
        version=version,
        status=refusal.status,
        refused=words(refusal.detail),
        theirs=[
            (each["edited_by"] or "", differences(each["before"], each["after"], yours, words))
            for each in changes
            if each["after"] is not None
        ],
        is_deleted=changes[-1]["after"] is None,
    )


def _with_theirs(draft: Draft, refusal: ChangedMeanwhile) -> Draft:
    changes: Any = refusal.details["changes"]
    before, now = changes[0]["before"], changes[-1]["after"]
    return draft if before is None or now is None else merged(draft, before, now)


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
    page = framed(
        request,
        me,
        account,
        "staff/question_editor.html",
        shown.status,
        exam=exam,
        exam_id=exam_id,
        question=question,
        draft=draft,
        shown=shown,
        problems=_by_field(shown.problems),
        kinds=WORDS,
        topics=sorted({each.question.topic for each in questions if each.question.topic}),
        place=at + 1,
        total=len(questions) + (question is None),
        before=questions[at - 1] if at else None,
        behind=questions[at + 1] if at + 1 < len(questions) else None,
        saved="saved" in request.query_params and request.method == "GET",
        limits={"prompt": PROMPT_CHARS, "topic": TOPIC_CHARS},
        words=editor_words(request),
    )
    return showing_frames(page)


def _among(request: Request, questions: Sequence[EditedQuestion]) -> EditedQuestion | None:
    if "question_id" not in request.path_params:
        return None
    wanted = id_of(request, "question_id")
    return next((each for each in questions if each.id == wanted), None)


def _by_field(problems: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field, message in problems:
        found.setdefault(field, []).append(message)
    return found


async def post_look(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/questions/look: what stands in the form, as a candidate would see it"""
    await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    draft = read_draft(form)
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, exam_id)
    question, found = judge(write_document(draft).document, pictures=exam.pictures)
    place, total = (version_in(str(form.get(name, ""))) or 1 for name in ("shown-place", "shown-total"))
    html = await asyncio.to_thread(
        question_html,
        question,
        exam_id=exam_id,
        pictures=exam.pictures,
        language=language_of(request),
        place=place,
        total=max(place, total),
    )
    words = gettext_of(request)
    told = (in_a_form(str(each["path"]), str(each["message"]), words) for each in found)
    problems = [
        f"{label_of(path, words)}: {message}" if path else message for path, message in dict.fromkeys(told)
    ]
    return JSONResponse({"html": html, "problems": problems}, headers={"cache-control": "no-store"})


async def look_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/questions/look and /staff/exams/{exam_id}/questions/{question_id}/look"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, exam_id)
        questions = await list_questions(conn, exam_id)
    question = _among(request, questions)
    html = "" if question is None else _look(request, exam, exam_id, question, len(questions))
    return for_a_frame(render(request, "staff/question_look.html", html=html))


def _look(request: Request, exam: EditedExam, exam_id: int, question: EditedQuestion, total: int) -> str:
    return question_html(
        question.question,
        exam_id=exam_id,
        pictures=exam.pictures,
        language=language_of(request),
        place=question.number,
        total=total,
    )


def editor_words(request: Request) -> dict[str, str]:
    """What the editor's script says."""
    _ = gettext_of(request)
    return {
        "saving": _("Saving…"),
        "saved": _("Saved {time}"),
        "unsaved": _("Not saved yet"),
        "refused": _("Not saved: please look above"),
        "lost": _("Not saved: the server cannot be reached. What you wrote is still here."),
        "sign_in": _("Not saved: sign in again in another tab, then save once more."),
        "bringing": _("The picture is being brought…"),
        "brought": _("The picture is in the text. Say in the brackets what it shows."),
        "not_brought": _("The picture could not be brought."),
        "describe": _("what the picture shows"),
    }


routes = [
    Route("/staff/exams/{exam_id:int}/questions/new", new_page),
    Route("/staff/exams/{exam_id:int}/questions/new", post_question, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/questions/look", look_page),
    Route("/staff/exams/{exam_id:int}/questions/look", post_look, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/questions/{question_id:int}", question_page),
    Route("/staff/exams/{exam_id:int}/questions/{question_id:int}", post_question, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/questions/{question_id:int}/look", look_page),
]
