"""What Telegram says of somebody who signed in there, checked with the bot's token.

By https://core.telegram.org/widgets/login: the fields, one to a line and sorted, with an HMAC under the
SHA-256 of the token. The same for the widget, its redirect, and a bot's login buttons.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlencode

from examhall.accounts.identities import (
    Identity,
    ProofInvalid,
    connect_identity,
    sign_in_by_identity,
    spend_proof,
)
from examhall.accounts.sign_in import SignIn
from examhall.base import clock
from examhall.base.db import Database
from examhall.base.errors import NotFound, Unauthorized

Fields: TypeAlias = Mapping[str, str | int]

PROVIDER = "telegram"
LOGIN = "https://oauth.telegram.org/auth"
# Between Telegram's page and ours lie seconds; some for people who are asked whether they mean it.
OLDEST = timedelta(minutes=10)
# Telegram's clock and ours.
AHEAD = timedelta(minutes=1)
# Telegram's ids and instants have fewer digits.
LONGEST_NUMBER = 18
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")


class TelegramNotSetUp(NotFound):
    """Signing in with Telegram is not set up here."""


class ProofTooOld(Unauthorized):
    """Too much time has passed since you signed in at Telegram. Please do it again."""


@dataclass(frozen=True)
class Proof:
    identity: Identity
    # Good once: it is remembered until it is too old.
    digest: bytes
    good_until: datetime


def login_address(bot_token: str | None, url: str) -> str | None:
    """Where "Sign in with Telegram" leads, for a server reached at `url`; None if no bot is set up.

    Telegram sends the browser back to /sign-in/telegram with the fields behind a #.
    """
    if bot_token is None:
        return None
    bot_id = bot_token.partition(":")[0]
    return f"{LOGIN}?{urlencode({'bot_id': bot_id, 'origin': url, 'return_to': f'{url}/sign-in/telegram'})}"


def read_proof(fields: Fields, *, bot_token: str, now: datetime) -> Proof:
    """Who it is, if Telegram said so just now. Raises `ProofInvalid` or `ProofTooOld`.

    Every field that came belongs to what is signed, also those that nobody knows yet.
    """
    given = str(fields.get("hash", ""))
    # Or what stands in one line of somebody's name could be read as a field of its own.
    if not all(FIELD_NAME.fullmatch(name) for name in fields):
        raise ProofInvalid
    signed = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()) if name != "hash")
    key = hashlib.sha256(bot_token.encode()).digest()
    digest = hmac.digest(key, signed.encode(errors="replace"), hashlib.sha256)
    # As bytes: compare_digest takes no str beyond ASCII.
    if not hmac.compare_digest(digest.hex().encode(), given.encode(errors="replace")):
        raise ProofInvalid
    subject, said_at = _number(fields.get("id")), _number(fields.get("auth_date"))
    if subject is None or said_at is None:
        raise ProofInvalid
    age = now.timestamp() - said_at
    if not -AHEAD.total_seconds() <= age <= OLDEST.total_seconds():
        raise ProofTooOld
    names = (str(fields.get(name, "")).strip() for name in ("first_name", "last_name"))
    identity = Identity(
        provider=PROVIDER,
        subject=str(subject),
        username=f"telegram-{subject}",
        full_name=" ".join(filter(None, names)),
        email=None,
    )
    return Proof(identity, digest, now + OLDEST + AHEAD)


async def sign_in_with_telegram(
    database: Database, fields: Fields, *, bot_token: str | None, sign_up: bool, browser: bool = False
) -> SignIn:
    """Sign in whoever Telegram says it is. The proof is spent in the transaction that signs in: cut off
    before its commit it is good again, and after it never.
    """
    proof = check_proof(fields, bot_token=bot_token)
    async with database.transaction() as conn:
        await spend_proof(conn, proof.digest, good_until=proof.good_until)
        return await sign_in_by_identity(
            conn, proof.identity, method="telegram", sign_up=sign_up, browser=browser
        )


async def connect_telegram(
    database: Database, fields: Fields, *, bot_token: str | None, person_id: int
) -> None:
    """From now on this Telegram account signs this person in."""
    proof = check_proof(fields, bot_token=bot_token)
    async with database.transaction() as conn:
        await spend_proof(conn, proof.digest, good_until=proof.good_until)
        await connect_identity(conn, proof.identity, person_id=person_id)


def check_proof(fields: Fields, *, bot_token: str | None) -> Proof:
    if bot_token is None:
        raise TelegramNotSetUp
    return read_proof(fields, bot_token=bot_token, now=clock.now())


def _number(given: str | int | None) -> int | None:
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None
