"""The public lists of certificates without a framework: hundreds of strangers ask for the same bytes.

A plain ASGI application, as the list of contests is. Anything but the first page of everything is left to the
routes of the API.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from examhall.base.errors import Refusal
from examhall.base.front import send_refusal
from examhall.certificates.gallery import A_PAGE, Gallery, Page

# By the path as a client asks; the name of the route in figures.
TEMPLATES = "/api/v1/certificates/templates"
PUBLIC = "/api/v1/certificates/public"
PATHS = {
    "/api/certificates/templates": TEMPLATES,
    "/api/certificates/public": PUBLIC,
    TEMPLATES: TEMPLATES,
    PUBLIC: PUBLIC,
}


class CertificateListRoute:
    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    async def __call__(self, scope: Scope, receive: Receive, send: Send, otherwise: ASGIApp) -> None:
        if scope["query_string"]:
            await otherwise(scope, receive, send)
            return
        try:
            page = await self._page(PATHS[scope["path"]])
        except Refusal as refusal:
            await send_refusal(refusal, send)
            return
        etag = page.etag.encode()
        known = any(name == b"if-none-match" and etag in value for name, value in scope["headers"])
        headers = [(b"cache-control", b"public, max-age=0, must-revalidate"), (b"etag", etag)]
        if not known:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(page.body))]
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else page.body})

    async def _page(self, route: str) -> Page:
        if route == TEMPLATES:
            return await self._gallery.templates(category=None, variant=None)
        return await self._gallery.public(cursor=None, limit=A_PAGE)
