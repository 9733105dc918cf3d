import numpy as np
import pytest

from examhall.psychometrics.rasch import calibrate
from examhall.psychometrics.scaled import Line, line_through, link_by_common_items, scaled_scores

from .references import simulated


def test_a_scale_has_the_mean_and_spread_that_were_asked_for() -> None:
    theta = np.append(np.random.default_rng(1).normal(0.7, 1.3, 200), [np.nan, np.inf])
    scaled = line_through(theta, mean=500, spread=100).of(theta[:200])
    assert scaled.mean() == pytest.approx(500)
    assert scaled.std(ddof=1) == pytest.approx(100)


@pytest.mark.parametrize(
    ("theta", "spread"),
    [([1.0], 100), ([1.0, 1.0], 100), ([], 100), ([0.0, 1.0], 0), ([0.0, 1.0], float("nan"))],
)
def test_a_scale_needs_something_to_stretch_and_somewhere_to_stretch_it_to(
    theta: list[float], spread: float
) -> None:
    with pytest.raises(ValueError, match=r"spread|different"):
        line_through(np.array(theta), mean=500, spread=spread)


def test_scaled_scores_are_whole_points_between_the_ends() -> None:
    scaled = scaled_scores(
        np.array([-20.0, 0.0049, 0.0051, 20.0, np.nan]), Line(100, 500), lowest=200, highest=800
    )
    assert scaled.tolist()[:4] == [200, 500, 501, 800]
    assert np.isnan(scaled[4])


def test_the_same_items_moved_and_stretched_are_moved_and_stretched_back() -> None:
    earlier = np.array([-1.2, 0.1, 0.4, np.nan, 2.0])
    new = (earlier - 0.7) / 1.3
    new[1] = np.nan
    link = link_by_common_items(new, earlier, stretch=True)
    assert link.line == pytest.approx((1.3, 0.7))
    assert link.shift[[0, 2, 4]] == pytest.approx(0, abs=1e-12)
    assert np.isnan(link.shift[[1, 3]]).all()


def test_without_stretching_only_the_mean_moves() -> None:
    link = link_by_common_items(np.array([-1.0, 1.0]), np.array([0.0, 3.0]))
    assert link.line == (1.0, 1.5)
    assert link.shift.tolist() == [-0.5, 0.5]


def test_an_item_that_became_easier_stands_out() -> None:
    earlier = np.linspace(-2, 2, 9)
    new = earlier - 0.3
    new[4] -= 1.0
    shift = link_by_common_items(new, earlier).shift
    assert np.abs(shift).argmax() == 4


def test_two_halves_of_a_test_linked_by_common_items_agree_with_the_whole() -> None:
    marks = simulated(4000, 30, seed=3)
    first, second = calibrate(marks[:2000, :20]), calibrate(marks[2000:, 10:])
    link = link_by_common_items(second.difficulty[:10], first.difficulty[10:])
    together = calibrate(marks).difficulty
    linked = np.concatenate([first.difficulty, link.line.of(second.difficulty[10:])])
    assert linked - linked.mean() == pytest.approx(together, abs=0.2)


def test_lines_follow_each_other() -> None:
    first, second = Line(2.0, 1.0), Line(10.0, 500.0)
    x = np.array([-1.0, 0.5])
    assert second.after(first).of(x) == pytest.approx(second.of(first.of(x)))
    assert second.of_errors(np.array([0.3])) == pytest.approx([3.0])


@pytest.mark.parametrize(
    ("new", "earlier", "stretch"),
    [([], [], False), ([np.nan], [1.0], False), ([1.0], [1.0], True), ([1.0, 1.0], [0.0, 2.0], True)],
)
def test_without_enough_in_common_there_is_no_link(
    new: list[float], earlier: list[float], stretch: bool
) -> None:
    with pytest.raises(ValueError, match="common"):
        link_by_common_items(np.array(new), np.array(earlier), stretch=stretch)


def test_items_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="2 new difficulties, but 3"):
        link_by_common_items(np.zeros(2), np.zeros(3))
