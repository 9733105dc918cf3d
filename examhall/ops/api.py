"""Health, figures and the time."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from examhall.accounts.access import STAFF, Person, Staff
from examhall.base.clock import rfc3339
from examhall.base.wire import Db
from examhall.ops.clock import database_time
from examhall.ops.health import http_status
from examhall.ops.performance import describe

router = APIRouter(tags=["Operations"])
health_router = APIRouter(tags=["Operations"])
# Before the routes of contests, where these words would be taken for a contest's id.
contests_router = APIRouter(prefix="/contests", tags=["Operations"])

NOT_KEPT = {"cache-control": "no-store"}


@health_router.get("/health", summary="Alive and ready, per dependency")
async def get_health(request: Request) -> JSONResponse:
    """200 when this process can serve, 503 with what it lacks when it cannot.

    `events_lost` is how many events this process could not keep; an exam does not suffer from it.
    """
    found = await request.app.state.health.look()
    found["events_lost"] = request.app.state.events.stats.lost
    return JSONResponse(found, http_status(found), NOT_KEPT)


@health_router.get("/metrics", summary="The whole server's figures, for Prometheus")
async def get_metrics(request: Request) -> Response:
    """Whichever web worker answers, it answers for all processes of this server."""
    text, media_type = request.app.state.exposition.text(request.headers.get("accept", ""))
    return Response(text, headers={**NOT_KEPT, "content-type": media_type})


@contests_router.get("/health", summary="Whether contests can be sat now")
async def get_contests_health(request: Request, db: Db) -> JSONResponse:
    """As /health, with the time; for whoever wants to know whether it is worth trying."""
    found = await request.app.state.health.look()
    if found["checks"]["database"]:
        async with db.connection() as conn:
            found["server_time"] = rfc3339(await database_time(conn))
    return JSONResponse(found, http_status(found), NOT_KEPT)


@contests_router.get(
    "/performance", summary="Live figures of the whole server, and what holds it back", responses=STAFF
)
async def get_contests_performance(
    request: Request, _me: Annotated[Person, Staff("author", "analyst", "invigilator")]
) -> JSONResponse:
    """`bottlenecks` says in words what holds the server back just now; it is empty when nothing does.

    Rates are of the last second, percentiles of the last ten seconds, totals since the server started.
    """
    return JSONResponse(describe(request.app.state.watch), headers=NOT_KEPT)


@router.get("/time", summary="The server's time, by which exams open and close")
async def get_time(db: Db) -> dict[str, Any]:
    async with db.connection() as conn:
        return {"server_time": rfc3339(await database_time(conn))}
