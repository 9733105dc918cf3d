"""Background work on answers: marking, marking again by a new key, calibrating, concluding."""

import asyncio
from collections.abc import Sequence

import structlog
from procrastinate import App

from examhall.base.db import Database
from examhall.base.tries import TRIES
from examhall.scoring.by_hand_renewing import renew_results
from examhall.scoring.calibrate import calibrate_exam
from examhall.scoring.conclude import conclude_by_hand
from examhall.scoring.rescore import rescore_sittings
from examhall.scoring.results import score_sittings

log = structlog.get_logger()

# Marked in one transaction. The longest exams have a thousand items: 500 such sittings took 10 s, the limit
# of a statement; on a slower machine every try would fail.
SCORED_AT_ONCE = 100


def add_jobs(
    jobs: App, database: Database, *, marked: asyncio.Event | None, follow_ups: Sequence[str]
) -> None:
    """`marked` is set whenever sittings have been marked; `follow_ups` are for exams concluded by hand."""

    @jobs.task(name="score_sittings", queue="marking", retry=TRIES)
    async def _score_sittings(sittings: list[tuple[int, int]]) -> None:
        for start in range(0, len(sittings), SCORED_AT_ONCE):
            async with database.transaction() as conn:
                await score_sittings(conn, sittings[start : start + SCORED_AT_ONCE])
        if marked is not None:
            marked.set()

    @jobs.task(name="rescore_sittings", queue="marking", retry=TRIES)
    async def _rescore_sittings(exam_id: int, key_version: int, first_id: int, last_id: int) -> None:
        chunk = {"exam_id": exam_id, "key_version": key_version, "first_id": first_id, "last_id": last_id}
        more = True
        while more:
            async with database.transaction() as conn:
                more = await rescore_sittings(conn, **chunk) > 0
        if marked is not None:
            marked.set()

    @jobs.task(name="renew_results", queue="marking", retry=TRIES)
    async def _renew_results(exam_id: int) -> None:
        async with database.transaction() as conn:
            changed = await renew_results(conn, exam_id)
        if changed:
            log.info("marks by hand changed final results", exam_id=exam_id, answers=changed)
        if marked is not None:
            marked.set()

    @jobs.task(name="calibrate_exam", retry=TRIES)
    async def _calibrate_exam(exam_id: int, key_version: int) -> None:
        done = await calibrate_exam(database, exam_id=exam_id, key_version=key_version)
        if done is not None:
            log.info("calibrated an exam", **vars(done))

    @jobs.task(name="conclude_exam")
    async def _conclude_exam(exam_id: int) -> None:
        async with database.transaction() as conn:
            await conclude_by_hand(conn, follow_ups, exam_id=exam_id)
