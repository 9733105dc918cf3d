"""The switch of languages: kept in a cookie, and with the person where somebody is signed in."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route

from examhall.accounts.access import cookie_person, refuse_cross_site
from examhall.accounts.people import Account, keep_language
from examhall.base.errors import Malformed, Unauthorized
from examhall.base.languages import COOKIE, languages
from examhall.web.i18n import language_of
from examhall.web.public import SEE_OTHER, here, is_secure

A_YEAR_S = 366 * 86_400


class NoSuchLanguage(Malformed):
    """Examhall does not speak this language."""


async def post_language(request: Request) -> Response:
    """POST /language"""
    refuse_cross_site(request)
    form = await request.form()
    language = str(form.get("language", ""))
    if language not in languages():
        raise NoSuchLanguage
    try:
        me = cookie_person(request)
    except Unauthorized:
        me = None
    if me is not None:
        async with request.app.state.database.transaction() as conn:
            await keep_language(conn, me.id, language)
    response = RedirectResponse(_back(request, str(form.get("next", ""))), SEE_OTHER)
    set_language(request, response, language)
    return response


def set_language(request: Request, response: Response, language: str) -> None:
    """This browser's pages are in this language from now on."""
    response.set_cookie(
        COOKIE, language, max_age=A_YEAR_S, secure=is_secure(request), httponly=True, samesite="lax"
    )


def other_language(request: Request, account: Account | None) -> str | None:
    """What this person reads Examhall in, where this browser does not know it yet."""
    chosen = account.language if account else None
    return chosen if chosen in languages() and chosen != language_of(request) else None


def _back(request: Request, address: str) -> str:
    """Where one was, if it is a page of ours that can be asked for; else the start."""
    path = (here(address) or "").partition("?")[0]
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    found = any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    return address if found else "/"


routes = [Route("/language", post_language, methods=["POST"])]
