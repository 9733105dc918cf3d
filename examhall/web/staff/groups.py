"""The office's pages of groups: all of them, and one with its members."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound, Refusal, SomebodyWasFaster
from examhall.base.wire import LARGEST_ID
from examhall.courses import groups
from examhall.courses.courses import list_courses
from examhall.courses.groups import (
    Changed,
    GroupInUse,
    GroupNameTaken,
    MembersOfCourse,
    TooManyUsernames,
    UnknownUsernames,
    change_members,
    create_course_group,
    create_group,
    delete_group,
    edit_group,
    find_group,
    list_groups,
    list_members,
    usernames_in,
)
from examhall.exams.accommodations import accommodations_of_group, without_reasons
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import searched
from examhall.web.staff.given import before_of, id_in, text_problems, version_in

READERS = ("author", "analyst", "invigilator")
PER_PAGE = 50
MEMBERS_A_PAGE = 200
COURSES_OFFERED = 200
LIMITS = {"name": groups.NAME_CHARS, "description": groups.DESCRIPTION_CHARS}
WAYS = ("add", "remove", "replace")


async def groups_page(request: Request) -> Response:
    """GET /staff/groups"""
    me = await page_person(request, *READERS)
    return await _all(request, me)


async def post_group(request: Request) -> Response:
    """POST /staff/groups: one of its own, or a course's members."""
    me = await page_person(request, "author")
    form = await request.form()
    given = await _given(request)
    course_id = id_in(str(form.get("course_id", "")))
    if course_id is None and (problems := text_problems(request, given, LIMITS)):
        return await _all(request, me, given=given, problems=problems)
    try:
        async with request.app.state.database.transaction() as conn:
            if course_id is not None:
                group_id = await create_course_group(conn, course_id, created_by=me.id)
            else:
                group_id = await create_group(
                    conn, name=given["name"], description=given["description"], created_by=me.id
                )
    except GroupNameTaken as refusal:
        return await _all(request, me, given=given, problems={"name": gettext_of(request)(refusal.detail)})
    return RedirectResponse(f"/staff/groups/{group_id}", SEE_OTHER)


async def group_page(request: Request) -> Response:
    """GET /staff/groups/{group_id}"""
    me = await page_person(request, *READERS)
    return await _one(request, me, done=request.query_params.get("done", ""))


async def post_edit(request: Request) -> Response:
    """POST /staff/groups/{group_id}"""
    me = await page_person(request, "author")
    group_id = id_of(request, "group_id")
    given = await _given(request)
    if problems := text_problems(request, given, LIMITS):
        return await _one(request, me, given=given, problems=problems)
    try:
        async with request.app.state.database.transaction() as conn:
            await edit_group(conn, group_id, **given)
    except GroupNameTaken as refusal:
        problems = {"name": gettext_of(request)(refusal.detail)}
        return await _one(request, me, given=given, problems=problems)
    except SomebodyWasFaster as refusal:
        given["version"] = refusal.details["version"]
        return await _one(request, me, given=given, refusal=refusal)
    return RedirectResponse(f"/staff/groups/{group_id}?done=saved", SEE_OTHER)


async def post_members(request: Request) -> Response:
    """POST /staff/groups/{group_id}/members: what a list of usernames would change, and then changes."""
    me = await page_person(request, "author")
    group_id = id_of(request, "group_id")
    form = await request.form()
    pasted = str(form.get("usernames", ""))
    chosen = form.get("way")
    way: groups.Way = "remove" if chosen == "remove" else "replace" if chosen == "replace" else "add"
    is_sure = form.get("sure") == "yes"
    try:
        async with request.app.state.database.transaction() as conn:
            changed = await change_members(conn, group_id, usernames_in(pasted), way=way, dry=not is_sure)
    except (UnknownUsernames, MembersOfCourse, TooManyUsernames) as refusal:
        return await _one(request, me, pasted=pasted, way=way, refusal=refusal)
    if not is_sure:
        return await _one(request, me, pasted=pasted, way=way, changed=changed)
    return RedirectResponse(f"/staff/groups/{group_id}?done=changed", SEE_OTHER)


async def post_delete(request: Request) -> Response:
    """POST /staff/groups/{group_id}/delete"""
    me = await page_person(request, "author")
    try:
        async with request.app.state.database.transaction() as conn:
            await delete_group(conn, id_of(request, "group_id"))
    except GroupInUse as refusal:
        return await _one(request, me, refusal=refusal)
    return RedirectResponse("/staff/groups", SEE_OTHER)


async def _given(request: Request) -> dict[str, Any]:
    form = await request.form()
    texts = {name: str(form.get(name, "")).strip() for name in LIMITS}
    version = form.get("version")
    return texts | ({"version": version_in(str(version))} if version is not None else {})


async def _all(
    request: Request,
    me: Person,
    *,
    given: Mapping[str, Any] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    search = searched(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await list_groups(conn, before_id=before_of(request), limit=PER_PAGE + 1, search=search)
        courses = await list_courses(conn, before_id=LARGEST_ID, limit=COURSES_OFFERED)
    return framed(
        request,
        me,
        account,
        "staff/groups.html",
        422 if problems else 200,
        groups=found[:PER_PAGE],
        more=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        search=search,
        courses=courses,
        may_edit=has_role(me, "author"),
        sees_people=has_role(me),
        given=given or {"name": "", "description": ""},
        problems=problems or {},
        limits=LIMITS,
    )


async def _one(
    request: Request,
    me: Person,
    *,
    given: Mapping[str, Any] | None = None,
    problems: Mapping[str, str] | None = None,
    pasted: str = "",
    way: str = "add",
    changed: Changed | None = None,
    refusal: Refusal | None = None,
    done: str = "",
) -> Response:
    group_id = id_of(request, "group_id")
    search = searched(request)
    after = id_in(request.query_params.get("after", "")) or 0
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        group = await find_group(conn, group_id)
        members = await list_members(conn, group_id, after=after, limit=MEMBERS_A_PAGE + 1, search=search)
        accommodations = await accommodations_of_group(conn, group_id)
    if not has_role(me, "author"):
        accommodations = without_reasons(accommodations)
    if isinstance(refusal, NotFound):
        raise refusal
    unknown = refusal.details["usernames"] if isinstance(refusal, UnknownUsernames) else ()
    return framed(
        request,
        me,
        account,
        "staff/group.html",
        refusal.status if refusal else 422 if problems else 200,
        group=group,
        members=members[:MEMBERS_A_PAGE],
        more=members[MEMBERS_A_PAGE - 1].person_id if len(members) > MEMBERS_A_PAGE else None,
        search=search,
        accommodations=accommodations,
        may_edit=has_role(me, "author"),
        sees_people=has_role(me),
        given=given or vars(group),
        problems=problems or {},
        pasted=pasted,
        how=way,
        changed=changed,
        unknown=unknown,
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        limits=LIMITS,
        done=done if done in ("saved", "changed") else "",
    )


routes = [
    Route("/staff/groups", groups_page),
    Route("/staff/groups", post_group, methods=["POST"]),
    Route("/staff/groups/{group_id:int}", group_page),
    Route("/staff/groups/{group_id:int}", post_edit, methods=["POST"]),
    Route("/staff/groups/{group_id:int}/members", post_members, methods=["POST"]),
    Route("/staff/groups/{group_id:int}/delete", post_delete, methods=["POST"]),
]
