"""Signing in by an account elsewhere, Telegram's or an OpenID provider's; connecting it to one's own."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, refuse_cross_site, refuse_tickets, signer_of
from examhall.accounts.identities import (
    Connected,
    ProofInvalid,
    connect_identity,
    disconnect_provider,
    list_connected,
    sign_in_by_identity,
)
from examhall.accounts.openid import Begun, OpenId, OpenIdNotSetUp
from examhall.accounts.people import find_account
from examhall.accounts.telegram import (
    PROVIDER,
    TelegramNotSetUp,
    check_proof,
    connect_telegram,
    login_address,
    sign_in_with_telegram,
)
from examhall.base.errors import Forbidden, Refusal
from examhall.base.noting import note
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER, come_in, here, is_secure, who

# What Telegram sends are a handful of short fields.
MOST_FIELDS = 20
LONGEST_FIELD = 1000
# Before the name of each in our form.
MARK = "telegram_"

PENDING = "examhall-openid"
PENDING_PATH = "/sign-in/openid"
# At the provider's page: its password, perhaps its second factor.
PENDING_LIFE = timedelta(minutes=15)
# From the account's page to the provider's.
CONNECT_LIFE = timedelta(hours=1)
PENDING_TELEGRAM = "examhall-telegram"
TELEGRAM_PATH = "/sign-in/telegram"


class NotBegunHere(Forbidden):
    """Begin on the page of your account. If somebody sent you this link, do not go on."""


async def telegram_page(request: Request) -> Response:
    """GET /sign-in/telegram: whom Telegram vouches for, and one button. Looking uses nothing up.

    That nobody is signed in by a mere link is why there is a button: it could be somebody else's account. And
    none is connected by one: ?connect= of the account's page leaves a cookie, and leads to Telegram.
    """
    settings = request.app.state.settings
    again = login_address(settings.telegram_bot_token, settings.url)
    if again is None:
        raise TelegramNotSetUp
    if connect := request.query_params.get("connect"):
        return _to_telegram(request, connect, again)
    me = await who(request)
    if me is not None and me.exam_id is not None:
        me = None
    fields = _fields(request.query_params)
    context: dict[str, object] = {
        "fields": fields, "mark": MARK, "full_name": "", "again": again, "problem": ""
    }  # fmt: skip
    status = 200
    if fields:
        try:
            proof = check_proof(fields, bot_token=settings.telegram_bot_token)
            if me is not None:
                _require_begun(request, me)
            context["full_name"] = proof.identity.full_name or f"Telegram {proof.identity.subject}"
        except Refusal as refusal:
            status, context["problem"] = refusal.status, gettext_of(request)(refusal.detail)
    if me is None:
        return render(request, "telegram.html", status, **context)
    async with request.app.state.database.connection() as conn:
        account = await find_account(conn, me.id)
    return framed(request, me, account, "telegram.html", status, **context)


def _to_telegram(request: Request, connect: str, address: str) -> Response:
    """Where the account's page leads: whoever asked for it is remembered by their browser, and by no link."""
    signer = signer_of(request)
    wanted = signer.kept("telegram connect", connect)
    if wanted is None:
        raise ProofInvalid
    response = RedirectResponse(address, SEE_OTHER, {"cache-control": "no-store"})
    response.set_cookie(
        PENDING_TELEGRAM,
        signer.keep("telegram pending", {"person": wanted["person"]}, PENDING_LIFE),
        max_age=int(PENDING_LIFE.total_seconds()),
        path=TELEGRAM_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


def _require_begun(request: Request, me: Person) -> None:
    """Refuse to connect what this person has not asked to connect in this browser."""
    pending = signer_of(request).kept("telegram pending", request.cookies.get(PENDING_TELEGRAM, ""))
    if pending is None or pending["person"] != me.id:
        raise NotBegunHere


async def post_telegram(request: Request) -> Response:
    """POST /sign-in/telegram: sign in, or connect the account to whoever is signed in."""
    refuse_cross_site(request)
    settings = request.app.state.settings
    form = await request.form()
    fields = _fields({name[len(MARK) :]: str(value) for name, value in form.items() if name.startswith(MARK)})
    database = request.app.state.database
    try:
        if "connect" in form:
            me = await page_person(request)
            refuse_tickets(me)
            _require_begun(request, me)
            await connect_telegram(database, fields, bot_token=settings.telegram_bot_token, person_id=me.id)
            response = RedirectResponse("/account", SEE_OTHER)
            response.delete_cookie(PENDING_TELEGRAM, path=TELEGRAM_PATH, httponly=True, samesite="lax")
            return response
        done = await sign_in_with_telegram(
            database, fields, bot_token=settings.telegram_bot_token, sign_up=settings.sign_up, browser=True
        )
    except Refusal as refusal:
        note(request, "refused", detail=refusal.code)
        return _not_let_in(
            request, refusal, login_address(settings.telegram_bot_token, settings.url) or "/sign-in"
        )
    note(request, "signed_in", person_id=done.account.id)
    return come_in(request, done)


def _fields(given: Mapping[str, str]) -> dict[str, str]:
    if len(given) > MOST_FIELDS or any(len(value) > LONGEST_FIELD for value in given.values()):
        raise ProofInvalid
    return dict(given)


def _openid(request: Request) -> OpenId:
    openid: OpenId | None = request.app.state.openid
    if openid is None:
        raise OpenIdNotSetUp
    return openid


async def openid_page(request: Request) -> Response:
    """GET /sign-in/openid: to the provider's page, with what proves on the way back that it began here."""
    signer = signer_of(request)
    kept: dict[str, object] = {}
    if connect := request.query_params.get("connect"):
        wanted = signer.kept("openid connect", connect)
        if wanted is None:
            raise ProofInvalid
        kept = {"person": wanted["person"]}
    elif next_page := here(request.query_params.get("next", "")):
        kept = {"next": next_page}
    try:
        url, begun = await _openid(request).begin()
    except Refusal as refusal:
        return _not_let_in(request, refusal, "/sign-in")
    response = RedirectResponse(url, SEE_OTHER, {"cache-control": "no-store"})
    response.set_cookie(
        PENDING,
        signer.keep("openid pending", begun.as_claims() | kept, PENDING_LIFE),
        max_age=int(PENDING_LIFE.total_seconds()),
        path=PENDING_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


async def openid_back(request: Request) -> Response:
    """GET /sign-in/openid/back: the provider sends the browser here."""
    try:
        response = await _finish(request)
    except Refusal as refusal:
        note(request, "refused", detail=refusal.code)
        response = _not_let_in(request, refusal, "/sign-in/openid")
    response.delete_cookie(PENDING, path=PENDING_PATH, httponly=True, samesite="lax")
    return response


async def _finish(request: Request) -> Response:
    openid, settings = _openid(request), request.app.state.settings
    pending = signer_of(request).kept("openid pending", request.cookies.get(PENDING, ""))
    code, state = request.query_params.get("code"), request.query_params.get("state")
    # Without our own cookie it began in another browser, as in an attack by a link.
    if pending is None or not code or state != pending["state"]:
        raise ProofInvalid
    begun = Begun(pending["state"], pending["nonce"], pending["verifier"])
    identity = await openid.finish(code=code, begun=begun)
    database = request.app.state.database
    if "person" in pending:
        me = await page_person(request)
        # Somebody else has signed in here meanwhile.
        if me.id != pending["person"] or me.exam_id is not None:
            raise ProofInvalid
        async with database.transaction() as conn:
            await connect_identity(conn, identity, person_id=me.id)
        return RedirectResponse("/account", SEE_OTHER)
    async with database.transaction() as conn:
        done = await sign_in_by_identity(
            conn, identity, method="openid", sign_up=settings.sign_up, browser=True
        )
    note(request, "signed_in", person_id=done.account.id)
    return come_in(request, done, here(str(pending.get("next", ""))))


def _not_let_in(request: Request, refusal: Refusal, again: str) -> Response:
    """Said here: the usual page for strangers would ask for a password."""
    detail = gettext_of(request)(refusal.detail)
    return render(request, "not_let_in.html", refusal.status, detail=detail, again=again)


async def account_page(request: Request) -> Response:
    """GET /account: who I am, and how I sign in."""
    me = await page_person(request)
    refuse_tickets(me)
    return await _account(request, me)


async def _account(request: Request, me: Person, status: int = 200, problem: str = "") -> Response:
    settings = request.app.state.settings
    async with request.app.state.database.connection() as conn:
        account = await find_account(conn, me.id)
        connected = {each.provider: each for each in await list_connected(conn, person_id=me.id)}
    ways: list[tuple[str, str, Connected | None, str | None]] = []
    if settings.telegram_bot_token is not None:
        token = signer_of(request).keep("telegram connect", {"person": me.id}, CONNECT_LIFE)
        address = f"{TELEGRAM_PATH}?{urlencode({'connect': token})}"
        ways.append((PROVIDER, "Telegram", connected.pop(PROVIDER, None), address))
    if settings.oidc_issuer is not None:
        token = signer_of(request).keep("openid connect", {"person": me.id}, CONNECT_LIFE)
        address = f"/sign-in/openid?{urlencode({'connect': token})}"
        ways.append(
            (settings.oidc_issuer, settings.oidc_name, connected.pop(settings.oidc_issuer, None), address)
        )
    # What is connected and not set up any more can still be taken away.
    ways += [(provider, provider, found, None) for provider, found in connected.items()]
    return framed(request, me, account, "account.html", status, ways=ways, problem=problem)


async def post_disconnect(request: Request) -> Response:
    """POST /account/disconnect"""
    me = await page_person(request)
    refuse_tickets(me)
    form = await request.form()
    try:
        async with request.app.state.database.transaction() as conn:
            await disconnect_provider(conn, str(form.get("provider", "")), person_id=me.id)
    except Refusal as refusal:
        return await _account(request, me, refusal.status, gettext_of(request)(refusal.detail))
    return RedirectResponse("/account", SEE_OTHER)


routes = [
    Route("/sign-in/telegram", telegram_page),
    Route("/sign-in/telegram", post_telegram, methods=["POST"]),
    Route("/sign-in/openid", openid_page),
    Route("/sign-in/openid/back", openid_back),
    Route("/account", account_page),
    Route("/account/disconnect", post_disconnect, methods=["POST"]),
]
