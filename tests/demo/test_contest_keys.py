"""The key of the demo's contest, computed by trying everything."""

import math
from pathlib import Path

import pytest

from examhall.exams.exam_file import read_exam_file
from examhall.exams.numbers import read_number

DEMO = Path(__file__).parents[2] / "examhall" / "demo"


def ways(step: int, forbidden: int) -> int:
    if step == 0:
        return 1
    return sum(ways(step - n, forbidden) for n in (1, 2) if step >= n and step - n != forbidden)


def corner_radius(side: float) -> float:
    """By bisection: the circle at (r, r) that just touches the one in the middle."""
    low, high = 0.0, side / 4
    for _ in range(60):
        r = (low + high) / 2
        apart = math.hypot(side / 2 - r, side / 2 - r) - (side / 2 + r)
        low, high = (r, high) if apart > 0 else (low, r)
    return low


COMPUTED = {
    1: pow(7, 2026, 10),
    2: abs((3 + 15 / 60) * 30 - 15 * 6),
    3: sum(1 for n in range(1, 721) if 720 % n == 0),
    4: next(n for n in range(10, 100) if n // 10 + n % 10 == 12 and 10 * (n % 10) + n // 10 == n + 36),
    5: sum(1 for n in range(1, 1001) if (n % 3 == 0) != (n % 5 == 0)),
    6: corner_radius(6),
    7: ways(10, forbidden=7),
    8: next(n for n in range(7, 10_000, 7) if all(n % d == d - 1 for d in range(2, 7))),
}  # fmt: skip


@pytest.mark.parametrize("number", COMPUTED)
def test_the_key_is_the_computed_number(number: int) -> None:
    exam = read_exam_file((DEMO / "contest.yaml").read_bytes(), folder=DEMO)
    assert len(exam.questions) == len(COMPUTED)
    value = read_number(exam.questions[number - 1].items[0].key["value"])
    assert value is not None
    assert float(value) == pytest.approx(COMPUTED[number], abs=1e-6)
