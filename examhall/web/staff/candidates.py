"""The office's page of an exam's candidates: who is to come, their time, and their tickets."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role, signer_of
from examhall.accounts.people import find_account
from examhall.accounts.ticket_sheet import NoTickets, TooManyTickets, pieces, sheets_of
from examhall.accounts.tickets import (
    exam_title,
    issue_tickets,
    list_tickets,
    note_printed,
    revoke_ticket,
    tickets_csv,
)
from examhall.base.clock import rfc3339
from examhall.base.errors import NotFound, Refusal
from examhall.base.wire import LARGEST_ID
from examhall.courses.groups import UnknownUsernames, list_groups, usernames_in
from examhall.exams import assigning
from examhall.exams.accommodations import (
    REASON_CHARS,
    accommodations_of_exam,
    find_accommodation,
    give_accommodation,
    person_called,
    withdraw_accommodation,
    without_reasons,
)
from examhall.exams.assigning import LastAssignment
from examhall.sittings.candidates import count_candidates, list_candidates
from examhall.sittings.extending import apply_owed, find_owed
from examhall.sittings.interventions import NobodySitsIt
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER, here
from examhall.web.staff.accommodation_form import Given, given_terms
from examhall.web.staff.courses import searched
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.given import id_in, text_of

READERS = ("author", "analyst", "invigilator")
PER_PAGE = 50
GROUPS_OFFERED = 200
DONE = ("assigned", "unassigned", "given", "withdrawn", "applied", "issued", "revoked")


async def candidates_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/candidates"""
    me = await page_person(request, *READERS)
    return await _page(request, me, done=request.query_params.get("done", ""))


async def post_assign(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/candidates/assign: to people by their usernames, or to a group."""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    pasted = str(form.get("usernames", ""))
    try:
        async with request.app.state.database.transaction() as conn:
            if group_id := id_in(str(form.get("group_id", ""))):
                await assigning.assign_group(conn, exam_id, group_id)
            else:
                await assigning.assign_people(conn, exam_id, usernames_in(pasted))
    except Refusal as refusal:
        return await _page(request, me, refusal=refusal, pasted=pasted)
    return _back(exam_id, "assigned")


async def post_unassign(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/candidates/unassign"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    may_open = form.get("may_open") == "yes"
    group_id, person_id = (id_in(str(form.get(name, ""))) for name in ("group_id", "person_id"))
    try:
        async with request.app.state.database.transaction() as conn:
            if group_id:
                await assigning.unassign_group(conn, exam_id, group_id, may_open=may_open)
            else:
                await assigning.unassign_people(conn, exam_id, [person_id or 0], may_open=may_open)
    except LastAssignment as refusal:
        taking = {"group_id": group_id, "person_id": person_id}
        return await _page(request, me, refusal=refusal, opening=taking)
    return _back(exam_id, "unassigned")


async def post_accommodation(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/candidates/accommodations"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    given = await given_terms(request)
    group_id = id_in(given.fields["group_id"])
    if given.terms is None:
        return await _page(request, me, giving=given)
    try:
        async with request.app.state.database.transaction() as conn:
            whose = (
                {"group_id": group_id}
                if group_id
                else {"person_id": await person_called(conn, given.fields["username"])}
            )
            await give_accommodation(conn, given.terms, by=me.id, exam_id=exam_id, **whose)
    except Refusal as refusal:
        return await _page(request, me, giving=given, refusal=refusal)
    return _back(exam_id, "given", "#accommodations")


async def post_withdraw(request: Request) -> Response:
    """POST /staff/accommodations/{accommodation_id}/withdraw"""
    me = await page_person(request, "author")
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        stored = await find_accommodation(conn, id_of(request, "accommodation_id"))
        if stored.exam_id is None:
            require_role(me)
        await withdraw_accommodation(conn, stored.id)
    back = here(str(form.get("back", ""))) or f"/staff/exams/{stored.exam_id}/candidates"
    return RedirectResponse(f"{back}?done=withdrawn#accommodations", SEE_OTHER)


async def post_owed(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/candidates/owed: to who sits it already, what is theirs by now."""
    me = await page_person(request, "author", "invigilator")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    ids = [found for text in form.getlist("sitting_id") if (found := id_in(str(text)))]
    reason = text_of(form, "reason", REASON_CHARS) or gettext_of(request)("Your extra time")
    try:
        async with request.app.state.database.transaction() as conn:
            await apply_owed(conn, exam_id=exam_id, sitting_ids=ids, by=me.id, reason=reason)
    except NobodySitsIt as refusal:
        return await _page(request, me, refusal=refusal)
    return _back(exam_id, "applied")


async def post_tickets(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/candidates/tickets: issue to all or to one, or withdraw one."""
    await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    revoked = str(form.get("revoke", ""))
    person_id = id_in(str(form.get("person_id", "")))
    async with request.app.state.database.transaction() as conn:
        if revoked:
            try:
                ticket_id = UUID(revoked)
            except ValueError as error:
                raise NotFound from error
            await revoke_ticket(conn, exam_id=exam_id, ticket_id=ticket_id)
        else:
            await issue_tickets(
                conn, signer_of(request), exam_id=exam_id, person_ids=[person_id] if person_id else None
            )
    return _back(exam_id, "revoked" if revoked else "issued")


async def tickets_pdf(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/tickets.pdf"""
    me = await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        title = await exam_title(conn, exam_id)
        tickets = await list_tickets(conn, signer_of(request), exam_id=exam_id)
        await note_printed(conn, exam_id, len(tickets))
    tickets.sort(key=lambda ticket: ticket.full_name.casefold())
    try:
        sheet = await sheets_of(request).pdf(
            tickets, request.app.state.settings.url, title=title, translate=gettext_of(request)
        )
    except (NoTickets, TooManyTickets) as refusal:
        return await _page(request, me, refusal=refusal)
    return StreamingResponse(
        pieces(sheet), media_type="application/pdf", headers=_attached(f"tickets-{exam_id}.pdf")
    )


async def tickets_list(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/tickets.csv"""
    await page_person(request, "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        await exam_title(conn, exam_id)
        tickets = await list_tickets(conn, signer_of(request), exam_id=exam_id)
        await note_printed(conn, exam_id, len(tickets))
    text = tickets_csv(tickets, request.app.state.settings.url)
    return Response(text, media_type="text/csv", headers=_attached(f"tickets-{exam_id}.csv"))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


def _back(exam_id: int, done: str, place: str = "") -> Response:
    return RedirectResponse(f"/staff/exams/{exam_id}/candidates?done={done}{place}", SEE_OTHER)


async def _page(
    request: Request,
    me: Person,
    *,
    giving: Given | None = None,
    refusal: Refusal | None = None,
    pasted: str = "",
    opening: Mapping[str, Any] | None = None,
    done: str = "",
) -> Response:
    if isinstance(refusal, NotFound):
        raise refusal
    exam_id = id_of(request, "exam_id")
    search = searched(request)
    after = id_in(request.query_params.get("after", "")) or 0
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await count_candidates(conn, exam_id)
        candidates = await list_candidates(conn, exam_id, after=after, limit=PER_PAGE + 1, search=search)
        given = await accommodations_of_exam(conn, exam_id)
        context: dict[str, Any] = {
            "assigned": await assigning.assigned_to(conn, exam_id),
            "assigned_groups": await assigning.assigned_groups(conn, exam_id),
            "accommodations": given if has_role(me, "author") else without_reasons(given),
            "owed": await find_owed(conn, exam_id=exam_id),
            "groups": await list_groups(conn, before_id=LARGEST_ID, limit=GROUPS_OFFERED),
        }
    problems = dict(giving.problems) if giving else {}
    unknown = refusal.details["usernames"] if isinstance(refusal, UnknownUsernames) else ()
    return framed(
        request,
        me,
        account,
        "staff/candidates.html",
        refusal.status if refusal else 422 if problems else 200,
        exam_id=exam_id,
        exam=exam,
        tabs=tabs_for(me),
        candidates=candidates[:PER_PAGE],
        more=candidates[PER_PAGE - 1].person_id if len(candidates) > PER_PAGE else None,
        search=search,
        may_edit=has_role(me, "author"),
        may_give=has_role(me, "author", "invigilator"),
        sees_people=has_role(me),
        problems=problems,
        giving=giving.fields if giving else {},
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        unknown=unknown,
        pasted=pasted,
        opening=opening,
        waits_until=rfc3339(exam.last_closing_at) if exam.last_closing_at else None,
        done=done if done in DONE else "",
        **context,
    )


routes = [
    Route("/staff/exams/{exam_id:int}/candidates", candidates_page),
    Route("/staff/exams/{exam_id:int}/candidates/assign", post_assign, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/candidates/unassign", post_unassign, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/candidates/accommodations", post_accommodation, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/candidates/owed", post_owed, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/candidates/tickets", post_tickets, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/tickets.pdf", tickets_pdf),
    Route("/staff/exams/{exam_id:int}/tickets.csv", tickets_list),
    Route("/staff/accommodations/{accommodation_id:int}/withdraw", post_withdraw, methods=["POST"]),
]
