"""The frame of every page of somebody signed in: their name, where they can go, their form token."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from examhall.accounts.access import Person, csrf_token, renew_cookie
from examhall.accounts.people import Account
from examhall.base.errors import NotFound
from examhall.base.wire import LARGEST_ID
from examhall.web.language import other_language, set_language
from examhall.web.navigation import places_for
from examhall.web.pages import address_of_page, render
from examhall.web.public import SEE_OTHER, is_secure


def framed(
    request: Request, me: Person, account: Account | None, template: str, status: int = 200, **context: object
) -> Response:
    """The page with the masthead of whoever looks at it; a cookie that has become old is renewed with it.

    A browser that does not know yet which language they chose on another learns it, and asks once more.
    """
    chosen = other_language(request, account)
    if chosen and request.method == "GET" and status == 200:
        again = RedirectResponse(address_of_page(request), SEE_OTHER)
        set_language(request, again, chosen)
        return again
    page = render(
        request,
        template,
        status,
        person=account,
        places=places_for(me),
        here=request.url.path,
        csrf_token=csrf_token(request, me),
        **context,
    )
    renew_cookie(request, page, me, secure=is_secure(request))
    return page


def id_of(request: Request, name: str) -> int:
    """A number in the page's address; one that no row can have is not found."""
    number: int = request.path_params[name]
    if number > LARGEST_ID:
        raise NotFound
    return number
