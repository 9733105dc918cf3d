"""The office's pages of forms: all of them, and the one on which a form is built."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Forbidden, Malformed, Refusal, SomebodyWasFaster
from examhall.forms import forms
from examhall.forms.fields import Field, write_document
from examhall.forms.forms import Form, Settings, create_form, edit_form, find_form, list_forms
from examhall.web.form_filling import words_of
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import searched
from examhall.web.staff.form_builder import Row, fields_of, moved, read_rows
from examhall.web.staff.form_choices import choices
from examhall.web.staff.given import before_of, text_problems

A_PAGE = 50


async def forms_page(request: Request) -> Response:
    """GET /staff/forms"""
    me = await page_person(request)
    require_role(me, "author")
    search = searched(request)
    before_id = before_of(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await list_forms(conn, before_id=before_id, limit=A_PAGE + 1, search=search)
    return framed(
        request,
        me,
        account,
        "staff/forms.html",
        forms=found[:A_PAGE],
        more=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        search=search,
    )


async def new_form_page(request: Request) -> Response:
    """GET /staff/forms/new"""
    me = await page_person(request)
    require_role(me, "author")
    _ = gettext_of(request)
    # What nearly every form asks first.
    rows = [
        Row("full_name", "string", _("Full name"), required=True),
        Row("email", "email", _("E-mail"), required=True),
    ]
    return await _builder(request, me, Settings(""), rows)


async def post_new_form(request: Request) -> Response:
    """POST /staff/forms/new: a button of the builder, or saving it."""
    me = await page_person(request)
    require_role(me, "author")
    return await _post(request, me, None)


async def edit_form_page(request: Request) -> Response:
    """GET /staff/forms/{form_id}/edit"""
    me = await page_person(request)
    require_role(me, "author")
    async with request.app.state.database.transaction() as conn:
        form = await find_form(conn, id_of(request, "form_id"))
    return await _builder(request, me, form.settings, [Row.of(each) for each in form.fields], form=form)


async def post_edit_form(request: Request) -> Response:
    """POST /staff/forms/{form_id}/edit"""
    me = await page_person(request)
    require_role(me, "author")
    async with request.app.state.database.transaction() as conn:
        form = await find_form(conn, id_of(request, "form_id"))
    return await _post(request, me, form)


async def _post(request: Request, me: Person, form: Form | None) -> Response:
    posted = await request.form()
    settings = _settings(posted, form.settings if form else Settings(""), me)
    do = posted.get("do", "save")
    rows = read_rows(posted)
    version = _number(posted, "version") or 0
    if do != "save":
        rows = moved(rows, str(do))
        return await _builder(request, me, settings, rows, form=form, version=version)
    fields, rows = fields_of(rows, gettext_of(request))
    problems = _problems(request, settings)
    if problems or not rows or any(row.problems for row in rows):
        return await _builder(
            request, me, settings, rows, form=form, version=version, problems=problems, status=422
        )
    try:
        form_id = await _save(request, me, form, settings, fields, version)
    except SomebodyWasFaster as refusal:
        async with request.app.state.database.transaction() as conn:
            theirs = await find_form(conn, form.id if form else 0)
        return await _builder(
            request, me, settings, rows, form=theirs, version=theirs.version, refusal=refusal, fields=fields
        )
    except (Malformed, Forbidden) as refusal:
        return await _builder(request, me, settings, rows, form=form, version=version, refusal=refusal)
    return RedirectResponse(f"/staff/forms/{form_id}", SEE_OTHER)


async def _save(
    request: Request,
    me: Person,
    form: Form | None,
    settings: Settings,
    fields: Sequence[Field],
    version: int,
) -> int:
    schema, order = write_document(fields), [each.name for each in fields]
    async with request.app.state.database.transaction() as conn:
        if form is None:
            return await create_form(conn, settings, schema=schema, order=order, me=me)
        await edit_form(conn, form.id, settings, version=version, schema=schema, order=order, me=me)
        return form.id


def _settings(posted: FormData, before: Settings, me: Person) -> Settings:
    def text(name: str) -> str:
        value = posted.get(name, "")
        return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""

    status, gives = text("status"), text("gives")
    given: dict[str, Any] = asdict(before) | {
        "title": text("title"),
        "description": text("description"),
        "status": status if status in forms.STATUSES else "draft",
        "organisation_id": _number(posted, "organisation_id"),
        "asks_organisation": "asks_organisation" in posted,
        "once": "once" in posted,
    }
    if has_role(me, "admin"):
        given |= {
            "enrols_in": _number(posted, "enrols_in"),
            "tickets_for": _number(posted, "tickets_for"),
            "gives": gives if gives in ("at_once", "on_accept") else "on_accept",
            "strangers": "strangers" in posted,
        }
    return Settings(**given)


def _number(posted: FormData, name: str) -> int | None:
    value = posted.get(name, "")
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19
    return int(str(value)) if is_number else None


def _problems(request: Request, settings: Settings) -> dict[str, str]:
    limits = {"title": forms.TITLE_CHARS, "description": forms.DESCRIPTION_CHARS}
    return text_problems(request, {name: getattr(settings, name) for name in limits}, limits)


def _differences(request: Request, theirs: Form, settings: Settings, fields: Sequence[Field]) -> list[str]:
    """What they have otherwise than this editor, in sentences."""
    _ = gettext_of(request)
    told = []
    if theirs.title != settings.title:
        told.append(_("The title is now “%(title)s”.") % {"title": theirs.title})
    if theirs.status != settings.status:
        statuses = {"draft": _("a draft"), "open": _("open"), "closed": _("closed")}
        told.append(_("The form is now %(status)s.") % {"status": statuses[theirs.status]})
    rest = {**asdict(theirs.settings), "title": "", "status": ""}
    if rest != {**asdict(settings), "title": "", "status": ""}:
        told.append(_("The description or who can fill it in is otherwise."))
    ours = {each.name: each for each in fields}
    stored = {each.name: each for each in theirs.fields}
    for name, each in stored.items():
        if name not in ours:
            told.append(_("They ask “%(title)s”; you do not.") % {"title": each.title})
        elif ours[name] != each:
            told.append(_("They ask “%(title)s” otherwise.") % {"title": each.title})
    told += [
        _("You ask “%(title)s”; they do not.") % {"title": each.title}
        for name, each in ours.items()
        if name not in stored
    ]
    if not told:
        told.append(_("It says the same as yours now, or the fields are in another order."))
    return told


async def _builder(
    request: Request,
    me: Person,
    settings: Settings,
    rows: Sequence[Row],
    *,
    form: Form | None = None,
    version: int | None = None,
    problems: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    fields: Sequence[Field] = (),
    status: int = 200,
) -> Response:
    preview, _judged = fields_of(rows, gettext_of(request))
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        offered = await choices(
            conn,
            organisation_id=settings.organisation_id,
            course_id=settings.enrols_in,
            exam_id=settings.tickets_for,
        )
    faster = isinstance(refusal, SomebodyWasFaster) and form is not None
    return framed(
        request,
        me,
        account,
        "staff/form_builder.html",
        refusal.status if refusal else status,
        form=form,
        version=form.version if form and version is None else version,
        given=settings,
        rows=rows,
        preview=preview,
        problems=problems or {},
        refused=words_of(request, refusal)[""] if refusal else "",
        differences=_differences(request, form, settings, fields) if faster and form else (),
        choices=offered,
        is_admin=has_role(me, "admin"),
        limits=forms,
    )


routes = [
    Route("/staff/forms", forms_page),
    Route("/staff/forms/new", new_form_page),
    Route("/staff/forms/new", post_new_form, methods=["POST"]),
    Route("/staff/forms/{form_id:int}/edit", edit_form_page),
    Route("/staff/forms/{form_id:int}/edit", post_edit_form, methods=["POST"]),
]
