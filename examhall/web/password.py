"""The page by which somebody sets a new password, with a link that the exam office gave them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import refuse_cross_site
from examhall.accounts.new_passwords import LEAST_CHARS, LinkSpent, read_link, use_link
from examhall.accounts.passwords import LONGEST_BYTES
from examhall.web.i18n import gettext_of
from examhall.web.pages import render


async def password_page(request: Request) -> Response:
    """GET /password/{token}: whose it is. Looking uses nothing up: previews of links look, too."""
    return await _page(request)


async def post_password(request: Request) -> Response:
    """POST /password/{token}"""
    refuse_cross_site(request)
    _ = gettext_of(request)
    form = await request.form()
    password, again = str(form.get("password", "")), str(form.get("again", ""))
    if len(password) < LEAST_CHARS or len(password.encode(errors="replace")) > LONGEST_BYTES:
        return await _page(request, _("A password has at least 8 characters."))
    if password != again:
        return await _page(request, _("The two are not the same."))
    try:
        async with request.app.state.database.transaction() as conn:
            # Whoever has no good link does not make us hash.
            await read_link(conn, request.path_params["token"])
        password_hash = await request.app.state.passwords.hash(password)
        async with request.app.state.database.transaction() as conn:
            await use_link(conn, request.path_params["token"], password_hash=password_hash)
    except LinkSpent as refusal:
        return _spent(request, refusal)
    return _private(render(request, "password.html", state="done", holder=None, problem=""))


async def _page(request: Request, problem: str = "") -> Response:
    try:
        async with request.app.state.database.transaction() as conn:
            holder = await read_link(conn, request.path_params["token"])
    except LinkSpent as refusal:
        return _spent(request, refusal)
    status = 422 if problem else 200
    return _private(render(request, "password.html", status, state="ask", holder=holder, problem=problem))


def _spent(request: Request, refusal: LinkSpent) -> Response:
    detail = gettext_of(request)(refusal.detail)
    return _private(
        render(request, "password.html", refusal.status, state="spent", holder=None, problem=detail)
    )


def _private(page: Response) -> Response:
    """The address is the secret: it goes to nobody, and stays in no cache."""
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


routes = [
    Route("/password/{token}", password_page),
    Route("/password/{token}", post_password, methods=["POST"]),
]
