"""One second of the whole server, as the operator's page shows it: rates, percentiles, gauges."""

from collections.abc import Sequence

import msgspec

from examhall.base.histogram import LATENCY_S, quantile
from examhall.ops.snapshot import JOINT, Shape, Snapshot

# Percentiles of one second alone would jump about.
WINDOW_S = 10
# Routes shown.
BUSIEST = 12
LATENCIES = "http_request_duration_seconds"
SAVE_ROUTE = JOINT.join(("POST", "/api/v1/sessions/{session_id}/answers/"))


class Tick(msgspec.Struct):
    """Rates are of the last second, latencies in milliseconds of the last ten."""

    at: float = 0.0
    requests: float = 0.0
    errors: float = 0.0
    limited: float = 0.0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    save_p99: float | None = None
    saves: float = 0.0
    # Saves in one transaction, on average; None without any.
    batch: float | None = None
    queue: float = 0.0
    queue_limit: float = 0.0
    pool_out: float = 0.0
    pool_max: float = 0.0
    pool_waiting: float = 0.0
    # Requests of the last second that waited for a connection.
    pool_waits: float = 0.0
    # The share of askings that cost no computation; None without any.
    hits: float | None = None
    # Askings of caches a second.
    asked: float = 0.0
    live: float = 0.0
    due: float = 0.0
    overdue_s: float = 0.0
    streams: float = 0.0
    lost_events: float = 0.0
    jobs: float = 0.0
    jobs_failed: float = 0.0
    oldest_job_s: float = 0.0
    slow_statements: float = 0.0
    # Cores in use by Examhall's own processes, and the busiest of them.
    cpu: float = 0.0
    cpu_busiest: float = 0.0
    memory: float = 0.0
    loop_lag_ms: float = 0.0
    connections: float = 0.0
    connections_max: float = 0.0
    processes: int = 0


class RouteTick(msgspec.Struct):
    """One route over the last ten seconds."""

    method: str
    route: str
    per_s: float
    # Replies with a status of 500 and more, a second.
    errors: float
    p50: float
    p95: float
    p99: float


def tick_of(wholes: Sequence[Snapshot], processes: int) -> Tick:
    """Of two snapshots of the whole server or more, the oldest first."""
    oldest, before, now = wholes[0], wholes[-2], wholes[-1]
    seconds = max(now.at - before.at, 0.001)

    def rate(family: str, *labels: str) -> float:
        # A process whose counts are not to be read for a moment must not seem to count backwards.
        return max(0.0, now.value(family, *labels) - before.value(family, *labels)) / seconds

    latency = _all_routes(_difference(oldest, now))
    save = _difference(oldest, now).get(SAVE_ROUTE)
    p50, p95, p99 = (_ms(latency, share) for share in (0.5, 0.95, 0.99))
    batches = _batches(now) - _batches(before)
    saves = rate("saves_total")
    asked, missed = rate("cache_requests_total"), _misses(now) - _misses(before)
    cpu = _cpu(before, now, seconds)
    return Tick(
        at=now.at,
        requests=_replies(now, before, "") / seconds,
        errors=_replies(now, before, "5") / seconds,
        limited=rate("rate_limited_total"),
        p50=p50,
        p95=p95,
        p99=p99,
        save_p99=_ms(save.counts, 0.99) if save is not None else None,
        saves=saves,
        batch=saves * seconds / batches if batches > 0 else None,
        queue=now.value("save_queue_depth"),
        queue_limit=now.value("save_queue_limit"),
        pool_out=now.value("database_pool_checked_out"),
        pool_max=now.value("database_pool_max"),
        pool_waiting=now.value("database_pool_waiting"),
        pool_waits=rate("database_pool_waits_total"),
        hits=max(0.0, 1 - missed / seconds / asked) if asked > 0 else None,
        asked=asked,
        live=now.value("sessions_live"),
        due=now.value("deadlines_coming", "60"),
        overdue_s=now.value("closing_lag_seconds"),
        streams=now.value("streams_open"),
        lost_events=rate("event_log_lost_total"),
        jobs=now.value("jobs", "todo") + now.value("jobs", "doing"),
        jobs_failed=now.value("jobs", "failed"),
        oldest_job_s=now.value("oldest_job_seconds"),
        slow_statements=rate("slow_statements_total"),
        cpu=sum(cpu),
        cpu_busiest=max(cpu, default=0.0),
        memory=now.value("process_resident_memory_bytes"),
        loop_lag_ms=1000 * max(now.gauges.get("event_loop_lag_seconds", {}).values(), default=0.0),
        connections=now.value("database_connections"),
        connections_max=now.value("database_connections_max"),
        processes=processes,
    )


def routes_of(wholes: Sequence[Snapshot]) -> list[RouteTick]:
    """The busiest routes between the oldest snapshot and the newest."""
    if len(wholes) < 2:
        return []
    oldest, now = wholes[0], wholes[-1]
    seconds = max(now.at - oldest.at, 0.001)
    found = []
    for key, shape in _difference(oldest, now).items():
        if (count := sum(shape.counts)) <= 0:
            continue
        method, route = key.split(JOINT)
        p50, p95, p99 = (_ms(shape.counts, share) or 0.0 for share in (0.5, 0.95, 0.99))
        errors = _replies(now, oldest, "5", key) / seconds
        found.append(RouteTick(method, route, count / seconds, errors, p50, p95, p99))
    return sorted(found, key=lambda each: -each.per_s)[:BUSIEST]


def _difference(before: Snapshot, now: Snapshot) -> dict[str, Shape]:
    earlier = before.histograms.get(LATENCIES, {})
    found = {}
    for key, shape in now.histograms.get(LATENCIES, {}).items():
        then = earlier.get(key)
        counts = (
            shape.counts if then is None else [a - b for a, b in zip(shape.counts, then.counts, strict=True)]
        )
        found[key] = Shape([max(0.0, count) for count in counts], shape.total)
    return found


def _all_routes(shapes: dict[str, Shape]) -> list[float]:
    return [sum(counts) for counts in zip(*(shape.counts for shape in shapes.values()), strict=True)]


def _ms(counts: Sequence[float], share: float) -> float | None:
    found = quantile(LATENCY_S, counts, share)
    return None if found is None else found * 1000


def _replies(now: Snapshot, before: Snapshot, status: str, route: str = "") -> float:
    def count(snapshot: Snapshot) -> float:
        return sum(
            value
            for key, value in snapshot.counters.get("http_responses_total", {}).items()
            if key.startswith(route) and key.rpartition(JOINT)[2].startswith(status)
        )

    return max(0.0, count(now) - count(before))


def _batches(snapshot: Snapshot) -> float:
    return sum(sum(shape.counts) for shape in snapshot.histograms.get("save_batch_size", {}).values())


def _misses(snapshot: Snapshot) -> float:
    return sum(
        value
        for key, value in snapshot.counters.get("cache_requests_total", {}).items()
        if key.endswith(JOINT + "miss")
    )


def _cpu(before: Snapshot, now: Snapshot, seconds: float) -> list[float]:
    """Cores that each process uses."""
    earlier = before.counters.get("process_cpu_seconds_total", {})
    return [
        max(0.0, value - earlier.get(key, 0.0)) / seconds if key in earlier else 0.0
        for key, value in now.counters.get("process_cpu_seconds_total", {}).items()
    ]
