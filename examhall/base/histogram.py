"""How often something took how long: counts by bound, cheap enough for every request."""

from bisect import bisect_left
from collections.abc import Sequence

# In seconds, dense where what people feel is decided.
LATENCY_S = (
    0.001, 0.002, 0.004, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip
# Of entries in one batch.
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Histogram:
    """Plain counters, for one thread: under half a microsecond an observation."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = LATENCY_S) -> None:
        self.bounds = bounds
        # One more than bounds: what is beyond the last.
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


def quantile(bounds: Sequence[float], counts: Sequence[float], share: float) -> float | None:
    """The value below which *share* of what was counted lies, assuming an even spread between two bounds.

    None where nothing was counted. What is beyond the last bound counts as that bound.
    """
    rank = sum(counts) * share
    if rank <= 0:
        return None
    below = 0.0
    for place, count in enumerate(counts[:-1]):
        if below + count >= rank:
            low = bounds[place - 1] if place else 0.0
            return low + (bounds[place] - low) * (rank - below) / count
        below += count
    return bounds[-1]
