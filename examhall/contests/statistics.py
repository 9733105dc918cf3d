"""How one contest went: who came when, who handed in, and what marks were given."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

from examhall.base.clock import rfc3339
from examhall.base.csv_file import harmless
from examhall.base.db import Connection, many, one
from examhall.base.sqlfile import beside

SQL = beside(__file__)

EVERYBODY = 2**31 - 1
# A chart of more points than this is a smear on a phone.
MOST_STEPS = 90
STEPS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
)
# Up to so many points each whole number has a bar of its own.
MOST_BARS = 30
BARS = 20


@dataclass(frozen=True)
class Mark:
    """A bar of the distribution: results from `low` up to, but without, the next bar's."""

    low: float
    students: int


@dataclass(frozen=True)
class Moment:
    """How many had begun and had handed in at the end of a step."""

    at: datetime
    begun: int
    handed_in: int


@dataclass(frozen=True)
class ContestStudent:
    person_id: int
    username: str
    full_name: str
    # Still enrolled and active.
    enrolled: bool
    # absent, in_progress or submitted
    status: str
    started_at: datetime | None
    submitted_at: datetime | None
    points: Decimal | None
    max_points: Decimal | None


@dataclass(frozen=True)
class _Span:
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class _Bar:
    bar: int
    students: int


async def distribution_of(conn: Connection, contest_id: int, *, max_points: float) -> list[Mark]:
    """The marks so far in bars of one width from 0 to all points; empty where nothing is worth a point."""
    if max_points <= 0:
        return []
    bars = int(max_points) if max_points == int(max_points) and max_points <= MOST_BARS else BARS
    width = max_points / bars
    counted = {
        each.bar: each.students
        for each in await many(conn, SQL.distribution_of, _Bar, contest_id=contest_id, width=width, bars=bars)
    }
    return [Mark(round(bar * width, 3), counted.get(bar, 0)) for bar in range(bars + 1)]


async def arrivals_of(conn: Connection, contest_id: int) -> list[Moment]:
    """From the first start to the last that happened, in steps of 10 s to a week; empty before the first."""
    span = await one(conn, SQL.span_of, _Span, contest_id=contest_id)
    if span.first_at is None or span.last_at is None:
        return []
    length = span.last_at - span.first_at
    step = next((each for each in STEPS if length / each < MOST_STEPS), STEPS[-1])
    return await many(
        conn,
        SQL.arrivals_of,
        Moment,
        contest_id=contest_id,
        first_at=span.first_at,
        last_at=span.last_at,
        step=step,
    )


async def students_of(conn: Connection, contest_id: int, *, limit: int = EVERYBODY) -> list[ContestStudent]:
    """Everybody enrolled, and whoever sat it and has left since: the best first, then those still at it."""
    return await many(conn, SQL.students_of, ContestStudent, contest_id=contest_id, limit=limit)


def students_csv(students: Sequence[ContestStudent]) -> str:
    """username,full_name,status,started_at,submitted_at,points,max_points with a header."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("username", "full_name", "status", "started_at", "submitted_at", "points", "max_points"))
    for each in students:
        writer.writerow(
            (
                each.username,
                harmless(each.full_name),
                each.status,
                rfc3339(each.started_at) if each.started_at else "",
                rfc3339(each.submitted_at) if each.submitted_at else "",
                "" if each.points is None else each.points,
                "" if each.max_points is None else each.max_points,
            )
        )
    return text.getvalue()
