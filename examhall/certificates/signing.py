"""The signature on a certificate's facts: Ed25519 over canonical JSON, and the keys by which it is checked.

The private key is a setting or a file of the server; in the database are the public keys alone, and they stay
there for ever, so that what an old key signed is genuine after a new one has taken its place.
"""

import binascii
import hashlib
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# What the PDF carries, by this name.
ATTACHMENT = "examhall-certificate.json"
FORMAT = "examhall-certificate/1"
PRIVATE_BYTES = 32
SIGNATURE_BYTES = 64
# Beyond it not every reader of JSON has the same number.
LARGEST_EXACT = 2**53 - 1


class Signed(NamedTuple):
    """Facts as they were signed, byte for byte in UTF-8."""

    text: str
    signature: bytes
    key_id: str

    @property
    def attachment(self) -> bytes:
        """What goes into the PDF as `ATTACHMENT`, for `examhall verify`."""
        return json.dumps(
            {
                "format": FORMAT,
                "facts": self.text,
                "signature": base64url(self.signature),
                "key_id": self.key_id,
            },
            ensure_ascii=False,
        ).encode()


@dataclass(frozen=True)
class PublicKey:
    id: str
    public_key: bytes
    created_at: datetime


class Signer:
    """One installation's private key: 32 bytes, as base64."""

    def __init__(self, private_key: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(read_private_key(private_key))

    @cached_property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    @cached_property
    def key_id(self) -> str:
        return key_id_of(self.public_key)

    def sign(self, facts: Mapping[str, Any]) -> Signed:
        """The facts as canonical JSON, and the signature over its bytes: 50 microseconds.

        The same facts give the same. Raises ValueError for what canonical JSON does not take. Before anything
        that is signed leaves the server, `publish_key` is called in the transaction that stores it.
        """
        text = canonical_json(facts)
        return Signed(text, self._key.sign(text.encode()), self.key_id)

    def sign_bytes(self, content: bytes) -> bytes:
        """A signature over something else than facts, such as a badge."""
        return self._key.sign(content)


def read_private_key(text: str) -> bytes:
    """Raises ValueError for what is not 32 bytes in base64."""
    try:
        key = read_base64url(text.strip().rstrip("=").replace("+", "-").replace("/", "_"))
    except ValueError as error:
        raise ValueError("must be 32 bytes in base64") from error
    if len(key) != PRIVATE_BYTES:
        raise ValueError("must be 32 bytes in base64")
    return key


def key_id_of(public_key: bytes) -> str:
    """The key's thumbprint by RFC 7638: who knows the key knows its id."""
    described = json.dumps(
        {"crv": "Ed25519", "kty": "OKP", "x": base64url(public_key)}, sort_keys=True, separators=(",", ":")
    )
    return base64url(hashlib.sha256(described.encode()).digest())


def is_genuine(text: str, signature: bytes, public_key: bytes) -> bool:
    """Whether the holder of the private key signed exactly this text."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        # The second: half a surrogate pair, or a key of another length.
        return False
    return True


def canonical_json(value: Any) -> str:
    """JSON by RFC 8785, so that anybody who has the same values has the same bytes.

    Numbers are taken where Python writes them as ECMAScript does: whole ones below 2^53, others from 0.0001
    to below 10^16. Raises ValueError for others, for NaN, and for text that is not valid Unicode.
    """
    text = _canonical(value)
    text.encode()
    return text


def _canonical(value: Any) -> str:
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            if abs(value) > LARGEST_EXACT:
                raise ValueError("a whole number is beyond 2^53")
            return str(value)
        case float():
            if abs(value) <= LARGEST_EXACT and value == int(value):
                return str(int(value))
            if not 1e-4 <= abs(value) < 1e16:
                raise ValueError(f"{value} has no canonical form here")
            return repr(value)
        case list() | tuple():
            return f"[{','.join(map(_canonical, value))}]"
        case Mapping():
            if not all(isinstance(name, str) for name in value):
                raise ValueError("a name is not text")
            # By UTF-16 code units, as RFC 8785 says.
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return f"{{{','.join(f'{_canonical(name)}:{_canonical(value[name])}' for name in names)}}}"
    raise ValueError(f"{type(value).__name__} is not JSON")


async def publish_key(conn: Connection, signer: Signer) -> None:
    """Keep the public key for ever; called again it does nothing."""
    await run(conn, SQL.insert_key, id=signer.key_id, public_key=signer.public_key)


async def list_keys(conn: Connection) -> list[PublicKey]:
    """Every key that has signed here, the newest first."""
    return await many(conn, SQL.list_keys, PublicKey)


def key_set(keys: list[PublicKey], *, issuer: str) -> dict[str, Any]:
    """The public keys as a JWK Set (RFC 7517, RFC 8037), as it is published."""
    return {
        "issuer": issuer,
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64url(key.public_key),
                "kid": key.id,
                "use": "sig",
                "alg": "EdDSA",
            }
            for key in keys
        ],
    }


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def read_base64url(text: str) -> bytes:
    """Raises ValueError for what is not base64url."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64url") from error
