import numpy as np
import pytest

from examhall.psychometrics.analysis import Analysis, analyse
from examhall.psychometrics.arrays import Floats
from examhall.psychometrics.fit import Fit, item_fit, person_fit
from examhall.psychometrics.persons import maximum_likelihood
from examhall.psychometrics.tally import tally

from .references import BY_ERM, numbers, reference, simulated


@pytest.mark.parametrize("name", BY_ERM)
def test_the_fit_of_items_is_that_of_erm(name: str) -> None:
    data = reference(name)
    said, found = data.said["itemfit"], analyse(data.marks)
    kept = found.calibration.estimated
    fit = found.item_fit
    assert fit.infit[kept] == pytest.approx(numbers(said["infitMSQ"]), abs=2e-4)
    assert fit.outfit[kept] == pytest.approx(numbers(said["outfitMSQ"]), abs=2e-4)
    assert fit.infit_t[kept] == pytest.approx(numbers(said["infitZ"]), abs=1e-3)
    assert fit.outfit_t[kept] == pytest.approx(numbers(said["outfitZ"]), abs=1e-3)
    assert np.isnan(fit.infit[~kept]).all()


@pytest.mark.parametrize("name", BY_ERM)
def test_the_fit_of_persons_is_that_of_erm(name: str) -> None:
    data = reference(name)
    said, found = data.said["personfit"], analyse(data.marks)
    fit = found.person_fit
    regular = np.isfinite(fit.infit)
    excluded = np.atleast_1d(np.array(said["excluded"], int))
    assert (np.flatnonzero(~regular) + 1).tolist() == excluded.tolist()
    assert fit.outfit[regular] == pytest.approx(numbers(said["outfitMSQ"]), abs=4e-4)
    assert fit.infit[regular] == pytest.approx(numbers(said["infitMSQ"]), abs=1e-4)
    assert fit.outfit_t[regular] == pytest.approx(numbers(said["outfitZ"]), abs=1e-3)
    assert fit.infit_t[regular] == pytest.approx(numbers(said["infitZ"]), abs=1e-3)


def by_hand(marks: Floats, difficulty: Floats, theta: Floats, axis: int) -> Fit:
    """From a residual for every person and item."""
    regular = np.isfinite(theta)[:, None] & (marks >= 0)
    p = 1 / (1 + np.exp(difficulty - np.where(np.isfinite(theta), theta, 0)[:, None]))
    v, residual = p * (1 - p), marks - p
    c = v * (p**3 + (1 - p) ** 3)

    def total(values: Floats) -> Floats:
        return np.where(regular, values, 0.0).sum(axis=axis)

    n = total(np.ones_like(p))
    with np.errstate(invalid="ignore", divide="ignore"):
        outfit, infit = total(residual**2 / v) / n, total(residual**2) / total(v)
        q_out = np.sqrt(total(c / v**2) / n**2 - 1 / n)
        q_in = np.sqrt(total(c - v**2)) / total(v)
        t = [(np.cbrt(m) - 1) * 3 / q + q / 3 for m, q in ((infit, q_in), (outfit, q_out))]
    return Fit(infit, outfit, *t)


@pytest.mark.parametrize("persons", [60, 12_000], ids=["one by one", "by table"])
@pytest.mark.parametrize("pieces", [2_000_000, 1000], ids=["at once", "in pieces"])
def test_fit_is_that_of_all_residuals_added_up(
    persons: int, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examhall.psychometrics.fit.TABLE", pieces)
    marks = simulated(persons, 19, seed=9, spread=1.5)
    marks[: persons // 3, :8] = -1
    marks[persons // 3 : persons // 2, 12:] = -1
    found = analyse(marks)
    assert found.calibration.estimated.all()
    counted = tally(marks)
    theta, _ = maximum_likelihood(counted.score, found.calibration.difficulty, counted.here)
    difficulty = found.calibration.difficulty
    for axis, fit in ((0, item_fit(counted, difficulty, theta)), (1, person_fit(counted, difficulty, theta))):
        expected = by_hand(marks.astype(float), difficulty, theta[counted.cell], axis)
        for name in Fit._fields:
            assert getattr(fit, name) == pytest.approx(getattr(expected, name), abs=1e-9, nan_ok=True), name


def test_answers_of_the_model_fit_and_guesses_do_not() -> None:
    marks = simulated(2000, 30, seed=10)
    marks[:, 29] = np.random.default_rng(1).integers(0, 2, 2000)
    found = analyse(marks)
    assert found.item_fit.infit_t[29] > 5
    assert np.abs(found.item_fit.infit_t[:29]).mean() < 2
    assert found.item_fit.infit[:29] == pytest.approx(1, abs=0.15)


def test_somebody_who_missed_the_easy_and_solved_the_hard_stands_out() -> None:
    marks = simulated(300, 30, seed=11)
    marks[0] = np.arange(30) >= 15
    found = analyse(marks)
    assert found.person_fit.outfit_t[0] > 4
    assert found.person_fit.infit_t[0] == np.nanmax(found.person_fit.infit_t)


def test_where_every_answer_is_a_coin_s_toss_nothing_is_surprising() -> None:
    # Two items equally hard, one right: residuals can only be as large as expected.
    found: Analysis = analyse(np.array([[1, 0], [0, 1]]))
    assert found.person_fit.outfit.tolist() == [1, 1]
    assert found.person_fit.outfit_t.tolist() == [0, 0]


def test_extreme_scores_have_no_fit() -> None:
    marks = np.concatenate([simulated(50, 6, seed=12), np.zeros((1, 6), np.int8), np.ones((1, 6), np.int8)])
    fit = analyse(marks).person_fit
    assert np.isnan([part[-2:] for part in fit]).all()
