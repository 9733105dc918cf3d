"""Working out what waits: the worker's side of calculations, fair between people, each result once.

The row of a calculation is its job. Who has claimed it is its worker and its try together; who has lost it,
because it was cancelled or thought dead, finds that out within half a second and writes nothing more.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import uuid4

import structlog
from psycopg.types.json import Jsonb

from examhall.analyses.announcing import announce, payload
from examhall.analyses.calculator import Calculated, CalculatorGone, CannotCalculate, work_out
from examhall.analyses.document import BadScenario, read_scenario
from examhall.analyses.failures import BY_WORD, EndedAgainAndAgain, NoLongerFits
from examhall.analyses.inputs import Inputs
from examhall.analyses.reading import read_inputs
from examhall.base.db import Database, Unavailable, many, maybe, one, run
from examhall.base.sqlfile import beside

log = structlog.get_logger()

SQL = beside(__file__)

# Between two looks at what waits, and two signs of life; a cancelled calculation ends within this.
LOOK_EVERY_S = 0.5
# A worker that has not shown itself for so long is dead, or as good as dead.
DEAD_AFTER_S = 15.0
# What kills its process so often would kill any.
MOST_TRIES = 3
# Only calculations take turns by it.
CLAIM_LOCK = 2_026_112_102
# Of the whole of a calculation.
READING = 0.2

WorkOut = Callable[[BinaryIO, Callable[[str, float], None]], Awaitable[Calculated]]


@dataclass(frozen=True)
class _Look:
    waiting: bool
    dead: bool


@dataclass(frozen=True)
class _Claimed:
    id: int
    tries: int
    scenario: dict[str, Any]


@dataclass(frozen=True)
class _Held:
    id: int


@dataclass(frozen=True)
class _Again:
    id: int
    tries: int
    status: str


@dataclass
class _Running:
    claimed: _Claimed
    progress: float = 0.0
    stage: str = "reading"
    # What was announced last.
    told: tuple[float, str] | None = None

    def tell(self, stage: str, progress: float) -> None:
        self.stage, self.progress = stage, progress


async def keep_calculating(
    database: Database, stopping: asyncio.Event, *, at_once: int, compute: WorkOut = work_out
) -> None:
    """Run until `stopping`; then what is being worked out is given back to whoever comes next."""
    desk = _Desk(database, at_once, compute)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while not stopping.is_set():
            try:
                await desk.look()
            except Unavailable as error:
                log.warning("calculations wait for the database", error=str(error))
            await asyncio.wait(
                {stop, *desk.running}, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED
            )
            desk.clear_away()
    finally:
        stop.cancel()
        await desk.give_back()


class _Desk:
    """What one worker is working out."""

    def __init__(self, database: Database, at_once: int, compute: WorkOut) -> None:
        self._database = database
        self._at_once = at_once
        self._compute = compute
        # Unlike any before it, even where a process gets the number of one that died.
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        # One connection of the worker's few at most is taken for reading.
        self._reading = asyncio.Lock()
        self.running: dict[asyncio.Task[None], _Running] = {}

    async def look(self) -> None:
        """End what is no longer ours, begin again what died elsewhere, and take what there is room for."""
        await self._beat()
        async with self._database.connection() as conn:
            seen = await one(conn, SQL.look, _Look, dead_after_s=DEAD_AFTER_S)
        if seen.dead:
            await self._begin_again(None)
        while (seen.waiting or seen.dead) and len(self.running) < self._at_once:
            claimed = await self._claim()
            if claimed is None:
                break
            mine = _Running(claimed)
            task = asyncio.create_task(self._calculate(mine), name=f"calculation {claimed.id}")
            self.running[task] = mine

    def clear_away(self) -> None:
        for task in [task for task in self.running if task.done()]:
            mine = self.running.pop(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                # The heartbeat is over: it is begun again, here or elsewhere, until its tries are used up.
                log.error("a calculation broke off", calculation=mine.claimed.id, exc_info=error)

    async def give_back(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        ids = [mine.claimed.id for mine in self.running.values()]
        if ids:
            try:
                async with self._database.transaction() as conn:
                    await run(conn, SQL.give_back, ids=ids, worker=self._name)
            except Unavailable:
                log.warning("calculations were not given back: they are begun again later", calculations=ids)

    async def _claim(self) -> _Claimed | None:
        async with self._database.transaction() as conn:
            await run(conn, SQL.take_turn, lock=CLAIM_LOCK)
            claimed = await maybe(conn, SQL.claim, _Claimed, worker=self._name)
            if claimed is not None:
                await announce(conn, payload(claimed.id, "running", 0.0, "reading"))
        return claimed

    async def _beat(self) -> None:
        ours = {task: mine for task, mine in self.running.items() if not task.done()}
        if not ours:
            return
        given = list(ours.values())
        async with self._database.transaction() as conn:
            held = await many(
                conn,
                SQL.beat,
                _Held,
                ids=[mine.claimed.id for mine in given],
                tries=[mine.claimed.tries for mine in given],
                progress=[mine.progress for mine in given],
                stages=[mine.stage for mine in given],
                worker=self._name,
            )
            still_ours = {each.id for each in held}
            moved = [
                mine
                for mine in given
                if mine.claimed.id in still_ours and mine.told != (mine.progress, mine.stage)
            ]
            for mine in moved:
                mine.told = (mine.progress, mine.stage)
            told = [payload(mine.claimed.id, "running", mine.progress, mine.stage) for mine in moved]
            await announce(conn, *told)
        for task, mine in ours.items():
            if mine.claimed.id not in still_ours:
                # Cancelled, or given to another: its process is ended.
                task.cancel()

    async def _calculate(self, mine: _Running) -> None:
        claimed = mine.claimed
        try:
            scenario = read_scenario(claimed.scenario)
            # Without a name: gone with the last process that has it open.
            with tempfile.TemporaryFile() as file:
                async with self._reading, self._database.transaction() as conn:
                    inputs = await read_inputs(
                        conn, scenario, file, lambda share: mine.tell("reading", READING * share)
                    )
                found = await self._compute(
                    file, lambda stage, progress: mine.tell(stage, READING + (1 - READING) * progress)
                )
            await self._finish(claimed, inputs, found)
        except BadScenario:
            await self._fail(claimed, NoLongerFits.word())
        except CannotCalculate as error:
            await self._fail(claimed, error.code)
        except CalculatorGone as error:
            log.warning("a calculation's process ended", calculation=claimed.id, how=str(error))
            await self._begin_again(claimed)
        except Unavailable:
            # It is found dead when the database is back.
            log.warning("a calculation lost the database", calculation=claimed.id)

    async def _finish(self, claimed: _Claimed, inputs: Inputs, found: Calculated) -> None:
        async with self._database.transaction() as conn:
            if await run(
                conn,
                SQL.finish,
                id=claimed.id,
                tries=claimed.tries,
                worker=self._name,
                inputs=Jsonb(inputs.kept),
                inputs_hash=inputs.digest,
                result=found.result,
                candidates=found.candidates,
            ):
                await announce(conn, payload(claimed.id, "done", 1.0, "done"))

    async def _fail(self, claimed: _Claimed, code: str) -> None:
        async with self._database.transaction() as conn:
            if await run(
                conn,
                SQL.fail,
                id=claimed.id,
                tries=claimed.tries,
                worker=self._name,
                error_code=code,
                error=BY_WORD[code].sentence(),
            ):
                await announce(conn, payload(claimed.id, "failed", 0.0, "failed"))

    async def _begin_again(self, claimed: _Claimed | None) -> None:
        """One of ours whose process ended; or, without one, all whose workers are dead."""
        async with self._database.transaction() as conn:
            again = await many(
                conn,
                SQL.begin_again,
                _Again,
                id=None if claimed is None else claimed.id,
                tries=None if claimed is None else claimed.tries,
                worker=self._name,
                dead_after_s=DEAD_AFTER_S,
                most_tries=MOST_TRIES,
                error_code=EndedAgainAndAgain.word(),
                error=EndedAgainAndAgain.sentence(),
            )
            for each in again:
                log.warning("a calculation ended without a result", **vars(each))
                await announce(conn, payload(each.id, each.status, 0.0, each.status))
