"""The JSON API of organisations and who belongs to them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.errors import SomebodyWasFaster, UnsupportedMediaType
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import (
    LARGEST_ID,
    After,
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
from examhall.forms import organisations
from examhall.forms.kinds import UnknownKind, kinds_of_organisations, require_kind
from examhall.forms.organisations import NoSuchMember, NoSuchOrganisation, OrganisationCodeTaken
from examhall.forms.organisations_file import EMAIL_CHARS, BadOrganisationsFile, read_organisations
from examhall.forms.replies import MemberOut, OrganisationOut

router = APIRouter(tags=["Organisations"])

Reader = Annotated[Person, Staff("author", "analyst")]
Admin = Annotated[Person, Staff("admin")]
OlderThan = Annotated[int, Query(alias="cursor", ge=1, le=LARGEST_ID, description="As `next_cursor` had it.")]
Email = Annotated[Text, Field(max_length=EMAIL_CHARS, pattern=r"^[^@\s]+@[^@\s]+$")]


class NewOrganisation(Body):
    code: Annotated[Text, Field(min_length=1, max_length=organisations.CODE_CHARS)]
    name: Annotated[Text, Field(min_length=1, max_length=organisations.NAME_CHARS)]
    kind: Annotated[Text, Field(max_length=organisations.KIND_CHARS)] = organisations.USUAL_KIND
    email: Email | None = None


class EditedOrganisation(NewOrganisation):
    active: bool = True
    version: Annotated[int, Field(ge=1)] | None = None


class MemberIn(Body):
    username: Annotated[Text, Field(min_length=1, max_length=100)]
    manager: bool = False


class ImportedOut(BaseModel):
    added: int
    changed: int
    unchanged: int


@router.get("/organisations", summary="List organisations", responses=STAFF)
async def get_organisations(
    _me: Reader,
    db: Db,
    limit: Limit = 50,
    cursor: OlderThan = LARGEST_ID,
    q: Annotated[Text | None, Query(max_length=100, description="In the code or the name.")] = None,
) -> Page[OrganisationOut]:
    """The newest first. For the office."""
    async with db.connection() as conn:
        found = await organisations.list_organisations(conn, before_id=cursor, limit=limit + 1, search=q)
    return page_of(found, limit, OrganisationOut.of, cursor=lambda each: each.id)


@router.post(
    "/organisations",
    status_code=201,
    summary="Add an organisation",
    responses=STAFF | refusals(CrossSite, OrganisationCodeTaken, UnknownKind),
)
async def post_organisation(body: NewOrganisation, me: Admin, db: Db, response: Response) -> OrganisationOut:
    async with db.transaction() as conn:
        await require_kind(conn, body.kind)
        created = await organisations.create_organisation(conn, **body.model_dump(), created_by=me.id)
        found = await organisations.find_organisation(conn, created)
    response.headers["ETag"] = etag(found.version)
    return OrganisationOut.of(found)


@router.post(
    "/organisations/import",
    summary="Add or change organisations from CSV",
    responses=STAFF | refusals(CrossSite, UnsupportedMediaType, BadOrganisationsFile),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": "code,name,kind\nTC-1,Centre,school"}
            },
        }
    },
)
async def post_import(request: Request, me: Admin, db: Db) -> ImportedOut:
    """Columns code and name, and if you like kind, email and active. All of the file or nothing.

    A code that is there already is changed; the same file again changes nothing.
    """
    require_csv(request)
    lines = read_organisations(await request.body())
    async with db.transaction() as conn:
        added, changed = await organisations.import_organisations(
            conn, lines, created_by=me.id, kinds=list(await kinds_of_organisations(conn))
        )
    return ImportedOut(added=added, changed=changed, unchanged=len(lines) - added - changed)


@router.get(
    "/organisations/{organisation_id}",
    summary="One organisation",
    responses=STAFF | refusals(NoSuchOrganisation),
)
async def get_organisation(organisation_id: Id, _me: Reader, db: Db, response: Response) -> OrganisationOut:
    async with db.connection() as conn:
        found = await organisations.find_organisation(conn, organisation_id)
    response.headers["ETag"] = etag(found.version)
    return OrganisationOut.of(found)


@router.put(
    "/organisations/{organisation_id}",
    summary="Change an organisation that nobody else has changed meanwhile",
    responses=STAFF
    | refusals(
        CrossSite, NoSuchOrganisation, OrganisationCodeTaken, UnknownKind, SomebodyWasFaster, VersionRequired
    ),
)
async def put_organisation(
    organisation_id: Id,
    body: EditedOrganisation,
    request: Request,
    _me: Admin,
    db: Db,
    response: Response,
) -> OrganisationOut:
    """With the ETag as If-Match, or its `version`."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        await require_kind(conn, body.kind)
        await organisations.edit_organisation(
            conn, organisation_id, **body.model_dump() | {"version": version}
        )
        found = await organisations.find_organisation(conn, organisation_id)
    response.headers["ETag"] = etag(found.version)
    return OrganisationOut.of(found)


@router.get(
    "/organisations/{organisation_id}/members",
    summary="Who belongs to an organisation",
    responses=STAFF | refusals(NoSuchOrganisation),
)
async def get_members(
    organisation_id: Id, _me: Reader, db: Db, cursor: After = 0, limit: Limit = 50
) -> Page[MemberOut]:
    async with db.transaction() as conn:
        await organisations.find_organisation(conn, organisation_id)
        found = await organisations.list_members(conn, organisation_id, after=cursor, limit=limit + 1)
    return page_of(found, limit, MemberOut.of, cursor=lambda each: each.person_id)


@router.post(
    "/organisations/{organisation_id}/members",
    status_code=204,
    summary="Add a member, or make one a manager",
    responses=STAFF | refusals(CrossSite, NoSuchOrganisation, NoSuchMember),
)
async def post_member(organisation_id: Id, body: MemberIn, _me: Admin, db: Db) -> Response:
    """A repeat changes nothing. Managers see what is sent for the organisation."""
    async with db.transaction() as conn:
        await organisations.set_member(conn, organisation_id, username=body.username, manager=body.manager)
    return Response(status_code=204)


@router.delete(
    "/organisations/{organisation_id}/members/{person_id}",
    status_code=204,
    summary="Remove a member",
    responses=STAFF | refusals(CrossSite),
)
async def delete_member(organisation_id: Id, person_id: Id, _me: Admin, db: Db) -> Response:
    """Who is no member stays none."""
    async with db.transaction() as conn:
        await organisations.remove_member(conn, organisation_id, person_id)
    return Response(status_code=204)
