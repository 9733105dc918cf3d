"""Cut scores: against a worked example, by hand, by property, and where there is nothing to go by."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examhall.psychometrics.standard_setting import angoff, bookmark, ordered_booklet, realism

# Five judges, six items, worked by hand: sums 3.70, 3.90, 3.45, 4.10 and 3.85 of 6.
PANEL = np.array(
    [
        [0.90, 0.75, 0.60, 0.55, 0.50, 0.40],
        [0.95, 0.80, 0.65, 0.55, 0.55, 0.40],
        [0.85, 0.70, 0.60, 0.50, 0.45, 0.35],
        [0.95, 0.85, 0.70, 0.60, 0.55, 0.45],
        [0.90, 0.80, 0.65, 0.60, 0.50, 0.40],
    ]
)


def test_the_panel_worked_by_hand() -> None:
    found = angoff(PANEL, np.ones(6))
    assert found.judge_points == pytest.approx([3.70, 3.90, 3.45, 4.10, 3.85])
    assert found.cut.points == pytest.approx(3.8)
    assert found.cut.percent == pytest.approx(100 * 3.8 / 6)
    # Squares of the distances from 3.8: 0.01 + 0.01 + 0.1225 + 0.09 + 0.0025, of five judges.
    assert found.cut.se == pytest.approx(math.sqrt(0.235 / 4 / 5))
    assert found.item_mean == pytest.approx([0.91, 0.78, 0.64, 0.56, 0.51, 0.40])
    assert (found.item_lowest[0], found.item_highest[0]) == (0.85, 0.95)
    assert found.agreement.single > 0.9
    assert found.agreement.mean > found.agreement.single


def test_items_count_by_their_points() -> None:
    points = np.array([2.0, 1, 1, 1, 1, 0])
    assert angoff(PANEL, points).cut.points == pytest.approx((PANEL @ points).mean())


def test_a_judge_who_has_not_rated_everything_does_not_count() -> None:
    ratings = np.vstack([PANEL, [1.0, 1.0, 1.0, 1.0, 1.0, np.nan]])
    found = angoff(ratings, np.ones(6))
    assert found.complete.tolist() == [True] * 5 + [False]
    assert math.isnan(found.judge_points[5])
    assert found.cut == angoff(PANEL, np.ones(6)).cut


def test_one_judge_has_no_error_and_none_has_no_cut() -> None:
    one = angoff(PANEL[:1], np.ones(6))
    assert one.cut.points == pytest.approx(3.7)
    assert math.isnan(one.cut.se)
    assert np.isnan(one.item_sd).all()
    nobody = angoff(np.full((2, 6), np.nan), np.ones(6))
    assert math.isnan(nobody.cut.points)
    assert nobody.cut.judges == 0
    assert np.isnan(nobody.item_mean).all()
    assert math.isnan(angoff(np.zeros((0, 0)), np.zeros(0)).cut.points)


def test_ratings_are_shares() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        angoff(PANEL * 100, np.ones(6))
    with pytest.raises(ValueError, match="shape"):
        angoff(PANEL, np.ones(5))


@given(st.integers(0, 10_000), st.integers(2, 8), st.integers(1, 12))
@settings(deadline=None, max_examples=40)
def test_the_cut_is_the_sum_of_the_items_means_and_lies_among_the_judges(
    seed: int, judges: int, items: int
) -> None:
    random = np.random.default_rng(seed)
    ratings, points = random.random((judges, items)), random.integers(1, 5, items).astype(float)
    found = angoff(ratings, points)
    assert found.cut.points == pytest.approx(float(found.item_mean @ points))
    assert found.judge_points.min() - 1e-9 <= found.cut.points <= found.judge_points.max() + 1e-9
    mixed = angoff(ratings[::-1], points)
    assert mixed.cut == pytest.approx(found.cut)


def test_a_judge_who_rates_something_else_is_seen() -> None:
    facility = np.array([0.8, 0.7, 0.65, 0.5, 0.55, 0.3])
    found = realism(np.vstack([PANEL[0], PANEL[0][::-1], np.full(6, 0.5)]), facility)
    assert found[0] == pytest.approx(0.942857142857)
    assert found[1] == pytest.approx(-0.942857142857)
    assert math.isnan(found[2])


def test_an_item_lies_where_it_is_mastered_with_the_asked_probability() -> None:
    difficulty, points = np.array([0.5, -1.0, np.nan, 2.0]), np.array([1.0, 1, 1, 3])
    booklet = ordered_booklet(difficulty, points, mastery=0.67)
    assert booklet.order.tolist() == [1, 0, 3]
    chance = 1 / (1 + np.exp(-(booklet.location - difficulty[booklet.order])))
    assert chance == pytest.approx([0.67] * 3)
    half = ordered_booklet(difficulty, points, mastery=0.5)
    assert half.location == pytest.approx([-1.0, 0.5, 2.0])
    # Somebody infinitely able gets all that the booklet has.
    assert half.expected(np.array([-40.0, 40.0])) == pytest.approx([0, 5])


def test_the_cut_is_the_median_of_the_bookmarks() -> None:
    booklet = ordered_booklet(np.linspace(-2, 2, 9), np.ones(9), mastery=0.5)
    found = bookmark(np.array([4, 5, 5, 6, 9]), booklet)
    assert found.logits == pytest.approx(0)
    assert found.cut.points == pytest.approx(4.5)
    assert found.cut.percent == pytest.approx(50)
    sd = math.sqrt(sum((at - 0.4) ** 2 for at in (-0.5, 0, 0, 0.5, 2)) / 4)
    assert found.se_logits == pytest.approx(math.sqrt(math.pi / 2) * sd / math.sqrt(5))
    assert found.mean_deviation == pytest.approx((0.5 + 0.5 + 2) / 5)
    between = bookmark(np.array([4, 5]), booklet)
    assert between.logits == pytest.approx(-0.25)


def test_the_error_is_that_of_a_median() -> None:
    """Against medians drawn again and again from normal values."""
    random = np.random.default_rng(1)
    medians = np.median(random.normal(0, 1, (20_000, 101)), axis=1)
    assert medians.std() == pytest.approx(1.2533141373155003 / math.sqrt(101), rel=0.02)


@given(st.integers(0, 10_000), st.floats(0.3, 0.9))
@settings(deadline=None, max_examples=30)
def test_a_later_bookmark_never_lowers_the_cut(seed: int, mastery: float) -> None:
    random = np.random.default_rng(seed)
    booklet = ordered_booklet(
        random.normal(0, 1.5, 12), random.integers(1, 4, 12).astype(float), mastery=mastery
    )
    assert (np.diff(booklet.location) >= 0).all()
    pages = random.integers(1, 12, 5)
    before, after = bookmark(pages, booklet), bookmark(pages + 1, booklet)
    assert after.logits >= before.logits
    assert after.cut.points >= before.cut.points
    assert 0 < before.cut.percent < 100


def test_no_bookmark_has_no_cut_and_no_page_is_invented() -> None:
    booklet = ordered_booklet(np.zeros(3), np.ones(3))
    nobody = bookmark(np.zeros(0, np.int64), booklet)
    assert math.isnan(nobody.logits)
    assert nobody.cut.judges == 0
    assert math.isnan(bookmark(np.array([2]), booklet).se_logits)
    for pages in ([0], [4]):
        with pytest.raises(ValueError, match="page 1 to 3"):
            bookmark(np.array(pages), booklet)
    with pytest.raises(ValueError, match="probability"):
        ordered_booklet(np.zeros(3), np.ones(3), mastery=1)
