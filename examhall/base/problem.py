"""Refusals as problem documents (RFC 9457): the one shape of every error that a client of the API sees."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from examhall.base.errors import Malformed, Refusal
from examhall.base.languages import SOURCE_LANGUAGE, gettext_for, language_of, translated
from examhall.base.malformed import said_of
from examhall.base.requests import REFUSAL

MEDIA_TYPE = "application/problem+json"
BUG = "Something went wrong on our side. It has been logged; please try again."
# The titles that a problem can have here; HTTP's own names of them.
TITLES = (400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 416, 422, 428, 429, 500, 503)


def document(refusal: Refusal, language: str = SOURCE_LANGUAGE) -> bytes:
    """type, title, status, detail, a stable `code` for programs, and what the refusal knows besides.

    What people read of it is in `language`; the code and the names of fields never change.
    """
    details = translated(refusal.details, language)
    return _encoded(refusal.status, refusal.code, refusal.detail, details, language)


def headers_of(refusal: Refusal, language: str = SOURCE_LANGUAGE) -> dict[str, str]:
    headers = {"cache-control": "no-store", "content-language": language}
    retry_after_s = refusal.details.get("retry_after", refusal.retry_after_s)
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return headers


def response(refusal: Refusal, request: Request) -> Response:
    language = language_of(request.scope)
    return Response(document(refusal, language), refusal.status, headers_of(refusal, language), MEDIA_TYPE)


async def render_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    request.scope[REFUSAL] = error.code
    return response(error, request)


async def render_malformed(request: Request, error: Exception) -> Response:
    """What pydantic found, without echoing what was sent."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {"path": ".".join(str(step) for step in found["loc"][1:]), "message": said_of(found)}
        for found in error.errors()
    ]
    return response(Malformed(fields=fields), request)


async def render_http_error(request: Request, error: Exception) -> Response:
    """What the router itself refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    language = language_of(request.scope)
    body = _encoded(status, code, status.phrase, {}, language)
    headers = {**(error.headers or {}), "cache-control": "no-store", "content-language": language}
    return Response(body, status, headers, MEDIA_TYPE)


async def render_bug(request: Request, error: Exception) -> Response:
    """Anything that is not a refusal is a bug: said in one sentence here, logged in full by base/front.py."""
    return Response(bug(language_of(request.scope)), 500, media_type=MEDIA_TYPE)


def bug(language: str = SOURCE_LANGUAGE) -> bytes:
    return _encoded(500, "internal_error", BUG, {}, language)


def _encoded(status: int, code: str, detail: str, details: Mapping[str, object], language: str) -> bytes:
    _ = gettext_for(language)
    return json.dumps(
        {
            "type": f"/problems/{code}",
            "title": _(HTTPStatus(status).phrase),
            "status": int(status),
            "detail": _(detail),
            "code": code,
            **details,
        },
        ensure_ascii=False,
    ).encode()
