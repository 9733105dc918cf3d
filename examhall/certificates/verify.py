"""Whether a certificate is genuine, as anybody may ask who has its serial."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from examhall.base.db import Connection, maybe
from examhall.base.sqlfile import beside
from examhall.certificates.printing import read_facts
from examhall.certificates.serials import read_serial
from examhall.certificates.signing import is_genuine

SQL = beside(__file__)

# 'damaged': what the database has is not what was signed.
State: TypeAlias = Literal["genuine", "revoked", "damaged", "unknown"]


@dataclass(frozen=True)
class _Kept:
    serial: str
    facts: str
    signature: bytes
    key_id: str
    public_key: bytes | None
    issued_at: datetime
    revoked_at: datetime | None
    revocation_reason: str | None
    # Of the one that took its place.
    replaced_by: str | None
    # Of the template that it was issued by: [{name, label, ...}].
    fields: list[dict[str, Any]]


@dataclass(frozen=True)
class Proof:
    """What can be said of a serial. Of one that was never issued, as of one that is none: nothing."""

    state: State
    serial: str | None = None
    # As they were signed, byte for byte.
    signed: str | None = None
    signature: bytes | None = None
    key_id: str | None = None
    issued_at: datetime | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    replaced_by: str | None = None
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        return read_facts(self.signed) if self.signed is not None else {}

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The template's own fields as this certificate has them, each with its label."""
        its = self.facts.get("fields")
        if not isinstance(its, dict):
            return []
        labels = dict(self.labels)
        return [
            (labels.get(str(name), str(name)), str(value))
            for name, value in its.items()
            if value not in (None, "")
        ]


UNKNOWN = Proof("unknown")


async def prove(conn: Connection, typed: str) -> Proof:
    """What this serial stands for, its signature checked now.

    Serials are looked up whole, by an index: how long an answer takes says nothing of those that exist, and
    of 2^95 nobody finds one by asking.
    """
    serial = read_serial(typed)
    kept = await maybe(conn, SQL.find, _Kept, serial=serial) if serial is not None else None
    if kept is None:
        return UNKNOWN
    return Proof(
        _state(kept),
        serial=kept.serial,
        signed=kept.facts,
        signature=kept.signature,
        key_id=kept.key_id,
        issued_at=kept.issued_at,
        revoked_at=kept.revoked_at,
        reason=kept.revocation_reason,
        replaced_by=kept.replaced_by,
        labels=tuple((field["name"], field.get("label") or field["name"]) for field in kept.fields),
    )


def is_as_signed(*, serial: str, facts: str, signature: bytes, public_key: bytes | None) -> bool:
    """Whether what is stored of a certificate is what was signed, and for this very certificate."""
    if public_key is None or not is_genuine(facts, signature, public_key):
        return False
    # The facts of another certificate, put here with their signature, are signed too.
    its_own: bool = json.loads(facts).get("serial") == serial
    return its_own


def _state(kept: _Kept) -> State:
    if not is_as_signed(
        serial=kept.serial, facts=kept.facts, signature=kept.signature, public_key=kept.public_key
    ):
        return "damaged"
    return "revoked" if kept.revoked_at is not None else "genuine"
