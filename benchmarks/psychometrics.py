"""How long the full analysis of marks takes, and a rating round: `python -m benchmarks.psychometrics`.

Each size runs in a process of its own, so that its peak memory is its own: matrix, NumPy and Python included.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from examhall.psychometrics.analysis import analyse
from examhall.psychometrics.rating import Ratings, rate

# Persons at a time that are simulated: less than the analysis takes, so that the peak is the analysis's.
TOGETHER = 20_000
# The first finds memory not yet given to the process: what a worker's first analysis costs.
RUNS = 15
LONGEST_S = 8.0


class Size(NamedTuple):
    name: str
    persons: int
    items: int
    booklets: int = 1
    mark_s: float | None = None


SIZES = [
    Size("1,000 x 45", 1_000, 45, mark_s=0.01),
    Size("100,000 x 45", 100_000, 45, mark_s=0.1),
    Size("1,000,000 x 100", 1_000_000, 100, mark_s=1.0),
    Size("1,000,000 x 100, 4 booklets of 70", 1_000_000, 100, booklets=4),
    Size("10,000 x 40, 5 % missing at random", 10_000, 40, booklets=0),
]
ROUND = 10_000
ROUND_MARK_S = 0.05


class Measured(NamedTuple):
    first_s: float
    best_s: float
    median_s: float
    best_cpu_s: float
    peak_mb: float


def simulated(size: Size) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Marks that follow the Rasch model: abilities N(0, 1), difficulties from -2 to 2."""
    random = np.random.default_rng(1)
    marks = np.empty((size.persons, size.items), np.int8)
    difficulty = random.permutation(np.linspace(-2, 2, size.items)).astype(np.float32)
    for start in range(0, size.persons, TOGETHER):
        piece = marks[start : start + TOGETHER]
        theta = random.normal(size=(len(piece), 1)).astype(np.float32)
        piece[:] = random.random(piece.shape, np.float32) < 1 / (1 + np.exp(difficulty - theta))
        if size.booklets == 0:
            piece[random.random(piece.shape, np.float32) < 0.05] = -1
    for booklet in range(size.booklets if size.booklets > 1 else 0):
        # Each leaves out 30 neighbouring items, elsewhere in each.
        left_out = (np.arange(30) + booklet * size.items // size.booklets) % size.items
        marks[booklet :: size.booklets, left_out] = -1
    return marks


def measured(size: Size) -> Measured:
    marks = simulated(size)
    return _repeated(lambda: analyse(marks))


def measured_round(participants: int) -> Measured:
    random = np.random.default_rng(1)
    before = Ratings(random.normal(25, 8, participants), random.uniform(1, 8, participants))
    places = random.integers(1, 56, participants)
    return _repeated(lambda: rate(before, places))


def _repeated(action: Callable[[], object]) -> Measured:
    wall: list[float] = []
    cpu: list[float] = []
    while len(wall) < RUNS and (len(wall) < 3 or sum(wall) < LONGEST_S):
        started, started_cpu = time.perf_counter(), time.process_time()
        action()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - started_cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(wall[0], min(wall), float(np.median(wall)), min(cpu), peak)


def main() -> None:
    print(f"{'':36}{'first':>10}{'median':>10}{'best':>10}{'CPU':>10}{'mark':>10}{'peak':>9}")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for size in SIZES:
            _print(size.name, pool.apply(measured, [size]), size.mark_s)
        _print(f"a rating round of {ROUND:,}", pool.apply(measured_round, [ROUND]), ROUND_MARK_S)


def _print(name: str, found: Measured, mark_s: float | None) -> None:
    times = (found.first_s, found.median_s, found.best_s, found.best_cpu_s)
    mark = f"{mark_s * 1000:7.0f} ms" if mark_s else ""
    print(f"{name:36}", *(f"{t * 1000:7.1f} ms" for t in times), f"{mark:>10}{found.peak_mb:6.0f} MB", sep="")


if __name__ == "__main__":
    main()
