"""Whether badges are revoked, as wallets ask: bitstring status lists (W3C, Bitstring Status List 1.0)."""

import gzip
import hmac
from dataclasses import dataclass
from typing import Any

from examhall.base.cache import Cache
from examhall.base.clock import now
from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside
from examhall.certificates.credentials import CONTEXT, did_of
from examhall.certificates.signing import base64url

SQL = beside(__file__)

# Certificates of one list: 2^18 bits, twice the least that the standard wants, in two halves of nine bits.
HALF_BITS = 9
HALF = (1 << HALF_BITS) - 1
LIST_BITS = 2 * HALF_BITS
LIST_LENGTH = 1 << LIST_BITS
ROUNDS = 6
# For programs that keep it; in here it is dropped at the moment of a revocation.
TTL_S = 60.0
LISTS_KEPT = 64


class NoSuchStatusList(NotFound):
    """There is no such status list."""


@dataclass(frozen=True)
class _List:
    seed: bytes


@dataclass(frozen=True)
class _Revoked:
    id: int


class StatusLists:
    """One process's memory of the lists."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bits: Cache[int, str] = Cache(ttl_s=TTL_S, size=LISTS_KEPT, name="status_lists")

    def forget(self, payload: str) -> None:
        """A certificate was issued, revoked or replaced."""
        self._bits.clear()

    async def forget_all(self, conn: Connection) -> None:
        self._bits.clear()

    async def credential(self, number: int, *, url: str) -> dict[str, Any]:
        """The list as a credential, without a proof yet."""
        bits = await self._bits.get(number, lambda: self._load(number))
        address = list_address(number, url)
        return {
            "@context": [CONTEXT],
            "id": address,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": did_of(url),
            "validFrom": f"{now():%Y-%m-%dT%H:%M:%SZ}",
            "credentialSubject": {
                "id": f"{address}#list",
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": bits,
                "ttl": int(TTL_S * 1000),
            },
        }

    async def _load(self, number: int) -> str:
        async with self._database.transaction() as conn:
            found = await maybe(conn, SQL.find_list, _List, number=number)
            if found is None:
                raise NoSuchStatusList
            first = number << LIST_BITS
            revoked = await many(conn, SQL.revoked, _Revoked, first=first, last=first + LIST_LENGTH - 1)
        bits = bytearray(LIST_LENGTH // 8)
        for each in revoked:
            place = place_of(each.id, found.seed)
            # The first bit of a byte is the leftmost.
            bits[place // 8] |= 0x80 >> place % 8
        return f"u{base64url(gzip.compress(bytes(bits), mtime=0))}"


async def status_entry(conn: Connection, *, certificate_id: int, url: str) -> dict[str, str]:
    """What a badge says about where its state is found. It never changes."""
    number = certificate_id >> LIST_BITS
    await run(conn, SQL.begin_list, number=number)
    kept = await one(conn, SQL.find_list, _List, number=number)
    address, place = list_address(number, url), place_of(certificate_id, kept.seed)
    return {
        "id": f"{address}#{place}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(place),
        "statusListCredential": address,
    }


def list_address(number: int, url: str) -> str:
    return f"{url}/api/certificates/status/{number}"


def place_of(certificate_id: int, seed: bytes) -> int:
    """Where in its list a certificate is: a permutation (Feistel's) that nobody undoes without the seed.

    In the order in which they were issued, places would tell how many there are.
    """
    within = certificate_id & (LIST_LENGTH - 1)
    left, right = within >> HALF_BITS, within & HALF
    for turn in range(ROUNDS):
        mixed = hmac.digest(seed, bytes([turn]) + right.to_bytes(2), "sha256")
        left, right = right, left ^ (int.from_bytes(mixed[:2]) & HALF)
    return left << HALF_BITS | right
