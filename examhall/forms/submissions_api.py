"""The JSON API of what was sent: one's own, one's organisation's, and what the office does with it."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from examhall.accounts.access import (
    STAFF,
    CrossSite,
    NotSignedIn,
    Person,
    SignedIn,
    Staff,
    TicketOnly,
    has_role,
    refuse_tickets,
    signer_of,
)
from examhall.accounts.people import NoSuchPerson
from examhall.accounts.tickets import UnknownPeople
from examhall.accounts.tokens import TokenInvalid
from examhall.base.db import Connection
from examhall.base.errors import SomebodyWasFaster
from examhall.base.storage import MissingFile
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.forms import submissions
from examhall.forms.erasing import erase_submission
from examhall.forms.files import NoSuchFile, find_file, list_files
from examhall.forms.handing_out import file_reply
from examhall.forms.history import list_history
from examhall.forms.lists import Listed, submissions_of_organisation, submissions_of_person
from examhall.forms.organisations import NoSuchOrganisation, find_organisation, is_manager
from examhall.forms.paging import BadCursor, Before, Cursor
from examhall.forms.replies import ListedSubmissionOut, SubmissionOut
from examhall.forms.submissions import NoSuchSubmission, NotFromHere, SentAlready

router = APIRouter(tags=["Forms"])

MINE = refusals(NotSignedIn, TokenInvalid, TicketOnly, NoSuchSubmission)
Author = Annotated[Person, Staff("author")]


class StatusIn(Body):
    status: Literal["in_review", "accepted", "rejected"]
    note: Annotated[Text, Field(max_length=submissions.NOTE_CHARS)] = ""
    version: Annotated[int, Field(ge=1)] | None = None


@router.get(
    "/me/submissions",
    summary="What I have sent",
    responses=refusals(NotSignedIn, TokenInvalid, TicketOnly, BadCursor),
)
async def get_mine(
    me: SignedIn, db: Db, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedSubmissionOut]:
    """The newest first."""
    refuse_tickets(me)
    before = Before.read(cursor)
    async with db.connection() as conn:
        return _page(await submissions_of_person(conn, me.id, before=before, limit=limit + 1), limit)


@router.get(
    "/organisations/{organisation_id}/submissions",
    summary="What was sent for an organisation",
    responses=refusals(NotSignedIn, TokenInvalid, NoSuchOrganisation, BadCursor),
)
async def get_of_organisation(
    organisation_id: Id, me: SignedIn, db: Db, cursor: Cursor = None, limit: Limit = 50
) -> Page[ListedSubmissionOut]:
    """The newest first. For the office, and for its managers."""
    before = Before.read(cursor)
    async with db.transaction() as conn:
        is_office = me.exam_id is None and has_role(me, "author")
        if not is_office and not await is_manager(conn, me, organisation_id):
            raise NoSuchOrganisation
        await find_organisation(conn, organisation_id)
        found = await submissions_of_organisation(conn, organisation_id, before=before, limit=limit + 1)
    return _page(found, limit)


@router.get("/submissions/{submission_id}", summary="One submission", responses=MINE)
async def get_submission(submission_id: Id, me: SignedIn, db: Db, response: Response) -> SubmissionOut:
    """For its sender, its organisation's managers and the office."""
    async with db.transaction() as conn:
        found = await _shown(conn, submission_id, me)
    response.headers["ETag"] = etag(found.version)
    return found


@router.put(
    "/submissions/{submission_id}/status",
    summary="Take a submission on, accept or reject it",
    responses=STAFF
    | refusals(
        CrossSite, NoSuchSubmission, NotFromHere, SomebodyWasFaster, VersionRequired, SentAlready,
        UnknownPeople, NoSuchPerson,
    ),
)  # fmt: skip
async def put_status(
    submission_id: Id, body: StatusIn, request: Request, me: Author, db: Db, response: Response
) -> SubmissionOut:
    """With the ETag as If-Match, or its `version`. What the form gives on acceptance is given with it."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        await submissions.change_status(
            conn,
            signer_of(request),
            submission_id,
            to=body.status,
            version=version,
            me=me,
            note=body.note,
        )
        found = await _shown(conn, submission_id, me)
    response.headers["ETag"] = etag(found.version)
    return found


@router.post(
    "/submissions/{submission_id}/withdraw",
    summary="Take back what I sent",
    responses=MINE | refusals(CrossSite, NotFromHere),
)
async def post_withdraw(submission_id: Id, me: SignedIn, db: Db) -> SubmissionOut:
    """Before it is decided on. A repeat changes nothing."""
    refuse_tickets(me)
    async with db.transaction() as conn:
        await submissions.withdraw(conn, submission_id, me=me)
        return await _shown(conn, submission_id, me)


@router.delete(
    "/submissions/{submission_id}/data",
    status_code=204,
    summary="Erase personal data",
    responses=STAFF | refusals(CrossSite, NoSuchSubmission),
)
async def delete_data(submission_id: Id, me: Annotated[Person, Staff("admin")], db: Db) -> Response:
    """For good: the answers, the files, whose it was. That it was, and who erased it when, stays."""
    async with db.transaction() as conn:
        await erase_submission(conn, submission_id, by=me.id)
    return Response(status_code=204)


@router.get(
    "/submissions/{submission_id}/files/{file_id}",
    summary="A file that was sent",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}, "image/*": {}}}}
    | MINE
    | refusals(NoSuchFile, MissingFile),
)
async def get_file(submission_id: Id, file_id: Id, request: Request, me: SignedIn, db: Db) -> Response:
    async with db.transaction() as conn:
        await submissions.find_submission_for(conn, submission_id, me)
        file = await find_file(conn, submission_id, file_id)
    return await file_reply(request.app.state.storage, file)


async def _shown(conn: Connection, submission_id: int, me: Person) -> SubmissionOut:
    found = await submissions.find_submission_for(conn, submission_id, me)
    return SubmissionOut.of(
        found, await list_files(conn, submission_id), await list_history(conn, submission_id)
    )


def _page(found: Sequence[Listed], limit: int) -> Page[ListedSubmissionOut]:
    return page_of(found, limit, ListedSubmissionOut.of, cursor=lambda each: each.before)
