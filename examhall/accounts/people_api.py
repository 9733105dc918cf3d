"""The JSON API of the office's directory: people, their sign-ins, and new passwords for them."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from examhall.accounts import directory, new_passwords, people
from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.accounts.directory import NoSuchSignIn, Sought
from examhall.accounts.people import EmailTaken, LastAdmin, NoSuchPerson, OwnRights, UsernameTaken
from examhall.accounts.person_fields import NotAPerson, checked
from examhall.base.clock import rfc3339
from examhall.base.errors import SomebodyWasFaster
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, After, Body, Db, Id, Limit, Page, Text, page_of, refusals

router = APIRouter(tags=["People and tickets"])

CHANGES = STAFF | refusals(CrossSite, NoSuchPerson)
Admin = Annotated[Person, Staff("admin")]
Role = Literal["candidate", "invigilator", "marker", "author", "analyst", "admin"]
Search = Annotated[Text, Query(alias="q", max_length=100, description="Beginnings of words, in any order.")]
Group = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]


class PersonIn(Body):
    username: Annotated[Text, Field(max_length=100)]
    full_name: Annotated[Text, Field(max_length=200)]
    email: Annotated[Text, Field(max_length=254)] | None = None
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=6)] = ("candidate",)


class EditedPerson(PersonIn):
    active: bool = True
    version: Annotated[int, Field(ge=1)] | None = None


class DirectoryEntry(BaseModel):
    id: int
    username: str
    email: str | None
    full_name: str
    roles: Sequence[str]
    active: bool
    version: int
    created_at: str

    @classmethod
    def of(cls, person: directory.Entry) -> "DirectoryEntry":
        return cls(**vars(person) | {"created_at": rfc3339(person.created_at)})


class SignInOut(BaseModel):
    id: UUID
    method: str
    exam_id: int | None = Field(description="Of a ticket: the exam that it is good for.")
    created_at: str
    expires_at: str
    ended_at: str | None
    is_live: bool


class LinkOut(BaseModel):
    url: str = Field(description="Good once, for three days. It is told here and nowhere else.")


class PasswordOut(BaseModel):
    password: str = Field(description="It is told here and nowhere else.")


@router.get("/people", summary="Find people", responses=STAFF)
async def get_people(
    _me: Admin,
    db: Db,
    cursor: After = 0,
    limit: Limit = 50,
    q: Search = "",
    role: Role | None = None,
    active: bool | None = None,
    group_id: Group = None,
) -> Page[DirectoryEntry]:
    """In the order of their names. For admins."""
    sought = Sought(q.strip(), role, active, group_id)
    async with db.transaction() as conn:
        found = await directory.list_people(conn, sought, after=cursor, limit=limit + 1)
    return page_of(found, limit, DirectoryEntry.of, cursor=lambda person: person.id)


@router.get("/people/export", summary="People as CSV", responses=STAFF, response_class=Response)
async def get_people_export(
    _me: Admin,
    db: Db,
    q: Search = "",
    role: Role | None = None,
    active: bool | None = None,
    group_id: Group = None,
) -> Response:
    """As the import takes it. What a spreadsheet might take for a formula is made harmless."""
    return StreamingResponse(
        directory.people_csv(db, Sought(q.strip(), role, active, group_id)),
        media_type="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="people.csv"',
            "Cache-Control": "no-store",
        },
    )


@router.post(
    "/people",
    status_code=201,
    summary="Add somebody",
    responses=STAFF | refusals(CrossSite, UsernameTaken, EmailTaken, NotAPerson),
)
async def post_person(body: PersonIn, _me: Admin, db: Db, response: Response) -> DirectoryEntry:
    """Without a password: give them a ticket, or a link by which they set one."""
    given = checked(**body.model_dump())
    async with db.transaction() as conn:
        person_id = await people.create_person(conn, **given)
        person = await directory.find_person(conn, person_id)
    response.headers["ETag"] = etag(person.version)
    return DirectoryEntry.of(person)


@router.get("/people/{person_id}", summary="Somebody", responses=STAFF | refusals(NoSuchPerson))
async def get_person(person_id: Id, _me: Admin, db: Db, response: Response) -> DirectoryEntry:
    async with db.transaction() as conn:
        person = await directory.find_person(conn, person_id)
    response.headers["ETag"] = etag(person.version)
    return DirectoryEntry.of(person)


@router.put(
    "/people/{person_id}",
    summary="Change somebody whom nobody else has changed meanwhile",
    responses=CHANGES
    | refusals(
        UsernameTaken, EmailTaken, NotAPerson, OwnRights, LastAdmin, SomebodyWasFaster, VersionRequired
    ),
)
async def put_person(
    person_id: Id, body: EditedPerson, request: Request, me: Admin, db: Db, response: Response
) -> DirectoryEntry:
    """With the ETag as If-Match, or its `version`. Who loses a role or is closed is signed out everywhere.

    Nobody changes their own roles or closes their own account; the last active admin stays one.
    """
    version = version_wanted(request, body.version)
    given = checked(**body.model_dump(exclude={"active", "version"}))
    async with db.transaction() as conn:
        person = await directory.edit_person(
            conn, person_id, by=me.id, version=version, active=body.active, **given
        )
    response.headers["ETag"] = etag(person.version)
    return DirectoryEntry.of(person)


@router.get(
    "/people/{person_id}/sign-ins", summary="Somebody's sign-ins", responses=STAFF | refusals(NoSuchPerson)
)
async def get_sign_ins(person_id: Id, _me: Admin, db: Db) -> list[SignInOut]:
    """The newest first, those that are over too."""
    async with db.transaction() as conn:
        await directory.find_person(conn, person_id)
        found = await directory.list_sign_ins(conn, person_id)
    return [
        SignInOut(
            id=each.id,
            method=each.method,
            exam_id=each.exam_id,
            created_at=rfc3339(each.created_at),
            expires_at=rfc3339(each.expires_at),
            ended_at=rfc3339(each.ended_at) if each.ended_at else None,
            is_live=each.is_live,
        )
        for each in found
    ]


@router.delete(
    "/people/{person_id}/sign-ins", status_code=204, summary="Sign somebody out everywhere", responses=CHANGES
)
async def delete_sign_ins(person_id: Id, _me: Admin, db: Db) -> Response:
    async with db.transaction() as conn:
        await directory.sign_out_everywhere(conn, person_id)
    return Response(status_code=204)


@router.delete(
    "/people/{person_id}/sign-ins/{sign_in_id}",
    status_code=204,
    summary="End one of somebody's sign-ins",
    responses=STAFF | refusals(CrossSite, NoSuchSignIn),
)
async def delete_sign_in(person_id: Id, sign_in_id: UUID, _me: Admin, db: Db) -> Response:
    async with db.transaction() as conn:
        await directory.end_sign_in_of(conn, person_id, sign_in_id)
    return Response(status_code=204)


@router.post(
    "/people/{person_id}/password-link", summary="A link by which they set a new password", responses=CHANGES
)
async def post_password_link(
    person_id: Id, request: Request, me: Admin, db: Db, response: Response
) -> LinkOut:
    """Good once. Any other link of theirs is good for nothing from now on."""
    async with db.transaction() as conn:
        token = await new_passwords.make_link(conn, person_id, by=me.id)
    response.headers["Cache-Control"] = "no-store"
    return LinkOut(url=new_passwords.link_url(request.app.state.settings.url, token))


@router.post("/people/{person_id}/password", summary="Give them a new password", responses=CHANGES)
async def post_password(
    person_id: Id, request: Request, _me: Admin, db: Db, response: Response
) -> PasswordOut:
    """Made up here, and told once. Whoever is signed in as them is signed out."""
    password = new_passwords.made_up_password()
    password_hash = await request.app.state.passwords.hash(password)
    async with db.transaction() as conn:
        await new_passwords.set_password(conn, person_id, password_hash=password_hash)
    response.headers["Cache-Control"] = "no-store"
    return PasswordOut(password=password)
