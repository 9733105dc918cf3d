"""The leaderboard over the API: bytes to values and back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import Response as PlainResponse

from examhall.accounts.access import (
    BEARER,
    CrossSite,
    NotSignedIn,
    Person,
    SignedIn,
    TicketOnly,
    refuse_tickets,
    visitor_of,
)
from examhall.accounts.failures import network_of
from examhall.accounts.tokens import TokenInvalid
from examhall.accounts.visibility import set_hidden_from_standings
from examhall.base import clock
from examhall.base.event_stream import STREAMS_OF_ONE, Broadcast, TooManyStreams
from examhall.base.wire import LARGEST_ID, Body, Db, Limit, address_of, refusals
from examhall.scoring.conclude import announce_results
from examhall.sittings.availability import ExamNotFound
from examhall.standings.boards import NO_EXAM, TOPIC, Boards
from examhall.standings.exam_standing import StandingNotShown
from examhall.standings.leaderboard import BadCursor
from examhall.standings.replies import EntryOut, LeaderboardOut, MyEntryOut, StandingOut
from examhall.standings.view import AnyTab, ExamIdRequired, look

router = APIRouter(tags=["Standings"])


class VisibilityIn(Body):
    hidden: bool


async def visitor(request: Request, _documented: Annotated[object, Depends(BEARER)]) -> Person | None:
    """`visitor_of` for FastAPI, which would call a plain function in a thread."""
    return visitor_of(request)


@router.get(
    "/leaderboard",
    summary="Who is ahead",
    responses=refusals(TokenInvalid, ExamNotFound, StandingNotShown, BadCursor, ExamIdRequired),
)
async def get_leaderboard(
    request: Request,
    me: Annotated[Person | None, Depends(visitor)],
    db: Db,
    tab: AnyTab = "top_rated",
    exam_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="With `tab=exam`.")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> LeaderboardOut:
    """Open to everybody; names are in full for those who are signed in. An exam's places are shown once its
    results are released, and before that where the exam has a live standing."""
    boards: Boards = request.app.state.boards
    view = await look(db, boards, me=me, tab=tab, exam_id=exam_id, cursor=cursor, limit=limit)
    my_id = view.mine.person_id if view.mine else None
    mine = None
    if view.mine:
        line = EntryOut.of(view.mine, in_full=True, is_me=True)
        mine = MyEntryOut(**line.model_dump(), hidden=view.mine.hidden, cursor=view.my_cursor)
    return LeaderboardOut(
        tab=view.tab,
        exam=StandingOut.of(view.standing) if view.standing else None,
        participants=view.listing.people,
        items=[
            EntryOut.of(entry, in_full=view.in_full, is_me=entry.person_id == my_id)
            for entry in view.listing.entries
        ],
        next_cursor=view.listing.next_cursor,
        my_entry=mine,
        server_time=clock.rfc3339(clock.now()),
    )


@router.get(
    "/leaderboard/events",
    summary="Told when the standings have changed",
    response_class=PlainResponse,
    responses=refusals(TokenInvalid, TooManyStreams) | {200: {"content": {"text/event-stream": {}}}},
)
async def get_events(request: Request, me: Annotated[Person | None, Depends(visitor)]) -> Response:
    """Server-Sent Events: `changed` when there is something new to ask for, `missed` when there may be."""
    broadcast: Broadcast = request.app.state.broadcast
    if me is not None:
        return broadcast.follow(TOPIC, whose=me.id, each=STREAMS_OF_ONE)
    return broadcast.follow(TOPIC, whose=str(network_of(address_of(request))))


@router.put(
    "/me/standings",
    status_code=204,
    summary="Hide my name from standings, or show it",
    responses=refusals(NotSignedIn, TokenInvalid, CrossSite, TicketOnly),
)
async def put_visibility(body: VisibilityIn, me: SignedIn, db: Db) -> Response:
    refuse_tickets(me)
    async with db.transaction() as conn:
        if await set_hidden_from_standings(conn, person_id=me.id, hidden=body.hidden):
            await announce_results(conn, NO_EXAM)
    return Response(status_code=204)
