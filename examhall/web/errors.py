"""Refusals and bugs as pages: what went wrong in a sentence, and what to do now."""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from examhall.base.errors import Refusal, Unauthorized
from examhall.base.problem import headers_of
from examhall.base.requests import REFUSAL
from examhall.web.i18n import gettext_of
from examhall.web.pages import render


def _title(_: Callable[[str], str], status: int) -> str:
    """What a person makes of the status."""
    titles = {
        401: _("Please sign in"),
        403: _("This is not open to you"),
        404: _("There is nothing here"),
        413: _("That is too much at once"),
        429: _("One moment, please"),
        503: _("One moment, please"),
    }
    return titles.get(status) or (_("Something went wrong") if status >= 500 else _("That did not work"))


async def render_page_error(request: Request, error: Exception) -> Response:
    """Strangers are sent to sign in and come back; everybody else is told what is wrong."""
    _ = gettext_of(request)
    if isinstance(error, Unauthorized) and request.method == "GET":
        # Not by url_for, whose address begins with whatever Host the request names.
        return RedirectResponse(f"/sign-in?{urlencode({'next': request.url.path})}", 303)
    if isinstance(error, Refusal):
        request.scope[REFUSAL] = error.code
        status, detail, headers = error.status, _(error.detail), headers_of(error)
    elif isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
        detail = _("The address may be wrong, or the page may be for somebody else.") if status == 404 else ""
    else:
        status, headers = 500, {}
        detail = _("The mistake is ours, not yours. It has been logged; please try again.")
    retry_after = headers.get("retry-after", "")
    page = render(
        request,
        "error.html",
        status,
        title=_title(_, status),
        detail=detail,
        status=status,
        retry_after_s=int(retry_after) if status == 503 and request.method == "GET" and retry_after else None,
        request_id=request.scope["request_id"].decode("latin-1"),
    )
    page.headers.update(headers)
    return page
