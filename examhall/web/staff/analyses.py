"""The pages of projects: all of mine, one with its scenarios and members, and the form of one."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person
from examhall.accounts.people import find_account
from examhall.analyses import projects
from examhall.analyses.editing import exams_named, last_calculations
from examhall.analyses.projects import ROLES, CannotJoin, LastOwner, Project, require_analyst
from examhall.analyses.scenarios import list_scenarios
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import before_of, text_of, text_problems, version_in
from examhall.web.staff.outcome_words import headline

A_PAGE = 50


async def projects_page(request: Request) -> Response:
    """GET /staff/analyses"""
    me = await page_person(request)
    require_analyst(me)
    archived = "archived" in request.query_params
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await projects.list_projects(
            conn, me.id, before_id=before_of(request), limit=A_PAGE + 1, archived=archived
        )
    return framed(
        request,
        me,
        account,
        "staff/projects.html",
        projects=found[:A_PAGE],
        more=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        archived=archived,
        is_admin=has_role(me, "admin"),
    )


async def project_page(request: Request) -> Response:
    """GET /staff/analyses/{project_id}"""
    me = await page_person(request)
    require_analyst(me)
    return await _project(request, me)


async def _project(
    request: Request, me: Person, *, refusal: Refusal | None = None, username: str = ""
) -> Response:
    project_id = id_of(request, "project_id")
    archived = "archived" in request.query_params
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        project = await projects.find_project(conn, project_id, me.id)
        members = await projects.list_members(conn, project_id)
        found = await list_scenarios(
            conn, project_id, before_id=before_of(request), limit=A_PAGE + 1, archived=archived
        )
        last = await last_calculations(conn, found)
        titles = await exams_named(conn, sorted({exam for each in found for exam in each.exams}))
    _ = gettext_of(request)
    return framed(
        request,
        me,
        account,
        "staff/project.html",
        refusal.status if refusal else 200,
        project=project,
        members=members,
        me_id=me.id,
        scenarios=[
            {
                "scenario": each,
                "last": last.get(each.id),
                "headline": headline(told, _) if (told := _told(last.get(each.id))) else "",
                "exams": [titles[exam].title for exam in each.exams if exam in titles],
            }
            for each in found[:A_PAGE]
        ],
        more=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        archived=archived,
        roles=ROLES,
        problem=_(refusal.detail) if refusal else "",
        username=username,
    )


def _told(last: Any) -> Mapping[str, Any] | None:
    return None if last is None else last.told


async def new_project_page(request: Request) -> Response:
    """GET /staff/analyses/new"""
    me = await page_person(request)
    require_analyst(me)
    return await _form(request, me, {"name": "", "description": ""})


async def post_new_project(request: Request) -> Response:
    """POST /staff/analyses/new"""
    me = await page_person(request)
    require_analyst(me)
    given = _given(await request.form())
    if problems := _problems(request, given):
        return await _form(request, me, given, problems=problems)
    async with request.app.state.database.transaction() as conn:
        project_id = await projects.create_project(
            conn, name=given["name"], description=given["description"], created_by=me.id
        )
    return RedirectResponse(f"/staff/analyses/{project_id}", SEE_OTHER)


async def edit_project_page(request: Request) -> Response:
    """GET /staff/analyses/{project_id}/edit"""
    me = await page_person(request)
    require_analyst(me)
    async with request.app.state.database.transaction() as conn:
        project = await projects.find_project(conn, id_of(request, "project_id"), me.id, needs="editor")
    given = {"name": project.name, "description": project.description, "version": project.version}
    return await _form(request, me, given, project=project)


async def post_edit_project(request: Request) -> Response:
    """POST /staff/analyses/{project_id}/edit"""
    me = await page_person(request)
    require_analyst(me)
    project_id = id_of(request, "project_id")
    form = await request.form()
    given = _given(form)
    async with request.app.state.database.transaction() as conn:
        project = await projects.find_project(conn, project_id, me.id, needs="editor")
    if problems := _problems(request, given):
        return await _form(request, me, given, project=project, problems=problems)
    is_archived = project.archived_at is not None
    archived = {"archive": True, "restore": False}.get(str(form.get("do")), is_archived)
    try:
        async with request.app.state.database.transaction() as conn:
            await projects.edit_project(
                conn,
                project_id,
                person_id=me.id,
                version=given["version"],
                name=given["name"],
                description=given["description"],
                archived=archived,
            )
    except SomebodyWasFaster as refusal:
        given["version"] = refusal.details["version"]
        return await _form(request, me, given, project=project, faster=refusal)
    return RedirectResponse("/staff/analyses" if archived else f"/staff/analyses/{project_id}", SEE_OTHER)


async def post_member(request: Request) -> Response:
    """POST /staff/analyses/{project_id}/members"""
    me = await page_person(request)
    require_analyst(me)
    project_id = id_of(request, "project_id")
    form = await request.form()
    username, role = text_of(form, "username", 200), str(form.get("role", ""))
    try:
        async with request.app.state.database.transaction() as conn:
            if (person_id := _number(form.get("remove"))) is not None:
                await projects.remove_member(conn, project_id, by=me.id, person_id=person_id)
                left = person_id == me.id
            else:
                await projects.set_member(
                    conn,
                    project_id,
                    by=me.id,
                    username=username,
                    role=next((each for each in ROLES if each == role), "viewer"),
                )
                left = False
    except (CannotJoin, LastOwner) as refusal:
        return await _project(request, me, refusal=refusal, username=username)
    return RedirectResponse("/staff/analyses" if left else f"/staff/analyses/{project_id}#members", SEE_OTHER)


def _number(given: object) -> int | None:
    text = str(given or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _given(form: FormData) -> dict[str, Any]:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""

    return {
        "name": text("name"),
        "description": text("description"),
        "version": version_in(text("version")),
    }


def _problems(request: Request, given: Mapping[str, Any]) -> dict[str, str]:
    return text_problems(
        request, given, {"name": projects.NAME_CHARS, "description": projects.DESCRIPTION_CHARS}
    )


async def _form(
    request: Request,
    me: Person,
    given: Mapping[str, Any],
    *,
    project: Project | None = None,
    problems: Mapping[str, str] | None = None,
    faster: Refusal | None = None,
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
    return framed(
        request,
        me,
        account,
        "staff/project_form.html",
        faster.status if faster else 422 if problems else 200,
        project=project,
        given=given,
        problems=problems or {},
        faster=gettext_of(request)(faster.detail) if faster else "",
        now=faster.details["current"] if faster else None,
        limits=projects,
    )


routes = [
    Route("/staff/analyses", projects_page),
    Route("/staff/analyses/new", new_project_page),
    Route("/staff/analyses/new", post_new_project, methods=["POST"]),
    Route("/staff/analyses/{project_id:int}", project_page),
    Route("/staff/analyses/{project_id:int}/edit", edit_project_page),
    Route("/staff/analyses/{project_id:int}/edit", post_edit_project, methods=["POST"]),
    Route("/staff/analyses/{project_id:int}/members", post_member, methods=["POST"]),
]
