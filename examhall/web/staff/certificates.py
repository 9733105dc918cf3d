"""The office's pages of certificates: those issued, and issuing one or a list, seen before it is done."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base import clock
from examhall.base.csv_file import Problem, decode
from examhall.base.errors import Refusal
from examhall.base.wire import LARGEST_ID
from examhall.certificates.gallery import list_issued, list_issued_by, list_of_exam, search_issued, serial_of
from examhall.certificates.holders_file import BadHoldersFile, read_holders
from examhall.certificates.issue import (
    HOLDER_CHARS,
    MOST_AT_ONCE,
    PURPOSE_CHARS,
    TITLE_CHARS,
    BadCertificates,
    Draft,
    Issuer,
    Order,
    check_orders,
    issue_certificates,
    template_to_issue,
)
from examhall.certificates.printing import EXAMPLE_SERIAL, facts_of
from examhall.certificates.proofs import BadTemplate, Proofs
from examhall.certificates.rules import find_exam_standing
from examhall.certificates.templates import VALUE_CHARS, find_template, list_templates
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import searched
from examhall.web.staff.given import line_of

READERS = ("author", "analyst")
A_PAGE = 50
# Of a list that is about to be issued: more than anybody reads.
SHOWN = 200


@dataclass
class Given:
    """What the form says, as it was typed."""

    template_id: int | None = None
    title: str = ""
    purpose: str = ""
    public: bool = False
    exam_id: int | None = None
    holder: str = ""
    username: str = ""
    file: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    # Made with the form: however often it is sent, it issues once.
    request_key: str = field(default_factory=lambda: uuid4().hex)


async def certificates_page(request: Request) -> Response:
    """GET /staff/certificates"""
    me = await page_person(request)
    require_role(me, *READERS)
    search = searched(request)
    exam_id = _number(request.query_params.get("exam"))
    mine = request.query_params.get("by") == "me"
    try:
        after = serial_of(request.query_params.get("after"))
    except Refusal:
        after = None
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        page: dict[str, Any] = {"after": after, "limit": A_PAGE + 1}
        if search:
            found = await search_issued(conn, search, limit=A_PAGE + 1)
        elif exam_id is not None:
            found = await list_of_exam(conn, exam_id=exam_id, **page)
        elif mine:
            found = await list_issued_by(conn, issued_by=me.id, **page)
        else:
            found = await list_issued(conn, **page)
    return framed(
        request,
        me,
        account,
        "staff/certificates.html",
        certificates=found[:A_PAGE],
        more=found[A_PAGE - 1].serial if len(found) > A_PAGE and not search else None,
        search=search,
        exam_id=exam_id,
        mine=mine,
        issued=_number(request.query_params.get("issued")),
        may_edit=has_role(me, "author"),
    )


async def issue_page(request: Request) -> Response:
    """GET /staff/certificates/issue"""
    me = await page_person(request)
    require_role(me, "author")
    given = Given(
        template_id=_number(request.query_params.get("template")),
        exam_id=_number(request.query_params.get("exam")),
    )
    return await _form(request, me, given)


async def post_look(request: Request) -> Response:
    """POST /staff/certificates/issue: what would be issued, nothing more."""
    me = await page_person(request)
    require_role(me, "author")
    given = await _given(request)
    try:
        return await _look(request, me, given)
    except BadHoldersFile as bad:
        return await _form(request, me, given, problems=bad.problems)
    except BadCertificates as bad:
        return await _form(request, me, given, problems=_by_line(given, bad))


async def post_issue(request: Request) -> Response:
    """POST /staff/certificates/issue/apply"""
    me = await page_person(request)
    require_role(me, "author")
    given = await _given(request)
    try:
        async with request.app.state.database.transaction() as conn:
            template = await template_to_issue(conn, given.template_id or 0)
            issued = await issue_certificates(
                conn,
                request.app.state.issuer,
                template_id=template.id,
                title=given.title,
                purpose=given.purpose,
                orders=_orders(given, template.fields),
                public=given.public,
                issued_by=me.id,
                exam_id=given.exam_id,
                request_key=given.request_key,
            )
    except BadHoldersFile as bad:
        return await _form(request, me, given, problems=bad.problems)
    except BadCertificates as bad:
        return await _form(request, me, given, problems=_by_line(given, bad))
    return RedirectResponse(f"/staff/certificates?issued={len(issued)}", SEE_OTHER)


async def _look(request: Request, me: Person, given: Given) -> Response:
    issuer: Issuer = request.app.state.issuer
    proofs: Proofs = request.app.state.proofs
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        source = await find_template(conn, given.template_id or 0)
        template = await template_to_issue(conn, source.id)
        drafts = await check_orders(conn, template, _orders(given, template.fields))
    missing = _missing(request, given)
    if missing:
        return await _form(request, me, given, problems=missing)
    first = drafts[0]
    facts = facts_of(
        serial=EXAMPLE_SERIAL,
        title=given.title,
        holder=first.holder,
        purpose=given.purpose,
        issued_at=clock.now(),
        issuer=issuer.name,
        url=issuer.url,
        fields=first.fields,
    )
    await proofs.limit.require(str(me.id))
    try:
        picture = b64encode(await proofs.show_facts(source.source, facts)).decode()
    except BadTemplate:
        picture = None
    return framed(
        request,
        me,
        account,
        "staff/certificate_look.html",
        given=given,
        kept=source,
        drafts=drafts[:SHOWN],
        count=len(drafts),
        columns=_columns(template.fields, drafts),
        picture=picture,
    )


def _columns(fields: Sequence[Mapping[str, Any]], drafts: Sequence[Draft]) -> list[Mapping[str, Any]]:
    """The fields that differ from line to line: what is the same on each is on the picture."""
    return [each for each in fields if len({draft.fields.get(each["name"]) for draft in drafts}) > 1]


async def _form(request: Request, me: Person, given: Given, *, problems: Sequence[Problem] = ()) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        templates = [each for each in await list_templates(conn) if each.active]
        chosen = next((each for each in templates if each.id == given.template_id), None)
        exam = await find_exam_standing(conn, given.exam_id) if given.exam_id is not None else None
    if chosen is None and templates:
        chosen = templates[-1]
    if exam is None:
        given.exam_id = None
    return framed(
        request,
        me,
        account,
        "staff/certificate_issue.html",
        422 if problems else 200,
        given=given,
        templates=templates,
        chosen=chosen,
        exam=exam,
        title=given.title or (chosen.name if chosen else ""),
        purpose=given.purpose or (exam.title if exam else ""),
        problems=problems,
        limits={"title": TITLE_CHARS, "purpose": PURPOSE_CHARS, "holder": HOLDER_CHARS, "value": VALUE_CHARS},
        most=MOST_AT_ONCE,
    )


def _orders(given: Given, fields: Sequence[Mapping[str, Any]]) -> list[Order]:
    known = {each["name"] for each in fields}
    common = {name: value for name, value in given.fields.items() if name in known and value}
    if given.file.strip():
        return [
            Order(each.holder, each.username, {**common, **each.fields})
            for each in read_holders(given.file.encode(), fields)
        ]
    return [Order(given.holder or None, given.username or None, common)]


def _by_line(given: Given, bad: BadCertificates) -> list[Problem]:
    """Numbers of orders as lines of the list, under its header."""
    offset = 1 if given.file.strip() else 0
    return [
        Problem(each["number"] + offset if offset else 0, each["field"], each["message"])
        for each in bad.details["fields"]  # type: ignore[attr-defined]
    ]


def _missing(request: Request, given: Given) -> list[Problem]:
    _ = gettext_of(request)
    named = (("title", given.title), ("for", given.purpose))
    return [Problem(0, name, _("is missing")) for name, value in named if not value]


async def _given(request: Request) -> Given:
    form = await request.form(max_part_size=1_000_000)
    upload = form.get("upload")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    given = Given(
        template_id=_number(line_of(form, "template_id", 20)),
        title=line_of(form, "title", TITLE_CHARS),
        purpose=line_of(form, "for", PURPOSE_CHARS),
        public="public" in form,
        exam_id=_number(line_of(form, "exam_id", 20)),
        holder=line_of(form, "holder", HOLDER_CHARS),
        username=line_of(form, "username", HOLDER_CHARS),
        file=str(form.get("file", "")),
        fields={
            name.removeprefix("field-"): line_of(form, name, VALUE_CHARS)
            for name in form
            if name.startswith("field-")
        },
        request_key=line_of(form, "request_key", 64) or uuid4().hex,
    )
    await request.close()
    if content:
        given.file = decode(content, BadHoldersFile)
    return given


def _number(text: object) -> int | None:
    if not isinstance(text, str) or not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return int(text) if 0 < int(text) <= LARGEST_ID else None


routes = [
    Route("/staff/certificates", certificates_page),
    Route("/staff/certificates/issue", issue_page),
    Route("/staff/certificates/issue", post_look, methods=["POST"]),
    Route("/staff/certificates/issue/apply", post_issue, methods=["POST"]),
]
