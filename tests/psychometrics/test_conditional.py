from fractions import Fraction
from math import comb, log

import numpy as np
import pytest

from examhall.psychometrics.conditional import expected, pairs, probabilities, steps


def symmetric_functions(easiness: list[Fraction]) -> list[Fraction]:
    """Exactly, by multiplying out (1 + e_1 x)(1 + e_2 x)..."""
    gamma = [Fraction(1)]
    for e in easiness:
        gamma = [a + e * b for a, b in zip([*gamma, Fraction(0)], [Fraction(0), *gamma], strict=True)]
    return gamma


def test_symmetric_functions_of_five_hundred_equal_items_are_binomial_coefficients() -> None:
    log_gamma = steps(np.zeros(500), np.ones((1, 500), bool)).log_gamma[0]
    assert log_gamma == pytest.approx([log(comb(500, r)) for r in range(501)], rel=1e-12)


def test_symmetric_functions_of_widely_spread_items_are_exact() -> None:
    difficulty = np.linspace(-12, 12, 128)
    exact = symmetric_functions([Fraction(e) for e in np.exp(-difficulty)])
    log_gamma = steps(difficulty, np.ones((1, 128), bool)).log_gamma[0]
    # Fractions of thousands of digits: the logarithm of each half.
    expected = [log(value.numerator) - log(value.denominator) for value in exact]
    assert log_gamma == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_probabilities_and_pairs_are_those_of_all_answers_counted_one_by_one() -> None:
    difficulty = np.array([-1.5, 0.3, 0.3, 2.0, -0.2])
    presented = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 1, 0]], bool)
    persons = np.array([[0, 3, 5, 2, 4, 0], [0, 7, 6, 0, 0, 0]], float)
    answers = (np.arange(32)[:, None] >> np.arange(5)) & 1
    together = np.zeros((5, 5))
    taken = steps(difficulty, presented)
    for pattern in range(2):
        possible = answers[~(answers.astype(bool) & ~presented[pattern]).any(axis=1)]
        for score in range(1, presented[pattern].sum()):
            these = possible[possible.sum(axis=1) == score]
            weight = np.exp(-these @ difficulty)
            weight /= weight.sum()
            found = probabilities(taken, np.array([pattern]), np.array([score]))[0]
            assert found == pytest.approx(weight @ these, rel=1e-13)
            together += persons[pattern, score] * (these.T * weight) @ these
    assert pairs(taken, persons) == pytest.approx(together, rel=1e-13)
    assert expected(taken, persons) == pytest.approx(together.diagonal(), rel=1e-13)


def test_each_row_of_probabilities_adds_up_to_its_score() -> None:
    difficulty = np.random.default_rng(1).normal(0, 3, 200)
    score = np.arange(201)
    taken = steps(difficulty, np.ones((1, 200), bool))
    assert probabilities(taken, np.zeros(201, int), score).sum(axis=1) == pytest.approx(score, abs=1e-10)
