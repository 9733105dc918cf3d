"""Takes what the parts of a process counted into a snapshot. Each counts in plain attributes, for itself."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from examhall.base.cache import Cache, named_caches
from examhall.base.db import Database
from examhall.base.event_stream import Streams
from examhall.base.group_commit import GroupCommit
from examhall.base.limits import Limit
from examhall.base.requests import Requests
from examhall.base.shared_store import SharedStore
from examhall.base.statements import STATEMENTS, Statements
from examhall.base.write_behind import Stats
from examhall.ops.snapshot import SlowRun, Snapshot

TOO_MANY = 429
STARTED = time.time()
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def counts_of_web(
    *,
    requests: Requests,
    saves: GroupCommit[Any, Any],
    database: Database,
    streams: Streams,
    events: Callable[[], Stats],
    limits: Iterable[Limit] = (),
    store: SharedStore | None = None,
) -> Callable[[Snapshot], None]:
    """What a web worker counts."""

    def count(into: Snapshot) -> None:
        count_requests(requests, into)
        count_saves(saves, into)
        count_streams(streams, into)
        count_events(events(), into)
        count_caches(named_caches(), into)
        count_limits(limits, into)
        if store is not None and store.is_there:
            into.gauge("shared_store_reachable", float(store.state == "ok"), into.name)
        count_shared(database, into)

    return count


def counts_of_jobs(database: Database) -> Callable[[Snapshot], None]:
    """What a job worker counts."""
    return partial(count_shared, database)


def count_shared(database: Database, into: Snapshot) -> None:
    count_database(database, into)
    count_statements(STATEMENTS, into)


def count_process(into: Snapshot) -> None:
    into.gauge("process_resident_memory_bytes", resident_bytes(), into.name)
    into.gauge("process_start_time_seconds", STARTED, into.name)
    into.count("process_cpu_seconds_total", time.process_time(), into.name)


def resident_bytes() -> int:
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    # At most so far, where the system does not say how much now.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def count_requests(requests: Requests, into: Snapshot) -> None:
    for (method, route), answered in requests.answered.items():
        into.shape("http_request_duration_seconds", answered.latency, method, route)
        for status, count in answered.statuses.items():
            into.count("http_responses_total", count, method, route, str(status))
            if status == TOO_MANY:
                into.count("rate_limited_total", count)
    for code, count in requests.refusals.items():
        into.count("refusals_total", count, code)


def count_saves(saves: GroupCommit[Any, Any], into: Snapshot) -> None:
    into.count("saves_total", saves.entries)
    into.count("saves_unknown_total", saves.unknown)
    into.shape("save_batch_size", saves.sizes)
    into.shape("save_batch_duration_seconds", saves.commits)
    into.shape("save_wait_seconds", saves.waits)
    into.gauge("save_queue_depth", saves.depth, into.name)
    into.gauge("save_queue_limit", saves.limit, into.name)


def count_database(database: Database, into: Snapshot) -> None:
    stats = database.pool.get_stats()
    size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
    most = stats.get("pool_max", 0)
    into.gauge("database_pool_size", size, into.name)
    into.gauge("database_pool_max", most, into.name)
    into.gauge("database_pool_checked_in", idle, into.name)
    into.gauge("database_pool_checked_out", size - idle, into.name)
    into.gauge("database_pool_overflow", max(0, size - most), into.name)
    into.gauge("database_pool_waiting", stats.get("requests_waiting", 0), into.name)
    into.count("database_pool_waits_total", stats.get("requests_queued", 0))
    into.count("database_pool_wait_seconds_total", stats.get("requests_wait_ms", 0) / 1000)


def count_statements(statements: Statements, into: Snapshot) -> None:
    for name, timing in statements.timings.items():
        into.count("statements_total", timing.calls, name)
        into.count("statement_seconds_total", timing.seconds, name)
        into.count("statement_rows_total", timing.rows, name)
        into.count("slow_statements_total", timing.slow, name)
    into.slow = [
        SlowRun(each.name, each.at.timestamp(), each.seconds, each.rows) for each in statements.recently_slow
    ]


def count_caches(caches: Iterable[Cache[Any, Any]], into: Snapshot) -> None:
    for cache in caches:
        for outcome in ("joined", "misses", "shared", "hits"):
            into.count(
                "cache_requests_total",
                getattr(cache.stats, outcome),
                cache.name,
                OUTCOMES.get(outcome, outcome),
            )
        into.gauge("cache_entries", len(cache), into.name, cache.name)


def count_limits(limits: Iterable[Limit], into: Snapshot) -> None:
    for limit in limits:
        into.count("limits_refused_total", limit.refused, limit.name)


OUTCOMES = {"hits": "hit", "misses": "miss"}


def count_events(stats: Stats, into: Snapshot) -> None:
    into.count("event_log_written_total", stats.written)
    into.count("event_log_lost_total", stats.lost)
    into.gauge("event_log_waiting", stats.waiting, into.name)


def count_streams(streams: Streams, into: Snapshot) -> None:
    into.gauge("streams_open", len(streams), into.name)
    into.count("streams_opened_total", streams.opened)
    into.count("streams_dropped_total", streams.dropped)
    into.count("streams_refused_total", streams.refused)
