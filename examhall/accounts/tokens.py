"""Signed tokens: who somebody is, readable without asking the database.

Each purpose has a key of its own, derived from the one secret, so that a token made for one purpose
means nothing to another.
"""

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from examhall.accounts.ended import REMEMBERED, EndedSignIns
from examhall.base import clock
from examhall.base.errors import Unauthorized

ACCESS_LIFE = timedelta(minutes=15)
COOKIE_LIFE = REMEMBERED
# A browser's token older than this is replaced when a page is shown, so that nobody is signed out mid-exam.
COOKIE_RENEWED_AFTER = timedelta(hours=1)
# However often its cookie is renewed, a browser's sign-in is over then. The database keeps it as long, so
# that whoever ends it earlier finds it.
BROWSER_LIFE = timedelta(days=30)

# Ours are under 400 characters.
LONGEST_TOKEN = 2_000
# Read tokens kept in memory, about 1 kB each.
CACHED_TOKENS = 16_384
SHORTEST_SECRET_BYTES = 16
TICKET_MAC_BYTES = 16
TICKET_LENGTH = 43


class TokenInvalid(Unauthorized):
    """Your sign-in is not valid, or it has run out. Please sign in again."""


@dataclass(frozen=True, slots=True)
class Claims:
    person_id: int
    sign_in_id: UUID
    roles: tuple[str, ...]
    # Signed in with a ticket: good for this exam alone.
    exam_id: int | None
    # Seconds since 1970.
    issued_at: float
    expires_at: float
    # Before issued_at, if this is a cookie that was renewed.
    signed_in_at: float


class Signer:
    """Makes and reads this installation's tokens. Any process with the same secret reads them."""

    def __init__(self, secret: str | bytes, ended: EndedSignIns | None = None) -> None:
        self._secret = secret.encode() if isinstance(secret, str) else secret
        if len(self._secret) < SHORTEST_SECRET_BYTES:
            raise ValueError(f"the secret needs at least {SHORTEST_SECRET_BYTES} bytes")
        self.ended = EndedSignIns() if ended is None else ended
        self._access = _Tokens(OctKey.import_key(self._derive("access token")), self.ended)
        self._cookie = _Tokens(OctKey.import_key(self._derive("browser token")), self.ended)
        self._csrf_key = self._derive("csrf token")
        self._ticket_key = self._derive("admission ticket")

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, f"examhall {purpose}".encode(), hashlib.sha256)

    def access_token(
        self, person_id: int, sign_in_id: UUID, roles: Sequence[str], exam_id: int | None = None
    ) -> str:
        """For the Authorization header of API clients; lives `ACCESS_LIFE`."""
        return self._access.make(person_id, sign_in_id, roles, exam_id, ACCESS_LIFE)

    def cookie_token(
        self, person_id: int, sign_in_id: UUID, roles: Sequence[str], exam_id: int | None = None
    ) -> str:
        """For a browser's cookie; lives `COOKIE_LIFE` unless it is renewed."""
        return self._cookie.make(person_id, sign_in_id, roles, exam_id, COOKIE_LIFE)

    def renewed_cookie(self, claims: Claims) -> str | None:
        """A fresh token in place of one that is old; None while it is young, or can live no longer."""
        now = clock.now().timestamp()
        end = claims.signed_in_at + BROWSER_LIFE.total_seconds()
        if now - claims.issued_at < COOKIE_RENEWED_AFTER.total_seconds() or end <= claims.expires_at:
            return None
        return self._cookie.make(
            claims.person_id,
            claims.sign_in_id,
            claims.roles,
            claims.exam_id,
            min(COOKIE_LIFE, timedelta(seconds=end - now)),
            signed_in_at=claims.signed_in_at,
        )

    def read_access(self, token: str) -> Claims:
        """What an access token says; refused when it is not ours, has run out, or its sign-in is over."""
        return self._access.read(token)

    def read_cookie(self, token: str) -> Claims:
        """The same for a browser's token."""
        return self._cookie.read(token)

    def recognise(self, token: str, *, is_cookie: bool) -> Claims | None:
        """Whose token this is, even one that has run out or whose sign-in is over; None if it is not ours.

        Good for counting requests, never for permitting one.
        """
        try:
            return (self._cookie if is_cookie else self._access).known(token)
        except TokenInvalid:
            return None

    def csrf_token(self, claims: Claims) -> str:
        """What a page of this sign-in sends back with whatever it changes. Another site cannot know it."""
        return _text(hmac.digest(self._csrf_key, claims.sign_in_id.bytes, hashlib.sha256))

    def is_csrf_token(self, claims: Claims, given: str) -> bool:
        # As bytes: compare_digest takes no str beyond ASCII.
        return hmac.compare_digest(self.csrf_token(claims).encode(), given.encode(errors="replace"))

    def ticket(self, ticket_id: UUID) -> str:
        """The token on an admission ticket: the id and a MAC of it, 43 characters, always the same."""
        return _text(ticket_id.bytes + self._ticket_mac(ticket_id))

    def read_ticket(self, token: str) -> UUID | None:
        """The id of a ticket that we issued; None when it is not one."""
        if len(token) != TICKET_LENGTH or not token.isascii():
            return None
        try:
            decoded = urlsafe_b64decode(token + "=")
        except binascii.Error:
            return None
        # Decoding is lenient; a ticket is written in one way only.
        if len(decoded) != 16 + TICKET_MAC_BYTES or _text(decoded) != token:
            return None
        ticket_id = UUID(bytes=decoded[:16])
        return ticket_id if hmac.compare_digest(self._ticket_mac(ticket_id), decoded[16:]) else None

    def keep(self, purpose: str, claims: Mapping[str, object], life: timedelta) -> str:
        """Something for a browser to bring back within `life`: it can read it, and not change it."""
        expires = int(clock.now().timestamp() + life.total_seconds())
        key = OctKey.import_key(self._derive(purpose))
        return jwt.encode({"alg": "HS256"}, {**claims, "exp": expires}, key, algorithms=["HS256"])

    def kept(self, purpose: str, token: str) -> dict[str, Any] | None:
        """What was kept for this purpose; None when it is not ours or too old."""
        try:
            key = OctKey.import_key(self._derive(purpose))
            claims = jwt.decode(token[:LONGEST_TOKEN], key, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return None
        return dict(claims) if claims["exp"] > clock.now().timestamp() else None

    def _ticket_mac(self, ticket_id: UUID) -> bytes:
        return hmac.digest(self._ticket_key, ticket_id.bytes, hashlib.sha256)[:TICKET_MAC_BYTES]


class _Tokens:
    """The tokens of one purpose. A token that was read once is read again by one look into a dict."""

    def __init__(self, key: OctKey, ended: EndedSignIns) -> None:
        self._key = key
        self._ended = ended
        self._read: dict[str, Claims] = {}

    def make(
        self,
        person_id: int,
        sign_in_id: UUID,
        roles: Sequence[str],
        exam_id: int | None,
        life: timedelta,
        *,
        signed_in_at: float | None = None,
    ) -> str:
        now = int(clock.now().timestamp())
        claims: dict[str, object] = {
            "sub": str(person_id),
            "sid": str(sign_in_id),
            "roles": list(roles),
            "iat": now,
            "exp": now + int(life.total_seconds()),
        }
        if exam_id is not None:
            claims["exm"] = exam_id
        if signed_in_at is not None:
            claims["auth_time"] = int(signed_in_at)
        return jwt.encode({"alg": "HS256"}, claims, self._key, algorithms=["HS256"])

    def known(self, token: str) -> Claims:
        """What one of our tokens says, whether or not it still counts."""
        claims = self._read.get(token)
        if claims is None:
            claims = self._verify(token)
            if len(self._read) >= CACHED_TOKENS:
                # The oldest goes: tokens are short-lived, so it is the likeliest to be dead.
                del self._read[next(iter(self._read))]
            self._read[token] = claims
        return claims

    def read(self, token: str) -> Claims:
        claims = self.known(token)
        if claims.expires_at <= clock.now().timestamp():
            self._read.pop(token, None)
            raise TokenInvalid
        if claims.sign_in_id in self._ended:
            raise TokenInvalid
        return claims

    def _verify(self, token: str) -> Claims:
        if len(token) > LONGEST_TOKEN:
            raise TokenInvalid
        try:
            found = jwt.decode(token, self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError) as error:
            raise TokenInvalid from error
        return Claims(
            person_id=int(found["sub"]),
            sign_in_id=UUID(found["sid"]),
            roles=tuple(found["roles"]),
            exam_id=found.get("exm"),
            issued_at=found["iat"],
            expires_at=found["exp"],
            signed_in_at=found["auth_time"] if "auth_time" in found else found["iat"],
        )


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
