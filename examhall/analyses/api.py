"""The JSON API of projects and their members."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.analyses import projects
from examhall.analyses.projects import (
    CannotJoin,
    LastOwner,
    Member,
    NoSuchProject,
    OnlyLooking,
    OwnersOnly,
    Project,
)
from examhall.base.clock import rfc3339
from examhall.base.errors import SomebodyWasFaster
from examhall.base.made_once import KeyUsedForAnother, RequestKey, RequestKeyHeader, make_once
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals

router = APIRouter(tags=["Analyses"])

Analyst = Annotated[Person, Staff(*projects.STAFF)]
SEEN = refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchProject)
WRITTEN = SEEN | refusals(CrossSite, OnlyLooking, OwnersOnly)
Name = Annotated[Text, Field(min_length=1, max_length=projects.NAME_CHARS)]
Description = Annotated[Text, Field(max_length=projects.DESCRIPTION_CHARS)]
Archived = Annotated[bool, Query(description="Those that were put away, instead of the others.")]


class NewProject(Body):
    name: Name
    description: Description = ""


class EditedProject(NewProject):
    archived: bool = False
    version: Annotated[int, Field(ge=1)] | None = None


class NewMember(Body):
    username: Annotated[Text, Field(min_length=1, max_length=200)]
    role: projects.Role


class ProjectOut(BaseModel):
    id: int
    name: str
    description: str
    version: int
    role: str = Field(description="Yours in it: owner, editor or viewer.")
    members: int
    scenarios: int
    created_at: str
    changed_at: str
    archived_at: str | None
    server_time: str

    @classmethod
    def of(cls, project: Project) -> "ProjectOut":
        return cls(
            **vars(project)
            | {
                "created_at": rfc3339(project.created_at),
                "changed_at": rfc3339(project.changed_at),
                "archived_at": rfc3339(project.archived_at) if project.archived_at else None,
                "server_time": rfc3339(project.server_time),
            }
        )


class MemberOut(BaseModel):
    person_id: int
    username: str
    full_name: str
    role: str
    added_at: str

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        return cls(**vars(member) | {"added_at": rfc3339(member.added_at)})


class MembersOut(BaseModel):
    items: list[MemberOut]


@router.get(
    "/projects", summary="Projects that you are in", responses=refusals(NotSignedIn, TokenInvalid, WrongRole)
)
async def get_projects(
    me: Analyst, db: Db, limit: Limit = 50, cursor: Before = LARGEST_ID, archived: Archived = False
) -> Page[ProjectOut]:
    """The newest first."""
    async with db.connection() as conn:
        found = await projects.list_projects(
            conn, me.id, before_id=cursor, limit=limit + 1, archived=archived
        )
    return page_of(found, limit, ProjectOut.of, cursor=lambda project: project.id)


@router.post(
    "/projects",
    status_code=201,
    summary="Begin a project",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole, CrossSite, KeyUsedForAnother),
)
async def post_project(
    body: NewProject, me: Analyst, db: Db, response: Response, key: RequestKeyHeader = None
) -> ProjectOut:
    """You are its owner. Nobody else sees it until you put them in."""
    request = RequestKey.of(key, body.model_dump(mode="json"))
    async with db.transaction() as conn:
        made = await make_once(
            conn,
            request,
            kind="project",
            by=me.id,
            make=lambda: projects.create_project(conn, **body.model_dump(), created_by=me.id),
        )
        project = await projects.find_project(conn, made.id, me.id)
    if not made.is_new:
        response.status_code = 200
    response.headers["ETag"] = etag(project.version)
    return ProjectOut.of(project)


@router.get("/projects/{project_id}", summary="One project", responses=SEEN)
async def get_project(project_id: Id, me: Analyst, db: Db, response: Response) -> ProjectOut:
    async with db.connection() as conn:
        project = await projects.find_project(conn, project_id, me.id)
    response.headers["ETag"] = etag(project.version)
    return ProjectOut.of(project)


@router.put(
    "/projects/{project_id}",
    summary="Change a project that nobody else has changed meanwhile",
    responses=WRITTEN | refusals(SomebodyWasFaster, VersionRequired),
)
async def put_project(
    project_id: Id, body: EditedProject, request: Request, me: Analyst, db: Db, response: Response
) -> ProjectOut:
    """With the ETag as If-Match, or its `version`. Owners also put it away (`archived`) and bring it back."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        project = await projects.edit_project(
            conn, project_id, person_id=me.id, **body.model_dump() | {"version": version}
        )
    response.headers["ETag"] = etag(project.version)
    return ProjectOut.of(project)


@router.get("/projects/{project_id}/members", summary="Who is in a project", responses=SEEN)
async def get_members(project_id: Id, me: Analyst, db: Db) -> MembersOut:
    async with db.connection() as conn:
        await projects.find_project(conn, project_id, me.id)
        found = await projects.list_members(conn, project_id)
    return MembersOut(items=[MemberOut.of(member) for member in found])


@router.post(
    "/projects/{project_id}/members",
    summary="Put somebody into a project, or give them another role",
    responses=WRITTEN | refusals(CannotJoin, LastOwner),
)
async def post_member(project_id: Id, body: NewMember, me: Analyst, db: Db) -> MembersOut:
    """By an owner. The same again changes nothing; the reply is everybody who is in it."""
    async with db.transaction() as conn:
        found = await projects.set_member(conn, project_id, by=me.id, username=body.username, role=body.role)
    return MembersOut(items=[MemberOut.of(member) for member in found])


@router.delete(
    "/projects/{project_id}/members/{person_id}",
    status_code=204,
    summary="Take somebody out of a project, or leave it",
    responses=WRITTEN | refusals(LastOwner),
)
async def delete_member(
    project_id: Id, person_id: Annotated[int, Path(ge=1, le=LARGEST_ID)], me: Analyst, db: Db
) -> None:
    """The same again changes nothing. One owner at least stays."""
    async with db.transaction() as conn:
        await projects.remove_member(conn, project_id, by=me.id, person_id=person_id)
