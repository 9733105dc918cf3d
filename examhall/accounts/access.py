"""Who may do what: the only module that says so.

An API request asks the database nothing: the token says who somebody is and which roles they have. An import
that takes a role away, changes a password or closes an account ends the sign-in at once in every process; a
role changed by other means is believed for 15 minutes at most by API clients. Pages read the person's name
and roles from the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from examhall.accounts.tokens import COOKIE_LIFE, Claims, Signer, TokenInvalid
from examhall.base.actor import ACTOR, Actor, Door
from examhall.base.errors import Forbidden, Unauthorized
from examhall.base.wire import refusals

COOKIE = "examhall"
COOKIE_BYTES = COOKIE.encode()
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
# For OpenAPI alone; the token is read by `claims_of`.
BEARER = HTTPBearer(auto_error=False, description="The `access_token` of POST /auth/login.")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(Unauthorized):
    """Please sign in."""


class WrongRole(Forbidden):
    """Your account may not do this."""


class TicketOnly(Forbidden):
    """Your ticket admits you to one exam. Sign in with your account to see more."""


class CrossSite(Forbidden):
    """This did not come from one of our pages. Please reload the page and try again."""


# How a route that is for some of the staff refuses everybody else, in OpenAPI.
STAFF = refusals(NotSignedIn, TokenInvalid, WrongRole)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever sent a request, as their token has it."""

    id: int
    roles: tuple[str, ...] = ("candidate",)
    # Signed in with a ticket: good for this exam alone.
    exam_id: int | None = None
    claims: Claims | None = None

    @property
    def sign_in_id(self) -> UUID:
        """Only of somebody who came with a token."""
        assert self.claims is not None
        return self.claims.sign_in_id


def claims_of(scope: Scope, signer: Signer) -> Claims:
    """Whoever sent this request: by its bearer token, or by the cookie if it proves to come from our pages.

    A bearer token that is not valid is refused even beside a good cookie. Unsafe methods with a cookie need
    the header `X-CSRF-Token`; posted forms use `page_person`.
    """
    authorization = csrf = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value.decode("latin-1")
        elif name == b"x-csrf-token":
            csrf = value.decode("latin-1")
    if authorization is not None and authorization[:7].lower() == "bearer ":
        return signer.read_access(authorization[7:].strip())
    claims = _cookie_claims(scope, signer)
    if scope["method"] not in SAFE_METHODS:
        check_csrf(signer, claims, csrf)
    return claims


def sender_of(scope: Scope, signer: Signer) -> int | None:
    """The id of whoever this request comes from, by a genuine token; None for a stranger.

    For counting requests alone: the token may have run out, and another site may have made the browser send
    it. That somebody's token ran out in the middle of an exam does not make a stranger of them.
    """
    cookies = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            if value[:7].lower() == b"bearer ":
                claims = signer.recognise(value[7:].decode("latin-1").strip(), is_cookie=False)
                return claims.person_id if claims else None
        elif name == b"cookie":
            cookies = value
    if COOKIE_BYTES in cookies:
        for pair in cookies.decode("latin-1").split(";"):
            key, _, token = pair.strip().partition("=")
            if key == COOKIE:
                claims = signer.recognise(token, is_cookie=True)
                return claims.person_id if claims else None
    return None


def person_of(request: Request) -> Person:
    """`claims_of` as a person, on whose behalf the request is from here on."""
    door: Door = "api" if "authorization" in request.headers else "page"
    return _acting(request, claims_of(request.scope, signer_of(request)), door)


def visitor_of(request: Request) -> Person | None:
    """Whoever looks at what strangers may see too; None for a stranger, or whose cookie is no longer good.

    A bearer token that is not valid is refused all the same: its program thinks that it is somebody.
    """
    try:
        return person_of(request)
    except Unauthorized:
        if "authorization" in request.headers:
            raise
        return None


async def page_person(request: Request, *roles: str) -> Person:
    """Whoever looks at a page or posts one of its forms, by the cookie alone; forms carry `csrf_token`.

    With `roles`, who has none of them is refused before a form with large files is read.
    """
    signer = signer_of(request)
    claims = _cookie_claims(request.scope, signer)
    if roles:
        require_role(_person(claims), *roles)
    if request.method not in SAFE_METHODS:
        given = request.headers.get(CSRF_HEADER)
        if given is None:
            try:
                check_form_csrf(signer, claims, await request.form())
            except CrossSite:
                # What was uploaded is read by nobody.
                await request.close()
                raise
        else:
            check_csrf(signer, claims, given)
    return _acting(request, claims, "page")


def cookie_person(request: Request) -> Person:
    """Whose browser this is, without a proof that they meant what it asks: `refuse_cross_site` first."""
    return _person(_cookie_claims(request.scope, signer_of(request)))


async def signed_in(request: Request, _documented: Annotated[object, Depends(BEARER)]) -> Person:
    """`person_of` for FastAPI, which would call a plain function in a thread."""
    return person_of(request)


SignedIn: TypeAlias = Annotated[Person, Depends(signed_in)]


def Staff(*roles: str) -> Any:  # noqa: N802
    """Somebody with one of these roles: `me: Annotated[Person, Staff("author")]`. An admin always may."""

    async def with_role(me: SignedIn) -> Person:
        require_role(me, *roles)
        return me

    return Depends(with_role)


def require_role(person: Person, *roles: str) -> None:
    """Refuse whoever has none of these roles. An admin has them all, but not by a ticket."""
    if person.exam_id is not None or not has_role(person, *roles):
        raise WrongRole


def has_role(person: Person, *roles: str) -> bool:
    """Whether somebody has one of these roles; an admin has them all."""
    return bool({"admin", *roles} & {*person.roles})


def refuse_tickets(person: Person) -> None:
    """What is about a person as a whole is not shown to whoever holds a slip of paper."""
    if person.exam_id is not None:
        raise TicketOnly


def may_see_exam(person: Person, exam_id: int) -> bool:
    """Whether the sign-in reaches this exam. Whether the person is assigned to it, the exam knows."""
    return person.exam_id is None or person.exam_id == exam_id


def check_csrf(signer: Signer, claims: Claims, given: str | None) -> None:
    """Refuse what does not carry the token of this very sign-in."""
    if given is None or not signer.is_csrf_token(claims, given):
        raise CrossSite


def check_form_csrf(signer: Signer, claims: Claims, form: Mapping[str, object]) -> None:
    given = form.get(CSRF_FIELD)
    check_csrf(signer, claims, given if isinstance(given, str) else None)


def refuse_cross_site(request: Request) -> None:
    """For forms before sign-in, which have no token yet: no other site can sign a browser in as itself.

    Browsers say where a request comes from by Sec-Fetch-Site, older ones by Origin (or "null", which our own
    Referrer-Policy makes of it). Programs say neither, and carry no cookies that could be abused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin != "null" and origin.partition("://")[2] != request.headers.get("Host")
    if foreign:
        raise CrossSite


def csrf_token(request: Request, person: Person) -> str:
    """What a page writes into its forms and its `<meta name="csrf-token">`."""
    assert person.claims is not None
    return signer_of(request).csrf_token(person.claims)


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Keep a browser signed in. Scripts cannot read it, and other sites' forms do not send it."""
    response.set_cookie(
        COOKIE, token, max_age=int(COOKIE_LIFE.total_seconds()), secure=secure, httponly=True, samesite="lax"
    )


def renew_cookie(request: Request, response: Response, person: Person, *, secure: bool) -> None:
    """Replace a cookie that has become old, so that nobody who uses the pages is signed out by time."""
    if person.claims is not None and (token := signer_of(request).renewed_cookie(person.claims)):
        set_cookie(response, token, secure=secure)


def clear_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def signer_of(request: Request) -> Signer:
    signer: Signer = request.app.state.signer
    return signer


def _cookie_claims(scope: Scope, signer: Signer) -> Claims:
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                key, _, token = pair.strip().partition("=")
                if key == COOKIE:
                    return signer.read_cookie(token)
    raise NotSignedIn


def _acting(request: Request, claims: Claims, door: Door) -> Person:
    """A request is a task of its own: what it does from here on is on record as theirs."""
    person = _person(claims)
    ACTOR.set(
        Actor(
            person.id,
            door,
            writes=request.method not in SAFE_METHODS,
            is_staff=any(role != "candidate" for role in person.roles),
        )
    )
    return person


def _person(claims: Claims) -> Person:
    return Person(claims.person_id, claims.roles, claims.exam_id, claims)
