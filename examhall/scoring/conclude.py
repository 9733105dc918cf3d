"""Notices that an exam is over and marked, and sets off what follows, once per version of its key."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from examhall.base.db import REQUEST_LIMIT_S, Connection, Database, Unavailable, many, maybe, run
from examhall.base.errors import Conflict
from examhall.base.jobs import enqueue
from examhall.base.sqlfile import beside
from examhall.scoring.export import NoSuchExam

log = structlog.get_logger()

SQL = beside(__file__)

# Announced with the exam's id when results are final, or have changed.
CHANNEL = "results"
# A start that came in the last moment may still be committing: then nothing seems open. Grace is mostly
# longer.
LATEST_START_S = REQUEST_LIMIT_S + 1
# Exams concluded in one transaction. After a long pause, or at the first start of this version, all past ones
# are due.
CHUNK = 100
# Between two looks, if no marking says before that it has ended.
LOOK_EVERY_S = 3.0


class StillSitting(Conflict):
    """Somebody still sits this exam, or its answers are being marked. Please try again in a while."""


class NotOver(Conflict):
    """The window of this exam is still open. It is concluded when that is over."""


@dataclass(frozen=True)
class Concluded:
    exam_id: int
    key_version: int


@dataclass(frozen=True)
class _Held:
    id: int


@dataclass(frozen=True)
class _OpenAgain:
    exam_id: int


@dataclass(frozen=True)
class _Standing:
    key_version: int
    is_over: bool
    is_marked: bool


async def conclude_due(conn: Connection, follow_ups: Sequence[str], *, limit: int = CHUNK) -> list[Concluded]:
    """Conclude exams whose window and grace are over and whose every sitting is marked by the key as it is.

    Each is concluded exactly once per version of its key, on however many workers: the primary key decides.
    In the same transaction each of `follow_ups` is enqueued with its exam_id and key_version, the longest
    over first. While a person still has answers to mark, an exam waits for them.
    """
    concluded = await many(
        conn, SQL.conclude_due, Concluded, latest_start_s=LATEST_START_S, limit=limit, channel=CHANNEL
    )
    if concluded:
        concluded = await _without_let_in_again(conn, concluded)
    await follow(conn, concluded, follow_ups)
    return concluded


async def conclude_by_hand(conn: Connection, follow_ups: Sequence[str], *, exam_id: int) -> Concluded:
    """Conclude an exam that does not end by itself, or whose last marks by hand nobody will give.

    An exam concluded before has what follows enqueued again: each of those operations is idempotent.
    """
    # Whoever lets somebody in again this moment is waited for, and seen.
    await many(conn, SQL.hold_concluded, _Held, exam_ids=[exam_id])
    standing = await maybe(conn, SQL.standing, _Standing, exam_id=exam_id, latest_start_s=LATEST_START_S)
    if standing is None:
        raise NoSuchExam
    if not standing.is_over:
        raise NotOver
    if not standing.is_marked:
        raise StillSitting
    concluded = Concluded(exam_id, standing.key_version)
    await run(conn, SQL.conclude, exam_id=exam_id, key_version=standing.key_version)
    await follow(conn, [concluded], follow_ups)
    await announce_results(conn, exam_id)
    return concluded


async def _without_let_in_again(conn: Connection, concluded: Sequence[Concluded]) -> list[Concluded]:
    """Those that nobody sits, seen anew: somebody may have been let in since the look that found them."""
    exam_ids = [exam.exam_id for exam in concluded]
    await many(conn, SQL.hold_concluded, _Held, exam_ids=exam_ids)
    open_again = {each.exam_id for each in await many(conn, SQL.take_back, _OpenAgain, exam_ids=exam_ids)}
    return [exam for exam in concluded if exam.exam_id not in open_again]


async def follow(conn: Connection, concluded: Sequence[Concluded], follow_ups: Sequence[str]) -> None:
    """Enqueue what follows from the results of these exams."""
    arguments: list[dict[str, object]] = [vars(exam) for exam in concluded]
    if arguments:
        for name in follow_ups:
            await enqueue(conn, name, arguments)


async def announce_results(conn: Connection, exam_id: int) -> None:
    """Tell every process, after this commits, that an exam's results are not what they were."""
    await run(conn, SQL.announce, channel=CHANNEL, exam_id=str(exam_id))


async def keep_conclusions(
    database: Database, stopping: asyncio.Event, marked: asyncio.Event, follow_ups: Sequence[str]
) -> None:
    """Run until `stopping`; look at once when `marked` is set. Survives the loss of the database."""
    while not stopping.is_set():
        marked.clear()
        try:
            await _conclude_all_due(database, follow_ups)
        except Unavailable as error:
            log.warning("exams that are over wait for the database", error=str(error))
        waits = [asyncio.ensure_future(event.wait()) for event in (stopping, marked)]
        await asyncio.wait(waits, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


async def _conclude_all_due(database: Database, follow_ups: Sequence[str]) -> None:
    concluded = CHUNK
    while concluded == CHUNK:
        async with database.transaction() as conn:
            found = await conclude_due(conn, follow_ups)
        concluded = len(found)
        for exam in found:
            log.info("concluded an exam", exam_id=exam.exam_id, key_version=exam.key_version)
