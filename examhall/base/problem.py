"""Refusals as problem documents (RFC 9457): the one shape of every error that a client of the API sees."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from examhall.base.errors import Malformed, Refusal
from examhall.base.requests import REFUSAL

MEDIA_TYPE = "application/problem+json"


def document(refusal: Refusal) -> bytes:
    """type, title, status, detail, a stable `code` for programs, and what the refusal knows besides."""
    return _encoded(refusal.status, refusal.code, refusal.detail, refusal.details)


def headers_of(refusal: Refusal) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    retry_after_s = refusal.details.get("retry_after", refusal.retry_after_s)
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return headers


def response(refusal: Refusal) -> Response:
    return Response(document(refusal), refusal.status, headers_of(refusal), MEDIA_TYPE)


async def render_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    request.scope[REFUSAL] = error.code
    return response(error)


async def render_malformed(request: Request, error: Exception) -> Response:
    """What pydantic found, without echoing what was sent."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {"path": ".".join(str(step) for step in found["loc"][1:]), "message": found["msg"]}
        for found in error.errors()
    ]
    return response(Malformed(fields=fields))


async def render_http_error(request: Request, error: Exception) -> Response:
    """What the router itself refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    body = _encoded(status, code, f"{status.phrase}.", {})
    return Response(body, status, {**(error.headers or {}), "cache-control": "no-store"}, MEDIA_TYPE)


async def render_bug(request: Request, error: Exception) -> Response:
    """Anything that is not a refusal is a bug: said in one sentence here, logged in full by base/front.py."""
    return Response(BUG, 500, media_type=MEDIA_TYPE)


def _encoded(status: int, code: str, detail: str, details: Mapping[str, object]) -> bytes:
    return json.dumps(
        {
            "type": f"/problems/{code}",
            "title": HTTPStatus(status).phrase,
            "status": int(status),
            "detail": detail,
            "code": code,
            **details,
        },
        ensure_ascii=False,
    ).encode()


BUG = _encoded(
    500,
    "internal_error",
    "Something went wrong on our side. It has been logged; please try again.",
    {},
)
