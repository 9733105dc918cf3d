import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.psychometrics.rating import MEAN, SPREAD, TAU, Ratings, newcomers, rate

from .references import HERE

# openskill 6.2.0, `PlackettLuce().rate([[rating(mu=m, sigma=s)] ...], ranks=places)` with its own settings:
# fields of 2 to 40 with and without ties, ratings drawn at random.
FIELDS = json.loads((HERE / "plackett_luce_ref.json").read_text())["fields"]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{len(field['mu'])} participants")
def test_ratings_are_those_of_openskill(field: dict[str, Any]) -> None:
    before = Ratings(np.array(field["mu"]), np.array(field["sigma"]))
    after = rate(before, np.array(field["places"]))
    assert after.mu == pytest.approx(field["mu_after"], abs=1e-9)
    assert after.sigma == pytest.approx(field["sigma_after"], abs=1e-9)


def as_written(before: Ratings, places: np.ndarray, beta: float = SPREAD / 2, tau: float = TAU) -> Ratings:
    """Algorithm 4 of Weng & Lin word for word, with a sum for each pair."""
    variance = before.sigma**2 + tau**2
    c = np.sqrt((variance + beta**2).sum())
    strength = np.exp(before.mu / c)
    mu, sigma = before.mu.copy(), np.sqrt(variance)
    for i in range(len(mu)):
        omega = delta = 0.0
        for q in range(len(mu)):
            if places[q] <= places[i]:
                chance = strength[i] / strength[places >= places[q]].sum()
                tied = (places == places[q]).sum()
                omega += ((q == i) - chance) / tied
                delta += chance * (1 - chance) / tied
        mu[i] += variance[i] / c * omega
        sigma[i] *= np.sqrt(max(1 - sigma[i] / c * variance[i] / c**2 * delta, 0.0001))
    return Ratings(mu, sigma)


@given(
    st.lists(st.tuples(st.floats(-50, 100), st.floats(0.1, 20), st.integers(1, 8)), min_size=1, max_size=15)
)
def test_running_sums_are_the_sums_of_the_paper(field: list[tuple[float, float, int]]) -> None:
    mu, sigma, places = (np.array(column) for column in zip(*field, strict=True))
    expected, found = as_written(Ratings(mu, sigma), places), rate(Ratings(mu, sigma), places)
    assert found.mu == pytest.approx(expected.mu, abs=1e-9)
    assert found.sigma == pytest.approx(expected.sigma, abs=1e-9)


def test_ten_thousand_participants_are_rated_in_whatever_order_they_are_listed() -> None:
    random = np.random.default_rng(1)
    before = Ratings(random.normal(25, 8, 10_000), random.uniform(1, 8, 10_000))
    places, order = random.integers(1, 56, 10_000), random.permutation(10_000)
    straight = rate(before, places)
    shuffled = rate(Ratings(before.mu[order], before.sigma[order]), places[order])
    assert shuffled.mu == pytest.approx(straight.mu[order], abs=1e-10)
    assert np.isfinite(straight).all()


def test_only_the_order_of_places_matters() -> None:
    before = newcomers(4)
    points = np.array([40, 55, 40, 3])
    assert rate(before, -points).mu.tolist() == rate(before, np.array([2, 1, 2, 4])).mu.tolist()


def test_the_same_history_gives_the_same_ratings_to_the_last_bit() -> None:
    def replay() -> Ratings:
        random, ratings = np.random.default_rng(2), newcomers(300)
        for _ in range(20):
            ratings = rate(ratings, random.integers(1, 40, 300))
        return ratings

    first, second = replay(), replay()
    assert first.mu.tobytes() == second.mu.tobytes()
    assert first.sigma.tobytes() == second.sigma.tobytes()


def test_after_many_exams_ratings_are_in_the_order_of_skill() -> None:
    random, ratings = np.random.default_rng(3), newcomers(50)
    skill = np.linspace(-2, 2, 50)
    for _ in range(60):
        ratings = rate(ratings, -(skill + random.normal(0, 0.5, 50)))
    assert np.corrcoef(np.argsort(np.argsort(ratings.mu)), np.arange(50))[0, 1] > 0.95
    assert (ratings.sigma < SPREAD).all()


def test_a_field_that_counts_as_fewer_teaches_more_and_a_small_one_the_same() -> None:
    small, large = np.arange(8), np.arange(10_000)
    assert rate(newcomers(8), small, counts_as=8).mu.tolist() == rate(newcomers(8), small).mu.tolist()
    plain, counted = rate(newcomers(10_000), large), rate(newcomers(10_000), large, counts_as=8)
    # As the paper has it nobody moves a tenth of a point up, and everybody is less certain than before.
    assert plain.mu.max() - MEAN < 0.1
    assert (plain.sigma > SPREAD).all()
    assert counted.mu.max() - MEAN > 2
    assert (counted.sigma < SPREAD).mean() > 0.9
    assert counted.mu.mean() == pytest.approx(MEAN)


def test_winners_rise_and_losers_fall_and_a_tie_of_equals_moves_nobody() -> None:
    after = rate(newcomers(5), np.arange(1, 6))
    assert (np.diff(after.mu) < 0).all()
    assert after.mu[0] > MEAN > after.mu[-1]
    assert rate(newcomers(2), np.array([1, 1])).mu.tolist() == [MEAN, MEAN]


def test_alone_there_is_nothing_to_learn_and_nobody_is_no_error() -> None:
    alone = rate(newcomers(1), np.array([1]))
    assert alone.mu.tolist() == [MEAN]
    assert alone.sigma == pytest.approx([np.hypot(SPREAD, TAU)])
    assert len(rate(newcomers(0), np.zeros(0)).mu) == 0
    assert newcomers(1).sure().tolist() == [0]


@pytest.mark.parametrize("places", [np.array([1.0, 2.0]), np.array([1.0, np.nan, 2.0])])
def test_a_place_for_everybody_is_needed(places: np.ndarray) -> None:
    with pytest.raises(ValueError, match="place"):
        rate(newcomers(3), places)
