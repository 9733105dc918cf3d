"""Certificates of one exam for the office: the rules by which they are given, and how many were."""

from typing import Any, get_args

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Malformed, NotFound, Refusal
from examhall.base.wire import storable
from examhall.certificates.gallery import list_of_exam
from examhall.certificates.issue import TITLE_CHARS
from examhall.certificates.rules import (
    Condition,
    add_rule,
    find_exam_standing,
    list_rules,
    set_rule_active,
)
from examhall.certificates.templates import VALUE_CHARS, ListedTemplate, list_templates
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for

READERS = ("author", "analyst")
SHOWN = 20
ON_CORRECTION = ("review", "keep", "revoke")


async def certificates_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/certificates"""
    me = await page_person(request)
    require_role(me, *READERS)
    return await _page(request, me)


async def post_rule(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/certificates"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    given = {name: _text(form, name) for name in ("condition", "threshold", "template_id", "title")}
    given |= {"public": "public" if "public" in form else "", "on_correction": _text(form, "on_correction")}
    fields = {name.removeprefix("field-"): _text(form, name) for name in form if name.startswith("field-")}
    try:
        async with request.app.state.database.transaction() as conn:
            await add_rule(
                conn,
                exam_id=exam_id,
                template_id=int(_digits(given["template_id"])),
                condition=_condition(given["condition"]),
                threshold=_threshold(given),
                title=given["title"][:TITLE_CHARS] or "–",
                fields={name: value for name, value in fields.items() if value},
                public=bool(given["public"]),
                on_correction=given["on_correction"] if given["on_correction"] in ON_CORRECTION else "review",
                created_by=me.id,
            )
    except Refusal as refusal:
        return await _page(request, me, given=given, wrong=gettext_of(request)(refusal.detail))
    return RedirectResponse(f"/staff/exams/{exam_id}/certificates", SEE_OTHER)


async def post_active(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/certificates/rules/{rule_id}"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        await set_rule_active(
            conn,
            exam_id=exam_id,
            rule_id=id_of(request, "rule_id"),
            version=int(_digits(_text(form, "version"))),
            active=_text(form, "active") == "yes",
        )
    return RedirectResponse(f"/staff/exams/{exam_id}/certificates", SEE_OTHER)


async def _page(
    request: Request, me: Person, *, given: dict[str, str] | None = None, wrong: str = ""
) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam_standing(conn, exam_id)
        if exam is None:
            raise NotFound
        rules = await list_rules(conn, exam_id)
        templates = [each for each in await list_templates(conn) if each.active]
        issued = await list_of_exam(conn, exam_id=exam_id, after=None, limit=SHOWN)
    return framed(
        request,
        me,
        account,
        "staff/exam_certificates.html",
        422 if wrong else 200,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        rules=rules,
        templates=templates,
        common=_common(templates),
        issued=issued,
        given=given or {},
        wrong=wrong,
        may_edit=has_role(me, "author"),
        value_chars=VALUE_CHARS,
    )


def _common(templates: list[ListedTemplate]) -> list[dict[str, Any]]:
    """Who signs, where the templates ask it: the fields that most of them have, once each."""
    seen: dict[str, dict[str, Any]] = {}
    for template in templates:
        for each in template.fields:
            seen.setdefault(each["name"], each)
    return [each for name, each in seen.items() if name in ("signatory", "role", "language")]


def _condition(given: str) -> Condition:
    for condition in get_args(Condition):
        if condition == given:
            return condition  # type: ignore[no-any-return]
    raise Malformed


def _threshold(given: dict[str, str]) -> float | None:
    """Only of a condition that has one: the field stays in the form when another is chosen."""
    if given["condition"] not in ("top", "scaled_score") or not given["threshold"]:
        return None
    try:
        return float(given["threshold"].replace(",", "."))
    except ValueError as error:
        raise Malformed from error


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Malformed
    return text


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    try:
        return " ".join(storable(value).split())[:VALUE_CHARS] if isinstance(value, str) else ""
    except ValueError as error:
        raise Malformed from error


routes = [
    Route("/staff/exams/{exam_id:int}/certificates", certificates_page),
    Route("/staff/exams/{exam_id:int}/certificates", post_rule, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/certificates/rules/{rule_id:int}", post_active, methods=["POST"]),
]
