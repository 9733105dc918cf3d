"""One process of simulated candidates: a plan on standard input, a line for each second on standard output.

`python -m examhall.ops.rehearse.generator`. Importing Locust replaces the standard library's sockets and
threads by gevent's, so nothing of the server may import this module.
"""

# The first import of all, because it patches what the others import.
import locust  # isort: skip
import logging
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]
from locust.env import Environment

from examhall.ops.rehearse.book import Book
from examhall.ops.rehearse.candidate import Candidate, Stage
from examhall.ops.rehearse.histogram import bucket_of
from examhall.ops.rehearse.plan import Second, decode_plan, encode_second

TICK_S = 0.05
FILES = 65_536


class Tally:
    """Adds up a second, from the events that Locust fires for each request."""

    def __init__(self) -> None:
        self._times: dict[str, Counter[int]] = defaultdict(Counter)
        self._failures: dict[str, Counter[str]] = defaultdict(Counter)

    def on_request(
        self, name: str, response_time: float | None, exception: object = None, **others: Any
    ) -> None:
        if response_time is not None:
            self._times[name][bucket_of(response_time)] += 1
        if exception is not None:
            self._failures[name][str(exception)] += 1

    def take(self) -> tuple[dict[str, dict[int, int]], dict[str, dict[str, int]]]:
        times, failures = self._times, self._failures
        self._times, self._failures = defaultdict(Counter), defaultdict(Counter)
        return dict(times), dict(failures)


def main() -> None:
    # Locust warns of spawning many at once; here they only wait until it is their turn.
    logging.basicConfig(level=logging.ERROR)
    _allow_many_connections()
    plan = decode_plan(_first_line())
    gevent.spawn(_end_with_whoever_started_us)
    environment = Environment(user_classes=[Candidate], catch_exceptions=False)
    tally = Tally()
    environment.events.request.add_listener(tally.on_request)  # type: ignore[no-untyped-call]

    def fire(name: str, took_ms: float | None, failure: str | None) -> None:
        environment.events.request.fire(  # type: ignore[no-untyped-call]
            request_type="HTTP",
            name=name,
            response_time=took_ms,
            response_length=0,
            exception=failure,
            context={},
        )

    with Book(Path(plan.ledger)) as book:
        stage = Stage(plan, book, fire)
        environment.stage = stage  # type: ignore[attr-defined]
        runner = environment.create_local_runner()
        runner.start(user_count=len(plan.scripts), spawn_rate=max(1, len(plan.scripts)))
        finished = False
        while not finished:
            lag_ms, cpu = _live_a_second()
            book.flush()
            finished = stage.left >= len(plan.scripts)
            times, failures = tally.take()
            _say(Second(time.time(), cpu, lag_ms, times, failures, dict(stage.places), finished))
        runner.quit()


def _live_a_second() -> tuple[float, float]:
    """How late a timer was at worst, and how much of a core this process took."""
    began, used = time.perf_counter(), time.process_time()
    worst = 0.0
    while (now := time.perf_counter()) < began + 1:
        gevent.sleep(TICK_S)
        worst = max(worst, time.perf_counter() - now - TICK_S)
    return worst * 1000, (time.process_time() - used) / (time.perf_counter() - began)


def _first_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(0, 65_536)
        if not piece:
            sys.exit("no plan was given")
        line += piece
    return bytes(line)


def _end_with_whoever_started_us() -> None:
    # Nothing more is written: this returns when they are gone.
    gevent.os.tp_read(0, 1)
    os._exit(1)


def _say(second: Second) -> None:
    sys.stdout.buffer.write(encode_second(second) + b"\n")
    sys.stdout.buffer.flush()


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    assert locust.__version__
    main()
