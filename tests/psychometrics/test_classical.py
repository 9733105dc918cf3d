import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examhall.psychometrics.classical import alpha, classical, distractors

from .references import simulated

MARKS = arrays.arrays(np.int8, st.tuples(st.integers(2, 20), st.integers(2, 8)), elements=st.integers(0, 1))


@given(MARKS)
def test_complete_data_give_the_textbook_figures(marks: np.ndarray) -> None:
    found = classical(marks)
    assert found.facility == pytest.approx(marks.mean(axis=0))
    for item in range(marks.shape[1]):
        mine, rest = marks[:, item].astype(float), np.delete(marks, item, axis=1).sum(axis=1)
        if np.ptp(mine) and np.ptp(rest):
            expected = np.corrcoef(mine, rest)[0, 1]
            assert found.discrimination[item] == pytest.approx(expected, abs=1e-9)
        else:
            assert np.isnan(found.discrimination[item])


def test_kr20_is_cronbachs_alpha_and_gives_the_error_of_measurement() -> None:
    marks = simulated(400, 20, seed=1)
    found = classical(marks)
    covariance = np.cov(marks.T)
    expected = 20 / 19 * (1 - np.trace(covariance) / covariance.sum())
    assert found.kr20 == pytest.approx(expected)
    assert alpha(marks.astype(float)) == pytest.approx(expected)
    assert found.sem == pytest.approx(np.sqrt(covariance.sum() * (1 - expected)))
    assert found.reliable_persons == 400


def test_right_for_wrong_changes_facility_but_neither_discrimination_nor_reliability() -> None:
    marks = simulated(100, 10, seed=2)
    straight, turned = classical(marks), classical(1 - marks)
    assert turned.facility == pytest.approx(1 - straight.facility)
    assert turned.discrimination == pytest.approx(straight.discrimination)
    assert turned.kr20 == pytest.approx(straight.kr20)


def test_booklets_are_averaged_by_their_persons() -> None:
    marks = np.full((105, 9), -1, np.int8)
    marks[:60, :6], marks[60:100, 3:] = simulated(60, 6, seed=3), simulated(40, 6, seed=4)
    # Five with items of their own choice: too few to say anything about.
    marks[100:] = [1, 0, 1, -1, -1, -1, -1, 0, 1]
    marks[100:103, 0] = 0
    found, first, second = classical(marks), classical(marks[:60, :6]), classical(marks[60:100, 3:])
    assert found.kr20 == pytest.approx(0.6 * first.kr20 + 0.4 * second.kr20)
    assert found.sem == pytest.approx(0.6 * first.sem + 0.4 * second.sem)
    assert found.reliable_persons == 100
    assert found.presented.tolist() == [65, 65, 65, 100, 100, 100, 40, 45, 45]


def test_persons_and_items_without_spread_have_no_correlation() -> None:
    found = classical(np.array([[1, 1, 0]] * 12))
    assert found.facility.tolist() == [1, 1, 0]
    assert np.isnan(found.discrimination).all()
    assert np.isnan([found.kr20, found.sem]).all()


@pytest.mark.parametrize("marks", [np.zeros((0, 2)), np.full((3, 2), -1), np.array([[1.0], [0.0]])])
def test_nobody_nothing_and_a_single_item_are_no_error(marks: np.ndarray) -> None:
    found = classical(marks)
    assert np.isnan(found.kr20)
    assert found.reliable_persons == 0


def test_alpha_of_points_leaves_out_the_incomplete() -> None:
    points = np.array([[2.0, 1.0, 0.5], [1.0, 1.0, 0.0], [0.0, 0.5, 0.0], [2.0, np.nan, 1.0]])
    assert alpha(points) == pytest.approx(alpha(points[:3]))
    assert np.isnan(alpha(points[:1]))
    assert np.isnan(alpha(np.ones((5, 3))))


def test_a_distractor_that_draws_the_able_beats_the_key() -> None:
    random = np.random.default_rng(5)
    right = simulated(500, 20, seed=6)
    choices = np.where(right == 1, 0, random.integers(1, 4, right.shape)).astype(np.int8)
    able = right[:, 1:].sum(axis=1) > 12
    # On the first item the able take option 2 for the key, which is option 0.
    choices[:, 0] = np.where(able, 2, random.integers(0, 2, 500))
    right[:, 0] = choices[:, 0] == 0
    found = distractors(choices, right, 4)
    assert found.discrimination[0, 2] > 0.5 > 0 > found.discrimination[0, 0]
    assert (found.discrimination[1:, 0] > found.discrimination[1:, 1:].max(axis=1)).all()
    assert found.chosen.sum(axis=1).tolist() == [500] * 20
    key = classical(right).discrimination
    assert found.discrimination[:, 0] == pytest.approx(key)


def test_who_did_not_have_an_item_chose_nothing_of_it() -> None:
    right = np.array([[1, 1, 0], [0, 1, 1], [-1, 1, 0], [1, 0, 0]])
    choices = np.array([[0, 0, 1], [1, 0, 0], [0, 0, -1], [0, 1, 1]], np.int8)
    found = distractors(choices, right, 2)
    assert found.chosen.tolist() == [[2, 1], [3, 1], [1, 2]]
    assert found.rest[0].tolist() == [0.25, 1.0]


@pytest.mark.parametrize("choices", [np.zeros((2, 3), np.int8), np.full((2, 2), 4, np.int8)])
def test_choices_that_do_not_belong_to_the_marks_are_refused(choices: np.ndarray) -> None:
    with pytest.raises(ValueError, match="choice"):
        distractors(choices, np.zeros((2, 2)), 4)
