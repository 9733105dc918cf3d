"""The office's pages of courses: all of them, one with its contests, the form that makes or changes one."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.contests.bulk import stats_of
from examhall.contests.contests import contests_of_course
from examhall.courses import courses
from examhall.courses.courses import CourseCodeTaken, create_course, edit_course, find_course, list_courses
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import before_of, text_of, text_problems, version_in

READERS = ("author", "analyst", "invigilator")
A_PAGE = 50
SEARCH_CHARS = 100


def may_edit(me: Person) -> bool:
    return has_role(me, "author")


async def courses_page(request: Request) -> Response:
    """GET /staff/courses"""
    me = await page_person(request)
    require_role(me, *READERS)
    search = searched(request)
    before_id = before_of(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await list_courses(conn, before_id=before_id, limit=A_PAGE + 1, search=search)
    return framed(
        request,
        me,
        account,
        "staff/courses.html",
        courses=found[:A_PAGE],
        more=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        search=search,
        may_edit=may_edit(me),
    )


async def course_page(request: Request) -> Response:
    """GET /staff/courses/{course_id}"""
    me = await page_person(request)
    require_role(me, *READERS)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        course = await find_course(conn, id_of(request, "course_id"))
        contests = await contests_of_course(conn, course.id)
        stats = {each.contest_id: each for each in await stats_of(conn, [each.id for each in contests])}
    now = course.server_time
    return framed(
        request,
        me,
        account,
        "staff/course.html",
        course=course,
        contests=[(each, each.status(now), stats[each.id]) for each in contests],
        may_edit=may_edit(me),
        sees_statistics=has_role(me, "author", "analyst"),
    )


async def new_course_page(request: Request) -> Response:
    """GET /staff/courses/new"""
    me = await page_person(request)
    require_role(me, "author")
    return await _form(request, me, {"code": "", "title": "", "description": "", "active": True})


async def post_new_course(request: Request) -> Response:
    """POST /staff/courses/new"""
    me = await page_person(request)
    require_role(me, "author")
    given = await _given(request)
    if problems := _problems(request, given):
        return await _form(request, me, given, problems=problems)
    try:
        async with request.app.state.database.transaction() as conn:
            course_id = await create_course(
                conn,
                code=given["code"],
                title=given["title"],
                description=given["description"],
                created_by=me.id,
            )
    except CourseCodeTaken as refusal:
        return await _form(request, me, given, problems={"code": gettext_of(request)(refusal.detail)})
    return RedirectResponse(f"/staff/courses/{course_id}", SEE_OTHER)


async def edit_course_page(request: Request) -> Response:
    """GET /staff/courses/{course_id}/edit"""
    me = await page_person(request)
    require_role(me, "author")
    course_id = id_of(request, "course_id")
    async with request.app.state.database.transaction() as conn:
        course = await find_course(conn, course_id)
    return await _form(request, me, vars(course), course_id=course_id)


async def post_edit_course(request: Request) -> Response:
    """POST /staff/courses/{course_id}/edit"""
    me = await page_person(request)
    require_role(me, "author")
    course_id = id_of(request, "course_id")
    given = await _given(request)
    if problems := _problems(request, given):
        return await _form(request, me, given, course_id=course_id, problems=problems)
    try:
        async with request.app.state.database.transaction() as conn:
            await edit_course(conn, course_id, **given)
    except CourseCodeTaken as refusal:
        problems = {"code": gettext_of(request)(refusal.detail)}
        return await _form(request, me, given, course_id=course_id, problems=problems)
    except SomebodyWasFaster as refusal:
        # What was written stays in the form; it can be sent again, now over the newer version.
        given["version"] = refusal.details["version"]
        return await _form(request, me, given, course_id=course_id, faster=refusal)
    return RedirectResponse(f"/staff/courses/{course_id}", SEE_OTHER)


def searched(request: Request) -> str:
    """What the reader looks for; a search that nothing can match is none."""
    return text_of(request.query_params, "q", SEARCH_CHARS)


async def _given(request: Request) -> dict[str, Any]:
    form = await request.form()

    def text(name: str) -> str:
        value = form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    return {
        "code": text("code"),
        "title": text("title"),
        "description": text("description").replace("\r\n", "\n"),
        "active": "active" in form,
        "version": version_in(text("version")),
    }


def _problems(request: Request, given: Mapping[str, Any]) -> dict[str, str]:
    limits = {
        "code": courses.CODE_CHARS,
        "title": courses.TITLE_CHARS,
        "description": courses.DESCRIPTION_CHARS,
    }
    return text_problems(request, given, limits)


async def _form(
    request: Request,
    me: Person,
    given: Mapping[str, Any],
    *,
    course_id: int | None = None,
    problems: Mapping[str, str] | None = None,
    faster: Refusal | None = None,
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        course = None if course_id is None else await find_course(conn, course_id)
    return framed(
        request,
        me,
        account,
        "staff/course_form.html",
        faster.status if faster else 422 if problems else 200,
        course=course,
        given=given,
        problems=problems or {},
        faster=gettext_of(request)(faster.detail) if faster else "",
        limits=courses,
    )


routes = [
    Route("/staff/courses", courses_page),
    Route("/staff/courses/new", new_course_page),
    Route("/staff/courses/new", post_new_course, methods=["POST"]),
    Route("/staff/courses/{course_id:int}", course_page),
    Route("/staff/courses/{course_id:int}/edit", edit_course_page),
    Route("/staff/courses/{course_id:int}/edit", post_edit_course, methods=["POST"]),
]
