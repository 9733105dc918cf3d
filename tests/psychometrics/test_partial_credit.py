import json
from itertools import product

import numpy as np
import pytest

from examhall.psychometrics.arrays import Floats, Marks
from examhall.psychometrics.partial_credit import PartialCredit, calibrate_partial_credit, warm_partial_credit
from examhall.psychometrics.persons import warm
from examhall.psychometrics.rasch import calibrate

from .references import HERE, reference

# psychotools::pcmodel(reltol = 1e-15) of R 4.2.2, its parameters and their covariance turned into
# thresholds and locations whose items add up to 0.
SAID = json.loads((HERE / "partial_credit_400x8_ref.json").read_text())


def points(kind: str) -> Marks:
    """400 simulated persons, 8 items of 1 to 4 points; as booklets the first 100 and the last 100 had six."""
    lines = (HERE / "partial_credit_400x8.csv").read_text().splitlines()[1:]
    marks = np.array([[int(cell) for cell in line.split(",")] for line in lines], np.int8)
    if kind == "booklets":
        marks[:100, 6:] = -1
        marks[300:, :2] = -1
    return marks


def flat(found: Floats) -> Floats:
    return found[~np.isnan(found)]


@pytest.mark.parametrize("kind", ["complete", "booklets"])
def test_thresholds_and_errors_are_those_of_psychotools(kind: str) -> None:
    said, found = SAID[kind], calibrate_partial_credit(points(kind))
    assert flat(found.threshold) == pytest.approx(said["threshold"], abs=1e-6)
    assert flat(found.threshold_se) == pytest.approx(said["threshold_se"], abs=1e-7)
    assert found.location == pytest.approx(said["location"], abs=1e-6)
    assert found.location_se == pytest.approx(said["location_se"], abs=1e-7)
    assert found.log_likelihood == pytest.approx(said["cml_loglik"], abs=1e-8)
    assert found.residual < 1e-6
    assert found.problems == ()


@pytest.mark.parametrize("name", ["LSAT6_rows", "sim_booklets2_400x55"])
def test_items_of_one_point_are_rasch_items(name: str) -> None:
    marks = reference(name).marks
    found, rasch = calibrate_partial_credit(marks), calibrate(marks)
    assert found.location == pytest.approx(rasch.difficulty, abs=1e-9)
    assert found.location_se == pytest.approx(rasch.se, abs=1e-9)
    assert found.log_likelihood == pytest.approx(rasch.log_likelihood, abs=1e-8)


def test_the_order_of_persons_and_items_does_not_matter() -> None:
    marks = points("booklets")
    random = np.random.default_rng(2)
    persons, items = random.permutation(400), random.permutation(8)
    straight, shuffled = calibrate_partial_credit(marks), calibrate_partial_credit(marks[persons][:, items])
    assert shuffled.threshold == pytest.approx(straight.threshold[items], abs=1e-9, nan_ok=True)


def test_points_lost_for_points_won_turns_thresholds_round() -> None:
    marks = points("complete")
    most = marks.max(axis=0)
    straight, turned = calibrate_partial_credit(marks), calibrate_partial_credit(most - marks)
    for item, m in enumerate(most):
        assert turned.threshold[item, :m] == pytest.approx(-straight.threshold[item, :m][::-1], abs=1e-9)


def test_the_likelihood_is_that_of_all_answers_counted_one_by_one() -> None:
    marks = points("complete")[:40, :4]
    found = calibrate_partial_credit(marks)
    cost = [np.concatenate([[0], np.cumsum(flat(row))]) for row in found.threshold]
    weight: dict[int, float] = {}
    for answer in product(*(range(len(c)) for c in cost)):
        weight[sum(answer)] = weight.get(sum(answer), 0) + np.exp(
            -sum(c[a] for c, a in zip(cost, answer, strict=True))
        )
    expected = sum(
        -sum(c[a] for c, a in zip(cost, person, strict=True)) - np.log(weight[person.sum()])
        for person in marks
        if 0 < person.sum() < sum(len(c) - 1 for c in cost)
    )
    assert found.log_likelihood == pytest.approx(expected)


def named(marks: Marks) -> dict[str, tuple[int, ...]]:
    return {problem.kind: problem.items for problem in calibrate_partial_credit(marks).problems}


def test_items_without_an_estimate_are_named_and_the_rest_estimated() -> None:
    marks = np.concatenate([points("complete"), np.full((400, 3), 2, np.int8)], axis=1)
    marks[:, 9] = -1
    marks[::2, 10] = 0
    found = calibrate_partial_credit(marks)
    assert named(marks) == {"nobody_had": (9,), "all_the_same": (8,), "unused_points": (10,)}
    assert flat(found.threshold) == pytest.approx(SAID["complete"]["threshold"], abs=1e-6)
    assert np.isnan(found.location[8:]).all()


def test_booklets_without_a_common_item_are_not_connected() -> None:
    marks = points("complete")
    marks[:200, 4:] = -1
    marks[200:, :4] = -1
    found: PartialCredit = calibrate_partial_credit(marks)
    assert named(marks) == {"not_connected": tuple(range(8))}
    assert np.isnan(found.threshold).all()


def test_perfectly_ordered_points_have_no_estimate() -> None:
    ladder = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0], [2, 2, 1], [2, 2, 2]] * 3)
    assert set(named(ladder)) == {"not_connected"}


def test_nobody_is_no_error() -> None:
    assert named(np.zeros((0, 3), np.int8))["nobody_had"] == (0, 1, 2)


@pytest.mark.parametrize("marks", [np.array([[0.5]]), np.array([[128]]), np.array([[-2]]), np.zeros(3)])
def test_anything_but_a_matrix_of_points_is_refused(marks: np.ndarray) -> None:
    with pytest.raises(ValueError, match="points"):
        calibrate_partial_credit(marks)


def test_persons_stand_where_the_rasch_model_puts_them_on_items_of_one_point() -> None:
    difficulty, score = np.array([-1.0, 0.2, 0.8, 2.0]), np.arange(5)
    found, rasch = warm_partial_credit(score, difficulty[:, None]), warm(score, difficulty)
    assert found.theta == pytest.approx(rasch.theta, abs=1e-9)
    assert found.se == pytest.approx(rasch.se, abs=1e-9)


def test_the_estimate_of_a_person_maximises_warms_weighted_likelihood() -> None:
    threshold = np.array([[-1.0, 0.5, np.nan], [0.0, -0.5, 1.5], [0.3, np.nan, np.nan]])
    grid = np.linspace(-8, 8, 160_001)
    cost = [np.concatenate([[0], np.cumsum(flat(row))]) for row in threshold]
    logits = [grid[:, None] * np.arange(len(c)) - c for c in cost]
    normal = sum(np.log(np.exp(logit).sum(axis=1)) for logit in logits)
    chance = [np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True) for logit in logits]
    information = sum(
        (p * np.arange(p.shape[1]) ** 2).sum(axis=1) - (p * np.arange(p.shape[1])).sum(axis=1) ** 2
        for p in chance
    )
    for total in range(7):
        best = np.argmax(total * grid - normal + np.log(information) / 2)
        theta, se = warm_partial_credit(np.array([total]), threshold)
        assert theta[0] == pytest.approx(grid[best], abs=1e-4)
        assert se[0] == pytest.approx(1 / np.sqrt(information[best]), abs=1e-3)


def test_a_sum_of_points_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="sum of points"):
        warm_partial_credit(np.array([3]), np.array([[0.0, 1.0]]))
