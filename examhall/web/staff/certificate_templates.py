"""The office's pages of certificate templates: all of them, and the editor with its preview."""

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.base.problem import headers_of
from examhall.base.typesetting import Problem
from examhall.base.wire import storable
from examhall.certificates import templates
from examhall.certificates.issue import Issuer
from examhall.certificates.proofs import BadTemplate, Proofs
from examhall.certificates.templates import (
    BadFields,
    check_fields,
    create_template,
    edit_template,
    find_template,
    list_templates,
    list_versions,
)
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import line_of

READERS = ("author", "analyst")
FIELD = re.compile(r"(name|label|required|example)-([0-9]{1,3})")
# Empty rows for fields that somebody may still want, where nothing adds them by itself.
SPARE_ROWS = 2
NEW_SOURCE = """// facts: serial, title, holder, for, issued_on, issuer, url, fields; perhaps score and exam.
#import "examhall.typ": facts, words, field, fit, day, qr-code, address, score

#set page(width: 297mm, height: 210mm, margin: 25mm)
#set text(font: "Source Serif 4", size: 14pt)
#set align(center + horizon)

#text(32pt, weight: "semibold", facts.title)

#words.certifies
#fit(facts.holder, size: 36pt)
#words.earned

#text(20pt, weight: "semibold", facts.at("for"))

#qr-code(size: 26mm)
#text(10pt)[#words.issued #day(facts.issued_on) · #facts.serial · #address]
"""


async def templates_page(request: Request) -> Response:
    """GET /staff/certificates/templates"""
    me = await page_person(request)
    require_role(me, *READERS)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await list_templates(conn)
    return framed(
        request,
        me,
        account,
        "staff/certificate_templates.html",
        templates=found,
        may_edit=has_role(me, "author"),
    )


async def new_page(request: Request) -> Response:
    """GET /staff/certificates/templates/new, or ?from=ID: as another one is."""
    me = await page_person(request)
    require_role(me, "author")
    given: dict[str, Any] = {
        "name": "",
        "category": "",
        "variant": "",
        "public": False,
        "active": True,
        "fields": [],
        "source": NEW_SOURCE,
    }
    origin = request.query_params.get("from", "")
    if origin.isascii() and origin.isdigit() and len(origin) < 19:
        async with request.app.state.database.transaction() as conn:
            found = await find_template(conn, int(origin))
        given |= {"category": found.category, "fields": found.fields, "source": found.source}
    return await _editor(request, me, given)


async def edit_page(request: Request) -> Response:
    """GET /staff/certificates/templates/{template_id}"""
    me = await page_person(request)
    require_role(me, *READERS)
    return await _editor(request, me, None, template_id=id_of(request, "template_id"))


async def post_new(request: Request) -> Response:
    """POST /staff/certificates/templates/new"""
    me = await page_person(request)
    require_role(me, "author")
    given = await _given(request)
    if problems := await _tried(request, me, given):
        return await _editor(request, me, given, problems=problems)
    async with request.app.state.database.transaction() as conn:
        values = {name: given[name] for name in ("name", "category", "variant", "public", "fields", "source")}
        template_id = await create_template(conn, **values, created_by=me.id)
    return RedirectResponse(f"/staff/certificates/templates/{template_id}?saved=1", SEE_OTHER)


async def post_edit(request: Request) -> Response:
    """POST /staff/certificates/templates/{template_id}"""
    me = await page_person(request)
    require_role(me, "author")
    template_id = id_of(request, "template_id")
    given = await _given(request)
    if problems := await _tried(request, me, given):
        return await _editor(request, me, given, template_id=template_id, problems=problems)
    try:
        async with request.app.state.database.transaction() as conn:
            await edit_template(conn, template_id, **given, edited_by=me.id)
    except SomebodyWasFaster as faster:
        # What was written stays in the form; sent again it goes over the newer version.
        given["version"] = faster.details["version"]
        return await _editor(request, me, given, template_id=template_id, faster=faster)
    return RedirectResponse(f"/staff/certificates/templates/{template_id}?saved=1", SEE_OTHER)


async def post_preview(request: Request) -> Response:
    """POST /staff/certificates/preview: the sheet as PNG, or what is wrong and where. Nothing is kept."""
    me = await page_person(request)
    require_role(me, "author")
    given = await _given(request)
    issuer: Issuer = request.app.state.issuer
    proofs: Proofs = request.app.state.proofs
    try:
        await proofs.limit.require(str(me.id))
        check_fields(given["fields"])
        picture = await proofs.show(
            given["source"], given["fields"], title=given["name"] or "…", issuer=issuer.name, url=issuer.url
        )
    except BadTemplate as bad:
        return JSONResponse({"problems": [_shown(each) for each in bad.problems]})
    except Refusal as refusal:
        said = gettext_of(request)(refusal.detail)
        problems = [{"line": None, "column": None, "message": said, "hint": ""}]
        return JSONResponse({"problems": problems}, refusal.status, headers=headers_of(refusal))
    return JSONResponse({"problems": [], "picture": b64encode(picture).decode()})


async def _tried(request: Request, me: Person, given: dict[str, Any]) -> list[Problem]:
    """What is wrong with it, if anything. Outside of any transaction: it takes as long as it takes."""
    _ = gettext_of(request)
    issuer: Issuer = request.app.state.issuer
    proofs: Proofs = request.app.state.proofs
    for name, label in (
        ("name", _("Name of the template")),
        ("category", _("Category")),
        ("variant", _("Variant")),
    ):
        if not given[name]:
            return [Problem(None, None, None, _("%(field)s is missing") % {"field": label}, "")]
    await proofs.limit.require(str(me.id))
    try:
        check_fields(given["fields"])
        await proofs.check(
            given["source"], given["fields"], title=given["name"], issuer=issuer.name, url=issuer.url
        )
    except BadFields as refusal:
        return [Problem(None, None, None, _(refusal.detail), "")]
    except BadTemplate as bad:
        return list(bad.problems)
    return []


async def _editor(
    request: Request,
    me: Person,
    given: dict[str, Any] | None,
    *,
    template_id: int | None = None,
    problems: Sequence[Problem] = (),
    faster: SomebodyWasFaster | None = None,
) -> Response:
    template, versions = None, []
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        if template_id is not None:
            template = await find_template(conn, template_id)
            versions = await list_versions(conn, template_id)
    if given is None:
        assert template is not None
        given = vars(template)
    return framed(
        request,
        me,
        account,
        "staff/certificate_template.html",
        422 if problems else 412 if faster else 200,
        kept=template,
        versions=versions,
        given=given,
        spare=SPARE_ROWS,
        problems=[_shown(each) for each in problems],
        faster=gettext_of(request)(faster.detail) if faster else None,
        saved="saved" in request.query_params and not problems and not faster,
        may_edit=has_role(me, "author"),
        limits=templates,
    )


def _shown(problem: Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "message": problem.reason,
        "hint": problem.hint,
    }


async def _given(request: Request) -> dict[str, Any]:
    form = await request.form(max_part_size=1_000_000)
    version = line_of(form, "version", 9)
    return {
        "name": line_of(form, "name", templates.NAME_CHARS),
        "category": line_of(form, "category", templates.CATEGORY_CHARS),
        "variant": line_of(form, "variant", templates.CATEGORY_CHARS),
        "public": "public" in form,
        "active": "active" in form,
        "version": int(version) if version.isascii() and version.isdigit() else 0,
        "fields": _fields(form),
        "source": _source(form),
    }


def _fields(form: FormData) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for key in form:
        if found := FIELD.fullmatch(key):
            rows.setdefault(int(found[2]), {})[found[1]] = line_of(form, key, templates.VALUE_CHARS)
    return [
        {
            "name": row["name"],
            "label": (row.get("label") or row["name"])[: templates.LABEL_CHARS],
            "required": "required" in row,
            "example": row.get("example", ""),
        }
        for _, row in sorted(rows.items())
        if row.get("name")
    ]


def _source(form: FormData) -> str:
    # Browsers send lines as \r\n; typst would count them the same, but a source is kept as it was.
    source = str(form.get("source", "")).replace("\r\n", "\n")[: templates.SOURCE_CHARS]
    try:
        return storable(source)
    except ValueError:
        return source.replace("\0", "").encode("utf-8", "replace").decode()


routes = [
    Route("/staff/certificates/templates", templates_page),
    Route("/staff/certificates/templates/new", new_page),
    Route("/staff/certificates/templates/new", post_new, methods=["POST"]),
    Route("/staff/certificates/templates/{template_id:int}", edit_page),
    Route("/staff/certificates/templates/{template_id:int}", post_edit, methods=["POST"]),
    Route("/staff/certificates/preview", post_preview, methods=["POST"]),
]
