"""Agreement of orders, classes and judges: against published examples, SciPy and statsmodels, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examhall.psychometrics.agreement import (
    crossed,
    fleiss_kappa,
    icc,
    inversions,
    kappa,
    kendall,
    ranks,
    spearman,
)
from examhall.psychometrics.consistency import consistency

SMALL = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=40)


def test_spearman_and_kendall_agree_with_scipy() -> None:
    one = [86, 97, 99, 100, 101, 103, 106, 110, 112, 113]
    other = [2, 20, 28, 27, 50, 29, 7, 17, 6, 12]
    assert spearman(np.array(one, float), np.array(other, float)) == pytest.approx(-0.17575757575757575)
    assert kendall(np.array(one, float), np.array(other, float)) == pytest.approx(-0.1111111111111111)


def test_they_agree_with_scipy_where_many_tie() -> None:
    one = [4, 0, 1, 1, 1, 4, 5, 3, 0, 0, 1, 2, 3, 2, 1, 0, 4, 4, 0, 0]
    one += [2, 2, 5, 3, 2, 2, 3, 3, 1, 4, 4, 5, 4, 1, 1, 3, 3, 4, 5, 1]
    other = [9, 0, 1, 6, 6, 5, 5, 4, 0, 5, 4, 5, 4, 4, 2, 4, 6, 4, 1, 4]
    other += [5, 4, 6, 3, 5, 5, 6, 8, 6, 5, 7, 8, 5, 2, 3, 7, 4, 8, 8, 2]
    assert spearman(np.array(one, float), np.array(other, float)) == pytest.approx(0.6192794056170967)
    assert kendall(np.array(one, float), np.array(other, float)) == pytest.approx(0.5034226335222874)


@given(SMALL)
@settings(deadline=None)
def test_kendall_counts_every_pair(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, float).T
    signs = np.sign(one[:, None] - one) * np.sign(other[:, None] - other)
    untied = [int((np.sign(part[:, None] - part) != 0).sum()) for part in (one, other)]
    expected = signs.sum() / math.sqrt(untied[0] * untied[1]) if all(untied) else math.nan
    assert kendall(one, other) == pytest.approx(expected, nan_ok=True)


@given(st.lists(st.integers(0, 40), max_size=60))
def test_inversions_are_pairs_out_of_order(values: list[int]) -> None:
    expected = sum(a > b for at, a in enumerate(values) for b in values[at + 1 :])
    assert inversions(np.array(values, int)) == expected


@given(SMALL)
@settings(deadline=None)
def test_only_the_order_counts(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, float).T
    for correlation in (spearman, kendall):
        before = correlation(one, other)
        assert correlation(one**3, np.exp(other / 4)) == pytest.approx(before, nan_ok=True)
        assert correlation(other, one) == pytest.approx(before, nan_ok=True)
        assert correlation(one, -other) == pytest.approx(-before, nan_ok=True)


def test_ties_share_their_ranks() -> None:
    assert ranks(np.array([3.0, 1, 3, 3, 2])).tolist() == [4, 1, 4, 4, 2]


def test_an_order_without_order_has_no_correlation() -> None:
    same, other = np.ones(5), np.arange(5.0)
    for correlation in (spearman, kendall):
        assert math.isnan(correlation(same, other))
        assert math.isnan(correlation(np.zeros(0), np.zeros(0)))
        assert correlation(np.array([1, np.nan, 2, 3]), np.array([1.0, 0, 2, 3])) == pytest.approx(1)
        with pytest.raises(ValueError, match="of the other"):
            correlation(same, np.zeros(4))


@pytest.mark.parametrize(
    ("weights", "expected", "error"),
    [
        (None, 0.4285714285714285, 0.0759588315346638),
        ("linear", 0.4923076923076922, 0.07172694274347052),
        ("quadratic", 0.5666666666666667, 0.07872409321944325),
    ],
)
def test_kappa_agrees_with_statsmodels(weights: str | None, expected: float, error: float) -> None:
    # Fleiss, Cohen & Everitt (1969), table 1: two psychiatrists, 100 patients, three diagnoses.
    found = kappa(np.array([[53, 5, 2], [11, 14, 5], [1, 6, 3]]), weights)
    assert found.kappa == pytest.approx(expected, abs=1e-12)
    assert found.se == pytest.approx(error, abs=1e-12)


@given(st.lists(st.integers(1, 50), min_size=4, max_size=4))
def test_with_two_classes_weights_change_nothing(cells: list[int]) -> None:
    table = np.array(cells).reshape(2, 2)
    assert kappa(table, "quadratic") == pytest.approx(kappa(table))


def test_kappas_ends() -> None:
    assert kappa(np.diag([5, 7, 2])) == pytest.approx((1, 1, 0))
    assert kappa(np.array([[0, 5], [5, 0]])).kappa == pytest.approx(-1)
    assert math.isnan(kappa(np.array([[9, 0], [0, 0]])).kappa)
    assert math.isnan(kappa(np.zeros((2, 2))).agreement)
    with pytest.raises(ValueError, match="square"):
        kappa(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="cubic"):
        kappa(np.eye(2), "cubic")


def test_fleiss_example_is_as_published() -> None:
    counts = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]]
    counts += [[7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]
    assert fleiss_kappa(np.array(counts)) == pytest.approx(0.20993070442195522)
    assert math.isnan(fleiss_kappa(np.array([[3, 0], [3, 0]])))
    assert math.isnan(fleiss_kappa(np.zeros((0, 2))))
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa(np.array([[3, 0], [1, 1]]))


def test_intraclass_correlations_are_as_published() -> None:
    """Shrout & Fleiss (1979), tables 2 and 4: six things, four judges: .29, .62 and .71."""
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = icc(np.array(ratings, float))
    assert found == pytest.approx((0.29, 0.62, 0.71), abs=0.005)


@given(st.integers(0, 1000), st.integers(2, 6), st.floats(-20, 20))
@settings(deadline=None, max_examples=30)
def test_a_stricter_judge_does_not_lower_consistency(seed: int, judges: int, shift: float) -> None:
    random = np.random.default_rng(seed)
    ratings = random.normal(50, 10, (8, 1)) + random.normal(0, 3, (8, judges))
    stricter = ratings.copy()
    stricter[:, 0] -= shift
    assert icc(stricter).consistency == pytest.approx(icc(ratings).consistency, abs=1e-9)


def test_judges_without_anything_to_tell_apart() -> None:
    assert np.isnan(icc(np.ones((5, 3)))).all()
    assert np.isnan(icc(np.ones((5, 1)))).all()
    assert np.isnan(icc(np.array([[1.0, np.nan], [2.0, 3.0]]))).all()
    assert icc(np.repeat([[1.0], [5.0], [3.0]], 4, axis=1)) == pytest.approx((1, 1, 1))


def test_who_moved_from_which_class_to_which() -> None:
    assert crossed(np.array([0, 1, 1, -1, 2]), np.array([0, 1, 2, 0, -1]), 3).tolist() == [
        [1, 0, 0],
        [0, 1, 1],
        [0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("z", "reliability", "both"),
    # scipy.stats.multivariate_normal.cdf
    [
        (-0.5, 0.6, 0.1795603330309794),
        (0.2, 0.85, 0.4927530586718412),
        (1.3, 0.95, 0.8816438580537722),
        (0.0, 0.5, 1 / 3),
    ],
)
def test_decision_consistency_is_that_of_a_bivariate_normal(
    z: float, reliability: float, both: float
) -> None:
    scores = np.array([-1.0, 0.0, 1.0])
    fail = (1 + math.erf(z / math.sqrt(2))) / 2
    found = consistency(scores, z + 0.5, reliability)
    assert found.agreement == pytest.approx(1 + 2 * (both - fail), abs=1e-8)
    assert found.kappa == pytest.approx((both - fail**2) / (fail - fail**2), abs=1e-7)


def test_a_perfectly_reliable_test_decides_the_same_again() -> None:
    scores = np.random.default_rng(1).normal(50, 10, 500)
    assert consistency(scores, 55, 1.0) == pytest.approx((1, 1), abs=1e-4)
    chance = consistency(scores, 55, 0.0)
    assert chance.kappa == pytest.approx(0, abs=1e-12)
    assert 0.5 <= chance.agreement < consistency(scores, 55, 0.8).agreement < 1


def test_consistency_of_nothing_is_not_a_number() -> None:
    assert np.isnan(consistency(np.zeros(0), 5, 0.8)).all()
    assert np.isnan(consistency(np.ones(5), 5, 0.8)).all()
    assert np.isnan(consistency(np.arange(5.0), 5, math.nan)).all()
    assert np.isnan(consistency(np.arange(5.0), 5, -0.2)).all()
