"""A stored file as a reply by RFC 9110: whole, a range of it, or not again; or left to the proxy."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from examhall.base import problem
from examhall.base.errors import Refusal
from examhall.base.storage import Storage, begun

# One range: from-to, from-, or the last so many bytes. More digits than any file's size are not a number.
RANGE = re.compile(r"bytes\s*=\s*(?:(\d{1,18})\s*-\s*(\d{0,18})|-\s*(\d{1,18}))", re.IGNORECASE)
ETAGS = re.compile(r'(?:W/)?("[^"]*")')


class RangeNotSatisfiable(Refusal):
    """The file is shorter than that."""

    status = 416


class StoredFile(NamedTuple):
    path: str
    size: int
    # With its quotes.
    etag: str
    media_type: str


async def reply_with(
    request: Request, storage: Storage, file: StoredFile, headers: Mapping[str, str], *, accel: str | None
) -> Response:
    """The file, as the request wants it. `accel` is the proxy's internal location, if it serves files itself.

    Whoever calls this has made sure that the reader may have it. A storage that does not answer is found out
    before the reply begins; one that fails in the middle breaks the connection off, so that no client takes a
    part for the whole.
    """
    common = {**headers, "x-content-type-options": "nosniff"}
    if accel is not None and storage.folder is not None:
        # Ranges and conditions are then the proxy's, against a validator of its own.
        redirect = {"x-accel-redirect": accel + file.path, "content-type": file.media_type}
        return Response(None, 200, {**common, **redirect})
    common |= {"etag": file.etag, "accept-ranges": "bytes"}
    if _has_already(request, file.etag):
        return Response(None, 304, common)
    try:
        wanted = _range_of(request, file)
    except RangeNotSatisfiable as refusal:
        return _beyond_the_end(request, refusal, file)
    start, end = wanted or (0, file.size)
    status = 206 if wanted else 200
    common["content-length"] = str(end - start)
    if wanted:
        common["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    if request.method == "HEAD":
        return Response(None, status, common, file.media_type)
    stream = await begun(storage.stream(file.path, start, end))
    return StreamingResponse(stream, status, common, file.media_type)


def _beyond_the_end(request: Request, refusal: RangeNotSatisfiable, file: StoredFile) -> Response:
    reply = problem.response(refusal, request)
    reply.headers["content-range"] = f"bytes */{file.size}"
    return reply


def _has_already(request: Request, etag: str) -> bool:
    given = request.headers.get("if-none-match")
    return given is not None and (given.strip() == "*" or etag in ETAGS.findall(given))


def _range_of(request: Request, file: StoredFile) -> tuple[int, int] | None:
    """The range that is wanted, its end exclusive; None for the whole file.

    Several ranges at once get the whole file, as the standard allows: put together they could be far more
    than it. So does what is no range at all, and a range of a file that has changed since (If-Range).
    """
    given = request.headers.get("range")
    if given is None or request.method not in ("GET", "HEAD"):
        return None
    if (known := request.headers.get("if-range")) is not None and known.strip() != file.etag:
        return None
    if not (found := RANGE.fullmatch(given.strip())):
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(file.size - int(suffix), 0), file.size
    else:
        start, end = int(first), min(int(last) + 1, file.size) if last else file.size
        if last and int(last) < start:
            return None
    if start >= end:
        raise RangeNotSatisfiable
    return start, end
