"""What one process counted, in a form that others can add up."""

import time
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import msgspec

from examhall.base.histogram import Histogram
from examhall.ops.families import FAMILIES

# What joins the values of a series' labels: it occurs in none of them.
JOINT = "\x1f"
# A process that told nothing for so long is gone, or hangs: its gauges are not true any more.
LIVES_S = 5.0
# Slow statements remembered of the whole server.
SLOW_KEPT = 50

Series: TypeAlias = dict[str, float]


class Shape(msgspec.Struct, array_like=True):
    """A histogram's counts, one more than its family has bounds, and the sum of what it saw."""

    counts: list[float]
    total: float

    def add(self, other: "Shape") -> None:
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class SlowRun(NamedTuple):
    """A statement that took long: its name, when (in seconds since 1970), how long, and the rows."""

    name: str
    at: float
    seconds: float
    rows: int


class Snapshot(msgspec.Struct):
    """Counters and histograms since the server started, gauges of now."""

    name: str = ""
    # Wall clock, in seconds: processes of one machine.
    at: float = msgspec.field(default_factory=time.time)
    counters: dict[str, Series] = {}
    gauges: dict[str, Series] = {}
    histograms: dict[str, dict[str, Shape]] = {}
    # Sittings that fall due in each of the coming minutes, from who asked the database.
    deadlines: list[int] = []
    # The latest slow statements, the oldest first.
    slow: list[SlowRun] = []

    def count(self, family: str, value: float, *labels: str) -> None:
        assert FAMILIES[family].kind == "counter"
        if value:
            series = self.counters.setdefault(family, {})
            key = JOINT.join(labels)
            series[key] = series.get(key, 0.0) + value

    def gauge(self, family: str, value: float, *labels: str) -> None:
        assert FAMILIES[family].kind == "gauge"
        self.gauges.setdefault(family, {})[JOINT.join(labels)] = float(value)

    def shape(self, family: str, histogram: Histogram, *labels: str) -> None:
        assert FAMILIES[family].kind == "histogram"
        shape = Shape(list(histogram.counts), histogram.total)
        series = self.histograms.setdefault(family, {})
        key = JOINT.join(labels)
        if key in series:
            series[key].add(shape)
        else:
            series[key] = shape

    def lives(self, now: float) -> bool:
        return now - self.at < LIVES_S

    def value(self, family: str, *labels: str) -> float:
        """Of a counter or gauge: the series with these labels, or the sum of all when none are given."""
        series = (self.counters if FAMILIES[family].kind == "counter" else self.gauges).get(family, {})
        return series.get(JOINT.join(labels), 0.0) if labels else sum(series.values())


def add_up(snapshots: Iterable[Snapshot], now: float) -> Snapshot:
    """The whole server: what all its processes ever counted, and the gauges of those that live."""
    whole = Snapshot(at=now)
    for each in snapshots:
        for family, series in each.counters.items():
            for key, value in series.items():
                whole.count(family, value, *key.split(JOINT))
        for family, shapes in each.histograms.items():
            found = whole.histograms.setdefault(family, {})
            for key, shape in shapes.items():
                found.setdefault(key, Shape([0.0] * len(shape.counts), 0.0)).add(shape)
        if each.lives(now):
            for family, series in each.gauges.items():
                whole.gauges.setdefault(family, {}).update(series)
            whole.deadlines = each.deadlines or whole.deadlines
        whole.slow += each.slow
    whole.slow = sorted(whole.slow, key=lambda run: run.at)[-SLOW_KEPT:]
    return whole


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Snapshot).decode
