"""Health and the time, without sign-in."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from examhall.base.clock import rfc3339
from examhall.base.wire import Db
from examhall.ops.clock import database_time
from examhall.ops.health import look

router = APIRouter(tags=["Operations"])
health_router = APIRouter(tags=["Operations"])


@health_router.get("/health", summary="Alive and ready, per dependency")
async def get_health(request: Request, db: Db) -> JSONResponse:
    """200 when this process can serve, 503 with what it lacks when it cannot."""
    found = await look(db, request.app.state.saves)
    return JSONResponse(found, 200 if found["status"] == "ok" else 503, {"cache-control": "no-store"})


@router.get("/time", summary="The server's time, by which exams open and close")
async def get_time(db: Db) -> dict[str, Any]:
    async with db.connection() as conn:
        return {"server_time": rfc3339(await database_time(conn))}
