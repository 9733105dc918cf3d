"""The office's pages of organisations: all of them, one with its members, a file that brings many."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.csv_file import Problem
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.forms import organisations
from examhall.forms.kinds import kinds_of_organisations
from examhall.forms.lists import submissions_of_organisation
from examhall.forms.organisations import (
    NoSuchMember,
    OrganisationCodeTaken,
    create_organisation,
    edit_organisation,
    find_organisation,
    import_organisations,
    list_members,
    list_organisations,
    remove_member,
    set_member,
)
from examhall.forms.organisations_file import BadOrganisationsFile, read_organisations
from examhall.forms.paging import Before
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import searched
from examhall.web.staff.given import before_of, text_problems, version_in

A_PAGE = 50
MEMBERS_SHOWN = 200
USERNAME_CHARS = 100
EMAIL_CHARS = 254


async def organisations_page(request: Request) -> Response:
    """GET /staff/organisations"""
    me = await page_person(request)
    require_role(me, "author", "analyst")
    return await _list(request, me)


async def post_file(request: Request) -> Response:
    """POST /staff/organisations: a file, all of it or nothing."""
    me = await page_person(request)
    require_role(me, "admin")
    form = await request.form()
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    await request.close()
    try:
        lines = read_organisations(content)
        async with request.app.state.database.transaction() as conn:
            kinds = list(await kinds_of_organisations(conn))
            added, changed = await import_organisations(conn, lines, created_by=me.id, kinds=kinds)
    except BadOrganisationsFile as refusal:
        return await _list(request, me, problems=refusal.problems)
    return RedirectResponse(f"/staff/organisations?added={added}&changed={changed}", SEE_OTHER)


async def organisation_page(request: Request) -> Response:
    """GET /staff/organisations/{organisation_id}"""
    me = await page_person(request)
    require_role(me, "author", "analyst")
    return await _one(request, me)


async def post_member(request: Request) -> Response:
    """POST /staff/organisations/{organisation_id}/members: one more, or one whose part changes."""
    me = await page_person(request)
    require_role(me, "admin")
    organisation_id = id_of(request, "organisation_id")
    form = await request.form()
    username = str(form.get("username", "")).strip()[:USERNAME_CHARS].replace("\0", "")
    username = username.encode("utf-8", "ignore").decode()
    try:
        async with request.app.state.database.transaction() as conn:
            await set_member(conn, organisation_id, username=username, manager="manager" in form)
    except NoSuchMember as refusal:
        return await _one(request, me, refusal, username)
    return RedirectResponse(f"/staff/organisations/{organisation_id}", SEE_OTHER)


async def post_remove_member(request: Request) -> Response:
    """POST /staff/organisations/{organisation_id}/members/{person_id}/remove"""
    me = await page_person(request)
    require_role(me, "admin")
    organisation_id = id_of(request, "organisation_id")
    async with request.app.state.database.transaction() as conn:
        await find_organisation(conn, organisation_id)
        await remove_member(conn, organisation_id, id_of(request, "person_id"))
    return RedirectResponse(f"/staff/organisations/{organisation_id}", SEE_OTHER)


async def new_page(request: Request) -> Response:
    """GET /staff/organisations/new"""
    me = await page_person(request)
    require_role(me, "admin")
    given = {"code": "", "name": "", "kind": organisations.USUAL_KIND, "email": "", "active": True}
    return await _form(request, me, given)


async def post_new(request: Request) -> Response:
    """POST /staff/organisations/new"""
    me = await page_person(request)
    require_role(me, "admin")
    given = _given(await request.form())
    if problems := await _problems(request, given):
        return await _form(request, me, given, problems=problems)
    wanted = {name: given[name] for name in ("code", "name", "kind", "email")}
    try:
        async with request.app.state.database.transaction() as conn:
            created = await create_organisation(
                conn, **wanted | {"email": given["email"] or None}, created_by=me.id
            )
    except OrganisationCodeTaken as refusal:
        return await _form(request, me, given, problems={"code": gettext_of(request)(refusal.detail)})
    return RedirectResponse(f"/staff/organisations/{created}", SEE_OTHER)


async def edit_page(request: Request) -> Response:
    """GET /staff/organisations/{organisation_id}/edit"""
    me = await page_person(request)
    require_role(me, "admin")
    organisation_id = id_of(request, "organisation_id")
    async with request.app.state.database.transaction() as conn:
        found = await find_organisation(conn, organisation_id)
    return await _form(request, me, vars(found), organisation_id=organisation_id)


async def post_edit(request: Request) -> Response:
    """POST /staff/organisations/{organisation_id}/edit"""
    me = await page_person(request)
    require_role(me, "admin")
    organisation_id = id_of(request, "organisation_id")
    given = _given(await request.form())
    if problems := await _problems(request, given):
        return await _form(request, me, given, organisation_id=organisation_id, problems=problems)
    try:
        async with request.app.state.database.transaction() as conn:
            await edit_organisation(conn, organisation_id, **given | {"email": given["email"] or None})
    except OrganisationCodeTaken as refusal:
        problems = {"code": gettext_of(request)(refusal.detail)}
        return await _form(request, me, given, organisation_id=organisation_id, problems=problems)
    except SomebodyWasFaster as refusal:
        # What was written stays in the form; it can be sent again, now over the newer version.
        given["version"] = refusal.details["version"]
        return await _form(request, me, given, organisation_id=organisation_id, faster=refusal)
    return RedirectResponse(f"/staff/organisations/{organisation_id}", SEE_OTHER)


def _given(form: FormData) -> dict[str, Any]:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    return {
        "code": text("code"),
        "name": text("name"),
        "kind": text("kind"),
        "email": text("email"),
        "active": "active" in form,
        "version": version_in(text("version")),
    }


async def _problems(request: Request, given: Mapping[str, Any]) -> dict[str, str]:
    _ = gettext_of(request)
    limits = {"code": organisations.CODE_CHARS, "name": organisations.NAME_CHARS, "email": EMAIL_CHARS}
    problems = text_problems(request, given, limits, may_be_empty=("email",))
    if given["email"] and "@" not in given["email"]:
        problems["email"] = _("This is not an e-mail address.")
    async with request.app.state.database.transaction() as conn:
        if given["kind"] not in await kinds_of_organisations(conn):
            problems["kind"] = _("There is no such kind of organisation in the master data.")
    return problems


async def _list(request: Request, me: Person, problems: Sequence[Problem] = ()) -> Response:
    search = searched(request)
    params = request.query_params
    before_id = before_of(request)
    done = {name: int(value) for name in ("added", "changed") if (value := params.get(name, "")).isdecimal()}
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await list_organisations(conn, before_id=before_id, limit=A_PAGE + 1, search=search)
        kinds = await kinds_of_organisations(conn)
    return framed(
        request,
        me,
        account,
        "staff/organisations.html",
        422 if problems else 200,
        organisations=found[:A_PAGE],
        more=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        search=search,
        kinds=kinds,
        problems=problems,
        done=done,
        may_edit=has_role(me, "admin"),
    )


async def _one(request: Request, me: Person, refusal: Refusal | None = None, username: str = "") -> Response:
    organisation_id = id_of(request, "organisation_id")
    before = Before.read(request.query_params.get("before"))
    # What was sent is personal, and not for everybody who counts members.
    sees_submissions = has_role(me, "author")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await find_organisation(conn, organisation_id)
        kinds = await kinds_of_organisations(conn)
        members = await list_members(conn, organisation_id, after=0, limit=MEMBERS_SHOWN)
        sent = []
        if sees_submissions:
            sent = await submissions_of_organisation(conn, organisation_id, before=before, limit=A_PAGE + 1)
    return framed(
        request,
        me,
        account,
        "staff/organisation.html",
        refusal.status if refusal else 200,
        organisation=found,
        kind=kinds.get(found.kind, found.kind),
        members=members,
        submissions=sent[:A_PAGE],
        more=sent[A_PAGE - 1].before if len(sent) > A_PAGE else None,
        sees_submissions=sees_submissions,
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        username=username,
        may_edit=has_role(me, "admin"),
    )


async def _form(
    request: Request,
    me: Person,
    given: Mapping[str, Any],
    *,
    organisation_id: int | None = None,
    problems: Mapping[str, str] | None = None,
    faster: Refusal | None = None,
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = None if organisation_id is None else await find_organisation(conn, organisation_id)
        kinds = await kinds_of_organisations(conn)
    return framed(
        request,
        me,
        account,
        "staff/organisation_form.html",
        faster.status if faster else 422 if problems else 200,
        organisation=found,
        given=given,
        kinds=kinds,
        problems=problems or {},
        faster=gettext_of(request)(faster.detail) if faster else "",
        limits=organisations,
    )


routes = [
    Route("/staff/organisations", organisations_page),
    Route("/staff/organisations", post_file, methods=["POST"]),
    Route("/staff/organisations/new", new_page),
    Route("/staff/organisations/new", post_new, methods=["POST"]),
    Route("/staff/organisations/{organisation_id:int}", organisation_page),
    Route("/staff/organisations/{organisation_id:int}/edit", edit_page),
    Route("/staff/organisations/{organisation_id:int}/edit", post_edit, methods=["POST"]),
    Route("/staff/organisations/{organisation_id:int}/members", post_member, methods=["POST"]),
    Route(
        "/staff/organisations/{organisation_id:int}/members/{person_id:int}/remove",
        post_remove_member,
        methods=["POST"],
    ),
]
