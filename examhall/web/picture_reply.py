"""A picture of a question as a reply: kept by its reader's browser only, and harmless if opened alone."""

from starlette.responses import Response

HEADERS = {
    "cache-control": "private, max-age=3600",
    # An SVG opened by itself may run nothing and fetch nothing.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}


def picture_reply(content: bytes, media_type: str) -> Response:
    return Response(content, headers=HEADERS, media_type=media_type)
