"""The frame of every page of somebody signed in: their name, where they can go, their form token."""

from starlette.requests import Request
from starlette.responses import Response

from examhall.accounts.access import Person, csrf_token, renew_cookie
from examhall.accounts.people import Account
from examhall.base.errors import NotFound
from examhall.base.wire import LARGEST_ID
from examhall.web.navigation import places_for
from examhall.web.pages import render
from examhall.web.public import is_secure


def framed(
    request: Request, me: Person, account: Account | None, template: str, status: int = 200, **context: object
) -> Response:
    """The page with the masthead of whoever looks at it; a cookie that has become old is renewed with it."""
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
