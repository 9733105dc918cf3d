"""Who somebody is by what another service says of them: found, made or connected, and signed in."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from examhall.accounts.people import create_person
from examhall.accounts.sign_in import Fresh, Method, SignIn, open_sign_in
from examhall.base.csv_file import UNSTORABLE
from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict, Forbidden, NotFound, Unauthorized
from examhall.base.sqlfile import beside

SQL = beside(__file__)

LONGEST_NAME = 200


class ProofInvalid(Unauthorized):
    """This does not prove who you are. Please sign in again."""


class ProofUsed(Unauthorized):
    """You have signed in with this already. Please sign in again."""


class SignUpClosed(Forbidden):
    """Nobody here is known by this account. Sign in with your password and connect it first."""


class AccountClosed(Forbidden):
    """Your account here is not active. Please ask whoever runs the exams."""


class ConnectedToAnother(Conflict):
    """This account is connected to somebody else here."""


class LastWayIn(Conflict):
    """Without it you could not sign in any more: you have no password."""


class NotConnected(NotFound):
    """No such account is connected."""


@dataclass(frozen=True)
class Identity:
    """What another service vouches for."""

    # 'telegram', or an OpenID issuer.
    provider: str
    subject: str
    # For an account that is made for them.
    username: str
    full_name: str
    # Only one that the service has verified.
    email: str | None


@dataclass(frozen=True)
class Connected:
    provider: str
    # Of an account that has no other way in, this is the last.
    is_last: bool
    connected_at: datetime


@dataclass(frozen=True)
class _Whose:
    person_id: int


async def spend_proof(conn: Connection, digest: bytes, *, good_until: datetime) -> None:
    """Take a proof that is good once. However many show it at once, one of them is let in.

    The primary key decides: the others wait for the commit of the first.
    """
    if await run(conn, SQL.spend_proof, digest=digest, good_until=good_until) == 0:
        raise ProofUsed


async def sign_in_by_identity(
    conn: Connection, identity: Identity, *, method: Method, sign_up: bool, browser: bool = False
) -> SignIn:
    """Sign in whoever this identity is connected to.

    One that nobody has is connected to the account with the same verified e-mail address; without one, an
    account is made for a candidate if `sign_up` allows it. Repeated or side by side, one account is made.
    """
    whose = await maybe(conn, SQL.find_owner, _Whose, provider=identity.provider, subject=identity.subject)
    if whose is None:
        whose = _Whose(await _settle(conn, identity, sign_up=sign_up))
    fresh = Fresh.of(browser=browser)
    signed_in = await open_sign_in(conn, person_id=whose.person_id, method=method, fresh=fresh)
    if signed_in is None:
        raise AccountClosed
    return signed_in


async def connect_identity(conn: Connection, identity: Identity, *, person_id: int) -> None:
    """From now on this identity signs this person in. A repeat changes nothing."""
    await _take_turns(conn, identity)
    whose = await maybe(conn, SQL.find_owner, _Whose, provider=identity.provider, subject=identity.subject)
    if whose is None:
        await _connect(conn, identity, person_id)
    elif whose.person_id != person_id:
        raise ConnectedToAnother


async def disconnect_provider(conn: Connection, provider: str, *, person_id: int) -> None:
    """Their identities of this provider sign them in no more. Whoever is signed in stays so."""
    # Two at once could each see the other as a way in that is left.
    await run(conn, SQL.lock_person, person_id=person_id)
    found = {each.provider: each for each in await list_connected(conn, person_id=person_id)}
    if provider not in found:
        raise NotConnected
    if found[provider].is_last:
        raise LastWayIn
    await run(conn, SQL.disconnect, person_id=person_id, provider=provider)


async def list_connected(conn: Connection, *, person_id: int) -> Sequence[Connected]:
    return await many(conn, SQL.list_connected, Connected, person_id=person_id)


async def _settle(conn: Connection, identity: Identity, *, sign_up: bool) -> int:
    """Connect an identity that nobody had a moment ago; give whose it is now."""
    await _take_turns(conn, identity)
    whose = await maybe(conn, SQL.find_owner, _Whose, provider=identity.provider, subject=identity.subject)
    if whose is not None:
        return whose.person_id
    if identity.email is not None:
        whose = await maybe(conn, SQL.find_by_email, _Whose, email=identity.email)
    if whose is not None:
        person_id = whose.person_id
    elif sign_up:
        person_id = await create_person(
            conn,
            username=identity.username,
            full_name=_presentable(identity.full_name) or identity.username,
            email=identity.email,
        )
    else:
        raise SignUpClosed
    await _connect(conn, identity, person_id)
    return person_id


async def _take_turns(conn: Connection, identity: Identity) -> None:
    # Whoever brings the same identity at once waits, and then finds what the first has made.
    digest = hashlib.sha256(f"{identity.provider}\n{identity.subject}".encode()).digest()
    await run(conn, SQL.take_turns, key=int.from_bytes(digest[:8], signed=True))


async def _connect(conn: Connection, identity: Identity, person_id: int) -> None:
    await run(conn, SQL.connect, provider=identity.provider, subject=identity.subject, person_id=person_id)


def _presentable(name: str) -> str:
    """A name from elsewhere, as ours are: one line, no control characters, not endless."""
    name = UNSTORABLE.sub("", unicodedata.normalize("NFC", name))
    return " ".join("".join(each if each.isprintable() else " " for each in name).split())[:LONGEST_NAME]
