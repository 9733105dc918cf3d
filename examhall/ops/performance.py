"""The whole server in one document: what it does each second, how long it takes, and what holds it back."""

from datetime import UTC, datetime
from typing import Any

from examhall.base.clock import now, rfc3339
from examhall.ops.bottlenecks import find_bottlenecks
from examhall.ops.snapshot import JOINT, Snapshot
from examhall.ops.tick import WINDOW_S, Tick
from examhall.ops.watch import Watch

# Statements listed, those that took the most time first.
LISTED = 20


def describe(watch: Watch) -> dict[str, Any]:
    """Rates are of the last second, percentiles of the last ten, totals since the server started."""
    whole = watch.whole()
    tick = watch.ticks[-1] if watch.ticks else Tick()
    return {
        "server_time": rfc3339(now()),
        "window_s": WINDOW_S,
        "processes": watch.processes(),
        "bottlenecks": [
            {"code": each.code, "detail": each.detail} for each in find_bottlenecks(list(watch.ticks), whole)
        ],
        "requests": {
            "per_second": _round(tick.requests),
            "errors_per_second": _round(tick.errors),
            "rate_limited_per_second": _round(tick.limited),
            "p50_ms": _round(tick.p50),
            "p95_ms": _round(tick.p95),
            "p99_ms": _round(tick.p99),
        },
        "routes": [
            {
                "method": each.method,
                "route": each.route,
                "per_second": _round(each.per_s),
                "p50_ms": _round(each.p50),
                "p95_ms": _round(each.p95),
                "p99_ms": _round(each.p99),
            }
            for each in watch.routes()
        ],
        "saves": {
            "total": int(whole.value("saves_total")),
            "per_second": _round(tick.saves),
            "batch_size": _round(tick.batch),
            "queue_depth": int(whole.value("save_queue_depth")),
            "queue_limit": int(whole.value("save_queue_limit")),
            "p99_ms": _round(tick.save_p99),
        },
        "database": {
            "pool": {
                name: int(whole.value(f"database_pool_{name}"))
                for name in ("size", "max", "checked_in", "checked_out", "overflow", "waiting")
            },
            "connections": int(whole.value("database_connections")),
            "connections_max": int(whole.value("database_connections_max")),
            "bytes": int(whole.value("database_bytes")),
        },
        "caches": caches_of(whole),
        "sessions_live": int(whole.value("sessions_live")),
        "deadlines_within_s": {
            within: int(whole.value("deadlines_coming", within)) for within in ("60", "300", "900")
        },
        "closing_lag_s": _round(whole.value("closing_lag_seconds")),
        "jobs": {state: int(whole.value("jobs", state)) for state in ("todo", "doing", "failed")},
        "streams_open": int(whole.value("streams_open")),
        "cpu_cores_used": _round(tick.cpu),
        "memory_bytes": int(whole.value("process_resident_memory_bytes")),
        "statements": statements_of(whole),
        "recently_slow": [
            {
                "statement": run.name,
                "at": rfc3339(datetime.fromtimestamp(run.at, UTC)),
                "ms": _round(run.seconds * 1000),
                "rows": run.rows,
            }
            for run in reversed(whole.slow)
        ],
    }


def caches_of(whole: Snapshot) -> list[dict[str, Any]]:
    """Each named cache: how often it was asked, and the share that cost no computation."""
    outcomes: dict[str, dict[str, float]] = {}
    for key, value in whole.counters.get("cache_requests_total", {}).items():
        name, outcome = key.split(JOINT)
        outcomes.setdefault(name, {})[outcome] = value
    return [
        {
            "name": name,
            "asked": int(asked),
            "hit_rate": round(1 - counts.get("miss", 0.0) / asked, 4),
        }
        for name, counts in sorted(outcomes.items())
        if (asked := sum(counts.values()))
    ]


def statements_of(whole: Snapshot) -> list[dict[str, Any]]:
    """The statements that took the most time, by file and name."""
    seconds = whole.counters.get("statement_seconds_total", {})
    return [
        {
            "statement": name,
            "calls": int(calls),
            "seconds": round(spent, 3),
            "mean_ms": round(1000 * spent / calls, 3),
            "rows": int(whole.value("statement_rows_total", name)),
            "slow": int(whole.value("slow_statements_total", name)),
        }
        for name, spent in sorted(seconds.items(), key=lambda each: -each[1])[:LISTED]
        if (calls := whole.value("statements_total", name))
    ]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
