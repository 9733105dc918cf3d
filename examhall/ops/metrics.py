"""The whole server's figures in Prometheus' text format, from a snapshot of them."""

from collections.abc import Iterator

from cachetools import TTLCache
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from examhall.ops.families import FAMILIES, Family
from examhall.ops.snapshot import JOINT, Shape, Snapshot
from examhall.ops.watch import Watch

PREFIX = "examhall_"
# To put them together and write them out takes some ten milliseconds; anybody may ask for them at any time.
KEPT_S = 0.25
# Formats and escapings; what clients accept may be written in many ways.
FORMATS_KEPT = 8


class _Collected(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        for name, family in FAMILIES.items():
            if family.kind == "histogram":
                yield _histogram(name, family, self._snapshot.histograms.get(name, {}))
            else:
                of_kind = self._snapshot.counters if family.kind == "counter" else self._snapshot.gauges
                yield _plain(name, family, of_kind.get(name, {}))


class Exposition:
    """A server's figures as text, at most `KEPT_S` old, however many ask for them at once."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._kept: TTLCache[str, tuple[bytes, str]] = TTLCache(FORMATS_KEPT, KEPT_S)

    def text(self, accept: str) -> tuple[bytes, str]:
        """The text and its media type; in OpenMetrics for who accepts that."""
        _encode, media_type = choose_encoder(accept)
        found = self._kept.get(media_type)
        if found is None:
            found = self._kept[media_type] = exposed(self._watch.whole(), accept)
        return found


def exposed(snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
    """The text and its media type; in OpenMetrics for who accepts that."""
    encode, media_type = choose_encoder(accept)
    return encode(_Collected(snapshot)), media_type


def _plain(name: str, family: Family, series: dict[str, float]) -> Metric:
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(PREFIX + name, family.meaning, labels=family.labels)
    # A counter without labels that nothing was counted on is 0; one with labels has no series yet.
    if not family.labels and family.kind == "counter":
        series = {"": 0.0} | series
    for key, value in sorted(series.items()):
        metric.add_metric(key.split(JOINT) if family.labels else [], value)
    return metric


def _histogram(name: str, family: Family, series: dict[str, Shape]) -> Metric:
    metric = HistogramMetricFamily(PREFIX + name, family.meaning, labels=family.labels)
    for key, shape in sorted(series.items()):
        below, buckets = 0.0, []
        for bound, count in zip((*map(float, family.bounds), float("inf")), shape.counts, strict=True):
            below += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), below))
        metric.add_metric(key.split(JOINT) if family.labels else [], buckets, shape.total)
    return metric
