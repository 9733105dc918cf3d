import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.psychometrics.analysis import analyse
from examhall.psychometrics.persons import maximum_likelihood, separation_reliability, warm
from examhall.psychometrics.rasch import calibrate
from examhall.psychometrics.tally import tally

from .references import BY_ERM, HERE, numbers, reference, simulated, truth

LSAT6 = calibrate(reference("LSAT6_rows").marks).difficulty
# With an exact Newton solution, and TAM::tam.wle with the difficulties fixed.
LSAT6_WARM = [-2.79048082, -1.33759652, -0.41147870, 0.42192526, 1.33573092, 2.77647888]
LSAT6_WARM_SE = [1.72106, 1.11437, 0.98552, 0.98357, 1.10949, 1.71416]


def test_warm_estimates_are_those_of_tam() -> None:
    theta, se = warm(np.arange(6), LSAT6)
    assert theta == pytest.approx(LSAT6_WARM, abs=1e-8)
    assert se == pytest.approx(LSAT6_WARM_SE, abs=5e-6)


def test_warm_estimates_at_other_difficulties_are_those_of_tam() -> None:
    tam = json.loads((HERE / "LSAT6_mml_ref.json").read_text())["TAM_mml"]
    theta, se = warm(np.arange(6), np.array(tam["xsi"]))
    assert theta == pytest.approx(tam["wle_by_score"], abs=1e-4)
    assert se == pytest.approx(tam["wle_se"], abs=1e-4)


@pytest.mark.parametrize("name", BY_ERM)
def test_maximum_likelihood_estimates_are_those_of_erm(name: str) -> None:
    data = reference(name)
    said, found = data.said["persons"], calibrate(data.marks)
    counted = tally(data.marks).only(found.estimated)
    theta, se = maximum_likelihood(counted.score, found.difficulty, counted.here & found.estimated)
    # Scores of nothing and everything it fills in by a spline.
    regular = ~np.array(said["interpolated"])
    assert np.isfinite(theta[counted.cell]).tolist() == regular.tolist()
    assert theta[counted.cell][regular] == pytest.approx(numbers(said["theta_mle"])[regular], abs=1e-4)
    assert se[counted.cell][regular] == pytest.approx(numbers(said["se"])[regular], abs=3e-4)


@pytest.mark.parametrize("name", BY_ERM)
def test_the_separation_reliability_is_that_of_erm(name: str) -> None:
    data = reference(name)
    assert analyse(data.marks).separation == pytest.approx(data.said["SepRel"]["sep.rel"], abs=2e-4)


def test_the_truth_of_simulated_persons_is_found_within_the_errors() -> None:
    found = analyse(reference("sim_complete_1000x55").marks)
    off = (found.ability.theta - truth("sim_complete_1000x55")["true_theta"]) / found.ability.se
    assert abs(off.mean()) < 4 / np.sqrt(1000)
    assert np.sqrt((off**2).mean()) == pytest.approx(1, abs=0.1)


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=12), st.data())
def test_estimates_solve_their_equation(difficulty: list[float], data: st.DataObject) -> None:
    score = data.draw(st.integers(0, len(difficulty)))
    theta, se = warm(np.array([score]), np.array(difficulty))
    p = 1 / (1 + np.exp(np.array(difficulty) - theta))
    information = (p * (1 - p)).sum()
    tilt = (p * (1 - p) * (1 - 2 * p)).sum() / information / 2
    assert p.sum() == pytest.approx(score + tilt, abs=1e-8)
    assert se[0] == pytest.approx(1 / np.sqrt(information), rel=1e-9)


def test_more_right_is_always_more_able_and_the_complement_is_as_far_below() -> None:
    difficulty = np.random.default_rng(4).normal(0, 2, 60)
    score = np.arange(61)
    theta, se = warm(score, difficulty)
    assert (np.diff(theta) > 0).all()
    turned, turned_se = warm(60 - score, -difficulty)
    assert turned == pytest.approx(-theta, abs=1e-9)
    assert turned_se == pytest.approx(se, rel=1e-9)


def test_nothing_and_everything_right_have_finite_warm_estimates_and_infinite_likely_ones() -> None:
    score, difficulty = np.array([0, 3]), np.array([-8.0, 0.0, 8.0])
    assert np.isfinite(warm(score, difficulty)).all()
    theta, se = maximum_likelihood(score, difficulty)
    assert theta.tolist() == [-np.inf, np.inf]
    assert se.tolist() == [np.inf, np.inf]


def test_a_booklet_counts_its_own_items_alone() -> None:
    difficulty = np.array([-1.0, 0.0, 1.0, np.nan])
    presented = np.array([[True, False, True, False], [False] * 4])
    theta, se = warm(np.array([1, 0]), difficulty, presented)
    alone = warm(np.array([1]), difficulty[[0, 2]])
    assert (theta[0], se[0]) == (pytest.approx(alone.theta[0]), pytest.approx(alone.se[0]))
    assert np.isnan([theta[1], se[1]]).all()


@pytest.mark.parametrize("score", [-1, 4])
def test_a_score_out_of_range_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="score"):
        warm(np.array([score]), np.zeros(3))


def test_reliability_of_nobody_of_one_and_of_equals_is_unknown() -> None:
    for theta in ([], [1.0], [1.0, 1.0], [np.inf, 1.0]):
        assert np.isnan(separation_reliability(np.array(theta), np.ones(len(theta))))


def test_reliability_grows_with_the_number_of_items() -> None:
    reliability = [analyse(simulated(500, items, seed=8)).warm_reliability for items in (5, 20, 80)]
    assert reliability == sorted(reliability)
