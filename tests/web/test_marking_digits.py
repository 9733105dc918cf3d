"""Which digit of the keyboard chooses a level at the desk: never one that says other points."""

from decimal import Decimal

import pytest

from examhall.web.staff.marking import digits_of


@pytest.mark.parametrize(
    ("points", "digits"),
    [
        (["3", "2", "1", "0"], [3, 2, 1, 0]),
        # Once the third of three levels was chosen by a 3: a marker who meant three points gave none.
        (["3", "1.5", "0"], [3, 1, 0]),
        (["1", "0.5", "0"], [1, None, 0]),
        (["2.5", "1.5", "0.5"], [2, 1, 0]),
        (["20", "15", "10", "5", "0"], [None, None, None, 5, 0]),
        (["2", "2", "0"], [None, None, 0]),
        (["1.75", "1.25", "0"], [None, None, 0]),
    ],
)
def test_a_digit_chooses_the_level_whose_points_begin_with_it(
    points: list[str], digits: list[int | None]
) -> None:
    assert digits_of([Decimal(each) for each in points]) == digits
