"""The JSON API of what the office does with courses and enrolment."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.clock import rfc3339
from examhall.base.errors import SomebodyWasFaster, UnsupportedMediaType
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import (
    LARGEST_ID,
    After,
    Before,
    Body,
    Db,
    Id,
    Limit,
    Page,
    Text,
    page_of,
    refusals,
    require_csv,
)
from examhall.courses import courses, enrolment
from examhall.courses.courses import CourseCodeTaken, NoSuchCourse
from examhall.courses.enrolment_file import BadEnrolmentFile, read_enrolment

router = APIRouter(tags=["Courses"])

Author = Annotated[Person, Staff("author")]
Reader = Annotated[Person, Staff("author", "analyst", "invigilator")]

Code = Annotated[Text, Field(min_length=1, max_length=courses.CODE_CHARS)]
Title = Annotated[Text, Field(min_length=1, max_length=courses.TITLE_CHARS)]
Description = Annotated[Text, Field(max_length=courses.DESCRIPTION_CHARS)]


class NewCourse(Body):
    code: Code
    title: Title
    description: Description = ""


class EditedCourse(NewCourse):
    active: bool = True
    version: Annotated[int, Field(ge=1)] | None = None


class CourseOut(BaseModel):
    id: int
    code: str
    title: str
    description: str
    active: bool
    version: int
    created_at: str
    enrolled: int
    contests: int
    server_time: str

    @classmethod
    def of(cls, course: courses.Course) -> "CourseOut":
        return cls(
            **vars(course)
            | {"created_at": rfc3339(course.created_at), "server_time": rfc3339(course.server_time)}
        )


class StudentOut(BaseModel):
    person_id: int
    username: str
    full_name: str
    email: str | None
    active: bool
    enrolled_at: str

    @classmethod
    def of(cls, student: enrolment.Student) -> "StudentOut":
        return cls(**vars(student) | {"enrolled_at": rfc3339(student.enrolled_at)})


class ChangeOut(BaseModel):
    line: int | None = Field(description="In the file; null for who is not in it and leaves.")
    person_id: int
    username: str
    what: str = Field(description="added, activated or deactivated")


class EnrolledOut(BaseModel):
    applied: bool
    added: int
    activated: int
    deactivated: int
    unchanged: int
    changes: list[ChangeOut]


@router.get("/courses", summary="List courses", responses=STAFF)
async def get_courses(_me: Reader, db: Db, limit: Limit = 50, cursor: Before = LARGEST_ID) -> Page[CourseOut]:
    """The newest first. For staff; what students see of theirs is GET /contests."""
    async with db.connection() as conn:
        found = await courses.list_courses(conn, before_id=cursor, limit=limit + 1)
    return page_of(found, limit, CourseOut.of, cursor=lambda course: course.id)


@router.post(
    "/courses",
    status_code=201,
    summary="Create a course",
    responses=STAFF | refusals(CrossSite, CourseCodeTaken),
)
async def post_course(body: NewCourse, me: Author, db: Db, response: Response) -> CourseOut:
    async with db.transaction() as conn:
        course_id = await courses.create_course(conn, **body.model_dump(), created_by=me.id)
        course = await courses.find_course(conn, course_id)
    response.headers["ETag"] = etag(course.version)
    return CourseOut.of(course)


@router.get("/courses/{course_id}", summary="One course", responses=STAFF | refusals(NoSuchCourse))
async def get_course(course_id: Id, _me: Reader, db: Db, response: Response) -> CourseOut:
    async with db.connection() as conn:
        course = await courses.find_course(conn, course_id)
    response.headers["ETag"] = etag(course.version)
    return CourseOut.of(course)


@router.put(
    "/courses/{course_id}",
    summary="Change a course that nobody else has changed meanwhile",
    responses=STAFF | refusals(CrossSite, NoSuchCourse, CourseCodeTaken, SomebodyWasFaster, VersionRequired),
)
async def put_course(
    course_id: Id, body: EditedCourse, request: Request, _me: Author, db: Db, response: Response
) -> CourseOut:
    """With the ETag as If-Match, or its `version`. An inactive course's exams are open to nobody."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        await courses.edit_course(conn, course_id, **body.model_dump() | {"version": version})
        course = await courses.find_course(conn, course_id)
    response.headers["ETag"] = etag(course.version)
    return CourseOut.of(course)


@router.get(
    "/courses/{course_id}/enrolments",
    summary="Who is enrolled in a course",
    response_model=Page[StudentOut],
    responses={200: {"content": {"text/csv": {}}}, **STAFF, **refusals(NoSuchCourse)},
)
async def get_enrolments(
    course_id: Id, request: Request, _me: Reader, db: Db, cursor: After = 0, limit: Limit = 50
) -> Page[StudentOut] | Response:
    """With `Accept: text/csv`, all of them at once, as a file that can be sent back."""
    wants_csv = "text/csv" in request.headers.get("Accept", "")
    async with db.transaction() as conn:
        course = await courses.find_course(conn, course_id)
        found = await enrolment.list_students(
            conn, course_id, after=cursor, limit=enrolment.EVERYBODY if wants_csv else limit + 1
        )
    if wants_csv:
        return Response(
            enrolment.enrolment_csv(found),
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="course-{course.id}.csv"'},
        )
    return page_of(found, limit, StudentOut.of, cursor=lambda student: student.person_id)


@router.post(
    "/courses/{course_id}/enrolments",
    summary="Enrol students from CSV",
    responses=STAFF | refusals(CrossSite, NoSuchCourse, UnsupportedMediaType, BadEnrolmentFile),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": "username,active\nada,yes\nbob,no"}
            },
        }
    },
)
async def post_enrolments(
    course_id: Id,
    request: Request,
    _me: Author,
    db: Db,
    dry_run: Annotated[bool, Query(description="Only say what would change.")] = False,
    deactivate_missing: Annotated[
        bool, Query(description="The file is the whole list: who is not in it leaves.")
    ] = False,
) -> EnrolledOut:
    """A header with `username` and, if you like, `active` (yes or no). All of the file or nothing.

    A bad line is reported with its number and what is wrong. The same file again changes nothing.
    """
    require_csv(request)
    lines = read_enrolment(await request.body())
    async with db.transaction() as conn:
        if dry_run:
            await courses.find_course(conn, course_id)
            changes = await enrolment.preview_enrolment(
                conn, course_id, lines, deactivate_missing=deactivate_missing
            )
        else:
            changes = await enrolment.enrol(conn, course_id, lines, deactivate_missing=deactivate_missing)
    return EnrolledOut(
        applied=not dry_run,
        **{what: changes.counts[what] for what in ("added", "activated", "deactivated", "unchanged")},
        changes=[
            ChangeOut(line=each.line, person_id=each.person_id, username=each.username, what=each.what)
            for each in changes.real
        ],
    )
