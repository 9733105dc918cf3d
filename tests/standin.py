"""A tiny application and job worker, so that the supervisor's tests test the supervisor alone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examhall.base.event_stream import Streams
from examhall.settings import Settings


def create_app(settings: Settings) -> Starlette:
    async def pid(request: Request) -> JSONResponse:
        return JSONResponse(os.getpid())

    async def slow(request: Request) -> JSONResponse:
        (settings.data / "slow-began").touch()
        await asyncio.sleep(1)
        return JSONResponse("answered")

    async def postgres(request: Request) -> JSONResponse:
        try:
            async with await psycopg.AsyncConnection.connect(settings.database_url or "") as conn:
                found = await conn.execute("SELECT pg_backend_pid()")
                return JSONResponse(await found.fetchone())
        except psycopg.OperationalError:
            return JSONResponse(None, 503)

    streams = Streams()

    async def stream(request: Request) -> Response:
        return streams.open()

    return Starlette(
        routes=[
            Route("/pid", pid),
            Route("/slow", slow),
            Route("/postgres", postgres),
            Route("/stream", stream),
        ]
    )


def run(settings: Settings) -> None:
    (Path(settings.data) / "job-worker").write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    while True:
        signal.pause()
