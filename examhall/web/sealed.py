"""Sealed papers on the web: the room's page that is sealed in them, and the bytes for any cache."""

import re
from collections.abc import Mapping

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from examhall.base.errors import NotFound
from examhall.base.storage import begun
from examhall.exams.content import Content
from examhall.exams.sealing import path_of
from examhall.web.i18n import languages
from examhall.web.pages import as_json, environment
from examhall.web.paper import authors_paper_html, pdf_of
from examhall.web.words import room_words

# What is under a version is never written again; and no proxy shall try to make it smaller.
FOR_EVER = "public, max-age=31536000, immutable, no-transform"
NAME = re.compile(r"([0-9a-f]{32})\.bin")
RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")


def pages_of(content: Content) -> Mapping[str, str]:
    """The exam room's page in each language: questions in the author's order, nobody's session."""
    return {
        language: environment(language)
        .get_template("room.html")
        .render(
            paper=Markup(authors_paper_html(content, language)),  # noqa: S704 - rendered by a template
            session_id=0,
            boot=as_json({"words": room_words(language), "paper": pdf_of(content, language)}),
            pdf=content.paper_version,
            exam_id=content.exam_id,
            title=content.title,
            question_count=content.question_count,
        )
        for language in languages()
    }


async def sealed_file(request: Request) -> Response:
    """GET /sealed/{name}"""
    found = NAME.fullmatch(request.path_params["name"])
    if found is None:
        raise NotFound
    path = path_of(found[1])
    etag = f'"{found[1]}"'
    headers = {
        "cache-control": FOR_EVER,
        "etag": etag,
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff",
        # Compressing what looks like chance only costs.
        "content-encoding": "identity",
    }
    storage = request.app.state.storage
    size = await storage.size(path)
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    start, end = 0, size
    status = 200
    asked = RANGE.fullmatch(request.headers.get("range", ""))
    if asked and any(asked.groups()) and request.headers.get("if-range", etag) == etag:
        first, last = asked.groups()
        start = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if start >= end:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
        status = 206
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    pieces = await begun(storage.stream(path, start, end))
    return StreamingResponse(pieces, status, headers, "application/octet-stream")


routes = [Route("/sealed/{name}", sealed_file)]
