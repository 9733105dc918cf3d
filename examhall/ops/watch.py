"""Watches the whole server from each of its processes: once a second they tell each other what they counted.

So every web worker can show the whole server, and has the last minutes of it in memory.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import psycopg
import structlog

from examhall.base.board import Board
from examhall.base.db import Database, Unavailable
from examhall.ops.counting import count_process
from examhall.ops.sampling import deadlines_by_minute, sample_now, sample_slowly
from examhall.ops.snapshot import Snapshot, add_up, decode, encode
from examhall.ops.tick import WINDOW_S, RouteTick, Tick, routes_of, tick_of

log = structlog.get_logger()

EVERY_S = 1.0
# The database is asked by one of the processes for all, as often as:
SAMPLE_EVERY_S = 2.0
SLOW_SAMPLE_EVERY_S = 30.0
# Web workers, by the beginning of their names.
SAMPLERS = "web"
# Processes that are added up every second: four take 3 ms.
FEW = 8
# Ten minutes.
TICKS_KEPT = 600

Count = Callable[[Snapshot], None]


class Watch:
    """One process's part in it. `count` puts what this process counted into a snapshot.

    With a `database` this process is one of those that sample it and show the whole.
    """

    def __init__(self, folder: Path, name: str, count: Count, database: Database | None = None) -> None:
        self._folder = folder
        self.name = name
        self._count = count
        self._database = database
        self._board: Board | None = None
        self._before = Snapshot()
        self._sampled = Snapshot()
        self._sampled_at = self._slowly_at = float("-inf")
        self._lag_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._sampling: asyncio.Task[None] | None = None
        self._others: dict[str, Snapshot] = {}
        # Enough for percentiles of the last seconds.
        self._wholes: deque[Snapshot] = deque(maxlen=WINDOW_S + 1)
        self.ticks: deque[Tick] = deque(maxlen=TICKS_KEPT)
        # Called with each tick.
        self.on_tick: Callable[[Tick], None] = lambda tick: None

    def open(self) -> None:
        self._board = Board(self._folder, self.name)
        if self._board.told_before is not None:
            # Whoever had this name died: what it counted goes on, or the whole would seem to go back.
            with suppress(msgspec.DecodeError):
                self._before = decode(self._board.told_before)
                self._before.gauges = {}
                self._before.slow = []
        self._tell()
        self._task = asyncio.create_task(self._run(), name="watch")

    async def close(self) -> None:
        tasks = [task for task in (self._task, self._sampling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._board is not None:
            self._board.tell(encode(self.own()))
            self._board.close()

    def own(self) -> Snapshot:
        """What this process, and those that had its name before, counted."""
        own = Snapshot(name=self.name)
        self._count(own)
        count_process(own)
        own.gauge("event_loop_lag_seconds", self._lag_s, self.name)
        own.gauges.update(self._sampled.gauges)
        whole = add_up([self._before, own], own.at)
        whole.name = self.name
        whole.deadlines = self._sampled.deadlines
        return whole

    def whole(self) -> Snapshot:
        """The whole server now; of other processes as of a second ago at most."""
        own = self.own()
        self._read_others()
        return add_up([own, *self._others.values()], own.at)

    def latest(self) -> Snapshot:
        """The whole server as of the last tick."""
        return self._wholes[-1] if self._wholes else self.whole()

    def processes(self) -> list[str]:
        """Those that live."""
        now = time.time()
        return sorted([self.name, *(name for name, each in self._others.items() if each.lives(now))])

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        told = 0
        while True:
            due += EVERY_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._lag_s = max(0.0, loop.time() - due)
            # Not all seconds that were missed while the process was held up at once.
            due = max(due, loop.time() - EVERY_S)
            if self._database is not None and (self._sampling is None or self._sampling.done()):
                # Not waited for: a database that is busy must not make this process look dead.
                self._sampling = asyncio.create_task(self._sample(self._database), name="sample")
            self._tell()
            told += 1
            # Each of many adds up many: less often then, or it would be felt.
            if self._database is not None and told % (1 + len(self._others) // FEW) == 0:
                self._add_up()

    def _tell(self) -> None:
        assert self._board is not None
        try:
            self._board.tell(encode(self.own()))
        except OSError as error:
            log.warning("figures cannot be shared", error=str(error))

    def _add_up(self) -> None:
        own = self.own()
        self._read_others()
        whole = add_up([own, *self._others.values()], own.at)
        self._wholes.append(whole)
        if len(self._wholes) > 1:
            tick = tick_of(self._wholes, len(self.processes()))
            self.ticks.append(tick)
            self.on_tick(tick)

    def routes(self) -> list[RouteTick]:
        """The busiest of the last seconds, with the percentiles of each."""
        return routes_of(self._wholes)

    def _read_others(self) -> None:
        if self._board is None:
            return
        # A folder that is gone, or not to be read, has been said where we write.
        with suppress(OSError):
            self._decode(self._board.read())

    def _decode(self, messages: dict[str, bytes]) -> None:
        for name, message in messages.items():
            with suppress(msgspec.DecodeError):
                self._others[name] = decode(message)

    async def _sample(self, database: Database) -> None:
        """One of those who could asks the database, for all: the first by name that lives."""
        now = time.monotonic()
        rivals = [name for name in self.processes() if name.startswith(SAMPLERS)]
        if rivals and rivals[0] != self.name:
            self._sampled = Snapshot()
            return
        if now - self._sampled_at < SAMPLE_EVERY_S:
            return
        self._sampled_at = now
        fresh = Snapshot(gauges=dict(self._sampled.gauges))
        try:
            async with database.connection() as conn:
                await sample_now(conn, fresh)
                fresh.deadlines = await deadlines_by_minute(conn)
                if now - self._slowly_at >= SLOW_SAMPLE_EVERY_S:
                    await sample_slowly(conn, fresh)
                    self._slowly_at = now
        except (Unavailable, psycopg.Error):
            # Better no figure than an old one.
            fresh = Snapshot()
            self._slowly_at = float("-inf")
        self._sampled = fresh
