"""The public lists without a framework: their replies are in memory, and strangers ask for them all day.

A plain ASGI application, as the list of contests is. What it does not understand it leaves to the API.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from examhall.base.errors import Refusal
from examhall.base.front import send_refusal
from examhall.certificates.gallery import A_PAGE, Gallery

TEMPLATES = "/api/v1/certificates/templates"
PUBLIC = "/api/v1/certificates/public"
# Each path, and the route under which it is counted.
PATHS = {
    TEMPLATES: TEMPLATES,
    "/api/certificates/templates": TEMPLATES,
    PUBLIC: PUBLIC,
    "/api/certificates/public": PUBLIC,
}


class CertificateListsRoute:
    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    async def __call__(self, scope: Scope, receive: Receive, send: Send, otherwise: ASGIApp) -> None:
        if scope["query_string"]:
            await otherwise(scope, receive, send)
            return
        try:
            if PATHS[scope["path"]] == TEMPLATES:
                page = await self._gallery.templates(category=None, variant=None)
            else:
                page = await self._gallery.public(cursor=None, limit=A_PAGE)
        except Refusal as refusal:
            await send_refusal(refusal, send, scope)
            return
        known = any(
            name == b"if-none-match" and page.etag in value.decode("latin-1")
            for name, value in scope["headers"]
        )
        status, body = (304, b"") if known else (200, page.body)
        headers = [
            (b"etag", page.etag.encode()),
            (b"cache-control", b"public, max-age=0, must-revalidate"),
            (b"content-type", b"application/json"),
        ]
        if not known:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
