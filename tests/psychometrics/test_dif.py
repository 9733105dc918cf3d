"""Differential item functioning: against published examples, another program, a simulation and by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examhall.psychometrics.arrays import Bools, Floats
from examhall.psychometrics.dif import DELTA, Dif, dif, sizes

Tables = list[tuple[int, int, int, int]]

# Admissions to Berkeley's six largest departments in 1973 (Bickel, Hammel & O'Connell 1975, Science 187):
# men admitted, men rejected, women admitted, women rejected.
BERKELEY: Tables = [
    (512, 313, 89, 19),
    (353, 207, 17, 8),
    (120, 205, 202, 391),
    (138, 279, 131, 244),
    (53, 138, 94, 299),
    (22, 351, 24, 317),
]
MADE_UP: Tables = [
    (11, 7, 8, 10),
    (7, 9, 10, 3),
    (1, 4, 4, 10),
    (11, 1, 6, 10),
    (2, 9, 2, 6),
    (9, 4, 4, 4),
]


def of_tables(tables: Tables) -> Dif:
    """The studied item is the first; people are matched on the second, which numbers the tables."""
    rows = [
        ((right, number), group == "focal", count)
        for number, (a, b, c, d) in enumerate(tables)
        for right, group, count in ((1, "ref", a), (0, "ref", b), (1, "focal", c), (0, "focal", d))
    ]
    points = np.repeat(np.array([row[0] for row in rows], float), [row[2] for row in rows], axis=0)
    focal = np.repeat([row[1] for row in rows], [row[2] for row in rows])
    most = np.array([1.0, max(len(tables) - 1, 1)])
    return dif(points, most, focal, matching="rest", purify=False, least=1, fewest=1)


def simulated(
    persons: int, *, effect: float, items: int = 40, seed: int = 1, worse: float = 0.0
) -> tuple[Floats, Bools]:
    """Rasch marks; the first item is harder by `effect` logits for the focal group, `worse` in all."""
    random = np.random.default_rng(seed)
    focal = random.random(persons) < 0.4
    theta = random.normal(0, 1, persons) - worse * focal
    difficulty = random.normal(0, 1, items)
    difficulty[0] = 0
    shift = np.zeros(items)
    shift[0] = effect
    logit = theta[:, None] - difficulty - focal[:, None] * shift
    return (random.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(float), focal


def test_berkeley_is_as_published() -> None:
    """R's example of mantelhaen.test: odds ratio 0.9047 (0.7719 to 1.0603), X-squared 1.4269, p 0.2323."""
    found = of_tables(BERKELEY)
    assert found.odds_ratio[0] == pytest.approx(0.9046968282586231, abs=1e-12)
    assert found.se[0] / abs(DELTA) == pytest.approx(0.08098890965622091, abs=1e-12)
    assert found.chi_squared[0] == pytest.approx(1.4269462285866883, abs=1e-10)
    assert found.p[0] == pytest.approx(0.2322634628, abs=1e-9)
    assert found.size[0] == "A"
    ends = np.exp(np.log(found.odds_ratio[0]) + np.array([-1, 1]) * 1.959964 * found.se[0] / abs(DELTA))
    assert ends == pytest.approx([0.7719074, 1.0603298], abs=1e-6)


def test_agrees_with_statsmodels_on_thin_tables() -> None:
    found = of_tables(MADE_UP)
    assert found.odds_ratio[0] == pytest.approx(1.4250395274169922, abs=1e-12)
    assert found.se[0] / abs(DELTA) == pytest.approx(0.3356755951157906, abs=1e-12)
    assert found.chi_squared[0] == pytest.approx(0.8203092314686269, abs=1e-10)


def by_hand(tables: Tables) -> tuple[float, float]:
    """The odds ratio and the statistic by Mantel & Haenszel's formulas (1959), in exact fractions."""
    up = sum(Fraction(a * d, a + b + c + d) for a, b, c, d in tables)
    down = sum(Fraction(b * c, a + b + c + d) for a, b, c, d in tables)
    off = sum(
        (Fraction(a) - Fraction((a + b) * (a + c), a + b + c + d) for a, b, c, d in tables), Fraction(0)
    )
    variance = sum(
        Fraction((a + b) * (c + d) * (a + c) * (b + d), (a + b + c + d) ** 2 * (a + b + c + d - 1))
        for a, b, c, d in tables
    )
    return float(up / down), float(max(abs(off) - Fraction(1, 2), Fraction(0)) ** 2 / variance)


@given(st.lists(st.tuples(*[st.integers(1, 30)] * 4), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_each_number_follows_from_the_tables(tables: Tables) -> None:
    found = of_tables(tables)
    alpha, statistic = by_hand(tables)
    assert found.odds_ratio[0] == pytest.approx(alpha, rel=1e-9)
    assert found.chi_squared[0] == pytest.approx(statistic, rel=1e-9, abs=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_exchanging_the_groups_turns_the_effect_round(seed: int) -> None:
    points, focal = simulated(400, effect=0.8, items=12, seed=seed)
    here, there = (dif(points, np.ones(12), group, purify=False) for group in (focal, ~focal))
    assert here.effect == pytest.approx(-there.effect, abs=1e-9, nan_ok=True)
    assert here.se == pytest.approx(there.se, abs=1e-9, nan_ok=True)
    assert here.chi_squared == pytest.approx(there.chi_squared, abs=1e-9, nan_ok=True)
    assert here.size == there.size


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_neither_the_order_of_persons_nor_that_of_items_matters(seed: int) -> None:
    points, focal = simulated(300, effect=1.0, items=10, seed=seed)
    random = np.random.default_rng(seed)
    persons, items = random.permutation(300), random.permutation(10)
    found = dif(points, np.ones(10), focal)
    mixed = dif(points[persons][:, items], np.ones(10), focal[persons])
    assert mixed.effect == pytest.approx(found.effect[items], abs=1e-9, nan_ok=True)
    assert mixed.anchor.tolist() == found.anchor[items].tolist()


def test_everybody_twice_shrinks_the_error_by_the_root_of_two() -> None:
    points, focal = simulated(2000, effect=0.5)
    once = dif(points, np.ones(40), focal, purify=False, least=1)
    twice = dif(np.tile(points, (2, 1)), np.ones(40), np.tile(focal, 2), purify=False, least=1)
    assert twice.effect == pytest.approx(once.effect, abs=1e-9)
    assert twice.se == pytest.approx(once.se / math.sqrt(2), rel=1e-9)


def test_the_truth_is_found_although_one_group_is_worse_in_all() -> None:
    """Under the Rasch model D is -2.35 times the difference in logits (Holland & Thayer 1988)."""
    points, focal = simulated(40_000, effect=0.8, worse=0.7)
    found = dif(points, np.ones(40), focal)
    assert found.effect[0] == pytest.approx(-2.35 * 0.8, abs=3 * found.se[0])
    assert found.size[0] == "C"
    assert set(found.size[1:]) == {"A"}
    assert (np.abs(found.effect[1:] / found.se[1:]) < 4).all()
    # Those without a difference are far easier for the better group, when people are not matched.
    alone = points[~focal].mean(axis=0) - points[focal].mean(axis=0)
    assert (alone > 0.05).all()


def test_an_error_is_as_large_as_the_spread_of_repetitions() -> None:
    runs = [
        dif(*_with_ones(simulated(600, effect=0.5, items=10, seed=seed)), purify=False) for seed in range(120)
    ]
    effects = np.array([run.effect[0] for run in runs])
    assert effects.std() == pytest.approx(np.mean([run.se[0] for run in runs]), rel=0.2)


def _with_ones(marks: tuple[Floats, Bools]) -> tuple[Floats, Floats, Bools]:
    return marks[0], np.ones(marks[0].shape[1]), marks[1]


def test_purification_leaves_the_uneven_items_out_of_the_matching() -> None:
    random = np.random.default_rng(3)
    focal = np.arange(8000) < 3000
    shift = np.where(np.arange(20) < 6, 1.2, 0.0)
    logit = random.normal(0, 1, 8000)[:, None] - random.normal(0, 0.7, 20) - focal[:, None] * shift
    points = (random.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(float)
    plain = dif(points, np.ones(20), focal, purify=False)
    pure = dif(points, np.ones(20), focal)
    assert pure.anchor.tolist() == [False] * 6 + [True] * 14
    # Six items against one group make the other fourteen look as if they favoured it.
    assert plain.effect[6:].mean() > 0.5
    assert abs(pure.effect[6:].mean()) < 0.1
    assert pure.effect[:6] == pytest.approx(-2.35 * 1.2, abs=4 * pure.se[:6].max())


def test_scores_too_thin_are_put_together_and_the_effect_is_still_found() -> None:
    points, focal = simulated(260, effect=2.0, items=60)
    thin = dif(points, np.ones(60), focal, least=1, purify=False)
    thick = dif(points, np.ones(60), focal, purify=False)
    assert thick.se[0] < thin.se[0]
    assert thick.effect[0] < -2


def test_items_with_partial_credit_are_compared_by_their_means() -> None:
    """By hand: two scores, the focal group 0.5 and 0.25 points worse there, and 40 of its 60 on the first."""
    reference = [[(2.0, 0.0)] * 10 + [(1.0, 0.0)] * 10, [(2.0, 5.0)] * 15 + [(1.0, 5.0)] * 5]
    focal = [[(1.0, 0.0)] * 40, [(2.0, 5.0)] * 10 + [(1.0, 5.0)] * 10]
    rows = [*reference[0], *reference[1], *focal[0], *focal[1]]
    points = np.array(rows)
    group = np.arange(len(rows)) >= 40
    found = dif(points, np.array([3.0, 5.0]), group, matching="rest", purify=False, least=1, fewest=1)
    sd = points[:, 0].std()
    assert found.effect[0] == pytest.approx((40 / 60 * -0.5 + 20 / 60 * -0.25) / sd, abs=1e-12)
    assert math.isnan(found.odds_ratio[0])
    assert found.size[0] == "C"
    # Mantel 1963: observed 70 of the focal group, expected 40 * 70/60 + 20 * 65/40 at the two scores.
    expected = 40 * 70 / 60 + 20 * 65 / 40
    variance = sum(
        r * f * (n * squares - total**2) / (n**2 * (n - 1))
        for r, f, n, total, squares in ((20, 40, 60, 70, 90), (20, 20, 40, 65, 115))
    )
    assert found.chi_squared[0] == pytest.approx((70 - expected) ** 2 / variance, rel=1e-12)


def test_an_item_worth_two_is_right_or_wrong_like_one_worth_one() -> None:
    points, focal = simulated(1000, effect=0.7, items=10)
    worth = np.where(np.arange(10) % 2 == 0, 2.0, 1.0)
    one = dif(points, np.ones(10), focal, purify=False, least=1)
    two = dif(points * 2, np.full(10, 2.0), focal, purify=False, least=1)
    assert two.effect == pytest.approx(one.effect, abs=1e-12)
    assert np.isfinite(dif(points * worth, worth, focal).odds_ratio).all()


def test_people_are_compared_with_those_who_had_the_same_items() -> None:
    points, focal = simulated(4000, effect=0.9, items=20)
    points[:2000, 15:] = np.nan
    points[2000:, 10:15] = np.nan
    found = dif(points, np.ones(20), focal, purify=False, least=1)
    assert found.reference[12] + found.focal[12] == 2000
    assert found.effect[0] == pytest.approx(-2.35 * 0.9, abs=3 * found.se[0])
    halves = [
        dif(points[chosen][:, had], np.ones(15), focal[chosen], purify=False, least=1)
        for chosen, had in (
            (slice(0, 2000), np.r_[0:15]),
            (slice(2000, 4000), np.r_[0:10, 15:20]),
        )
    ]
    assert found.effect[12] == pytest.approx(halves[0].effect[12], abs=1e-12)
    assert found.effect[17] == pytest.approx(halves[1].effect[12], abs=1e-12)


def test_what_has_no_estimate_says_why() -> None:
    points, focal = simulated(400, effect=0.0, items=6)
    points[:, 1] = 1.0
    points[focal, 2] = np.nan
    points[~focal, 3] = np.nan
    found = dif(points, np.array([1.0, 1, 1, 1, 1, 0]), focal)
    assert found.why[:4] == ("not_comparable", "no_spread", "few_focal", "few_reference")
    assert found.size[:4] == ("", "", "", "")
    assert np.isnan(found.effect[:4]).all()
    assert np.isnan(found.p[:4]).all()


def test_groups_too_small_say_so_for_every_item() -> None:
    points, _ = simulated(200, effect=0.0, items=5)
    found = dif(points, np.ones(5), np.arange(200) < 49)
    assert found.why == ("few_focal",) * 5
    assert sizes(found).tolist() == [0, 0, 0]


def test_an_infinite_odds_ratio_is_named_not_guessed() -> None:
    found = of_tables([(30, 0, 10, 20), (25, 0, 12, 10)])
    assert found.why[0] == "one_sided"
    assert math.isnan(found.effect[0])
    assert found.chi_squared[0] > 20


def test_nobody_is_matched_on_a_question_that_is_always_to_one_side() -> None:
    points, focal = simulated(2000, effect=0.0)
    # Nobody of the others knows what all of the focal group were told.
    points[:, 0] = focal
    found = dif(points, np.ones(40), focal)
    assert found.why[0] == "one_sided"
    assert found.anchor.tolist() == [False] + [True] * 39
    assert set(found.size[1:]) == {"A"}


def test_nobody_at_all_has_no_estimates() -> None:
    found = dif(np.zeros((0, 3)), np.ones(3), np.zeros(0, bool))
    assert found.why == ("few_reference",) * 3


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 persons and 2 items"):
        dif(np.zeros((3, 2)), np.ones(3), np.zeros(3, bool))
    with pytest.raises(ValueError, match="matched"):
        dif(np.zeros((3, 2)), np.ones(2), np.zeros(3, bool), matching="ability")
