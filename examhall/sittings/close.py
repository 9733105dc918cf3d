"""Closing a sitting: handed in by its candidate, or due. After it is closed, no save is acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass

from examhall.base.db import Connection, many, maybe, one
from examhall.base.jobs import enqueue
from examhall.base.sqlfile import beside
from examhall.sittings.start import Sitting, find_sitting

SQL = beside(__file__)

# How long after the grace the deadline engine waits: an answer received in the last moment may still be in
# the save queue, and is let through first. Well under the second that is promised.
MARGIN_MS = 250
# Sittings closed in one statement. Scoring begins with the first commit and takes the worker's time from the
# statements after it: in chunks of 500, 10,000 took 4 s, in one of 10,000 they take half a second.
CHUNK = 10_000
# Sittings scored in one job.
SCORED_TOGETHER = 500


@dataclass(frozen=True)
class ClosedSitting:
    candidate_id: int
    id: int
    exam_id: int


@dataclass(frozen=True)
class _Wait:
    seconds: float | None


async def submit_sitting(conn: Connection, *, sitting_id: int, candidate_id: int) -> Sitting:
    """Hand in. Repeating it is harmless: it is closed once, and scoring is enqueued once, with the close."""
    closed = await maybe(
        conn, SQL.submit_sitting, ClosedSitting, sitting_id=sitting_id, candidate_id=candidate_id
    )
    if closed is not None:
        await enqueue_scoring(conn, [closed])
    return await find_sitting(conn, sitting_id=sitting_id, candidate_id=candidate_id)


async def close_due(
    conn: Connection, *, limit: int = CHUNK, margin_ms: int = MARGIN_MS
) -> list[ClosedSitting]:
    """Close up to `limit` sittings whose time and grace are over; give those it closed.

    Any number of workers may call it at once. Nobody's fairness depends on it being punctual: the save
    path judges by time itself.
    """
    closed = await many(conn, SQL.close_due, ClosedSitting, limit=limit, margin_ms=margin_ms)
    if closed:
        await enqueue_scoring(conn, closed)
    return closed


async def seconds_until_due(conn: Connection) -> float | None:
    """Until the grace of the next open sitting ends, negative when that is past; None with none open."""
    return (await one(conn, SQL.next_due, _Wait)).seconds


async def enqueue_scoring(conn: Connection, closed: Sequence[ClosedSitting]) -> None:
    """Have these marked by the worker, once they are committed."""
    keys = [[sitting.candidate_id, sitting.id] for sitting in closed]
    jobs: list[dict[str, object]] = [
        {"sittings": keys[at : at + SCORED_TOGETHER]} for at in range(0, len(keys), SCORED_TOGETHER)
    ]
    # Before everybody who is marked again: these wait for their first result.
    await enqueue(conn, "score_sittings", jobs, queue="marking", priority=1)
