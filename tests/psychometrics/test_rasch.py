import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examhall.psychometrics.rasch import calibrate

from .references import ALL, BY_ERM, BY_PSYCHOTOOLS, SIMULATED, numbers, reference, simulated, truth

# Simulated as right, wrong and not presented, of few persons and items: most have something odd about them.
ODD_MARKS = arrays.arrays(
    np.int8, st.tuples(st.integers(0, 12), st.integers(1, 6)), elements=st.integers(-1, 1)
)


@pytest.mark.parametrize("name", BY_PSYCHOTOOLS)
def test_difficulties_and_errors_are_those_of_psychotools(name: str) -> None:
    data = reference(name)
    said, found = data.said["psychotools"], calibrate(data.marks)
    kept, difficulty = found.estimated, numbers(said["difficulty_sum0"])
    if not kept.all():
        # It lists these in the wrong places when items are left out.
        difficulty = numbers(said["difficulty_first0"])
        difficulty -= difficulty.mean()
    assert found.difficulty[kept] == pytest.approx(difficulty, abs=1e-6)
    assert found.se[kept] == pytest.approx(numbers(said["se_sum0"]), abs=1e-7)
    assert found.log_likelihood == pytest.approx(said["cml_loglik"], abs=1e-9)


@pytest.mark.parametrize("name", BY_PSYCHOTOOLS)
def test_errors_with_the_first_item_at_zero_are_those_of_psychotools(name: str) -> None:
    data = reference(name)
    said, found = data.said["psychotools"], calibrate(data.marks)
    difficulty, se = found.from_item(0)
    # Twice as far as above: psychotools stops a little short of the maximum, in both items.
    assert difficulty[found.estimated] == pytest.approx(numbers(said["difficulty_first0"]), abs=2e-6)
    assert se[found.estimated] == pytest.approx(numbers(said["se_first0"]), abs=1e-7)


@pytest.mark.parametrize("name", BY_ERM)
def test_difficulties_and_errors_are_those_of_erm_as_far_as_it_is_exact(name: str) -> None:
    data = reference(name)
    said, found = data.said["eRm_RM"], calibrate(data.marks)
    assert found.estimated.tolist() == data.used().tolist()
    assert found.difficulty[found.estimated] == pytest.approx(numbers(said["difficulty"]), abs=3e-4)
    assert found.se[found.estimated] == pytest.approx(numbers(said["se_sum0"]), abs=2e-4)
    assert found.log_likelihood == pytest.approx(said["cml_loglik"], abs=2e-6)


@pytest.mark.parametrize("name", ALL)
def test_expected_scores_of_items_equal_the_observed_ones(name: str) -> None:
    found = calibrate(reference(name).marks)
    assert found.residual < 1e-6
    assert np.nansum(found.difficulty) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("name", SIMULATED)
def test_the_truth_of_simulated_data_is_found_within_the_errors(name: str) -> None:
    found = calibrate(reference(name).marks)
    kept = found.estimated
    true = truth(name)["true_difficulty"][kept]
    off = (found.difficulty[kept] - (true - true.mean())) / found.se[kept]
    assert np.abs(off).max() < 4
    # The sum of squares is about chi-squared, as many degrees of freedom as items less one.
    items = kept.sum()
    assert abs((off**2).sum() - (items - 1)) < 4 * np.sqrt(2 * (items - 1))


@pytest.mark.parametrize("name", ["sim_booklets2_400x55", "sim_mcar_300x40", "LSAT6_rows"])
def test_the_order_of_persons_and_items_does_not_matter(name: str) -> None:
    marks = reference(name).marks
    random = np.random.default_rng(3)
    persons, items = random.permutation(len(marks)), random.permutation(marks.shape[1])
    straight, shuffled = calibrate(marks), calibrate(marks[persons][:, items])
    assert shuffled.difficulty == pytest.approx(straight.difficulty[items], abs=1e-10)
    assert shuffled.se == pytest.approx(straight.se[items], abs=1e-10)
    assert shuffled.log_likelihood == pytest.approx(straight.log_likelihood, rel=1e-12)


@pytest.mark.parametrize("name", ["sim_booklets2_400x55", "LSAT6_rows"])
def test_right_for_wrong_turns_hard_into_easy(name: str) -> None:
    marks = reference(name).marks
    straight, turned = calibrate(marks), calibrate(np.where(marks < 0, -1, 1 - marks))
    assert turned.difficulty == pytest.approx(-straight.difficulty, abs=1e-10)
    assert turned.se == pytest.approx(straight.se, abs=1e-10)


def test_everybody_twice_leaves_difficulties_and_shrinks_errors_by_the_root_of_two() -> None:
    marks = simulated(200, 12, seed=5)
    once, twice = calibrate(marks), calibrate(np.concatenate([marks, marks]))
    assert twice.difficulty == pytest.approx(once.difficulty, abs=1e-9)
    assert twice.se == pytest.approx(once.se / np.sqrt(2), rel=1e-7)


def test_two_items_have_the_closed_solution() -> None:
    # 30 persons had the first item alone right, 12 the second alone; all others say nothing.
    marks = np.array([[1, 0]] * 30 + [[0, 1]] * 12 + [[1, 1], [0, 0]] * 9)
    found = calibrate(marks)
    assert found.difficulty[1] - found.difficulty[0] == pytest.approx(np.log(30 / 12))
    assert found.from_item(0)[1][1] == pytest.approx(np.sqrt(1 / 30 + 1 / 12))


def test_three_hundred_items_are_as_exact_as_three() -> None:
    marks = simulated(800, 300, seed=6)
    found = calibrate(marks)
    assert found.residual < 1e-9
    assert found.estimated.all()
    assert found.difficulty == pytest.approx(np.linspace(-2, 2, 300), abs=0.5)
    assert np.corrcoef(found.difficulty, np.linspace(-2, 2, 300))[0, 1] > 0.99


def test_many_patterns_worked_out_in_pieces_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = reference("sim_mcar_300x40").marks
    whole = calibrate(marks)
    monkeypatch.setattr("examhall.psychometrics.conditional.AT_ONCE", 5_000)
    assert calibrate(marks).difficulty == pytest.approx(whole.difficulty, abs=1e-10)
    assert calibrate(marks).se == pytest.approx(whole.se, abs=1e-12)


def named(marks: np.ndarray) -> dict[str, tuple[int, ...]]:
    return {problem.kind: problem.items for problem in calibrate(marks).problems}


def test_items_that_all_or_none_had_right_are_named_and_the_rest_estimated() -> None:
    found = calibrate(reference("sim_tiny_extreme_12x10").marks)
    assert {problem.kind: problem.items for problem in found.problems} == {
        "everybody_right": (8,),
        "nobody_right": (3,),
    }
    assert np.flatnonzero(np.isnan(found.difficulty)).tolist() == [3, 8]


def test_an_item_missed_only_by_one_who_had_nothing_right_has_no_estimate_either() -> None:
    marks = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 0], [1, 0, 1], [0, 0, 0]])
    assert named(marks) == {"everybody_right": (0,)}


def test_an_item_that_nobody_had_is_named() -> None:
    marks = np.array([[1, 0, -1], [0, 1, -1]])
    assert named(marks) == {"nobody_had": (2,)}


def test_booklets_without_a_common_item_are_named_and_the_larger_one_estimated() -> None:
    marks = np.full((200, 7), -1)
    marks[:100, :3], marks[100:, 3:] = simulated(100, 3, seed=1), simulated(100, 4, seed=2)
    assert named(marks) == {"not_connected": (0, 1, 2), "no_item": ()}
    assert calibrate(marks).problems[1].persons == 100
    assert calibrate(marks).estimated.tolist() == [False] * 3 + [True] * 4


def test_one_person_who_had_both_booklets_is_not_enough_if_all_answers_point_one_way() -> None:
    marks = np.full((201, 7), -1)
    marks[:100, :3], marks[100:200, 3:] = simulated(100, 3, seed=1), simulated(100, 4, seed=2)
    marks[200] = [1, 1, 1, 0, 0, 0, 0]
    assert named(marks) == {"not_connected": (0, 1, 2), "no_item": ()}
    # The other way round as well, and all items can be compared.
    both_ways = np.concatenate([marks, [[0, 0, 0, 1, 1, 1, 1]]])
    assert named(both_ways) == {}
    assert calibrate(both_ways).estimated.all()


def test_perfectly_ordered_answers_have_no_estimate_at_all() -> None:
    ladder = np.tril(np.ones((6, 5), int), -1)
    found = calibrate(ladder)
    assert not found.estimated.any()
    assert np.isnan(found.log_likelihood)
    assert [problem.kind for problem in found.problems][-1] == "too_few_items"


@pytest.mark.parametrize(
    "marks", [np.zeros((0, 3)), np.zeros((5, 3)), np.ones((5, 3)), np.full((5, 3), np.nan)]
)
def test_without_any_information_everything_is_named_and_nothing_guessed(marks: np.ndarray) -> None:
    found = calibrate(marks)
    assert np.isnan(found.difficulty).all()
    assert {item for problem in found.problems for item in problem.items} == {0, 1, 2}


@settings(max_examples=200, deadline=None)
@given(ODD_MARKS)
def test_every_item_is_either_estimated_or_named_once(marks: np.ndarray) -> None:
    found = calibrate(marks)
    left_out = [item for problem in found.problems for item in problem.items]
    assert sorted([*left_out, *np.flatnonzero(found.estimated)]) == list(range(marks.shape[1]))
    if found.estimated.any():
        assert found.residual < 1e-6
        assert np.isfinite(found.se[found.estimated]).all()


@pytest.mark.parametrize(
    "marks",
    [np.array([[0, 2]]), np.array([[0.5, 1]]), np.array([1, 0]), np.zeros((3, 0)), np.array([[-2, 0]])],
)
def test_anything_but_a_matrix_of_marks_is_refused(marks: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mark"):
        calibrate(marks)
