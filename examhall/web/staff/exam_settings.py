"""An exam's settings for its authors: the form that makes one, and the one that changes it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person
from examhall.accounts.people import find_account
from examhall.base.errors import Refusal
from examhall.base.made_once import RequestKey
from examhall.base.wire import storable
from examhall.courses.courses import list_courses
from examhall.exams.authored import list_series
from examhall.exams.authoring import (
    Authored,
    BadSettings,
    SettingsFixed,
    create_exam,
    find_exam,
)
from examhall.exams.editing import ChangedMeanwhile
from examhall.exams.exam_file import INSTRUCTIONS_CHARS, TITLE_CHARS
from examhall.exams.exam_file_values import known_zones
from examhall.exams.markdown import to_html
from examhall.exams.questions import find_exam as find_questions_of
from examhall.exams.readiness import readiness_of
from examhall.exams.settings import SAFE, Settings, Trouble
from examhall.sittings.retiming import change_settings
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_form import NAMES, Raw, given_in, raw_of, settings_of
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.exam_words import WORDS, differences
from examhall.web.staff.given import text_of, version_in

NEW = Settings(title="", duration_s=3600)
# More than one has; a bound all the same.
MOST_COURSES = 500
REASON_CHARS = 500
KEY_CHARS = 64


async def new_exam_page(request: Request) -> Response:
    """GET /staff/exams/new"""
    me = await page_person(request, "author")
    return await _page(request, me, raw_of(NEW), None)


async def post_new_exam(request: Request) -> Response:
    """POST /staff/exams/new"""
    me = await page_person(request, "author")
    form = await request.form()
    raw = given_in(form, shown=NEW, is_fixed=False)
    settings, troubles = settings_of(raw, NEW)
    try:
        if troubles:
            raise BadSettings(troubles)
        async with request.app.state.database.transaction() as conn:
            # Of the form as it was first shown: pressed twice, it makes one exam.
            wanted = request_of_page(form, {"create": settings.as_json()})
            made = await create_exam(conn, settings, by=me.id, request=wanted)
    except BadSettings as refusal:
        return await _page(request, me, raw, None, refusal=refusal)
    return RedirectResponse(f"/staff/exams/{made.id}/questions", SEE_OTHER)


async def settings_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/edit"""
    me = await page_person(request, "author")
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, id_of(request, "exam_id"))
    return await _page(request, me, raw_of(exam.settings), exam)


async def post_settings(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/edit"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, exam_id)
    raw = given_in(form, shown=exam.settings, is_fixed=exam.has_started)
    taken = _taken(form, raw, exam.settings)
    settings, troubles = settings_of(raw, exam.settings)
    settings = replace(settings, **taken)
    reason = text_of(form, "reason", REASON_CHARS)
    try:
        if troubles:
            raise BadSettings([each for each in troubles if each.field not in taken])
        async with request.app.state.database.transaction() as conn:
            seen = version_in(str(form.get("version", "")))
            retimed = await change_settings(conn, exam_id, settings, by=me.id, seen=seen, reason=reason)
    except BadSettings as refusal:
        return await _page(request, me, raw, exam, refusal=refusal)
    except SettingsFixed as refusal:
        return await _page(request, me, raw, exam, refusal=refusal)
    except ChangedMeanwhile as refusal:
        return await _conflict(request, me, refusal, settings, reason)
    said = f"?saved={retimed.exam.settings_version}&given={retimed.given}"
    return RedirectResponse(f"/staff/exams/{exam_id}/edit{said}", SEE_OTHER)


async def post_look(request: Request) -> Response:
    """POST /staff/exams/look: instructions as candidates will read them."""
    await page_person(request, "author")
    form = await request.form()
    text = str(form.get("text", ""))[:INSTRUCTIONS_CHARS]
    try:
        storable(text)
    except ValueError:
        text = ""
    exam_id = version_in(str(form.get("exam", "")))
    pictures: Sequence[str] = ()
    if exam_id:
        async with request.app.state.database.transaction() as conn:
            pictures = (await find_questions_of(conn, exam_id)).pictures
    # A table as large as it may be takes a second, in which others save.
    html = await asyncio.to_thread(to_html, text, exam_id=exam_id, pictures=frozenset(pictures))
    return JSONResponse({"html": html})


def request_of_page(form: Mapping[str, Any], asked: Any) -> RequestKey | None:
    """By which a form that is sent twice is known."""
    key = str(form.get("request_key", ""))
    usable = key.isascii() and key.isprintable() and 0 < len(key) <= KEY_CHARS
    return RequestKey(f"page {key}", asked) if usable else None


def _taken(form: Mapping[str, Any], raw: Raw, current: Settings) -> dict[str, Any]:
    """The fields in which the other author's value is taken over, as it is now."""
    fields = [name.removeprefix("take.") for name, value in form.items() if value == "theirs"]
    theirs = raw_of(current)
    known = [name for name in fields if name in theirs and hasattr(current, name)]
    for name in known:
        raw[name] = theirs[name]
    return {name: getattr(current, name) for name in known}


async def _conflict(
    request: Request, me: Person, refusal: ChangedMeanwhile, mine: Settings, reason: str
) -> Response:
    """The form once more: what only they changed is in it already, of what both changed somebody decides."""
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, id_of(request, "exam_id"))
    changes: Any = refusal.details["changes"]
    found, people = differences(changes, exam.settings, mine)
    merged = replace(
        mine,
        **{each.field: getattr(exam.settings, each.field) for each in found if not each.is_conflict},
    )
    return await _page(
        request, me, raw_of(merged), exam, refusal=refusal, differences=found, people=people, reason=reason
    )


async def _page(
    request: Request,
    me: Person,
    raw: Raw,
    exam: Authored | None,
    *,
    refusal: Refusal | None = None,
    **more: Any,
) -> Response:
    _ = gettext_of(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        courses = await list_courses(conn, before_id=2**62, limit=MOST_COURSES, search="")
        series = await list_series(conn)
        readiness = None if exam is None else await readiness_of(conn, exam.id)
        pictures = [] if exam is None else (await find_questions_of(conn, exam.id)).pictures
    troubles: Sequence[Trouble] = getattr(refusal, "troubles", ())
    is_fixed = exam is not None and exam.has_started
    context: dict[str, Any] = {
        "differences": [],
        "people": [],
        "reason": "",
        "saved": request.query_params.get("saved", "") if request.method == "GET" else "",
        "given_time": version_in(request.query_params.get("given", "")),
    }
    return framed(
        request,
        me,
        account,
        "staff/exam_settings.html",
        refusal.status if refusal else 200,
        exam=exam,
        exam_id=exam.id if exam else None,
        tabs=tabs_for(me) if exam else [],
        given=raw,
        problems={each.field: _(each.message) for each in troubles},
        refused=_(refusal.detail) if refusal else "",
        fixed=frozenset(NAMES) - SAFE if is_fixed else frozenset(),
        courses=courses,
        series=series,
        zones=sorted(known_zones()),
        words=WORDS,
        limits={"title": TITLE_CHARS, "instructions": INSTRUCTIONS_CHARS, "reason": REASON_CHARS},
        instructions_html=to_html(
            raw["instructions"], exam_id=exam.id if exam else 0, pictures=frozenset(pictures)
        ),
        missing=[(each.field, _(each.message)) for each in readiness.missing] if readiness else [],
        notes=[_(each) for each in readiness.notes] if readiness else [],
        request_key=str(uuid4()),
        **context | more,
    )


routes = [
    Route("/staff/exams/new", new_exam_page),
    Route("/staff/exams/new", post_new_exam, methods=["POST"]),
    Route("/staff/exams/look", post_look, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/edit", settings_page),
    Route("/staff/exams/{exam_id:int}/edit", post_settings, methods=["POST"]),
]
