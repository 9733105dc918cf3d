"""Who passes by a report: who passes by the points, at the edge too."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from examhall.reports.facts import BINS, Due, _facts


def passed(points: str, percent: str, most: str = "100") -> bool | None:
    due = Due(
        1, 1, 1, 1, "Algebra", "Alice", datetime(2030, 1, 1, tzinfo=UTC), Decimal(points), Decimal(most),
        1, 1, 1, None, None, None, None, Decimal(percent), None, None,
    )  # fmt: skip
    return _facts(due, (), {1: [0] * BINS}, {1: 0.0}).passed


@pytest.mark.parametrize("percent", range(1, 101))
def test_as_many_percent_as_the_pass_mark_pass(percent: int) -> None:
    assert passed(str(percent), str(percent))
    assert not passed(f"{percent - 0.001:.3f}", str(percent))


def test_thirty_three_of_fifty_five_are_sixty_percent() -> None:
    assert passed("33", "60", "55")
    assert not passed("32.999", "60", "55")
