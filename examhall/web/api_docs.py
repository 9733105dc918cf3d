"""The page on which developers of clients read and try the API."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.web.pages import HEADERS, STYLES, render

# Swagger UI writes style attributes; nothing else is loosened, and no page of an exam is.
LOOSER = HEADERS["content-security-policy"].replace(STYLES, "'self' 'unsafe-inline'")


async def api_docs_page(request: Request) -> Response:
    """GET /docs"""
    page = render(request, "api_docs.html")
    page.headers["content-security-policy"] = LOOSER
    return page


routes = [Route("/docs", api_docs_page)]
