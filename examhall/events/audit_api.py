"""The record of what was done, for programs of administrators: a page of it, and all that fits as a file."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from examhall.accounts.access import NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.audit.entries import MEDIA_TYPES, Sought, as_json, file_pieces, list_entries
from examhall.audit.noting import note
from examhall.base.attachment import download_headers
from examhall.base.wire import LARGEST_ID, Before, Db, Limit, Page, Text, page_of, refusals

router = APIRouter(tags=["Record"])

ADMINS = refusals(NotSignedIn, TokenInvalid, WrongRole)
Admin = Annotated[Person, Staff("admin")]
Name = Annotated[Text, Field(max_length=200)]
Door = Literal["page", "api", "command", "worker", "server", "database"]


class EntryOut(BaseModel):
    id: int
    at: str
    actor_id: int | None = Field(description="Who did it; null: nobody with an account, see `door`.")
    actor: str | None
    door: str = Field(description="page, api, command, worker, server, or database: SQL by hand.")
    trace: str = Field(description="The request's id, the job's, or who ran the command.")
    deed: str = Field(description="added, changed, removed; or what was noted, such as tickets_printed.")
    kind: str = Field(description="The table of what it was done to.")
    thing: str = Field(description="Its key there.")
    label: str
    exam_id: int | None
    exam: str | None
    person_id: int | None = Field(description="Whom it is about.")
    person: str | None
    before: dict[str, Any] | None = Field(description="Only what changed. Secrets are ***.")
    after: dict[str, Any] | None


def _sought(
    who: Annotated[Name, Query(description="A username, or part of a name.")] = "",
    person_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    kind: Name | None = None,
    thing: Name | None = None,
    exam_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    door: Door | None = None,
    deed: Name | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    q: Annotated[Name, Query(description="Words of titles, values, reasons.")] = "",
) -> Sought:
    return Sought(who, person_id, kind, thing, exam_id, door, deed, since, until, q)


Filter = Annotated[Sought, Depends(_sought)]


@router.get("/audit", summary="What was done, the newest first", responses=ADMINS)
async def get_audit(
    _me: Admin, db: Db, sought: Filter, limit: Limit = 50, before: Before = LARGEST_ID
) -> Page[EntryOut]:
    async with db.transaction() as conn:
        found = await list_entries(
            conn, sought, limit=limit + 1, before=before if before < LARGEST_ID else None
        )
    return page_of(found, limit, lambda entry: EntryOut(**as_json(entry)), cursor=lambda entry: entry.id)


@router.get(
    "/audit/file",
    summary="All that fits, as CSV or JSON lines; to have done so is on record itself",
    responses=ADMINS,
)
async def get_audit_file(
    _me: Admin, db: Db, sought: Filter, form: Annotated[Literal["csv", "jsonl"], Query(alias="format")]
) -> StreamingResponse:
    asked = {name: str(value) for name, value in vars(sought).items() if value}
    async with db.transaction() as conn:
        await note(conn, "audit_downloaded", kind="audit_entries", thing=form, after=asked)
    return StreamingResponse(
        file_pieces(db, sought, form), media_type=MEDIA_TYPES[form], headers=download_headers(f"audit.{form}")
    )
