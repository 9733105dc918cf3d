"""Signing in with a password, staying signed in, signing out.

A sign-in is a family: an API client's holds refresh tokens, of which one is good at a time; a browser's
holds none, for its cookie is renewed by the pages themselves.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID, uuid4

from examhall.accounts.ended import end_sign_in
from examhall.accounts.failures import (
    Limits,
    Networks,
    count_failure,
    forget_old_failures,
    forgive,
    refuse_when_limited,
)
from examhall.accounts.passwords import Passwords
from examhall.accounts.people import Account
from examhall.accounts.tokens import BROWSER_LIFE
from examhall.audit.noting import note as audit
from examhall.base.csv_file import UNSTORABLE
from examhall.base.db import Connection, Database, maybe, run
from examhall.base.errors import Unauthorized
from examhall.base.sqlfile import beside

SQL = beside(__file__)

Method: TypeAlias = Literal["password", "telegram", "openid"]
# From the last time it was used.
REFRESH_LIFE = timedelta(days=30)
REFRESH_TOKEN_BYTES = 32
# Over that, a sign-in that ran out or ended is of no use to anybody's questions either.
KEPT_FOR = timedelta(days=30)


class WrongCredentials(Unauthorized):
    """The name or the password is not right."""


class RefreshTokenInvalid(Unauthorized):
    """This refresh token is not valid any more. Please sign in again."""


@dataclass(frozen=True)
class SignIn:
    id: UUID
    account: Account
    # Signed in with a ticket: good for this exam alone.
    exam_id: int | None
    refresh_token: str | None

    @property
    def roles(self) -> tuple[str, ...]:
        """A ticket makes a candidate of whoever shows it, whatever else they are."""
        return tuple(self.account.roles) if self.exam_id is None else ("candidate",)


class Fresh(NamedTuple):
    """What a new sign-in is stored with."""

    sign_in_id: UUID
    refresh_token: str | None
    token_hash: bytes | None
    life: timedelta

    @classmethod
    def of(cls, *, browser: bool) -> "Fresh":
        if browser:
            return cls(uuid4(), None, None, BROWSER_LIFE)
        token = _new_refresh_token()
        return cls(uuid4(), token, _hash(token), REFRESH_LIFE)


@dataclass(frozen=True)
class _Claimant:
    """Whoever the name belongs to, for the time of the attempt."""

    id: int
    password_hash: str | None


@dataclass(frozen=True)
class _Family:
    sign_in_id: UUID


@dataclass(frozen=True)
class _Extended(Account):
    exam_id: int | None


async def sign_in_with_password(
    database: Database,
    passwords: Passwords,
    *,
    name: str,
    password: str,
    address: str,
    trusted: Networks = (),
    browser: bool = False,
) -> SignIn:
    """Sign in by username or e-mail address and password.

    Unlike other operations it takes the database, not a connection: nothing is held while the password is
    verified, or a few hundred people signing in at once would hold every connection. What was read before
    is therefore checked again when the sign-in is stored. Unknown, inactive, without a password and wrong
    are one refusal, and take the same time.
    """
    name = _as_stored(name)
    async with database.transaction() as conn:
        person = await maybe(conn, SQL.find_person, _Claimant, name=name)
        limits = Limits.of(
            person_id=person.id if person else None, name=name, address=address, trusted=trusted
        )
        await refuse_when_limited(conn, limits)

    verdict = await passwords.verify(person.password_hash if person else None, password, name=name.lower())

    refusal: Unauthorized | None = None
    if person is not None and verdict.right:
        async with database.transaction() as conn:
            await forgive(conn, limits)
            signed_in = await _open(conn, person, verdict.new_hash, Fresh.of(browser=browser))
        if signed_in is not None:
            return signed_in
        refusal = WrongCredentials()
    async with database.transaction() as conn:
        too_many = await count_failure(conn, limits)
    raise too_many or refusal or WrongCredentials()


async def _open(conn: Connection, person: _Claimant, new_hash: str | None, fresh: Fresh) -> SignIn | None:
    password_hash = person.password_hash
    if new_hash is not None:
        # Row count 0: somebody changed it meanwhile, and open_sign_in will find that out.
        await run(conn, SQL.replace_hash, person_id=person.id, password_hash=password_hash, new_hash=new_hash)
        password_hash = new_hash
    return await open_sign_in(
        conn, person_id=person.id, method="password", fresh=fresh, password_hash=password_hash
    )


async def open_sign_in(
    conn: Connection, *, person_id: int, method: Method, fresh: Fresh, password_hash: str | None = None
) -> SignIn | None:
    """Store a sign-in; None when the account is not active, or the password is another by now."""
    account = await maybe(
        conn,
        SQL.open_sign_in,
        Account,
        person_id=person_id,
        method=method,
        password_hash=password_hash,
        sign_in_id=fresh.sign_in_id,
        token_hash=fresh.token_hash,
        life=fresh.life,
    )
    if account is None:
        return None
    if any(role != "candidate" for role in account.roles):
        await audit(
            conn,
            "signed_in",
            kind="people",
            thing=person_id,
            label=account.full_name,
            person_id=person_id,
            after={"method": method},
            by=person_id,
            # A browser keeps a cookie and gets no token.
            door="page" if fresh.refresh_token is None else "api",
        )
    return SignIn(fresh.sign_in_id, account, None, fresh.refresh_token)


async def refresh(conn: Connection, *, refresh_token: str) -> SignIn | None:
    """Exchange a refresh token for a new one. None: refuse, but only after the commit.

    A token is good once. One that comes again was copied, by whoever was first or by whoever is second, and
    nobody can tell which: the whole family ends, and that must be committed. Two refreshes at the same time
    are no exception: one wins, the other is a token that comes again, and the winner's pair dies with the
    family. A client with several tabs must share one refresh among them.
    """
    used = await maybe(conn, SQL.claim_refresh_token, _Family, token_hash=_hash(refresh_token))
    if used is None:
        family = await maybe(conn, SQL.find_family, _Family, token_hash=_hash(refresh_token))
        if family is not None:
            await end_sign_in(conn, family.sign_in_id, by="reuse")
        return None
    extended = await maybe(conn, SQL.extend_sign_in, _Extended, sign_in_id=used.sign_in_id, life=REFRESH_LIFE)
    if extended is None:
        return None
    token = _new_refresh_token()
    await run(conn, SQL.keep_refresh_token, token_hash=_hash(token), sign_in_id=used.sign_in_id)
    return SignIn(used.sign_in_id, extended, extended.exam_id, token)


async def sign_out(conn: Connection, *, sign_in_id: UUID) -> None:
    """End a sign-in. Its tokens die in every process with the commit; a repeat changes nothing."""
    await end_sign_in(conn, sign_in_id, by="person")


async def sign_out_by_refresh_token(conn: Connection, *, refresh_token: str) -> UUID | None:
    """End the sign-in that a refresh token belongs to, and say which; None when there is none."""
    family = await maybe(conn, SQL.find_family, _Family, token_hash=_hash(refresh_token))
    if family is None:
        return None
    await sign_out(conn, sign_in_id=family.sign_in_id)
    return family.sign_in_id


async def forget_old_sign_ins(conn: Connection) -> int:
    """For the schedule: drop sign-ins, spent tokens and proofs, and counters that no longer matter."""
    await run(conn, SQL.forget_spent_tokens, kept_for=KEPT_FOR)
    await run(conn, SQL.forget_spent_proofs)
    return await run(conn, SQL.forget_old_sign_ins, kept_for=KEPT_FOR) + await forget_old_failures(conn)


def _as_stored(name: str) -> str:
    """As the import writes names: some keyboards write a letter and its accent apart.

    What PostgreSQL cannot hold becomes what no name has.
    """
    return unicodedata.normalize("NFC", UNSTORABLE.sub("\ufffd", name.strip()))


def _new_refresh_token() -> str:
    return secrets.token_urlsafe(REFRESH_TOKEN_BYTES)


def _hash(refresh_token: str) -> bytes:
    # 256 random bits need no salt and no slow hash.
    return hashlib.sha256(refresh_token.encode()).digest()
