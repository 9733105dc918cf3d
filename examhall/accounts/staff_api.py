"""The JSON API of what the exam office does with people and tickets."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from examhall.accounts import tickets
from examhall.accounts.access import STAFF, CrossSite, Person, Staff, signer_of
from examhall.accounts.people import LastAdmin, OwnRights, import_people
from examhall.accounts.people_file import BadPeopleFile, decode
from examhall.accounts.ticket_sheet import NoTickets, TooManyTickets, pieces, sheets_of
from examhall.base.errors import UnsupportedMediaType
from examhall.base.wire import LARGEST_ID, After, Body, Db, Id, Limit, Page, page_of, refusals, require_csv

router = APIRouter(tags=["People and tickets"])

PEOPLE_AT_ONCE = 5_000
TICKETS_A_PAGE = 200


class IssueIn(Body):
    """Nobody named: everybody assigned to the exam."""

    person_ids: (
        Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_ID)]], Field(max_length=PEOPLE_AT_ONCE)] | None
    ) = None


class ImportedOut(BaseModel):
    created: int
    updated: int
    unchanged: int


class TicketOut(BaseModel):
    id: UUID
    person_id: int
    username: str
    full_name: str
    ticket: str
    url: str

    @classmethod
    def of(cls, ticket: tickets.Ticket, base_url: str) -> "TicketOut":
        return cls(
            id=ticket.id,
            person_id=ticket.person_id,
            username=ticket.username,
            full_name=ticket.full_name,
            ticket=ticket.token,
            url=tickets.ticket_url(base_url, ticket.token),
        )


@router.post(
    "/people/import",
    summary="Create and update people from CSV",
    responses=STAFF | refusals(CrossSite, UnsupportedMediaType, BadPeopleFile, OwnRights, LastAdmin),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": "username,full_name\nada,Ada L."}
            },
        }
    },
)
async def post_people_import(request: Request, me: Annotated[Person, Staff("admin")], db: Db) -> ImportedOut:
    """A header with `username` and `full_name`, and if you like `email`, `password`, `roles`, `active`.

    All of the file or nothing: a bad line is reported with its number and what is wrong. Existing usernames
    are updated; an empty cell leaves what is stored. UTF-8, separated by commas or semicolons.
    """
    require_csv(request)
    text = decode(await request.body())
    imported = await import_people(db, request.app.state.passwords, text, by=me.id)
    return ImportedOut(**vars(imported))


CSV_OR_JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


@router.post(
    "/exams/{exam_id}/tickets",
    summary="Issue admission tickets",
    response_model=Page[TicketOut],
    responses=CSV_OR_JSON
    | STAFF
    | refusals(CrossSite, tickets.NoSuchExam, tickets.NotPublished, tickets.UnknownPeople),
)
async def post_tickets(
    exam_id: Id,
    request: Request,
    _me: Annotated[Person, Staff("author")],
    db: Db,
    body: IssueIn | None = None,
) -> Page[TicketOut] | Response:
    """For the people named, or for everybody assigned. Whoever has a ticket keeps it: this can be repeated.

    The reply is the first page of the tickets; GET has the others. With `Accept: text/csv`, all of them.
    """
    person_ids = None if body is None else body.person_ids
    async with db.transaction() as conn:
        issued = await tickets.issue_tickets(conn, signer_of(request), exam_id=exam_id, person_ids=person_ids)
        await tickets.note_printed(conn, exam_id, len(issued))
    if _wants_csv(request):
        return _csv(issued, exam_id, request)
    issued.sort(key=lambda ticket: ticket.person_id)
    return _page(issued[: TICKETS_A_PAGE + 1], TICKETS_A_PAGE, request)


@router.get(
    "/exams/{exam_id}/tickets.pdf",
    summary="The live tickets of an exam, to print and cut",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}}
    | STAFF
    | refusals(tickets.NoSuchExam, NoTickets, TooManyTickets),
)
async def get_tickets_pdf(
    exam_id: Id, request: Request, _me: Annotated[Person, Staff("author")], db: Db
) -> Response:
    """Ten on a page of A4, in the order of the names."""
    async with db.transaction() as conn:
        title = await tickets.exam_title(conn, exam_id)
        found = await tickets.list_tickets(conn, signer_of(request), exam_id=exam_id)
        await tickets.note_printed(conn, exam_id, len(found))
    found.sort(key=lambda ticket: ticket.full_name.casefold())
    sheet = await sheets_of(request).pdf(found, request.app.state.settings.url, title=title)
    return StreamingResponse(
        pieces(sheet),
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="tickets-{exam_id}.pdf"',
            "Cache-Control": "no-store",
        },
    )


@router.get(
    "/exams/{exam_id}/tickets",
    summary="List the live tickets of an exam",
    response_model=Page[TicketOut],
    responses=CSV_OR_JSON | STAFF,
)
async def get_tickets(
    exam_id: Id,
    request: Request,
    _me: Annotated[Person, Staff("author")],
    db: Db,
    cursor: After = 0,
    limit: Limit = 50,
) -> Page[TicketOut] | Response:
    """With `Accept: text/csv`, all of them at once."""
    wants_csv = _wants_csv(request)
    async with db.transaction() as conn:
        found = await tickets.list_tickets(
            conn,
            signer_of(request),
            exam_id=exam_id,
            after=cursor,
            limit=tickets.EVERYBODY if wants_csv else limit + 1,
        )
        # Each of them opens the exam as somebody, in a list as on a sheet.
        await tickets.note_printed(conn, exam_id, len(found))
    return _csv(found, exam_id, request) if wants_csv else _page(found, limit, request)


@router.delete(
    "/exams/{exam_id}/tickets/{ticket_id}",
    summary="Revoke a ticket",
    status_code=204,
    responses=STAFF | refusals(CrossSite, tickets.NoSuchTicket),
)
async def delete_ticket(
    exam_id: Id, ticket_id: UUID, _me: Annotated[Person, Staff("author")], db: Db
) -> Response:
    """The ticket is good for nothing any more, and whoever is signed in with it is signed out."""
    async with db.transaction() as conn:
        await tickets.revoke_ticket(conn, exam_id=exam_id, ticket_id=ticket_id)
    return Response(status_code=204)


def _wants_csv(request: Request) -> bool:
    return "text/csv" in request.headers.get("Accept", "")


def _csv(found: Sequence[tickets.Ticket], exam_id: int, request: Request) -> Response:
    return Response(
        tickets.tickets_csv(found, request.app.state.settings.url),
        media_type="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="tickets-{exam_id}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _page(found: Sequence[tickets.Ticket], limit: int, request: Request) -> Page[TicketOut]:
    url = request.app.state.settings.url
    return page_of(
        found, limit, lambda ticket: TicketOut.of(ticket, url), cursor=lambda ticket: ticket.person_id
    )
