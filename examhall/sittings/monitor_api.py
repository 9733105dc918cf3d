"""The invigilator's view over the API."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from examhall.accounts.access import NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.event_stream import TooManyStreams
from examhall.base.pieces import Own, accepts_gzip, gzipped
from examhall.base.wire import Db, Id, refusals
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.monitor import Monitors, read_overall, read_view

router = APIRouter(tags=["Invigilation"])

Invigilator = Annotated[Person, Staff("invigilator")]
REFUSED = refusals(NotSignedIn, TokenInvalid, WrongRole, ExamNotFound)


@router.get(
    "/exams/{exam_id}/monitor/sessions",
    summary="Everybody who sits it, as they stand",
    responses=REFUSED | {200: {"content": {"application/json": {}}}},
    response_class=Response,
)
async def get_sessions(exam_id: Id, request: Request, me: Invigilator, db: Db) -> Response:
    """`{title, items, paused_at, server_time, sessions: [...]}`: name, room, seat, answers given, deadline,
    connected or cut off since, time given, submitted. The latest 20,000; `/exams/{id}/monitor` says what
    changes.
    """
    async with db.connection() as conn:
        view = await read_view(conn, exam_id)
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    body = view.as_json().encode()
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        return Response(gzipped(Own(body)), 200, headers | {"content-encoding": "gzip"}, "application/json")
    return Response(body, 200, headers, "application/json")


@router.get(
    "/exams/{exam_id}/monitor",
    summary="What changes among those who sit it",
    response_class=Response,
    responses=REFUSED | refusals(TooManyStreams) | {200: {"content": {"text/event-stream": {}}}},
)
async def get_monitor(exam_id: Id, request: Request, me: Invigilator, db: Db) -> Response:
    """Server-Sent Events: `changed`, with the sessions that changed as they stand now; `missed`, first of all
    and after a break: ask for `/exams/{id}/monitor/sessions`."""
    async with db.connection() as conn:
        await read_overall(conn, exam_id)
    monitors: Monitors = request.app.state.monitors
    return monitors.stream(exam_id, person_id=me.id)
