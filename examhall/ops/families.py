"""Every figure that /metrics shows: its name, kind, meaning and labels. The table of contents of metrics."""

from collections.abc import Sequence
from typing import NamedTuple

from examhall.base.histogram import LATENCY_S, SIZES


class Family(NamedTuple):
    # counter, gauge or histogram
    kind: str
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: Sequence[float] = ()


def _each(meaning: str) -> Family:
    """A gauge of each process of the server; sum over them for the whole."""
    return Family("gauge", meaning, ("process",))


FAMILIES: dict[str, Family] = {
    "http_request_duration_seconds": Family(
        "histogram", "Until a reply begins, by route template.", ("method", "route"), LATENCY_S
    ),
    "http_responses_total": Family("counter", "Replies.", ("method", "route", "status")),
    "refusals_total": Family("counter", "Refusals, by the code that clients see.", ("code",)),
    "rate_limited_total": Family("counter", "Replies with status 429.", ()),
    "saves_total": Family("counter", "Save requests stored and acknowledged.", ()),
    "saves_unknown_total": Family("counter", "Saves whose callers were told to send them again.", ()),
    "save_batch_size": Family("histogram", "Save requests in one transaction.", (), SIZES),
    "save_batch_duration_seconds": Family("histogram", "One transaction of saves.", (), LATENCY_S),
    "save_wait_seconds": Family("histogram", "The first save of a batch in the queue.", (), LATENCY_S),
    "save_queue_depth": _each("Saves that wait to be written."),
    "save_queue_limit": _each("Saves that may wait; beyond, 503."),
    "database_pool_size": _each("Connections of the pool."),
    "database_pool_max": _each("Connections that the pool may have."),
    "database_pool_checked_in": _each("Connections of the pool that are idle."),
    "database_pool_checked_out": _each("Connections of the pool in use."),
    "database_pool_overflow": _each("Connections beyond the pool's size: this pool opens none."),
    "database_pool_waiting": _each("Requests that wait for a connection."),
    "database_pool_waits_total": Family("counter", "Requests that had to wait for a connection.", ()),
    "database_pool_wait_seconds_total": Family("counter", "What they waited, in all.", ()),
    "statements_total": Family("counter", "Statements run, by file and name.", ("statement",)),
    "statement_seconds_total": Family("counter", "Time of statements, by file and name.", ("statement",)),
    "statement_rows_total": Family("counter", "Rows that statements gave or touched.", ("statement",)),
    "slow_statements_total": Family(
        "counter", "Statements slower than EXAMHALL_SLOW_STATEMENT_MS.", ("statement",)
    ),
    "cache_requests_total": Family(
        "counter", "Askings of a cache: hit, joined, shared or miss.", ("cache", "outcome")
    ),
    "cache_entries": Family("gauge", "What a cache holds.", ("process", "cache")),
    "limits_refused_total": Family("counter", "Requests refused because there were too many.", ("limit",)),
    "shared_store_reachable": _each("Whether Redis or Valkey answers: 1 or 0."),
    "event_log_written_total": Family("counter", "Events written to the log.", ()),
    "event_log_lost_total": Family("counter", "Events that were not kept.", ()),
    "event_log_waiting": _each("Events that wait to be written."),
    "streams_open": _each("Event streams open."),
    "streams_opened_total": Family("counter", "Event streams opened.", ()),
    "streams_dropped_total": Family("counter", "Event streams whose reader was too slow.", ()),
    "streams_refused_total": Family("counter", "Event streams refused for the limit.", ()),
    "event_loop_lag_seconds": _each("How late a process was when it woke up last."),
    "process_resident_memory_bytes": _each("Memory of a process."),
    "process_cpu_seconds_total": Family("counter", "CPU time of a process.", ("process",)),
    "process_start_time_seconds": _each("When a process began, in seconds since 1970."),
    "sessions_live": Family("gauge", "Sittings open now.", ()),
    "deadlines_coming": Family("gauge", "Sittings to be closed within so many seconds.", ("within",)),
    "closing_lag_seconds": Family("gauge", "How overdue the most overdue open sitting is.", ()),
    "jobs": Family("gauge", "Background jobs by state.", ("state",)),
    "calculations": Family("gauge", "What-if calculations that wait or run.", ("state",)),
    "oldest_job_seconds": Family("gauge", "How long the oldest job that could run has waited.", ()),
    "database_connections": Family("gauge", "Connections to the database, whoever's.", ()),
    "database_connections_max": Family("gauge", "Connections that PostgreSQL allows.", ()),
    "database_bytes": Family("gauge", "Size of the database.", ()),
}  # fmt: skip
