"""How long each named statement takes, and which were slow. Names, durations and rows; never parameters."""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog

from examhall.base.clock import now

log = structlog.get_logger()

# What is remembered of slow ones, for the operator's page.
REMEMBERED = 50
# Of one statement; when all are slow the log must not be what makes them slower.
LOGGED_EVERY_S = 1.0

# The statement's name, when it began and ended on time.perf_counter, and the rows it gave or touched.
Trace = Callable[[str, float, float, int], None]


class Timing:
    """All runs of one statement in this process."""

    __slots__ = ("calls", "logged", "longest_s", "rows", "seconds", "slow", "unlogged")

    def __init__(self) -> None:
        self.calls = self.rows = self.slow = self.unlogged = 0
        self.seconds = self.longest_s = self.logged = 0.0


class Slow(NamedTuple):
    name: str
    at: datetime
    seconds: float
    rows: int


class Statements:
    """One for the process: see `STATEMENTS`."""

    def __init__(self) -> None:
        self.timings: dict[str, Timing] = {}
        self.recently_slow: deque[Slow] = deque(maxlen=REMEMBERED)
        self.slow_s = 0.25
        # Set where traces are wanted.
        self.trace: Trace | None = None

    def note(self, name: str, began: float, rows: int) -> None:
        """A statement that began then, on time.perf_counter, has just ended."""
        ended = time.perf_counter()
        seconds = ended - began
        timing = self.timings.get(name)
        if timing is None:
            timing = self.timings[name] = Timing()
        timing.calls += 1
        timing.seconds += seconds
        timing.rows += rows
        if seconds > timing.longest_s:
            timing.longest_s = seconds
        if seconds >= self.slow_s:
            self._note_slow(name, timing, ended, seconds, rows)
        if self.trace is not None:
            self.trace(name, began, ended, rows)

    def _note_slow(self, name: str, timing: Timing, ended: float, seconds: float, rows: int) -> None:
        timing.slow += 1
        self.recently_slow.append(Slow(name, now(), seconds, rows))
        if timing.logged and ended - timing.logged < LOGGED_EVERY_S:
            timing.unlogged += 1
            return
        log.warning(
            "slow statement",
            statement=name,
            milliseconds=round(seconds * 1000, 1),
            rows=rows,
            others_since=timing.unlogged,
        )
        timing.logged = ended
        timing.unlogged = 0


STATEMENTS = Statements()
