"""Pages before the exam hall's door: landing, sign-in and sign-out, admission by ticket."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import (
    Person,
    clear_cookie,
    page_person,
    refuse_cross_site,
    set_cookie,
    signer_of,
)
from examhall.accounts.failures import TooManySignIns
from examhall.accounts.passwords import SignInBusy, UnusablePassword
from examhall.accounts.sign_in import SignIn, WrongCredentials, sign_in_with_password, sign_out
from examhall.accounts.telegram import login_address
from examhall.accounts.tickets import TicketInvalid, read_admission
from examhall.base.errors import Refusal, Unauthorized
from examhall.base.noting import note
from examhall.base.problem import headers_of
from examhall.base.wire import address_of
from examhall.web.i18n import gettext_of
from examhall.web.navigation import first_place_for
from examhall.web.pages import render

SEE_OTHER = 303
LONGEST_NAME = 254


def home_of(me: Person) -> str:
    """Where somebody who has just come in wants to be: at the exam of their ticket, or where they work."""
    return f"/exams/{me.exam_id}" if me.exam_id is not None else first_place_for(me).path


def here(address: str) -> str | None:
    """An address of ours to go on to; None for anything that a browser might take elsewhere."""
    # Browsers drop tabs and newlines and read \ as /, so //evil comes in many dresses.
    safe = address.startswith("/") and not address.startswith("//") and address.isprintable()
    return address if safe and "\\" not in address and len(address) < 500 else None


async def who(request: Request) -> Person | None:
    """Whoever is signed in; None for a stranger."""
    try:
        return await page_person(request)
    except Unauthorized:
        return None


async def landing_page(request: Request) -> Response:
    """GET /"""
    me = await who(request)
    return RedirectResponse(home_of(me), SEE_OTHER) if me else render(request, "landing.html")


async def sign_in_page(request: Request) -> Response:
    """GET /sign-in"""
    going_to = here(request.query_params.get("next", ""))
    if me := await who(request):
        return RedirectResponse(going_to or home_of(me), SEE_OTHER)
    return _sign_in(request, next=going_to)


def _sign_in(request: Request, status: int = 200, **context: object) -> Response:
    settings = request.app.state.settings
    return render(
        request,
        "sign_in.html",
        status,
        telegram=login_address(settings.telegram_bot_token, settings.url),
        openid=settings.oidc_name if settings.oidc_issuer else None,
        **{"problem": "", "username": ""} | context,
    )


async def post_sign_in(request: Request) -> Response:
    """POST /sign-in"""
    refuse_cross_site(request)
    form = await request.form()
    username, password = str(form.get("username", "")), str(form.get("password", ""))
    going_to = here(str(form.get("next", "")))
    try:
        done = await sign_in_with_password(
            request.app.state.database,
            request.app.state.passwords,
            name=username[:LONGEST_NAME],
            password=password,
            address=address_of(request),
            trusted=request.app.state.settings.rate_limit_trusted,
            browser=True,
        )
    except (WrongCredentials, UnusablePassword, TooManySignIns, SignInBusy) as refusal:
        note(request, "refused", detail=refusal.code)
        return _sign_in_again(request, refusal, username, going_to)
    note(request, "signed_in", person_id=done.account.id)
    return come_in(request, done, going_to)


def _sign_in_again(request: Request, refusal: Refusal, username: str, going_to: str | None) -> Response:
    problem = gettext_of(request)(refusal.detail)
    page = _sign_in(request, refusal.status, problem=problem, username=username, next=going_to)
    page.headers.update({name: value for name, value in headers_of(refusal).items() if name == "retry-after"})
    return page


def come_in(request: Request, done: SignIn, going_to: str | None = None) -> Response:
    """Into the hall: the browser gets its cookie."""
    home = home_of(Person(done.account.id, done.roles, done.exam_id))
    response = RedirectResponse(going_to or home, SEE_OTHER)
    token = signer_of(request).cookie_token(done.account.id, done.id, done.roles, done.exam_id)
    set_cookie(response, token, secure=is_secure(request))
    return response


def is_secure(request: Request) -> bool:
    """Whether people reach this server by https, itself or through a proxy."""
    return request.url.scheme == "https" or str(request.app.state.settings.url).startswith("https:")


async def post_sign_out(request: Request) -> Response:
    """POST /sign-out"""
    response = RedirectResponse("/", SEE_OTHER)
    try:
        me = await page_person(request)
    except Unauthorized:
        return response
    async with request.app.state.database.transaction() as conn:
        await sign_out(conn, sign_in_id=me.sign_in_id)
    # The announcement comes back to this process too, but a moment after this reply.
    signer_of(request).ended.remember_ended(str(me.sign_in_id))
    clear_cookie(response)
    return response


async def ticket_page(request: Request) -> Response:
    """GET /t/{ticket}: whom it admits to what. Looking uses nothing up: previews of links look, too."""
    try:
        async with request.app.state.database.transaction() as conn:
            admission = await read_admission(conn, signer_of(request), request.path_params["ticket"])
    except TicketInvalid as refusal:
        return _no_admission(request, refusal)
    return render(request, "ticket.html", full_name=admission.full_name, exam_title=admission.exam_title)


async def post_ticket(request: Request) -> Response:
    """POST /t/{ticket}"""
    refuse_cross_site(request)
    try:
        done = await request.app.state.turnstile.enter(request.path_params["ticket"], browser=True)
    except TicketInvalid as refusal:
        note(request, "refused", detail=refusal.code)
        return _no_admission(request, refusal)
    note(request, "ticket_shown", person_id=done.account.id, exam_id=done.exam_id)
    return come_in(request, done, f"/exams/{done.exam_id}")


def _no_admission(request: Request, refusal: Refusal) -> Response:
    """Said here: to sign in with a password, the usual way of strangers, is not the way of a ticket."""
    return render(request, "no_admission.html", refusal.status, detail=gettext_of(request)(refusal.detail))


routes = [
    Route("/", landing_page),
    Route("/sign-in", sign_in_page, name="sign_in"),
    Route("/sign-in", post_sign_in, methods=["POST"]),
    Route("/sign-out", post_sign_out, methods=["POST"]),
    Route("/t/{ticket}", ticket_page),
    Route("/t/{ticket}", post_ticket, methods=["POST"]),
]
