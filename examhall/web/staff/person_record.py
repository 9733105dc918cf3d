"""What one person has sat and was given, for the office's page of them."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# The newest.
SHOWN = 200


@dataclass(frozen=True)
class SatExam:
    sitting_id: int
    exam_id: int
    title: str
    attempt_number: int
    started_at: datetime
    deadline_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    points: float | None
    max_points: float | None
    unmarked: int


@dataclass(frozen=True)
class HeldCertificate:
    serial: str
    title: str
    issued_at: datetime
    revoked_at: datetime | None


async def sittings_of(conn: Connection, person_id: int) -> list[SatExam]:
    """All their sittings, the newest first, with points as soon as they are marked."""
    return await many(conn, SQL.sittings_of, SatExam, person_id=person_id, limit=SHOWN)


async def certificates_of(conn: Connection, person_id: int) -> list[HeldCertificate]:
    return await many(conn, SQL.certificates_of, HeldCertificate, person_id=person_id, limit=SHOWN)
