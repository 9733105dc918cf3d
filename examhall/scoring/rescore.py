"""What follows a correction of a key: everybody is marked again, in the background, exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from examhall.base.db import Connection, many, one
from examhall.base.jobs import enqueue
from examhall.base.sqlfile import beside
from examhall.exams.correcting import Standing, correct_key
from examhall.exams.correction import Correction
from examhall.scoring.conclude import announce_results
from examhall.scoring.results import score_sittings

SQL = beside(__file__)

# Sittings of one job.
TOGETHER = 500
# Marked in one transaction: of the longest exams, of a thousand items each, 500 took 10 s.
AT_ONCE = 100


@dataclass(frozen=True)
class _Chunk:
    first_id: int
    last_id: int


@dataclass(frozen=True)
class _Sitting:
    candidate_id: int
    id: int


@dataclass(frozen=True)
class Progress:
    """Of the sittings handed in, how many are marked by the newest key."""

    sittings: int
    marked: int


@dataclass(frozen=True)
class Changed:
    """How many results a version of the key replaced, and how many of them went up or down in points."""

    key_version: int
    replaced: int
    up: int
    down: int


@dataclass(frozen=True)
class ChangedResult:
    """One step in a result's life: what it was, what it became, and the corrections that made it so."""

    points: Decimal
    max_points: Decimal
    new_points: Decimal
    new_max_points: Decimal
    # Of the newest of its corrections.
    corrected_at: datetime
    # Whether candidates could see the result before the correction.
    was_released: bool
    # The `changes` of each correction, and why each was made.
    changes: list[list[dict[str, Any]]]
    reasons: list[str]

    @property
    def question_numbers(self) -> list[int]:
        return sorted({each["question_number"] for made in self.changes for each in made})


async def apply_correction(
    conn: Connection, *, exam_id: int, version: int, correction: Correction, corrected_by: int
) -> Standing:
    """Correct the key, and enqueue that every sitting handed in is marked by it: both or neither.

    Of those who hand in from now on nobody is forgotten: their own marking waits for this transaction.
    """
    exam = await correct_key(
        conn, exam_id=exam_id, version=version, correction=correction, corrected_by=corrected_by
    )
    await mark_everybody_again(conn, exam_id=exam_id, key_version=exam.key_version)
    return exam


async def mark_everybody_again(conn: Connection, *, exam_id: int, key_version: int) -> None:
    """Enqueue that every sitting handed in is marked by this version of the key."""
    chunks = await many(conn, SQL.chunks, _Chunk, exam_id=exam_id, together=TOGETHER)
    jobs: list[dict[str, object]] = [
        {"exam_id": exam_id, "key_version": key_version, **vars(chunk)} for chunk in chunks
    ]
    if jobs:
        await enqueue(conn, "rescore_sittings", jobs, queue="marking")


async def rescore_sittings(
    conn: Connection, *, exam_id: int, key_version: int, first_id: int, last_id: int, limit: int = AT_ONCE
) -> int:
    """Mark up to `limit` sittings of a chunk that an older key marked; give how many, 0 when all are done.

    May be repeated, interrupted, and run by several workers: what is done is not done again, and each
    replaced result is kept once. Does nothing when the key has been corrected again: that correction has
    jobs of its own.
    """
    sittings = await many(
        conn,
        SQL.marked_by_an_older_key,
        _Sitting,
        exam_id=exam_id,
        key_version=key_version,
        first_id=first_id,
        last_id=last_id,
        limit=limit,
    )
    if not sittings:
        return 0
    await score_sittings(conn, [(sitting.candidate_id, sitting.id) for sitting in sittings])
    await announce_results(conn, exam_id)
    return len(sittings)


async def progress_of(conn: Connection, exam_id: int) -> Progress:
    return await one(conn, SQL.progress, Progress, exam_id=exam_id)


async def results_changed(conn: Connection, exam_id: int) -> dict[int, Changed]:
    """By the version of the key: what each correction has changed so far."""
    found = await many(conn, SQL.changed, Changed, exam_id=exam_id)
    return {each.key_version: each for each in found}


async def changes_of_result(
    conn: Connection, *, sitting_id: int, candidate_id: int
) -> Sequence[ChangedResult]:
    """What corrections did to a candidate's own result, newest first; nothing while it is not released."""
    return await many(
        conn, SQL.changes_of_result, ChangedResult, sitting_id=sitting_id, candidate_id=candidate_id
    )
