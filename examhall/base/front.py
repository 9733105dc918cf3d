"""The outermost layer, around every request: its id and its time, how large a body may be, safe headers."""

import itertools
import re
import secrets
import time
from collections.abc import MutableMapping, Sequence
from typing import Any, TypeAlias

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examhall.base import problem
from examhall.base.actor import ACTOR
from examhall.base.errors import BodyTooLarge, Refusal
from examhall.base.event_stream import GOES_ON, LINE
from examhall.base.languages import language_of
from examhall.base.logs import REQUEST_ID
from examhall.base.requests import REFUSAL, Requests

log = structlog.get_logger()

BODY_LIMIT_BYTES = 1_000_000
# What takes whole files, which it does not hold in memory: paths, and how many bytes.
Uploads: TypeAlias = Sequence[tuple[re.Pattern[str], int]]
# What a caller may choose as the id of its request: it ends in our logs.
SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Of a scope, while a reply goes on for minutes: the rest was for the layers inside.
KEPT = ("type", "method", "path", LINE)
# Where an address is a secret (a ticket, a form, somebody's new password), and what logs have instead.
SECRET = {"/t/": "/t/{ticket}", "/f/": "/f/{link}", "/password/": "/password/{token}"}


class Front:
    def __init__(
        self,
        app: ASGIApp,
        *,
        body_limit_bytes: int = BODY_LIMIT_BYTES,
        uploads: Uploads = (),
        requests: Requests | None = None,
        access_log: bool = False,
    ) -> None:
        self._app = app
        self._requests = requests or Requests()
        self._access_log = access_log
        self._body_limit_bytes = body_limit_bytes
        self._uploads = uploads
        # Unique across processes and restarts by the prefix, within one by the count.
        self._prefix = secrets.token_hex(6).encode()
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = b""
        body_bytes = b"0"
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                request_id = value
            elif name == b"content-length":
                body_bytes = value
        if not request_id or not SANE_ID.fullmatch(request_id):
            request_id = b"%s-%x" % (self._prefix, next(self._count))
        scope["request_id"] = request_id
        scope[GOES_ON] = None
        # A request is a task of its own: what it and those that it starts write to the log carries this.
        REQUEST_ID.set(request_id)
        # Nobody is recognised yet: of requests sent together on one connection the server begins the later
        # from within the earlier.
        ACTOR.set(None)
        answering = False

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            nonlocal answering
            if message["type"] == "http.response.start":
                answering = True
                seconds = time.perf_counter() - started
                self._requests.note(scope, message["status"], seconds)
                if self._access_log:
                    self._log(scope, message["status"], seconds)
                headers = message["headers"]
                if not any(name == b"cache-control" for name, _ in headers):
                    # Who asked by cookie must not find it in a cache that others share, or after signing out.
                    headers = [*headers, (b"cache-control", b"no-store")]
                message["headers"] = [
                    *headers,
                    (b"x-process-time", b"%.6f" % seconds),
                    (b"x-request-id", request_id),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            limit_bytes = self._limit_of(scope)
            if not body_bytes.isdigit() or int(body_bytes) > limit_bytes:
                raise _too_large(limit_bytes)
            # With a content-length the server holds the body to it; only without one must we count.
            counted = receive if body_bytes != b"0" else _Counted(receive, limit_bytes)
            await self._app(scope, counted, send_with_headers)
            if (go_on := scope[GOES_ON]) is not None:
                # Run from out here: what the layers inside held for the request is free meanwhile.
                _let_go(scope)
                await go_on(receive, send)
        except BodyTooLarge as refusal:
            scope[REFUSAL] = refusal.code
            await send_refusal(refusal, send_with_headers, scope)
        except ClientDisconnect:
            # Went away amid its own body: no bug of ours, and nobody is there to be answered.
            return
        except Exception as error:
            # The frameworks inside render their own bugs; this is for what runs without one. They raise
            # theirs again once they have answered, for the log.
            log.error("unexpected error", path=_told(scope["path"]), exc_info=error)
            if not answering:
                await send_json(500, problem.bug(), send_with_headers, media_type=problem.MEDIA_TYPE)

    def _limit_of(self, scope: Scope) -> int:
        if scope["method"] in ("PUT", "POST"):
            for path, limit_bytes in self._uploads:
                if path.fullmatch(scope["path"]):
                    return limit_bytes
        return self._body_limit_bytes

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        log.info(
            "request",
            method=scope["method"],
            path=_told(scope["path"]),
            status=status,
            milliseconds=round(seconds * 1000, 2),
            client=scope["client"][0] if scope.get("client") else None,
        )


def _let_go(scope: Scope) -> None:
    """Keep in the scope what the server and this layer still read."""
    kept = {name: scope[name] for name in KEPT if name in scope}
    scope.clear()
    scope.update(kept)


def _too_large(limit_bytes: int) -> BodyTooLarge:
    if limit_bytes == BODY_LIMIT_BYTES:
        return BodyTooLarge()
    return BodyTooLarge(f"The file is larger than the {limit_bytes // 1_000_000} MB allowed here.")


def _told(path: str) -> str:
    """A path as the log has it: without a query, or what opens something by being known."""
    return next((told for start, told in SECRET.items() if path.startswith(start)), path)


class _Counted:
    """Reads a body of unannounced length up to the limit and not a byte further into memory."""

    def __init__(self, receive: Receive, limit_bytes: int) -> None:
        self._receive = receive
        self._left = self._limit_bytes = limit_bytes

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _too_large(self._limit_bytes)
        return message


async def send_refusal(refusal: Refusal, send: Send, scope: Scope) -> None:
    """Answer with a refusal where there is no framework around to do it."""
    language = language_of(scope)
    headers = problem.headers_of(refusal, language)
    await send_json(refusal.status, problem.document(refusal, language), send, headers, problem.MEDIA_TYPE)


async def send_json(
    status: int,
    body: bytes,
    send: Send,
    headers: dict[str, str] | None = None,
    media_type: str = "application/json",
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", media_type.encode()),
                (b"content-length", b"%d" % len(body)),
                *((name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
