"""The yardstick: a POST that checks the token and does nothing, under the very same server.

A plain Starlette route at the same path, so that the load is byte for byte the same.
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

    async def post_nothing(request: Request) -> Response:
        signer.read_access(request.headers["authorization"].removeprefix("Bearer "))
        return Response(b'{"status":"ok"}', media_type="application/json")

    return Starlette(routes=[Route("/sessions/{session_id}/answers/", post_nothing, methods=["POST"])])


def idle(settings: Settings) -> None:
    """In place of the job worker: the one of the real server is enough."""
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
