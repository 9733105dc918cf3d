"""What a run found: rows and marks, as a table for people, as JSON for programs, as Markdown for the docs."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.load import Load
from benchmarks.servers import ROOT

RESULTS = ROOT / "benchmarks" / "results"
LATEST = RESULTS / "latest.json"
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN = "<!-- figures: written by python -m benchmarks --write-docs -->"
END = "<!-- end of figures -->"


@dataclass(frozen=True)
class Row:
    """One measurement: medians over its rounds, errors summed. Times in milliseconds."""

    name: str
    connections: int
    rate: float
    p50: float
    p95: float
    p99: float
    errors: int
    rounds: int
    of_empty: float | None = None

    @classmethod
    def of(cls, name: str, connections: int, loads: Sequence[Load], of_empty: float | None = None) -> "Row":
        def median(values: list[float]) -> float:
            return statistics.median(values)

        return cls(
            name,
            connections,
            median([load.rate for load in loads]),
            median([load.p50 * 1000 for load in loads]),
            median([load.p95 * 1000 for load in loads]),
            median([load.p99 * 1000 for load in loads]),
            sum(load.errors for load in loads),
            len(loads),
            of_empty,
        )


@dataclass(frozen=True)
class Mark:
    """Something that was to be reached, and what was."""

    name: str
    wanted: str
    reached: str
    met: bool


@dataclass
class Report:
    machine: dict[str, str]
    settings: dict[str, str]
    rows: list[Row] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def at_least(self, name: str, value: float, least: float, form: str) -> None:
        self.marks.append(Mark(name, f"at least {form.format(least)}", form.format(value), value >= least))

    def below(self, name: str, value: float, limit: float, form: str) -> None:
        self.marks.append(Mark(name, f"below {form.format(limit)}", form.format(value), value < limit))

    def at_most(self, name: str, value: float, most: float, form: str) -> None:
        self.marks.append(Mark(name, f"at most {form.format(most)}", form.format(value), value <= most))

    def save(self, name: str = "latest") -> None:
        RESULTS.mkdir(exist_ok=True)
        stamp = "".join(c for c in self.machine["date"] if c.isdigit())
        text = json.dumps(asdict(self), indent=1)
        dated = stamp if name == "latest" else f"{name}-{stamp}"
        for path in (RESULTS / f"{name}.json", RESULTS / f"{dated}.json"):
            path.write_text(text + "\n", encoding="utf-8")
        (RESULTS / f"{name}.md").write_text(self.markdown(), encoding="utf-8")

    @classmethod
    def latest(cls) -> "Report":
        if not LATEST.exists():
            raise SystemExit("there are no results yet: run make bench")
        found = json.loads(LATEST.read_text(encoding="utf-8"))
        return cls(
            found["machine"],
            found["settings"],
            [Row(**row) for row in found["rows"]],
            [Mark(**mark) for mark in found["marks"]],
            found["facts"],
        )

    def markdown(self) -> str:
        parts = []
        if self.rows:
            parts.append(_table(ROW_HEADING, [_row(row) for row in self.rows]))
        if self.marks:
            marks = [
                (mark.name, mark.wanted, mark.reached, "yes" if mark.met else "**no**") for mark in self.marks
            ]
            parts.append(_table(("mark", "wanted", "reached", "met"), marks))
        facts = {**self.facts, **self.settings, **self.machine}
        parts.append("\n".join(f"- {name}: {value}" for name, value in facts.items()) + "\n")
        return "\n".join(parts)

    def write_into_docs(self) -> None:
        text = DOCUMENT.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        _, after = rest.split(END)
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{self.markdown()}\n{END}{after}", encoding="utf-8")


ROW_HEADING = ("what", "connections", "a second", "p50 ms", "p95 ms", "p99 ms", "errors", "of the empty POST")


def _row(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        str(row.connections),
        f"{row.rate:,.0f}",
        f"{row.p50:.1f}",
        f"{row.p95:.1f}",
        f"{row.p99:.1f}",
        str(row.errors),
        f"{row.of_empty:.0%}" if row.of_empty is not None else "",
    )


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that is also a table in the terminal."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    lines = [heading, ["-" * width for width in widths], *rows]
    return "".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |\n"
        for line in lines
    )
