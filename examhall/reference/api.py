"""The JSON API of the master data."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, NotSignedIn, Person, SignedIn, Staff
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import rfc3339
from examhall.base.errors import SomebodyWasFaster
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import Body, Db, refusals
from examhall.reference import catalog
from examhall.reference.catalog import BadValue, CodeTaken, EntryVersion, FixedKind, Kind, NoSuchEntry
from examhall.reference.master_data import MasterData
from examhall.reference.values import CODE, Code, Name

router = APIRouter(tags=["Master data"])

Reader = Annotated[Person, Staff("author", "analyst")]
Admin = Annotated[Person, Staff("admin")]
InPath = Annotated[str, Path(pattern=CODE)]
# Kept by whoever likes, and asked for each time: 304 as long as nothing has changed.
CACHING = "private, no-cache"


class NewEntry(Body):
    code: Code
    name: Name
    value: dict[str, Any] = Field(default_factory=dict, description="By the kind; see docs/analyses.md.")


class ChangedEntry(Body):
    name: Name
    value: dict[str, Any]
    active: bool = True
    version: Annotated[int, Field(ge=1)] | None = None


class EntryOut(BaseModel):
    kind: str
    code: str
    name: str
    value: dict[str, Any]
    version: int
    active: bool
    saved_by: str | None
    saved_at: str

    @classmethod
    def of(cls, entry: EntryVersion) -> "EntryOut":
        return cls(**vars(entry) | {"saved_at": rfc3339(entry.saved_at)})


class VersionsOut(BaseModel):
    items: list[EntryOut] = Field(description="The newest first.")


@router.get(
    "/master-data",
    summary="Everything in one reply",
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "As the If-None-Match says; nothing has changed."},
        **refusals(NotSignedIn, TokenInvalid),
    },
)
async def get_master_data(request: Request, _me: SignedIn) -> Response:
    """Entries by kind, each with code, name, value, version and whether it is active. Put together once."""
    master_data: MasterData = request.app.state.master_data
    reply = await master_data.reply()
    headers = {"ETag": reply.etag, "Cache-Control": CACHING}
    if _has(request.headers.get("If-None-Match", ""), reply.etag):
        return Response(status_code=304, headers=headers)
    return Response(reply.body, media_type="application/json", headers=headers)


@router.post(
    "/master-data/{kind}",
    status_code=201,
    summary="Add an entry",
    responses=STAFF | refusals(CrossSite, CodeTaken, FixedKind, BadValue),
)
async def post_entry(kind: Kind, body: NewEntry, me: Admin, db: Db, response: Response) -> EntryOut:
    async with db.transaction() as conn:
        await catalog.add_entry(conn, kind=kind, **body.model_dump(), saved_by=me.id)
        entry = await catalog.find_entry(conn, kind, body.code)
    response.headers["ETag"] = etag(entry.version)
    return EntryOut.of(entry)


@router.get(
    "/master-data/{kind}/{code}",
    summary="One entry, as it is or as it was in a version",
    responses=STAFF | refusals(NoSuchEntry),
)
async def get_entry(
    kind: Kind,
    code: InPath,
    _me: Reader,
    db: Db,
    response: Response,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> EntryOut:
    async with db.connection() as conn:
        entry = await catalog.find_entry(conn, kind, code, version)
    response.headers["ETag"] = etag(entry.version)
    return EntryOut.of(entry)


@router.get(
    "/master-data/{kind}/{code}/versions",
    summary="Every version that an entry ever had",
    responses=STAFF | refusals(NoSuchEntry),
)
async def get_versions(kind: Kind, code: InPath, _me: Reader, db: Db) -> VersionsOut:
    async with db.connection() as conn:
        found = await catalog.entry_versions(conn, kind, code)
    if not found:
        raise NoSuchEntry
    return VersionsOut(items=[EntryOut.of(entry) for entry in found])


@router.put(
    "/master-data/{kind}/{code}",
    summary="Change an entry that nobody else has changed meanwhile",
    responses=STAFF
    | refusals(CrossSite, NoSuchEntry, FixedKind, BadValue, SomebodyWasFaster, VersionRequired),
)
async def put_entry(
    kind: Kind, code: InPath, body: ChangedEntry, request: Request, me: Admin, db: Db, response: Response
) -> EntryOut:
    """With the ETag as If-Match, or its `version`. What it said before stays readable."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        await catalog.change_entry(
            conn, kind=kind, code=code, **body.model_dump() | {"version": version}, saved_by=me.id
        )
        entry = await catalog.find_entry(conn, kind, code)
    response.headers["ETag"] = etag(entry.version)
    return EntryOut.of(entry)


def _has(if_none_match: str, tag: str) -> bool:
    """A proxy that compresses makes a weak ETag of ours: W/ in front."""
    given = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag in given or "*" in given
