"""The JSON API of calculations: asked for, looked at, followed, called off."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.analyses import projects
from examhall.analyses.announcing import OVER, event, payload, topic
from examhall.analyses.calculate import (
    Calculation,
    ListedCalculation,
    NoSuchCalculation,
    OverAlready,
    ask_for_calculation,
    cancel_calculation,
    find_calculation,
    list_calculations,
    result_text,
)
from examhall.analyses.document import BadScenario
from examhall.analyses.projects import OnlyLooking
from examhall.analyses.results import may_see_candidates
from examhall.analyses.scenarios import NoSuchScenario, find_scenario
from examhall.base.clock import rfc3339
from examhall.base.errors import TooManyRequests
from examhall.base.event_stream import STREAMS_OF_ONE, Broadcast, TooManyStreams
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, page_of, refusals

router = APIRouter(tags=["Analyses"])

Analyst = Annotated[Person, Staff(*projects.STAFF)]
SEEN = refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchCalculation)


class NothingToSay(Body):
    """The scenario says everything."""


class AskedOut(BaseModel):
    calculation_id: int
    status: str = Field(description="done, if the same was worked out before.")
    status_url: str


class ErrorOut(BaseModel):
    code: str
    message: str


class CalculationOut(BaseModel):
    calculation_id: int
    scenario_id: int
    scenario_version: int
    scenario: str
    project_id: int
    asked_by: str
    status: str = Field(description="queued, running, done, failed or cancelled.")
    progress: float = Field(description="From 0 to 1.")
    stage: str = Field(description="What is being done: queued, reading, taking_in, marking, ...")
    before: int = Field(description="How many that wait were asked for earlier, by whomever.")
    queued_at: str
    started_at: str | None
    finished_at: str | None
    tries: int
    inputs: dict[str, Any] = Field(description="What it was worked out from, with the version of each.")
    inputs_hash: str
    error: ErrorOut | None
    result: dict[str, Any] | None = Field(description="Once it is done: see docs/analyses.md.")
    server_time: str


class ListedOut(BaseModel):
    calculation_id: int
    scenario_version: int
    asked_by: str
    status: str
    progress: float
    queued_at: str
    finished_at: str | None
    error: str | None
    status_url: str

    @classmethod
    def of(cls, listed: ListedCalculation) -> "ListedOut":
        return cls(
            calculation_id=listed.id,
            scenario_version=listed.scenario_version,
            asked_by=listed.asked_by,
            status=listed.status,
            progress=listed.progress,
            queued_at=rfc3339(listed.queued_at),
            finished_at=rfc3339(listed.finished_at) if listed.finished_at else None,
            error=listed.error,
            status_url=status_url(listed.id),
        )


def status_url(calculation_id: int) -> str:
    return f"/api/v1/calculations/{calculation_id}"


@router.post(
    "/scenarios/{scenario_id}/calculate",
    status_code=202,
    summary="Work a scenario out, in the background",
    response_model=AskedOut,
    responses=refusals(
        NotSignedIn, TokenInvalid, WrongRole, CrossSite, OnlyLooking, NoSuchScenario, BadScenario,
        TooManyRequests,
    ),
)  # fmt: skip
async def post_calculate(
    scenario_id: Id, request: Request, me: Analyst, db: Db, body: NothingToSay | None = None
) -> AskedOut:
    """At once, whatever it takes to work out. The same inputs give the result that is stored.

    Ten a minute for each person; a repeat while it is under way gives the same calculation.
    """
    await request.app.state.limits.calculations.require(str(me.id))
    async with db.transaction() as conn:
        asked = await ask_for_calculation(conn, scenario_id, person_id=me.id)
    return AskedOut(calculation_id=asked.id, status=asked.status, status_url=status_url(asked.id))


@router.get(
    "/scenarios/{scenario_id}/calculations",
    summary="A scenario's calculations, the newest first",
    response_model=Page[ListedOut],
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchScenario),
)
async def get_calculations(
    scenario_id: Id,
    me: Analyst,
    db: Db,
    limit: Limit = 50,
    cursor: Before = LARGEST_ID,
) -> Page[ListedOut]:
    async with db.connection() as conn:
        scenario = await find_scenario(conn, scenario_id, me.id)
        found = await list_calculations(conn, scenario.id, before_id=cursor, limit=limit + 1)
    return page_of(found, limit, ListedOut.of, cursor=lambda each: each.id)


@router.get(
    "/calculations/{calculation_id}",
    summary="How a calculation stands, and its result",
    response_model=CalculationOut,
    responses=SEEN,
)
async def get_calculation(calculation_id: Id, me: Analyst, db: Db) -> Response:
    """For analysts; for authors without `moves.largest`, which is about candidates one by one."""
    async with db.connection() as conn:
        found = await find_calculation(conn, calculation_id, me.id)
        # As PostgreSQL writes it: it may be long, and is read by nobody on its way.
        result = "null"
        if found.status == "done":
            result = await result_text(conn, calculation_id, with_candidates=may_see_candidates(me))
    body = msgspec.json.encode(_told(found) | {"result": msgspec.Raw(result.encode())})
    return Response(body, media_type="application/json")


@router.delete(
    "/calculations/{calculation_id}",
    status_code=204,
    summary="Call a calculation off",
    responses=SEEN | refusals(WrongRole, CrossSite, OnlyLooking, OverAlready),
)
async def delete_calculation(calculation_id: Id, me: Analyst, db: Db) -> Response:
    """What is being worked out ends within a second. Doing it again changes nothing."""
    async with db.transaction() as conn:
        await cancel_calculation(conn, calculation_id, person_id=me.id)
    return Response(status_code=204)


@router.get(
    "/calculations/{calculation_id}/events",
    summary="Told how a calculation stands",
    response_class=Response,
    responses=SEEN | refusals(TooManyStreams) | {200: {"content": {"text/event-stream": {}}}},
)
async def get_events(
    calculation_id: Id,
    request: Request,
    me: Analyst,
    db: Db,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Server-Sent Events `calculation`: {calculation_id, status, progress, stage}, the first at once.

    Close it when the status is done, failed or cancelled: nothing follows. Whoever was told so and comes
    again gets 204, by which browsers stop coming.
    """
    broadcast: Broadcast = request.app.state.broadcast
    if last_event_id in OVER:
        async with db.connection() as conn:
            await find_calculation(conn, calculation_id, me.id)
        return Response(status_code=204)
    # Followed before it is read: what changes in between is told too.
    stream = broadcast.follow(topic(calculation_id), whose=me.id, each=STREAMS_OF_ONE)
    try:
        async with db.connection() as conn:
            found = await find_calculation(conn, calculation_id, me.id)
    except BaseException:
        stream.end()
        raise
    told = payload(found.id, found.status, found.progress, found.stage)
    stream.send(event(told, found.status))
    if found.is_over:
        stream.end()
    return stream


def _told(found: Calculation) -> dict[str, Any]:
    error = None
    if found.error is not None and found.error_code is not None:
        error = {"code": found.error_code, "message": found.error}
    return {
        "calculation_id": found.id,
        "scenario_id": found.scenario_id,
        "scenario_version": found.scenario_version,
        "scenario": found.scenario_name,
        "project_id": found.project_id,
        "asked_by": found.asked_by,
        "status": found.status,
        "progress": round(found.progress, 3),
        "stage": found.stage,
        "before": found.before,
        "queued_at": rfc3339(found.queued_at),
        "started_at": rfc3339(found.started_at) if found.started_at else None,
        "finished_at": rfc3339(found.finished_at) if found.finished_at else None,
        "tries": found.tries,
        "inputs": found.inputs,
        "inputs_hash": found.inputs_hash,
        "error": error,
        "server_time": rfc3339(found.server_time),
    }
