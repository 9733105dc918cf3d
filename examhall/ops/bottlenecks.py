"""What holds the server back just now, in words that say what to do about it."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from examhall.ops.snapshot import Snapshot
from examhall.ops.tick import Tick


def _(message: str) -> str:
    """Marks a sentence for translation; the page translates it."""
    return message


class Bottleneck(NamedTuple):
    # A stable word for programs.
    code: str
    # With places for the values.
    sentence: str
    values: dict[str, object]

    @property
    def detail(self) -> str:
        return self.sentence % self.values


# Looked at together: one second alone says little.
SECONDS = 10
# Slow statements of this long ago are still news.
SLOW_NEWS_S = 60
BUSY = 0.9
LATE_MS = 100
OVERDUE_S = 1.5
OLD_JOB_S = 60
FEW_HITS = 0.5
# Askings a second below which a cache's share of hits says nothing.
ASKINGS = 50


def find_bottlenecks(ticks: Sequence[Tick], whole: Snapshot) -> list[Bottleneck]:
    """What the last seconds show, the worst first; empty when nothing holds anything back."""
    lately = ticks[-SECONDS:]
    if not lately:
        return []
    return [*_of_the_database(lately, whole), *_of_the_processes(lately), *_of_the_work(lately)]


def _of_the_database(lately: Sequence[Tick], whole: Snapshot) -> Iterator[Bottleneck]:
    now = lately[-1]
    if "sessions_live" not in whole.gauges:
        yield Bottleneck(
            "database_silent",
            _("The database gives no figures: it is away, or too busy to answer in time."),
            {},
        )
    waits = _mean([tick.pool_waits for tick in lately])
    if waits >= 1 or now.pool_waiting:
        yield Bottleneck(
            "pool_waits",
            _(
                "%(n).0f requests a second wait for a database connection: all %(size).0f of the pools are "
                "in use. If PostgreSQL has cores to spare, raise EXAMHALL_POOL_SIZE."
            ),
            {"n": waits, "size": now.pool_max},
        )
    slow = [run for run in whole.slow if run.at > now.at - SLOW_NEWS_S]
    if slow:
        names = sorted({run.name for run in slow}, key=lambda name: -sum(run.name == name for run in slow))
        yield Bottleneck(
            "slow_statements",
            _("%(n)d statements of the last minute were slow; most of all %(names)s."),
            {"n": len(slow), "names": ", ".join(names[:3])},
        )
    if now.connections_max and now.connections > now.connections_max * BUSY:
        yield Bottleneck(
            "connections",
            _("%(n).0f of the %(most).0f connections that PostgreSQL allows are taken."),
            {"n": now.connections, "most": now.connections_max},
        )


def _of_the_processes(lately: Sequence[Tick]) -> Iterator[Bottleneck]:
    now = lately[-1]
    depth = max(tick.queue for tick in lately)
    if now.queue_limit and depth > now.queue_limit / 2:
        yield Bottleneck(
            "save_queue",
            _(
                "%(n).0f saves wait to be written, of %(limit).0f that may: the database stores more slowly "
                "than answers arrive. Beyond the limit browsers are told to send again."
            ),
            {"n": depth, "limit": now.queue_limit},
        )
    cores = os.cpu_count() or 1
    busiest, all_of_them = _mean([tick.cpu_busiest for tick in lately]), _mean([tick.cpu for tick in lately])
    if busiest > BUSY:
        yield Bottleneck(
            "cpu",
            _(
                "A process of Examhall's uses a whole core; together they use %(used).1f of %(cores)d. "
                "More cores, or more nodes, would help."
            ),
            {"used": all_of_them, "cores": cores},
        )
    late_ms = _mean([tick.loop_lag_ms for tick in lately])
    if late_ms > LATE_MS:
        yield Bottleneck(
            "held_up",
            _("A process is held up: it gets to its work %(ms).0f ms late. The machine is overloaded."),
            {"ms": late_ms},
        )


def _of_the_work(lately: Sequence[Tick]) -> Iterator[Bottleneck]:
    now = lately[-1]
    if now.overdue_s > OVERDUE_S:
        yield Bottleneck(
            "closing_late",
            _("A sitting is overdue by %(s).0f s: the job worker is held up, or does not run."),
            {"s": now.overdue_s},
        )
    if now.oldest_job_s > OLD_JOB_S:
        yield Bottleneck(
            "jobs_wait",
            _("A background job has waited for %(s).0f s. Results come later than they could."),
            {"s": now.oldest_job_s},
        )
    errors = sum(tick.errors for tick in lately)
    if errors >= 1:
        yield Bottleneck(
            "errors",
            _("%(n).0f replies of the last ten seconds failed on our side; the log says why."),
            {"n": errors},
        )
    lost = sum(tick.lost_events for tick in lately)
    if lost >= 1:
        yield Bottleneck(
            "events_lost",
            _("%(n).0f events were not kept in the log. No answer is among them."),
            {"n": lost},
        )
    hits = [tick.hits for tick in lately if tick.hits is not None and tick.asked > ASKINGS]
    if hits and _mean(hits) < FEW_HITS:
        yield Bottleneck(
            "few_hits",
            _("Only %(share).0f in a hundred questions to the caches find their answer there."),
            {"share": 100 * _mean(hits)},
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
