"""Times in buckets that grow by a fiftieth: a million of them add up like one, and are sent for nothing."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

GROWTH = 1.02
LEAST_MS = 0.01


def bucket_of(ms: float) -> int:
    return math.floor(math.log(max(ms, LEAST_MS)) / math.log(GROWTH))


def added(histograms: Iterable[Mapping[int, int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for histogram in histograms:
        total.update(histogram)
    return total


def percentile(histogram: Mapping[int, int], share: float) -> float | None:
    """Milliseconds that `share` (0 to 1) of the times do not exceed, to two percent; None without any."""
    count = sum(histogram.values())
    if not count:
        return None
    wanted = max(1, math.ceil(share * count))
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= wanted:
            return float(GROWTH ** (bucket + 1))
    raise AssertionError("unreachable: a share is at most 1")
