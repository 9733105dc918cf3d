import numpy as np
import pytest

from examhall.psychometrics.analysis import analyse
from examhall.psychometrics.classical import classical
from examhall.psychometrics.persons import warm
from examhall.psychometrics.rasch import calibrate

from .references import reference, simulated


def test_everything_in_one_call_is_what_each_part_says() -> None:
    marks = reference("sim_booklets2_400x55").marks
    found = analyse(marks)
    alone = calibrate(marks)
    assert found.calibration.difficulty.tolist() == alone.difficulty.tolist()
    assert found.classical.discrimination.tolist() == classical(marks).discrimination.tolist()
    assert found.score.tolist() == (marks == 1).sum(axis=1).tolist()
    assert found.presented.tolist() == (marks >= 0).sum(axis=1).tolist()
    theta, se = warm((marks == 1).sum(axis=1), alone.difficulty, marks >= 0)
    assert found.ability.theta == pytest.approx(theta, abs=1e-9)
    assert found.ability.se == pytest.approx(se, abs=1e-9)


def test_right_for_wrong_turns_persons_and_items_round_and_leaves_fit() -> None:
    marks = reference("sim_booklets2_400x55").marks
    straight, turned = analyse(marks), analyse(np.where(marks < 0, -1, 1 - marks))
    assert turned.ability.theta == pytest.approx(-straight.ability.theta, abs=1e-8)
    assert turned.item_fit.outfit == pytest.approx(straight.item_fit.outfit, abs=1e-8)
    assert turned.person_fit.infit_t == pytest.approx(straight.person_fit.infit_t, abs=1e-7, nan_ok=True)
    assert turned.separation == pytest.approx(straight.separation, abs=1e-9)


def test_the_order_of_persons_and_items_does_not_matter() -> None:
    marks = reference("sim_mcar_300x40").marks
    random = np.random.default_rng(3)
    persons, items = random.permutation(300), random.permutation(40)
    straight, shuffled = analyse(marks), analyse(marks[persons][:, items])
    assert shuffled.ability.theta == pytest.approx(straight.ability.theta[persons], abs=1e-9)
    assert shuffled.item_fit.infit == pytest.approx(straight.item_fit.infit[items], abs=1e-9)
    assert shuffled.person_fit.outfit == pytest.approx(
        straight.person_fit.outfit[persons], abs=1e-8, nan_ok=True
    )


def test_a_person_s_ability_rests_on_the_items_that_were_estimated() -> None:
    marks = np.concatenate([simulated(100, 10, seed=1), np.ones((100, 1), np.int8)], axis=1)
    found, without = analyse(marks), analyse(marks[:, :10])
    assert found.ability.theta.tolist() == without.ability.theta.tolist()
    assert found.score.tolist() == (without.score + 1).tolist()
    assert np.isnan([found.item_fit.infit[10], found.calibration.se[10]]).all()


def test_persons_with_none_of_the_items_estimated_have_no_ability() -> None:
    marks = np.full((60, 7), -1)
    marks[:20, :3], marks[20:, 3:] = simulated(20, 3, seed=1), simulated(40, 4, seed=2)
    found = analyse(marks)
    assert np.isnan(found.ability.theta[:20]).all()
    assert np.isfinite(found.ability.theta[20:]).all()


@pytest.mark.parametrize(
    "marks",
    [
        np.zeros((0, 4)),
        np.zeros((1, 4)),
        np.ones((6, 4)),
        np.full((6, 4), np.nan),
        np.tri(6, 4, -1),
        np.eye(1),
    ],
    ids=["nobody", "one person", "all right", "nothing presented", "a ladder", "one item"],
)
def test_what_cannot_be_estimated_is_nan_in_the_right_shape_and_said(marks: np.ndarray) -> None:
    found = analyse(marks)
    persons, items = marks.shape
    assert found.calibration.problems
    for part in (found.calibration.difficulty, *found.item_fit):
        assert part.shape == (items,)
        assert np.isnan(part).all()
    for part in (*found.ability, *found.person_fit):
        assert part.shape == (persons,)
        assert np.isnan(part).all()
    assert np.isnan([found.separation, found.warm_reliability]).all()


def test_the_matrix_is_left_as_it_was() -> None:
    marks = simulated(50, 9, seed=4)
    before = marks.copy()
    analyse(marks)
    assert (marks == before).all()
