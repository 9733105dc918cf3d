"""The record of what was done: all of it for administrators, of one exam for its authors, and as a file."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from examhall.accounts.access import page_person, require_role
from examhall.accounts.people import find_account
from examhall.audit.entries import MEDIA_TYPES, Sought, file_pieces, list_entries, list_kinds
from examhall.audit.noting import NOTES, note
from examhall.base.attachment import download_headers
from examhall.base.csv_file import UNSTORABLE
from examhall.base.errors import NotFound
from examhall.base.wire import LARGEST_ID
from examhall.exams.correcting import find_standing
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.staff.audit_words import DOORS, kind_name, told
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.given import before_of

A_PAGE = 50
LONGEST = 200
FILTERS = ("who", "person", "kind", "thing", "exam", "door", "deed", "from", "to", "q")


async def audit_page(request: Request) -> Response:
    """GET /staff/audit"""
    me = await page_person(request)
    require_role(me, "admin")
    given = _given(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await list_entries(conn, sought_in(given), limit=A_PAGE + 1, before=_before(request))
        kinds = await list_kinds(conn)
    _ = gettext_of(request)
    return framed(
        request,
        me,
        account,
        "staff/audit.html",
        entries=[told(entry, _) for entry in found[:A_PAGE]],
        kinds=sorted(((kind, kind_name(kind, _)) for kind in kinds), key=lambda each: each[1].lower()),
        doors=[(door, _(name)) for door, name in DOORS.items()],
        given=given,
        query=urlencode({name: text for name, text in given.items() if text}),
        older=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        newest="before" not in request.query_params,
    )


async def audit_file(request: Request) -> Response:
    """GET /staff/audit.csv, /staff/audit.jsonl"""
    me = await page_person(request)
    require_role(me, "admin")
    form = request.path_params["form"]
    if form not in MEDIA_TYPES:
        raise NotFound
    given = {name: text for name, text in _given(request).items() if text}
    database = request.app.state.database
    async with database.transaction() as conn:
        await note(conn, "audit_downloaded", kind="audit_entries", thing=form, after=given)
    pieces = file_pieces(database, sought_in(given), form)
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[form], headers=download_headers(f"audit.{form}"))


async def exam_history(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/history"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    words = _given(request)["q"]
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_standing(conn, exam_id)
        found = await list_entries(
            conn, Sought(exam_id=exam_id, words=words), limit=A_PAGE + 1, before=_before(request)
        )
    _ = gettext_of(request)
    return framed(
        request,
        me,
        account,
        "staff/exam_history.html",
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        entries=[told(entry, _) for entry in found[:A_PAGE]],
        search=words,
        query=urlencode({"q": words}) if words else "",
        older=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        newest="before" not in request.query_params,
    )


def _given(request: Request) -> dict[str, str]:
    given = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in FILTERS}
    return {name: UNSTORABLE.sub("", text) for name, text in given.items()}


def sought_in(given: dict[str, str]) -> Sought:
    """What a form's fields ask for; what makes no sense there asks for nothing."""
    return Sought(
        who=given.get("who", ""),
        person_id=_number(given.get("person", "")),
        kind=given.get("kind") or None,
        thing=given.get("thing") or None,
        exam_id=_number(given.get("exam", "")),
        door=door if (door := given.get("door")) in DOORS else None,
        deed=deed if (deed := given.get("deed")) in ("added", "changed", "removed", *NOTES) else None,
        since=_day(given.get("from", "")),
        until=_end_of(_day(given.get("to", ""))),
        words=given.get("q", ""),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _end_of(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(hour=23, minute=59, second=59, microsecond=999_999)


def _before(request: Request) -> int | None:
    before = before_of(request)
    return before if before < LARGEST_ID else None


routes = [
    Route("/staff/audit", audit_page),
    Route("/staff/audit.{form:str}", audit_file),
    Route("/staff/exams/{exam_id:int}/history", exam_history),
]
