"""What invigilators do while an exam is sat, over the API; and the stream by which candidates hear of it."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from examhall.accounts.access import NotSignedIn, Person, SignedIn, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.event_stream import TooManyStreams
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.sittings import interventions
from examhall.sittings.admission import require_ticket_for
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.intervention_replies import (
    DAY_S,
    REFUSED,
    InterventionOut,
    Invigilator,
    Reason,
    RequestKey,
    Sessions,
)
from examhall.sittings.interventions import NobodySitsIt, Order
from examhall.sittings.live import Live
from examhall.sittings.start import find_sitting

router = APIRouter(tags=["Invigilation"])
sessions_router = APIRouter(tags=["Exams and sessions"])

SOME = Field(None, description="Whom it is for; all who sit the exam, if not said.")
# Digits of a bigint, less one.
LONGEST_ID = 18


class TimeIn(Body):
    seconds: Annotated[int, Field(ge=1, le=DAY_S)]
    reason: Reason
    sessions: Sessions | None = SOME


class AnnouncementIn(Body):
    text: Annotated[Text, Field(min_length=1, max_length=2000)]
    sessions: Sessions | None = SOME


class CloseIn(Body):
    reason: Reason
    sessions: Sessions | None = SOME


class ReasonIn(Body):
    reason: Reason


class ListedOut(InterventionOut):
    by: str | None = Field(description="Whoever did it.")


@router.post(
    "/exams/{exam_id}/time",
    summary="Give time to all, or to some",
    responses=REFUSED | refusals(NobodySitsIt),
)
async def post_time(
    exam_id: Id, body: TimeIn, me: Invigilator, db: Db, key: RequestKey = None
) -> InterventionOut:
    order = Order(exam_id, me.id, body.reason, body.sessions, key)
    async with db.transaction() as conn:
        return InterventionOut.of(await interventions.give_time(conn, order, seconds=body.seconds))


@router.post(
    "/exams/{exam_id}/announcements",
    summary="Say something to all who sit it, or to some",
    responses=REFUSED,
)
async def post_announcement(
    exam_id: Id, body: AnnouncementIn, me: Invigilator, db: Db, key: RequestKey = None
) -> InterventionOut:
    order = Order(exam_id, me.id, "", body.sessions, key)
    async with db.transaction() as conn:
        return InterventionOut.of(await interventions.announce(conn, order, message=body.text))


@router.post(
    "/exams/{exam_id}/pause",
    summary="All clocks stand still",
    responses=REFUSED | refusals(interventions.AlreadyPaused),
)
async def post_pause(
    exam_id: Id, body: ReasonIn, me: Invigilator, db: Db, key: RequestKey = None
) -> InterventionOut:
    """Nobody starts meanwhile, and nobody's time runs out. What was typed before is still saved."""
    async with db.transaction() as conn:
        return InterventionOut.of(
            await interventions.pause(conn, Order(exam_id, me.id, body.reason, None, key))
        )


@router.post(
    "/exams/{exam_id}/resume",
    summary="The clocks run again; everybody gets the time back",
    responses=REFUSED | refusals(interventions.NotPaused),
)
async def post_resume(exam_id: Id, me: Invigilator, db: Db, key: RequestKey = None) -> InterventionOut:
    async with db.transaction() as conn:
        return InterventionOut.of(await interventions.resume(conn, Order(exam_id, me.id, "", None, key)))


@router.post(
    "/exams/{exam_id}/close",
    summary="Hand in for all, or for some, now",
    responses=REFUSED | refusals(NobodySitsIt),
)
async def post_close(
    exam_id: Id, body: CloseIn, me: Invigilator, db: Db, key: RequestKey = None
) -> InterventionOut:
    order = Order(exam_id, me.id, body.reason, body.sessions, key)
    async with db.transaction() as conn:
        return InterventionOut.of(await interventions.close(conn, order))


@router.get(
    "/exams/{exam_id}/interventions",
    summary="What was done while it was sat, the newest first",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole),
)
async def get_interventions(
    exam_id: Id,
    me: Annotated[Person, Staff("invigilator", "author", "analyst")],
    db: Db,
    limit: Limit = 50,
    cursor: Before = LARGEST_ID,
) -> Page[ListedOut]:
    async with db.connection() as conn:
        found = await interventions.list_interventions(
            conn, exam_id=exam_id, before_id=cursor, limit=limit + 1
        )
    return page_of(
        found, limit, lambda each: ListedOut.of(each, by=each.full_name), cursor=lambda each: each.id
    )


@sessions_router.get(
    "/sessions/{session_id}/events",
    summary="What happens to a session, as it happens",
    response_class=Response,
    responses=refusals(NotSignedIn, TokenInvalid, SessionNotFound, TooManyStreams)
    | {200: {"content": {"text/event-stream": {}}}},
)
async def get_session_events(session_id: Id, request: Request, me: SignedIn, db: Db) -> Response:
    """Server-Sent Events, each with a JSON object:

    - `time`: how it stands, first of all and when it is paused or goes on: `deadline_at`, `closes_at`,
      `paused_at` (its clock stands still), `submitted_at`, `server_time`
    - `extended`: the new deadline, the `seconds` given and the `reason`
    - `announcement`: `id`, `text`, `at`; those made before come first
    - `submitted`: it was handed in by somebody else than its candidate
    - `results_ready`: ask for the results
    - `missed`: something may have been missed; ask for the session anew
    """
    live: Live = request.app.state.live
    last = request.headers.get("last-event-id", "")
    async with db.connection() as conn:
        sitting = await find_sitting(conn, sitting_id=session_id, candidate_id=me.id)
    require_ticket_for(me, sitting.exam_id)
    # A number that we gave; anything else has heard of nothing.
    heard = int(last) if last.isascii() and last.isdigit() and len(last) <= LONGEST_ID else 0
    return await live.stream(sitting, last_heard=heard)
