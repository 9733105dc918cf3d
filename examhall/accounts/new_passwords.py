"""New passwords for who has forgotten theirs: by a link that is good once, or one that is shown once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from examhall.accounts.ended import end_sign_ins_of
from examhall.accounts.people import NoSuchPerson
from examhall.base.db import Connection, maybe, run
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Over a weekend, not for ever: whoever has the link has the account.
LINK_LIFE = timedelta(days=3)
LEAST_CHARS = 8
# Four groups of four of these 32, 80 bits: nothing in them is taken for something else when it is read aloud.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
GROUPS, GROUP_CHARS = 4, 4


class LinkSpent(NotFound):
    """This link is not good any more. Please ask the exam office for a new one."""


@dataclass(frozen=True)
class LinkHolder:
    id: int
    full_name: str
    username: str


@dataclass(frozen=True)
class _Id:
    id: int


def made_up_password() -> str:
    """One that nobody guesses and everybody can type."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_CHARS)) for _ in range(GROUPS))


async def make_link(conn: Connection, person_id: int, *, by: int) -> str:
    """The token of a new link; any other of theirs is void now. Of several made at once one is good."""
    token = secrets.token_urlsafe(32)
    await run(conn, SQL.forget_old_links, person_id=person_id)
    kept = await run(
        conn, SQL.keep_link, token_hash=_hash(token), person_id=person_id, made_by=by, life=LINK_LIFE
    )
    if not kept:
        raise NoSuchPerson
    return token


async def read_link(conn: Connection, token: str) -> LinkHolder:
    """Whose link it is, without using it."""
    found = await maybe(conn, SQL.read_link, LinkHolder, token_hash=_hash(token))
    if found is None:
        raise LinkSpent
    return found


async def use_link(conn: Connection, token: str, *, password_hash: str) -> None:
    """Set the password; the link is used up, and whoever is signed in as them is signed out."""
    used = await maybe(conn, SQL.use_link, _Id, token_hash=_hash(token))
    if used is None:
        raise LinkSpent
    await set_password(conn, used.id, password_hash=password_hash)


async def set_password(conn: Connection, person_id: int, *, password_hash: str) -> None:
    """Give somebody another password; whoever is signed in as them is signed out, and an unused link void."""
    await run(conn, SQL.forget_unused_link, person_id=person_id)
    if not await run(conn, SQL.set_password, person_id=person_id, password_hash=password_hash):
        raise NoSuchPerson
    await end_sign_ins_of(conn, [person_id], by="staff")


def link_url(base_url: str, token: str) -> str:
    return f"{base_url.rstrip('/')}/password/{token}"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
