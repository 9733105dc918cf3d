"""How often something may happen, as settings say it: `60/minute,1000/hour`, or `off`."""

import re
from dataclasses import dataclass

PER_S = {"second": 1, "minute": 60, "hour": 3600}
NAMES = {per_s: name for name, per_s in PER_S.items()}
SHAPE = re.compile(rf"([1-9][0-9]{{0,6}})/({'|'.join(PER_S)})", re.ASCII)
# What is allowed by the second may be used up in a burst of ten seconds' worth.
BURST_S = 10


@dataclass(frozen=True)
class Rate:
    """A bucket that holds so many and is filled up evenly."""

    count: int
    per_s: int

    @property
    def burst(self) -> int:
        return self.count * max(1, BURST_S // self.per_s)

    def __str__(self) -> str:
        return f"{self.count}/{NAMES[self.per_s]}"


@dataclass(frozen=True)
class Rates:
    """All of them hold; none of them: no limit."""

    rates: tuple[Rate, ...] = ()

    def __str__(self) -> str:
        return ",".join(map(str, self.rates)) or "off"


def read_rates(text: str) -> Rates:
    """Raises ValueError for what is neither rates nor `off`."""
    if text == "off":
        return Rates()
    found = [SHAPE.fullmatch(part.strip()) for part in text.split(",")]
    rates = tuple(Rate(int(each[1]), PER_S[each[2]]) for each in found if each)
    if len(rates) < len(found) or len({rate.per_s for rate in rates}) < len(found):
        raise ValueError("must be off, or rates by commas such as 60/minute,1000/hour")
    return Rates(tuple(sorted(rates, key=lambda rate: rate.per_s)))
