"""What a rehearsal says about a machine: pure arithmetic over what was recorded."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from examhall.ops.rehearse.histogram import GROWTH, added, percentile
from examhall.ops.rehearse.ledger import Findings
from examhall.ops.rehearse.machine import Sample
from examhall.ops.rehearse.plan import Second
from examhall.ops.rehearse.stage import Outcome

START = "start: from the button to the questions"
SAVE = "save"
# From here on something that is shared has nothing left to give.
FULL = 0.95
GENERATOR_FULL = 0.85
# A timer of the generator that is later than this, and its candidates saw replies later than they came.
LATE_MS = 100.0
# Of the seconds in which something was asked, so many in a row are no accident.
SECONDS_IN_A_ROW = 2
# Somebody else who takes so many cores makes the machine look smaller than it is.
MUCH_ELSE = 0.25
# A disk that takes longer for one small write keeps every commit waiting.
SLOW_FLUSH_MS = 50.0


@dataclass(frozen=True)
class Limits:
    """The promised latencies, in milliseconds: every start, and 99 of 100 saves."""

    start_ms: float = 2000.0
    save_ms: float = 100.0


@dataclass(frozen=True)
class Played:
    """Everything that was recorded. Moments are seconds since 1970."""

    candidates: int
    opens_at: float
    ramp_s: float
    ends_at: float
    seconds: Sequence[Sequence[Second]]
    samples: Sequence[Sample]
    findings: Findings
    outcome: Outcome | None
    cores: int
    # Web workers and the database connections that all of them may have for requests; None: not known.
    workers: int | None
    most_connections: int | None
    memory_mb: float | None


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    name: str
    count: int
    p50: float
    p95: float
    p99: float
    most: float
    failures: dict[str, int]


@dataclass(frozen=True)
class Resource:
    """How much of something was taken: 1 is all of it."""

    name: str
    peak: float
    # Seconds after the opening when it was first full, if it was.
    full_from: float | None


@dataclass(frozen=True)
class Verdict:
    candidates: int
    in_room: int
    holds: bool
    reasons: Sequence[str]
    start: Times | None
    save: Times | None
    requests: Sequence[Times]
    resources: Sequence[Resource]
    saturated_first: str | None
    generator_was_the_limit: bool
    generator: str
    # By what was left of the scarcest; None when nothing can be said.
    about: int | None
    about_why: str
    # Cores that something else took, in the mean; None when it is not known.
    others_cores: float | None
    most_connections: int
    memory_mb: float | None
    findings: Findings
    outcome: Outcome | None
    limits: Limits = field(default_factory=Limits)


def judge_play(played: Played, limits: Limits) -> Verdict:
    requests = [times for name in _names(played) if (times := _times(played, name)).count or times.failures]
    by_name = {times.name: times for times in requests}
    start, save = by_name.get(START), by_name.get(SAVE)
    resources = _resources(played)
    full = [each for each in resources if each.full_from is not None]
    first = min(full, key=lambda each: each.full_from or 0.0) if full else None
    in_room = start.count if start else 0
    reasons = list(_reasons(played, limits, start, save, in_room, by_name))
    limited, generator = _generator(played)
    about, why = _estimate(played, limits, start, resources, holds=not reasons)
    return Verdict(
        candidates=played.candidates,
        in_room=in_room,
        holds=not reasons,
        reasons=reasons,
        start=start,
        save=save,
        requests=requests,
        resources=resources,
        saturated_first=first.name if first else None,
        generator_was_the_limit=limited,
        generator=generator,
        about=about,
        about_why=why,
        others_cores=_others(played),
        most_connections=max((sample.connections for sample in played.samples), default=0),
        memory_mb=played.memory_mb,
        findings=played.findings,
        outcome=played.outcome,
        limits=limits,
    )


def _reasons(
    played: Played,
    limits: Limits,
    start: Times | None,
    save: Times | None,
    in_room: int,
    by_name: dict[str, Times],
) -> Sequence[str]:
    """Why the machine does not hold so many; none: it does."""
    found, reasons = played.findings, []
    if found.lost or found.behind:
        reasons.append(f"{len(set(found.lost) | set(found.behind))} acknowledged answers are LOST")
    if found.strange:
        reasons.append(f"{len(found.strange)} answers are stored that nobody sent")
    if in_room < played.candidates:
        reasons.append(
            f"{played.candidates - in_room} of {played.candidates} candidates never got into the room"
        )
    if start and start.most > limits.start_ms:
        reasons.append(
            f"the slowest start took {start.most / 1000:.2f} s, more than {limits.start_ms / 1000:g} s"
        )
    if save and save.p99 > limits.save_ms:
        reasons.append(
            f"one save in a hundred took {save.p99:.0f} ms or more, not under {limits.save_ms:g} ms"
        )
    failed = sum(sum(times.failures.values()) for times in by_name.values())
    if failed:
        reasons.append(f"{failed} requests were not answered as they should be")
    if played.outcome and played.outcome.open:
        reasons.append(f"{played.outcome.open} sittings were still open after their deadline")
    return reasons


def _estimate(
    played: Played, limits: Limits, start: Times | None, resources: Sequence[Resource], *, holds: bool
) -> tuple[int | None, str]:
    """An extrapolation, and what it is drawn from. It is no measurement, and says so."""
    if start is None or not start.count:
        return None, ""
    ways = []
    if not played.ramp_s:
        ways.append((limits.start_ms / start.most, f"the slowest start took {start.most / 1000:.2f} s"))
    working = [share for at, share in _ours(played) if _is_work(played, at)]
    if working:
        most = max(_smooth(working))
        ways.append(
            (FULL / max(most, 0.01), f"while they worked it took {most:.0%} of the cores at the most")
        )
    if not ways:
        return None, ""
    share, why = min(ways)
    about = int(played.candidates * (max(share, 1.0) if holds else min(share, 1.0)))
    digits = 10 ** max(0, len(str(about)) - 2)
    # Ten times is as far as a guess may go.
    return min(about // digits * digits, played.candidates * 10), why


def _ours(played: Played) -> list[tuple[float, float]]:
    """The rehearsal's own share of all cores, its candidates included, at each moment."""
    generator: dict[int, float] = defaultdict(float)
    for process in played.seconds:
        for second in process:
            generator[int(second.at)] += second.cpu
    return [
        (
            sample.at,
            (
                generator[int(sample.at)]
                + sum(each or 0.0 for each in (sample.web, sample.jobs, sample.database))
            )
            / played.cores,
        )
        for sample in played.samples
        if sample.machine is not None
    ]


def _others(played: Played) -> float | None:
    ours = dict(_ours(played))
    left = [
        (sample.machine - ours[sample.at]) * played.cores
        for sample in played.samples
        if sample.machine is not None
    ]
    return max(0.0, sum(left) / len(left)) if left else None


def _is_work(played: Played, at: float) -> bool:
    # The rush of the start is a matter of its own.
    return played.opens_at + played.ramp_s + 5 < at < played.ends_at


def _generator(played: Played) -> tuple[bool, str]:
    busiest = max((second.cpu for process in played.seconds for second in process), default=0.0)
    latest = max((second.lag_ms for process in played.seconds for second in process), default=0.0)
    limited = any(
        _in_a_row([second.cpu > GENERATOR_FULL or second.lag_ms > LATE_MS for second in process]) is not None
        for process in played.seconds
    )
    return limited, (
        f"{len(played.seconds)} processes; the busiest took {busiest:.0%} of a core, "
        f"the latest timer was {latest:.0f} ms late"
    )


def _resources(played: Played) -> list[Resource]:
    generator: dict[int, float] = defaultdict(float)
    for process in played.seconds:
        for second in process:
            generator[int(second.at)] = max(generator[int(second.at)], second.cpu)
    samples = played.samples
    wanted: list[tuple[str, list[float], list[float], float]] = [
        (
            "the generator (its busiest process, of one core)",
            [float(at) for at in sorted(generator)],
            [generator[at] for at in sorted(generator)],
            GENERATOR_FULL,
        )
    ]

    def add(name: str, value: Callable[[Sample], float | None], full: float = FULL) -> None:
        known = [(sample.at, share) for sample in samples if (share := value(sample)) is not None]
        if known:
            wanted.append((name, [at for at, _ in known], [share for _, share in known], full))

    add("all cores of this machine", lambda sample: sample.machine)
    add("a web worker (the busiest, of one core)", lambda sample: sample.busiest_web)
    add(
        "PostgreSQL (of all cores)",
        lambda sample: sample.database / played.cores if sample.database is not None else None,
    )
    add("the disk (a flush, of 50 ms)", lambda sample: sample.flush_ms / SLOW_FLUSH_MS, 1.0)
    if played.most_connections:
        most = played.most_connections
        add("database connections in use", lambda sample: sample.busy_connections / most, 1.0)
    resources = []
    for name, moments, shares, full in wanted:
        at = _in_a_row([share >= full for share in shares])
        full_from = None if at is None else moments[at] - played.opens_at
        resources.append(Resource(name, max(shares, default=0.0), full_from))
    return resources


def _in_a_row(said: Sequence[bool]) -> int | None:
    """Where so many in a row begin that it is no accident."""
    for at in range(len(said) - SECONDS_IN_A_ROW + 1):
        if all(said[at : at + SECONDS_IN_A_ROW]):
            return at
    return None


def _smooth(shares: Sequence[float], width: int = 5) -> list[float]:
    if len(shares) <= width:
        return [sum(shares) / len(shares)]
    return [sum(shares[at : at + width]) / width for at in range(len(shares) - width + 1)]


def _names(played: Played) -> list[str]:
    names = {
        name for process in played.seconds for second in process for name in (*second.times, *second.failures)
    }
    return sorted(names, key=lambda name: (name not in (START, SAVE), name))


def _times(played: Played, name: str) -> Times:
    histogram = added(second.times.get(name, {}) for process in played.seconds for second in process)
    failures: Counter[str] = Counter()
    for process in played.seconds:
        for second in process:
            failures.update(second.failures.get(name, {}))
    p50, p95, p99 = (percentile(histogram, share) or math.nan for share in (0.5, 0.95, 0.99))
    most = GROWTH ** (max(histogram) + 1) if histogram else math.nan
    return Times(name, sum(histogram.values()), p50, p95, p99, most, dict(failures))
