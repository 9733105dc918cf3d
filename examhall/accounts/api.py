"""The JSON API of signing in."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, RootModel, model_validator

from examhall.accounts import identities, people, sign_in, telegram, tickets
from examhall.accounts.access import (
    COOKIE,
    CrossSite,
    NotSignedIn,
    SignedIn,
    clear_cookie,
    person_of,
    signer_of,
)
from examhall.accounts.failures import TooManySignIns
from examhall.accounts.passwords import LONGEST_BYTES, SignInBusy, UnusablePassword
from examhall.accounts.telegram import sign_in_with_telegram
from examhall.accounts.tokens import ACCESS_LIFE, Signer, TokenInvalid
from examhall.accounts.turnstile import Turnstile
from examhall.base.noting import note
from examhall.base.said import said
from examhall.base.shared_transaction import Crowded
from examhall.base.wire import Body, Db, Text, address_of, refusals

# Older clients call these at the root too.
sign_in_router = APIRouter(tags=["Sign-in"])
router = APIRouter(tags=["Sign-in"])

Token = Annotated[Text, Field(min_length=1, max_length=200)]
Name = Annotated[Text, Field(min_length=1, max_length=254)]
FieldName = Annotated[Text, Field(max_length=50)]
FieldValue = Annotated[Text, Field(max_length=1000)] | Annotated[int, Field(strict=True, ge=0, lt=10**18)]


class Login(Body):
    """By username or by e-mail address, one of them."""

    username: Name | None = None
    email: Name | None = None
    password: Annotated[Text, Field(min_length=1, max_length=LONGEST_BYTES)]

    @model_validator(mode="after")
    def _one_name(self) -> "Login":
        if (self.username is None) == (self.email is None):
            raise ValueError(said("give username or email, and not both"))
        return self


class RefreshIn(Body):
    refresh_token: Token


class LogoutIn(Body):
    refresh_token: Token | None = None


class TicketIn(Body):
    ticket: Token


class TelegramIn(RootModel[dict[FieldName, FieldValue]]):
    """What Telegram's login gave, as it came: id, auth_date, hash, first_name and whatever else."""


class User(BaseModel):
    id: int
    username: str
    email: str | None
    full_name: str
    roles: Sequence[str]
    exam_id: int | None = Field(description="Signed in with a ticket: good for this exam alone.")

    @classmethod
    def of(cls, account: people.Account, roles: Sequence[str], exam_id: int | None) -> "User":
        return cls(
            id=account.id,
            username=account.username,
            email=account.email,
            full_name=account.full_name,
            roles=roles,
            exam_id=exam_id,
        )


class SignedInOut(BaseModel):
    access_token: str = Field(description="For the Authorization header: Bearer.")
    accessToken: str = Field(description="The same, for older clients.")  # noqa: N815
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds that the access token lives.")
    refresh_token: str = Field(description="Good once, within 30 days.")
    user: User

    @classmethod
    def of(cls, done: sign_in.SignIn, signer: Signer) -> "SignedInOut":
        assert done.refresh_token is not None
        token = signer.access_token(done.account.id, done.id, done.roles, done.exam_id)
        return cls(
            access_token=token,
            accessToken=token,
            expires_in=int(ACCESS_LIFE.total_seconds()),
            refresh_token=done.refresh_token,
            user=User.of(done.account, done.roles, done.exam_id),
        )


@sign_in_router.post(
    "/auth/login",
    summary="Sign in with a password",
    responses=refusals(sign_in.WrongCredentials, UnusablePassword, TooManySignIns, SignInBusy),
)
async def post_login(body: Login, request: Request, response: Response, db: Db) -> SignedInOut:
    """Gives an access token for the next 15 minutes and a refresh token for the time after.

    Whether the name, the password or the account is at fault, the reply is the same.
    """
    done = await sign_in.sign_in_with_password(
        db,
        request.app.state.passwords,
        name=body.username or body.email or "",
        password=body.password,
        address=address_of(request),
        trusted=request.app.state.settings.rate_limit_trusted,
    )
    note(request, "signed_in", person_id=done.account.id)
    return _signed_in(done, request, response)


@sign_in_router.post(
    "/auth/refresh",
    summary="Exchange a refresh token for a new pair",
    responses=refusals(sign_in.RefreshTokenInvalid),
)
async def post_refresh(body: RefreshIn, request: Request, response: Response, db: Db) -> SignedInOut:
    """The old refresh token is dead afterwards. Using it again ends the sign-in and all its tokens, because
    then somebody has a copy; so a client must not refresh twice at the same time with one token.
    """
    async with db.transaction() as conn:
        done = await sign_in.refresh(conn, refresh_token=body.refresh_token)
    if done is None:
        raise sign_in.RefreshTokenInvalid
    return _signed_in(done, request, response)


@sign_in_router.post(
    "/auth/logout",
    summary="Sign out",
    status_code=204,
    responses=refusals(NotSignedIn, TokenInvalid, CrossSite),
)
async def post_logout(request: Request, db: Db, body: LogoutIn | None = None) -> Response:
    """Ends the sign-in of the access token, or of the refresh token in the body, with all its tokens."""
    ended: UUID | None
    if body is not None and body.refresh_token is not None:
        async with db.transaction() as conn:
            ended = await sign_in.sign_out_by_refresh_token(conn, refresh_token=body.refresh_token)
    else:
        ended = person_of(request).sign_in_id
        async with db.transaction() as conn:
            await sign_in.sign_out(conn, sign_in_id=ended)
    if ended is not None:
        # The announcement comes back to this process too, but a moment after this reply.
        signer_of(request).ended.remember_ended(str(ended))
    response = Response(status_code=204)
    if COOKIE in request.cookies:
        clear_cookie(response)
    return response


@sign_in_router.post(
    "/auth/ticket",
    summary="Sign in with an admission ticket",
    responses=refusals(tickets.TicketInvalid, Crowded),
)
async def post_ticket(body: TicketIn, request: Request, response: Response) -> SignedInOut:
    """For the ticket's exam alone. A ticket serves again on another device, until it is revoked."""
    turnstile: Turnstile = request.app.state.turnstile
    done = await turnstile.enter(body.ticket)
    note(request, "ticket_shown", person_id=done.account.id, exam_id=done.exam_id)
    return _signed_in(done, request, response)


@sign_in_router.post(
    "/auth/telegram",
    summary="Sign in with what Telegram's login gave",
    responses=refusals(
        telegram.TelegramNotSetUp,
        telegram.ProofTooOld,
        identities.ProofInvalid,
        identities.ProofUsed,
        identities.SignUpClosed,
        identities.AccountClosed,
    ),
)
async def post_telegram(body: TelegramIn, request: Request, response: Response, db: Db) -> SignedInOut:
    """All fields, unchanged. Each is good once, for ten minutes. Somebody new becomes a candidate, unless the
    server is set up otherwise.
    """
    settings = request.app.state.settings
    done = await sign_in_with_telegram(
        db, body.root, bot_token=settings.telegram_bot_token, sign_up=settings.sign_up
    )
    note(request, "signed_in", person_id=done.account.id)
    return _signed_in(done, request, response)


@router.get("/me", summary="Who I am", responses=refusals(NotSignedIn, TokenInvalid))
async def get_me(me: SignedIn, db: Db) -> User:
    async with db.transaction() as conn:
        account = await people.find_account(conn, me.id)
    return User.of(account, me.roles if me.exam_id else account.roles, me.exam_id)


def _signed_in(done: sign_in.SignIn, request: Request, response: Response) -> SignedInOut:
    response.headers["Cache-Control"] = "no-store"
    return SignedInOut.of(done, signer_of(request))
