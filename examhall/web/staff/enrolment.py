"""The office's page of who is enrolled in a course: the list, and a file, seen before it is applied."""

from collections.abc import Sequence

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.csv_file import Problem, decode
from examhall.courses.courses import find_course
from examhall.courses.enrolment import Changes, enrol, enrolment_csv, list_students, preview_enrolment
from examhall.courses.enrolment_file import BadEnrolmentFile, read_enrolment
from examhall.web.frame import framed, id_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import READERS, may_edit, searched

A_PAGE = 200
# Of what a file changes: more than anybody reads, and the counts are of all.
CHANGES_SHOWN = 500


async def enrolment_page(request: Request) -> Response:
    """GET /staff/courses/{course_id}/students"""
    me = await page_person(request)
    require_role(me, *READERS)
    done = {name: request.query_params.get(name, "") for name in ("added", "activated", "deactivated")}
    return await _page(
        request,
        me,
        done={name: int(count) for name, count in done.items() if count.isdecimal() and len(count) < 10},
    )


async def post_file(request: Request) -> Response:
    """POST /staff/courses/{course_id}/students: what the file would change, nothing more."""
    me = await page_person(request)
    require_role(me, "author")
    form = await request.form()
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    whole = "whole" in form
    await request.close()
    try:
        lines = read_enrolment(content)
        async with request.app.state.database.transaction() as conn:
            course = await find_course(conn, id_of(request, "course_id"))
            changes = await preview_enrolment(conn, course.id, lines, deactivate_missing=whole)
        return await _page(request, me, changes=changes, file=decode(content), whole=whole)
    except BadEnrolmentFile as refusal:
        return await _page(request, me, problems=refusal.problems, whole=whole)


async def post_apply(request: Request) -> Response:
    """POST /staff/courses/{course_id}/students/apply: the file, if it still would do what was seen."""
    me = await page_person(request)
    require_role(me, "author")
    course_id = id_of(request, "course_id")
    form = await request.form()
    file = str(form.get("file", ""))
    whole = "whole" in form
    try:
        lines = read_enrolment(file.encode())
        async with request.app.state.database.transaction() as conn:
            await find_course(conn, course_id)
            changes = await preview_enrolment(conn, course_id, lines, deactivate_missing=whole)
            as_seen = changes.fingerprint == form.get("seen")
            if as_seen:
                changes = await enrol(conn, course_id, lines, deactivate_missing=whole)
    except BadEnrolmentFile as refusal:
        return await _page(request, me, problems=refusal.problems, whole=whole)
    if not as_seen:
        return await _page(request, me, changes=changes, file=file, whole=whole, is_other=True)
    done = "&".join(f"{what}={changes.counts[what]}" for what in ("added", "activated", "deactivated"))
    return RedirectResponse(f"/staff/courses/{course_id}/students?{done}", SEE_OTHER)


async def export(request: Request) -> Response:
    """GET /staff/courses/{course_id}/students.csv"""
    me = await page_person(request)
    require_role(me, *READERS)
    async with request.app.state.database.transaction() as conn:
        course = await find_course(conn, id_of(request, "course_id"))
        students = await list_students(conn, course.id)
    name = f'attachment; filename="course-{course.id}-students.csv"'
    return Response(enrolment_csv(students), media_type="text/csv", headers={"Content-Disposition": name})


async def _page(
    request: Request,
    me: Person,
    *,
    changes: Changes | None = None,
    file: str = "",
    whole: bool = False,
    is_other: bool = False,
    problems: Sequence[Problem] = (),
    done: dict[str, int] | None = None,
) -> Response:
    search = searched(request)
    after = request.query_params.get("after", "")
    after_id = int(after) if after.isdecimal() and len(after) < 19 else 0
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        course = await find_course(conn, id_of(request, "course_id"))
        students = await list_students(conn, course.id, after=after_id, limit=A_PAGE + 1, search=search)
    return framed(
        request,
        me,
        account,
        "staff/enrolment.html",
        422 if problems else 409 if is_other else 200,
        course=course,
        students=students[:A_PAGE],
        more=students[A_PAGE - 1].person_id if len(students) > A_PAGE else None,
        search=search,
        may_edit=may_edit(me),
        changes=changes,
        shown=changes.real[:CHANGES_SHOWN] if changes else (),
        file=file,
        whole=whole,
        is_other=is_other,
        problems=problems,
        done=done or {},
    )


routes = [
    Route("/staff/courses/{course_id:int}/students", enrolment_page),
    Route("/staff/courses/{course_id:int}/students", post_file, methods=["POST"]),
    Route("/staff/courses/{course_id:int}/students/apply", post_apply, methods=["POST"]),
    Route("/staff/courses/{course_id:int}/students.csv", export),
]
