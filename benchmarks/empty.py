"""The yardstick: a POST or GET that checks the token and does nothing, under the very same server.

Plain Starlette routes at the same paths, so that the load is byte for byte the same.
"""

import signal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.tokens import Signer
from examhall.settings import Settings


def create_app(settings: Settings) -> Starlette:
    signer = Signer(settings.secret)

    async def do_nothing(request: Request) -> Response:
        signer.read_access(request.headers["authorization"].removeprefix("Bearer "))
        return Response(b'{"status":"ok"}', media_type="application/json")

    return Starlette(
        routes=[
            Route("/sessions/{session_id}/answers/", do_nothing, methods=["POST"]),
            Route("/api/{path:path}", do_nothing),
        ]
    )


def idle(settings: Settings) -> None:
    """In place of the job worker: the one of the real server is enough."""
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
