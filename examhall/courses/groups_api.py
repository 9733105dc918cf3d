"""The JSON API of groups of people."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.clock import rfc3339
from examhall.base.errors import SomebodyWasFaster
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, After, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.courses import groups
from examhall.courses.courses import NoSuchCourse
from examhall.courses.groups import (
    GroupInUse,
    GroupNameTaken,
    MembersOfCourse,
    NoSuchGroup,
    TooManyUsernames,
    UnknownUsernames,
)

router = APIRouter(tags=["Groups"])

Author = Annotated[Person, Staff("author")]
Reader = Annotated[Person, Staff("author", "analyst", "invigilator")]


class GroupIn(Body):
    name: Annotated[Text, Field(min_length=1, max_length=groups.NAME_CHARS)]
    description: Annotated[Text, Field(max_length=groups.DESCRIPTION_CHARS)] = ""


class EditedGroup(GroupIn):
    version: Annotated[int, Field(ge=1)] | None = None


class CourseGroupIn(Body):
    course_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class MembersIn(Body):
    usernames: Annotated[
        list[Annotated[Text, Field(max_length=200)]], Field(max_length=groups.USERNAMES_LIMIT)
    ]
    way: Literal["add", "remove", "replace"] = "add"
    dry_run: bool = Field(False, description="Only say what would change.")


class GroupOut(BaseModel):
    id: int
    name: str
    description: str
    course_id: int | None = Field(description="Its members are those of this course.")
    members: int
    version: int
    created_at: str

    @classmethod
    def of(cls, group: groups.Group) -> "GroupOut":
        known = {name: value for name, value in vars(group).items() if name != "course_code"}
        return cls(**known | {"created_at": rfc3339(group.created_at)})


class MemberOut(BaseModel):
    person_id: int
    username: str
    full_name: str
    active: bool


class ChangedOut(BaseModel):
    added: int
    removed: int
    unchanged: int


@router.get("/groups", summary="List groups", responses=STAFF)
async def get_groups(
    _me: Reader,
    db: Db,
    limit: Limit = 50,
    cursor: Before = LARGEST_ID,
    q: Annotated[Text, Query(max_length=100)] = "",
) -> Page[GroupOut]:
    """The newest first."""
    async with db.connection() as conn:
        found = await groups.list_groups(conn, before_id=cursor, limit=limit + 1, search=q.strip())
    return page_of(found, limit, GroupOut.of, cursor=lambda group: group.id)


@router.post(
    "/groups",
    status_code=201,
    summary="Make a group",
    responses=STAFF | refusals(CrossSite, GroupNameTaken, NoSuchCourse),
)
async def post_group(body: GroupIn | CourseGroupIn, me: Author, db: Db, response: Response) -> GroupOut:
    """A list of its own, or with `course_id` the members of a course, whoever they are at any time."""
    async with db.transaction() as conn:
        if isinstance(body, CourseGroupIn):
            group_id = await groups.create_course_group(conn, body.course_id, created_by=me.id)
        else:
            group_id = await groups.create_group(conn, **body.model_dump(), created_by=me.id)
        group = await groups.find_group(conn, group_id)
    response.headers["ETag"] = etag(group.version)
    return GroupOut.of(group)


@router.get("/groups/{group_id}", summary="One group", responses=STAFF | refusals(NoSuchGroup))
async def get_group(group_id: Id, _me: Reader, db: Db, response: Response) -> GroupOut:
    async with db.connection() as conn:
        group = await groups.find_group(conn, group_id)
    response.headers["ETag"] = etag(group.version)
    return GroupOut.of(group)


@router.put(
    "/groups/{group_id}",
    summary="Change a group that nobody else has changed meanwhile",
    responses=STAFF | refusals(CrossSite, NoSuchGroup, GroupNameTaken, SomebodyWasFaster, VersionRequired),
)
async def put_group(
    group_id: Id, body: EditedGroup, request: Request, _me: Author, db: Db, response: Response
) -> GroupOut:
    """With the ETag as If-Match, or its `version`."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        await groups.edit_group(conn, group_id, **body.model_dump() | {"version": version})
        group = await groups.find_group(conn, group_id)
    response.headers["ETag"] = etag(group.version)
    return GroupOut.of(group)


@router.delete(
    "/groups/{group_id}",
    status_code=204,
    summary="Delete a group that nothing refers to",
    responses=STAFF | refusals(CrossSite, NoSuchGroup, GroupInUse),
)
async def delete_group(group_id: Id, _me: Author, db: Db) -> Response:
    async with db.transaction() as conn:
        await groups.delete_group(conn, group_id)
    return Response(status_code=204)


@router.get(
    "/groups/{group_id}/members", summary="Who is in a group", responses=STAFF | refusals(NoSuchGroup)
)
async def get_members(
    group_id: Id, _me: Reader, db: Db, limit: Limit = 50, cursor: After = 0
) -> Page[MemberOut]:
    """In the order of their ids."""
    async with db.transaction() as conn:
        await groups.find_group(conn, group_id)
        found = await groups.list_members(conn, group_id, after=cursor, limit=limit + 1)
    return page_of(
        found, limit, lambda member: MemberOut(**vars(member)), cursor=lambda member: member.person_id
    )


@router.post(
    "/groups/{group_id}/members",
    summary="Add many to a group, take them out, or make them all of it",
    responses=STAFF | refusals(CrossSite, NoSuchGroup, MembersOfCourse, UnknownUsernames, TooManyUsernames),
)
async def post_members(group_id: Id, body: MembersIn, _me: Author, db: Db) -> ChangedOut:
    """By their usernames: all, or nobody and who is unknown. The same list again changes nothing."""
    usernames = groups.usernames_in(" ".join(body.usernames))
    async with db.transaction() as conn:
        changed = await groups.change_members(conn, group_id, usernames, way=body.way, dry=body.dry_run)
    return ChangedOut(**vars(changed))
