"""The deadline engine: sleeps until the next sitting is due, then closes all that are."""

import asyncio

import structlog

from examhall.base.db import Database, Unavailable
from examhall.base.noting import Note
from examhall.sittings.close import CHUNK, MARGIN_MS, close_due, seconds_until_due
from examhall.sittings.interventions import pause_latecomers

log = structlog.get_logger()

# A sitting that starts while we sleep may be due sooner than what we slept for, yet never sooner than this
# is noticed. One indexed look twice a second costs nothing.
LONGEST_SLEEP_S = 0.5
SHORTEST_SLEEP_S = 0.01


async def keep_deadlines(database: Database, stopping: asyncio.Event, note: Note) -> None:
    """Run until `stopping`. Survives the loss of the database: what fell due then is closed on return."""
    while not stopping.is_set():
        try:
            pause_s = await _close_all_due(database, note)
        except Unavailable:
            pause_s = LONGEST_SLEEP_S
        try:
            await asyncio.wait_for(stopping.wait(), pause_s)
        except TimeoutError:
            continue


async def _close_all_due(database: Database, note: Note) -> float:
    """Close chunk by chunk; give how long to sleep."""
    async with database.transaction() as conn:
        await pause_latecomers(conn)
    total = 0
    more = True
    while more:
        # A transaction per chunk: what is closed is committed, its scoring enqueued, before the next.
        async with database.transaction() as conn:
            closed = await close_due(conn)
        for sitting in closed:
            note(
                "closed",
                person_id=sitting.candidate_id,
                exam_id=sitting.exam_id,
                sitting_id=sitting.id,
            )
        total += len(closed)
        more = len(closed) == CHUNK
    if total:
        log.info("closed sittings that were due", sittings=total)
    async with database.connection() as conn:
        seconds = await seconds_until_due(conn)
    if seconds is None:
        return LONGEST_SLEEP_S
    return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, seconds + MARGIN_MS / 1000))
