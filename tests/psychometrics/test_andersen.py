import numpy as np
import pytest

from examhall.psychometrics.andersen import andersen_test, chi_squared_tail
from examhall.psychometrics.arrays import Bools, Marks

from .references import BY_ERM, reference, simulated

# On this one it gave up.
WITH_TEST = [name for name in BY_ERM if name != "sim_tiny_extreme_12x10"]


@pytest.mark.parametrize("name", [name for name in WITH_TEST if name != "LSAT6_rows"])
def test_the_split_at_the_median_is_that_of_erm(name: str) -> None:
    data = reference(name)
    said, found = data.said["LRtest_median"], andersen_test(data.marks)
    assert found.df == said["df"]
    assert found.statistic == pytest.approx(said["LR"], abs=1e-4)
    assert found.p == pytest.approx(said["p"], abs=1e-5)


def above_mean(marks: Marks) -> Bools:
    """As eRm splits: with missing answers, at the mean of those with the same ones, which counts as above."""
    score = (marks == 1).sum(axis=1)
    if (marks >= 0).all():
        return np.asarray(score > score.mean())
    above = np.zeros(len(marks), bool)
    for pattern in np.unique(marks >= 0, axis=0):
        mine = ((marks >= 0) == pattern).all(axis=1)
        above[mine] = score[mine] >= score[mine].mean()
    return above


@pytest.mark.parametrize("name", WITH_TEST)
def test_the_split_at_the_mean_is_that_of_erm(name: str) -> None:
    data = reference(name)
    said, found = data.said["LRtest_mean"], andersen_test(data.marks, above_mean(data.marks))
    assert found.df == said["df"]
    assert found.statistic == pytest.approx(said["LR"], abs=1e-4)
    assert found.p == pytest.approx(said["p"], abs=1e-5)


def test_an_item_hard_for_one_group_and_easy_for_another_is_found() -> None:
    marks = simulated(1000, 12, seed=13)
    groups = np.arange(1000) % 2
    assert andersen_test(marks, groups).p > 0.001
    marks[groups == 1, 11] = 1 - marks[groups == 1, 11]
    assert andersen_test(marks, groups).p < 1e-10


def test_three_groups_have_twice_the_degrees_of_freedom() -> None:
    marks = simulated(600, 8, seed=14)
    found = andersen_test(marks, np.array(["a", "b", "c"])[np.arange(600) % 3])
    assert (found.df, found.left_out) == (14, ())


def test_an_item_without_an_estimate_in_one_group_is_left_out_of_all_and_named() -> None:
    marks = simulated(200, 6, seed=15)
    groups = np.arange(200) < 100
    marks[groups, 2] = 1
    found, without = andersen_test(marks, groups), andersen_test(np.delete(marks, 2, axis=1), groups)
    assert found.left_out == (2,)
    assert (found.statistic, found.df) == (pytest.approx(without.statistic), 4)


def test_one_group_or_one_item_cannot_be_tested() -> None:
    for marks, groups in ((simulated(50, 5, seed=1), np.zeros(50)), (np.zeros((4, 1)), np.arange(4) % 2)):
        assert np.isnan(andersen_test(marks, groups).p)


def test_a_label_for_each_person_is_needed() -> None:
    with pytest.raises(ValueError, match="50 persons"):
        andersen_test(simulated(50, 5, seed=1), np.zeros(49))


@pytest.mark.parametrize(
    ("value", "df", "p"),
    # Percentage points from the tables of Abramowitz & Stegun 1964, 26.8, and both ends.
    [
        (0.0, 3, 1.0),
        (0.000157088, 1, 0.99),
        (6.63490, 1, 0.01),
        (9.21034, 2, 0.01),
        (11.0705, 5, 0.05),
        (50.8922, 30, 0.01),
        (124.342, 100, 0.05),
        (140.169, 100, 0.005),
        (1e6, 54, 0.0),
    ],
)
def test_tails_of_chi_squared_are_those_of_the_tables(value: float, df: int, p: float) -> None:
    assert chi_squared_tail(value, df) == pytest.approx(p, abs=2e-5)
