"""Certificates that a corrected key would not give: a person looks at each, and keeps or revokes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.sqlfile import beside
from examhall.certificates.revoking import revoke_certificate

SQL = beside(__file__)

Decision: TypeAlias = Literal["kept", "revoked"]


class NoSuchReview(NotFound):
    """Nothing waits to be decided about this certificate."""


class DecidedOtherwise(Conflict):
    """Somebody has decided this otherwise, or the key was corrected again. Look at it anew."""


@dataclass(frozen=True)
class Review:
    certificate_id: int
    serial: str
    holder_name: str
    exam_id: int
    exam_title: str
    # Of the corrected key: a decision is about what was found by it.
    key_version: int
    condition: str
    threshold: float | None
    pass_percent: float | None
    # The score as it was signed, and by the corrected key.
    signed: dict[str, Any] | None
    found: dict[str, Any]
    asked_at: datetime


@dataclass(frozen=True)
class _Decided:
    serial: str
    key_version: int
    decision: str | None


@dataclass(frozen=True)
class _Count:
    waiting: int


async def list_reviews(
    conn: Connection, *, limit: int, exam_id: int | None = None, after_id: int = 0
) -> list[Review]:
    """Those that wait, in the order in which the certificates were issued."""
    return await many(conn, SQL.list_reviews, Review, exam_id=exam_id, after_id=after_id, limit=limit)


async def count_reviews(conn: Connection) -> int:
    return (await one(conn, SQL.count_reviews, _Count)).waiting


async def decide_review(
    conn: Connection,
    *,
    certificate_id: int,
    key_version: int,
    decision: Decision,
    decided_by: int,
    reason: str = "",
) -> None:
    """Keep the certificate as it is, or revoke it with a reason. Of two who decide at once the first does.

    The same again changes nothing. What was found by an older key than the newest is not decided on.
    """
    if decision == "kept":
        if await run(
            conn, SQL.keep, certificate_id=certificate_id, key_version=key_version, decided_by=decided_by
        ):
            return
    else:
        await run(conn, SQL.hold_certificate, certificate_id=certificate_id)
        waiting = await maybe(
            conn, SQL.hold, _Decided, certificate_id=certificate_id, key_version=key_version
        )
        if waiting is not None and waiting.decision is None:
            # Ends the review as well.
            await revoke_certificate(conn, serial=waiting.serial, reason=reason, revoked_by=decided_by)
            return
    newest = await maybe(conn, SQL.newest, _Decided, certificate_id=certificate_id)
    if newest is None:
        raise NoSuchReview
    if (newest.key_version, newest.decision) != (key_version, decision):
        raise DecidedOtherwise
