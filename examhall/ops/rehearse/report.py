"""The report of a rehearsal: one HTML file that needs nothing else, and the same as JSON for programs."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from examhall.ops.rehearse.histogram import GROWTH, added, percentile
from examhall.ops.rehearse.plots import Limit, Series, line_chart, share_of
from examhall.ops.rehearse.verdict import MUCH_ELSE, SAVE, SLOW_FLUSH_MS, START, Played, Verdict

TEMPLATES = Path(__file__).parent
# Quicker than this is told together: thousands of saves a second make no line to read.
SMOOTH_S = 5


@dataclass(frozen=True)
class Setting:
    """What was rehearsed, and where."""

    exam_id: int
    title: str
    candidates: int
    how: str
    minutes: float
    pace: float
    seed: int
    processes: int
    where: str
    workers: int | None
    pool_size: int | None

    @classmethod
    def of(
        cls, wish: Any, title: str, *, workers: int | None = None, pool_size: int | None = None
    ) -> "Setting":
        how = "all in the same second" if wish.ramp_s is None else f"over {wish.ramp_s:g} s"
        where = (
            f"the server at {wish.url}, as its made-up people"
            if wish.url
            else "a server and a database of their own on this machine, with the same settings; both are "
            "gone now. A live server beside it shares the cores, and each makes the other slower"
        )
        return cls(
            wish.exam_id, title, wish.candidates, how, wish.minutes, wish.pace, wish.seed, wish.processes,
            where, workers, pool_size,
        )  # fmt: skip


def write_report(path: Path, played: Played, verdict: Verdict, setting: Setting) -> Path:
    """PATH.html and PATH.json; the path of the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    templates = Environment(autoescape=True, loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined)
    templates.filters["ms"] = in_ms
    page = templates.get_template("report.html").render(
        verdict=verdict,
        setting=setting,
        headline=headline(verdict),
        charts=_charts(played, verdict),
        made_at=datetime.now(UTC),
        version=version("examhall"),
        beside=beside(verdict),
    )
    html = path.with_suffix(".html")
    html.write_text(page, encoding="utf-8")
    path.with_suffix(".json").write_bytes(
        msgspec.json.format(msgspec.json.encode(_document(played, verdict, setting)))
    )
    return html


def _document(played: Played, verdict: Verdict, setting: Setting) -> dict[str, Any]:
    return {
        "setting": asdict(setting),
        "verdict": _without_nan(asdict(verdict)),
        "opens_at": datetime.fromtimestamp(played.opens_at, UTC).isoformat(),
        "machine": [asdict(sample) | {"at": sample.at - played.opens_at} for sample in played.samples],
        "seconds": [
            {"at": at, "requests": sum(map(sum, (each.values() for each in times.values())))}
            for at, times in sorted(_by_second(played).items())
        ],
    }


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def headline(verdict: Verdict) -> str:
    if not verdict.findings.is_right:
        return "Acknowledged answers were lost"
    return (
        f"Holds {verdict.candidates:,} candidates"
        if verdict.holds
        else f"Does not hold {verdict.candidates:,} candidates"
    )


def in_words(verdict: Verdict, setting: Setting) -> list[str]:
    """The verdict for a terminal."""
    found = verdict.findings
    lines = ["", f"{headline(verdict)}: {setting.how}, {setting.minutes:g} minutes."]
    lines += [f"  - {reason}" for reason in verdict.reasons]
    for name, times in (("start", verdict.start), ("save", verdict.save)):
        if times:
            lines.append(
                f"  {name:6} {times.count:,}: median {in_ms(times.p50)}, p99 {in_ms(times.p99)}, "
                f"slowest {in_ms(times.most)}"
            )
    lines.append(
        f"  answers {found.acknowledged:,} acknowledged, of which {len(found.lost)} are not stored, "
        f"{len(found.behind)} fell behind, and {len(found.strange)} stored ones were never sent"
    )
    if verdict.outcome:
        out = verdict.outcome
        late = (
            ""
            if out.closed_late_s is None
            else f", the last {max(out.closed_late_s, 0):.2f} s after its deadline"
        )
        lines.append(
            f"  ended  {out.handed_in:,} handed in, {out.closed_by_time:,} closed by time{late}; "
            f"{out.marked:,} marked"
        )
    lines.append(f"  full first: {verdict.saturated_first or 'nothing'}")
    if verdict.about:
        lines.append(
            f"  a guess, not measured: about {verdict.about:,} candidates, because {verdict.about_why}"
        )
    if verdict.most_connections:
        memory = f", {verdict.memory_mb:.0f} MB of memory in all" if verdict.memory_mb else ""
        lines.append(f"  {verdict.most_connections} database connections at the most{memory}")
    lines.append(f"  generator: {verdict.generator}")
    if said := beside(verdict):
        lines.append(f"  {said}")
    if verdict.generator_was_the_limit:
        lines += [
            "",
            "  !!! THE GENERATOR WAS THE LIMIT, NOT THE SERVER ALONE !!!",
            "  Its processes had no core left: replies were read later than they came, and the times above",
            "  are longer than the server's own. Play from another machine (--url), or fewer candidates.",
        ]
    return lines


def beside(verdict: Verdict) -> str:
    """A word on whatever else ran on the machine, if it was much."""
    if verdict.others_cores is None or verdict.others_cores < MUCH_ELSE:
        return ""
    return f"something else took {verdict.others_cores:.1f} cores in the mean; alone this machine does better"


def in_ms(value: float) -> str:
    if math.isnan(value):
        return "–"
    return (
        f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
    )


def _by_second(played: Played) -> dict[int, dict[str, dict[int, int]]]:
    """Second after the opening -> name -> histogram, of all processes together."""
    found: dict[int, dict[str, list[dict[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for process in played.seconds:
        for second in process:
            for name, times in second.times.items():
                found[math.floor(second.at - played.opens_at)][name].append(times)
    return {at: {name: dict(added(each)) for name, each in names.items()} for at, names in found.items()}


def _charts(played: Played, verdict: Verdict) -> list[tuple[str, str, Markup]]:
    by_second = _by_second(played)
    charts = []
    if verdict.start and verdict.start.count:
        total = added(names[START] for names in by_second.values() if START in names)
        points = share_of([(GROWTH ** (bucket + 1) / 1000, total[bucket]) for bucket in sorted(total)])
        charts.append((
            "From the button to the questions",
            "What share of the candidates had their questions after how many seconds.",
            line_chart(
                "Share of candidates over seconds",
                [Series("candidates with their questions", "a", points, True)],
                unit=" %", opening=False, highest=100.0,
            ),
        ))  # fmt: skip
    charts.append((
        "Saves",
        f"Milliseconds until an answer was acknowledged, over {SMOOTH_S} seconds each. 0 is the opening.",
        line_chart(
            "Time of a save",
            [
                Series(name, colour, _percentiles(by_second, SAVE, share))
                for name, colour, share in (("p99", "c", 0.99), ("p95", "b", 0.95), ("median", "a", 0.5))
            ],
            unit=" ms", limits=[Limit("promised p99", verdict.limits.save_ms)],
        ),
    ))  # fmt: skip
    charts.append((
        "Requests a second",
        "Of all candidates together.",
        line_chart("Requests a second", _rates(by_second), unit=""),
    ))  # fmt: skip
    charts.append((
        "Where the candidates were",
        "At each moment.",
        line_chart("Candidates by place", _places(played), unit=""),
    ))  # fmt: skip
    if any(sample.machine is not None for sample in played.samples):
        charts.append((
            "Cores",
            f"Of the {played.cores} that this machine has. Candidates, server and database share them.",
            line_chart(
                "Cores in use", _cores(played), unit="",
                limits=[Limit("all cores", float(played.cores))],
            ),
        ))  # fmt: skip
    if played.samples:
        charts.append((
            "The disk",
            "Milliseconds until a small write is on disk for certain: what every commit waits for.",
            line_chart(
                "A flush to disk",
                [Series("a flush", "d", [(s.at - played.opens_at, s.flush_ms) for s in played.samples])],
                unit=" ms", limits=[Limit("slow", SLOW_FLUSH_MS)],
            ),
        ))  # fmt: skip
    return charts


def _percentiles(
    by_second: dict[int, dict[str, dict[int, int]]], name: str, share: float
) -> list[tuple[float, float]]:
    groups: dict[int, list[dict[int, int]]] = defaultdict(list)
    for at, names in by_second.items():
        if name in names:
            groups[at // SMOOTH_S * SMOOTH_S].append(names[name])
    found = ((at, percentile(added(groups[at]), share)) for at in sorted(groups))
    return [(at + SMOOTH_S / 2, value) for at, value in found if value is not None]


def _rates(by_second: dict[int, dict[str, dict[int, int]]]) -> list[Series]:
    def rate(wanted: bool | None) -> Sequence[tuple[float, float]]:
        return [
            (
                float(at),
                float(
                    sum(
                        sum(times.values())
                        for name, times in by_second.get(at, {}).items()
                        if name != START and (wanted is None or (name == SAVE) == wanted)
                    )
                ),
            )
            for at in range(min(by_second), max(by_second) + 1)
        ]

    if not by_second:
        return []
    return [Series("all", "b", rate(None), True), Series("saves", "a", rate(True))]


def _places(played: Played) -> list[Series]:
    totals: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for process in played.seconds:
        for second in process:
            for place, count in second.places.items():
                totals[math.floor(second.at - played.opens_at)][place] += count
    # A second in which a process said nothing would look like people who vanished.
    full = len(played.seconds)
    said: dict[int, int] = defaultdict(int)
    for process in played.seconds:
        for at in {math.floor(second.at - played.opens_at) for second in process}:
            said[at] += 1
    moments = [at for at in sorted(totals) if said[at] == full]
    return [
        Series(name, colour, [(float(at), float(totals[at][place])) for at in moments])
        for name, colour, place in (
            ("in the lobby", "b", "lobby"),
            ("in the room", "a", "room"),
            ("done", "d", "done"),
        )
    ]


def _cores(played: Played) -> list[Series]:
    generator: dict[int, float] = defaultdict(float)
    for process in played.seconds:
        for second in process:
            generator[math.floor(second.at - played.opens_at)] += second.cpu
    points = [(sample.at - played.opens_at, sample) for sample in played.samples]
    return [
        Series("everything", "e", [(at, (s.machine or 0) * played.cores) for at, s in points], True),
        Series("web workers", "a", [(at, s.web or 0) for at, s in points]),
        Series("PostgreSQL", "b", [(at, s.database or 0) for at, s in points]),
        Series("job worker", "d", [(at, s.jobs or 0) for at, s in points]),
        Series("candidates (the generator)", "c", [(float(at), generator[at]) for at in sorted(generator)]),
    ]
