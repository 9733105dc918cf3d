"""Taking a certificate back, with a reason that everybody who checks it reads."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, maybe, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.sqlfile import beside
from examhall.certificates.changes import announce_change

SQL = beside(__file__)

LONGEST_REASON = 300


class NoSuchCertificate(NotFound):
    """There is no certificate with this serial number."""


class RevokedAlready(Conflict):
    """This certificate was revoked before, for another reason. What was given then stands."""


class ReasonMissing(Conflict):
    """Say why: whoever checks the certificate will read it."""

    status = 400


@dataclass(frozen=True)
class Revocation:
    """That a certificate is revoked, since when and why."""

    id: int
    serial: str
    revoked_at: datetime
    reason: str


@dataclass(frozen=True)
class _Standing:
    id: int
    serial: str
    revoked_at: datetime | None
    reason: str | None


async def revoke_certificate(
    conn: Connection, *, serial: str, reason: str, revoked_by: int | None
) -> Revocation:
    """Revoke a certificate, tell every process, and close its review: all or nothing.

    However many do so at once, the first decides; the same again, for the same reason, is told what stands.
    Its holder can be given another: a revoked one is in nobody's way.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise ReasonMissing
    done = await maybe(conn, SQL.revoke, Revocation, serial=serial, reason=reason, revoked_by=revoked_by)
    if done is None:
        # Revoked before, perhaps while this waited for its row: what is read now is what stands.
        return await _standing(conn, serial, reason)
    await run(conn, SQL.decide_review, certificate_id=done.id, decided_by=revoked_by)
    await announce_change(conn)
    return done


async def _standing(conn: Connection, serial: str, reason: str) -> Revocation:
    found = await maybe(conn, SQL.standing, _Standing, serial=serial)
    if found is None:
        raise NoSuchCertificate
    assert found.revoked_at is not None
    assert found.reason is not None
    if found.reason != reason:
        raise RevokedAlready(reason=found.reason)
    return Revocation(found.id, found.serial, found.revoked_at, found.reason)


async def lead_on(conn: Connection, *, certificate_id: int, replaced_by: int) -> None:
    """Lead whoever checks a revoked certificate to the one that took its place."""
    await run(conn, SQL.lead_on, certificate_id=certificate_id, replaced_by=replaced_by)
