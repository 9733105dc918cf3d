"""What a scenario makes of results: against a slow and obvious reference, and case by case."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.analyses.candidates import Candidate, Candidates, unpack
from examhall.analyses.outcome import Outcome
from examhall.analyses.remarking import Given, Item, Sat
from examhall.analyses.subgroups import GroupNamed, Membership
from examhall.analyses.what_if import what_if
from examhall.scoring.marking import mark

from .exams import KEY, an_item, choices, sat_by

BANDS = [
    {"name": "A", "from_percent": 80},
    {"name": "B", "from_percent": 50},
    {"name": "C", "from_percent": 0},
]


def outcome(sats: list[Sat], membership: Membership | None = None, **document: Any) -> Outcome:
    return what_if(document, sats, membership, lambda stage, share: None)


def candidates(sats: list[Sat], **document: Any) -> Candidates:
    return unpack(outcome(sats, **document).candidates)


def points(sats: list[Sat], **document: Any) -> list[float]:
    return [each.new_points for each in candidates(sats, **document)]


def three(*answers: list[Any], items: list[Item] | None = None, **changes: Any) -> Sat:
    return sat_by(answers, items or [an_item(1), an_item(2), an_item(3)], **changes)


@given(st.integers(0, 30), st.integers(1, 8), st.integers(0, 2**32))
def test_a_scenario_that_changes_nothing_gives_the_official_result_to_the_last_digit(
    count: int, items: int, seed: int
) -> None:
    sat = sat_by(choices(count, items, seed=seed), [an_item(n) for n in range(1, items + 1)])
    found = outcome([sat], grade_bands=BANDS)
    for each in unpack(found.candidates):
        assert each.new_points == each.official_points
        assert each.new_percent == each.official_percent
        assert (each.new_grade, each.new_passed) == (each.official_grade, each.official_passed)
    told = found.document
    assert told["official"] == told["new"]
    moves = told["moves"]
    assert (moves["up"], moves["down"], moves["newly_passed"], moves["largest"]) == (0, 0, 0, [])
    assert moves["grades_up"] == moves["grades_down"] == 0


# The reference: one candidate and one item after the other, in decimals.

DECIMALS = st.decimals(Decimal("0"), Decimal("3"), places=3)
ITEMS = st.lists(
    st.tuples(
        st.decimals(Decimal("0"), Decimal("5"), places=3),
        st.sampled_from(["one", "two"]),
        st.sampled_from([None, ("A", None), ("B", None), ("B", "2.5"), ("C", "0"), ("everybody", None)]),
    ),
    min_size=1,
    max_size=6,
)


def a_thousandth(number: Fraction) -> Fraction:
    return Fraction(round(number * 1000), 1000)


def slowly(
    answers: list[str | None], items: list[Item], weights: dict[str, Decimal], cost: Fraction | None
) -> Fraction:
    total = Fraction(0)
    for answer, item in zip(answers, items, strict=True):
        most, key = (item.new_points, item.new_key) if item.new_key is not None else (item.points, KEY)
        earned = mark(item.kind, key, Decimal(most) / 1000, answer)
        assert earned is not None
        weight = Fraction(weights.get(item.topic or "", Decimal(1)))
        worth = a_thousandth(Fraction(most, 1000) * weight)
        gained = a_thousandth(Fraction(earned) * weight)
        if cost is not None and answer is not None and gained == 0:
            gained = -a_thousandth(worth * cost)
        total += gained
    return max(total, Fraction(0))


@given(
    ITEMS,
    st.integers(0, 12),
    st.integers(0, 2**32),
    st.dictionaries(st.sampled_from(["one", "two"]), DECIMALS),
    st.sampled_from([None, "0.25", "1/3", 1]),
)
def test_points_are_those_of_a_slow_and_obvious_reference(
    drawn: list[Any], count: int, seed: int, weights: dict[str, Decimal], cost: Any
) -> None:
    items = []
    for number, (worth, topic, change) in enumerate(drawn, start=1):
        told: dict[str, Any] = {"topic": topic, "points": int(worth * 1000), "new_points": int(worth * 1000)}
        if change is not None:
            letter, new_points = change
            told["new_key"] = {**KEY, "everybody": True} if letter == "everybody" else {"correct": [letter]}
            if new_points is not None:
                told["new_points"] = int(Decimal(new_points) * 1000)
        items.append(an_item(number, **told))
    answers = choices(count, len(items), seed=seed)
    document: dict[str, Any] = {
        "weights": [
            {"exam_id": 1, "topic": topic, "factor": float(factor)} for topic, factor in weights.items()
        ]
    }
    if cost is not None:
        document["negative_marking"] = {"fraction": cost}
    found = points([sat_by(answers, items)], **document)
    share = None if cost is None else Fraction(str(cost))
    assert found == [float(slowly(each, items, weights, share)) for each in answers]


def test_a_question_dropped_for_nobody_makes_the_exam_worth_less() -> None:
    items = [an_item(1, new_key=KEY, new_points=0), an_item(2), an_item(3)]
    found = outcome([three(["A", "B", "B"], ["B", "A", "A"], items=items)])
    first, second = unpack(found.candidates)
    assert (first.official_points, first.new_points, first.new_max_points) == (1.0, 0.0, 2.0)
    assert (second.official_points, second.new_points, second.new_percent) == (2.0, 2.0, 100.0)
    assert (found.told.moves.up, found.told.moves.down) == (1, 1)
    assert found.told.questions[0].changed
    assert found.told.questions[0].new_share is None


def test_what_a_person_gave_counts_up_to_what_the_essay_is_worth_in_the_scenario() -> None:
    essay = an_item(1, "essay", points=5000, new_key={}, new_points=3000)
    sat = sat_by([["text"], ["text"], ["text"], [None]], [essay], [{}], by_hand={0: [4000, 2500, -1, -1]})
    assert [each.official_points for each in candidates([sat])] == [4.0, 2.5, 0.0, 0.0]
    assert points([sat]) == [3.0, 2.5, 0.0, 0.0]


def test_wrong_answers_cost_and_no_answer_costs_nothing() -> None:
    sat = three(["A", "A", "B"], ["A", None, None], ["B", "B", "B"])
    assert points([sat], negative_marking={"fraction": "1/3"}) == [1.667, 1.0, 0.0]
    assert points([sat], negative_marking={"fraction": 0.5, "kinds": ["number"]}) == [2.0, 1.0, 0.0]


def test_a_curve_begins_at_nothing_for_whom_wrong_answers_cost_more_than_they_had() -> None:
    sat = three(["B", "B", "B"], ["A", "A", "A"])
    costs = {"fraction": 1}
    assert points([sat], negative_marking=costs, curve={"kind": "add", "points": 1}) == [1.0, 3.0]
    # The mean is 1.5 of 3 already.
    to_mean = {"kind": "to_mean", "mean_percent": 50}
    assert points([sat], negative_marking=costs, curve=to_mean) == [0.0, 3.0]


CURVES: list[tuple[dict[str, Any], list[float]]] = [
    ({"kind": "none"}, [0.0, 1.0, 2.0, 4.0]),
    ({"kind": "add", "points": 1.5}, [1.5, 2.5, 3.5, 4.0]),
    ({"kind": "add", "points": -1.5}, [0.0, 0.0, 0.5, 2.5]),
    ({"kind": "scale", "factor": 1.1}, [0.0, 1.1, 2.2, 4.0]),
    ({"kind": "square_root"}, [0.0, 2.0, 2.828, 4.0]),
    # The mean was 43.75 percent; the best is cut off at all points.
    ({"kind": "to_mean", "mean_percent": 50}, [0.25, 1.25, 2.25, 4.0]),
]


@pytest.mark.parametrize(("curve", "expected"), CURVES)
def test_curves(curve: dict[str, Any], expected: list[float]) -> None:
    items = [an_item(number) for number in range(1, 5)]
    sat = sat_by([["B"] * 4, ["A", "B", "B", "B"], ["A", "A", "B", "B"], ["A"] * 4], items)
    assert points([sat], curve=curve) == expected


def test_without_a_factor_the_best_result_becomes_all_points() -> None:
    assert points([three(["A", "A", "B"], ["A", "B", "B"])], curve={"kind": "scale"}) == [3.0, 1.5]
    assert points([three(["B", "B", "B"])], curve={"kind": "scale"}) == [0.0]


def test_to_mean_with_a_spread_gives_that_mean_and_that_spread() -> None:
    sat = sat_by(choices(200, 20), [an_item(number) for number in range(1, 21)])
    told = outcome([sat], curve={"kind": "to_mean", "mean_percent": 50, "sd_percent": 10}).told
    assert told.new.mean_percent == pytest.approx(50, abs=0.01)
    assert told.new.sd_percent == pytest.approx(10, abs=0.01)
    assert told.agreement.spearman == told.agreement.kendall_tau_b == 1


def test_scores_by_mean_and_spread_and_from_end_to_end() -> None:
    sat = three(["A", "A", "A"], ["A", "B", "B"])
    standard = {"mean": 500, "sd": 100, "lowest": 200, "highest": 800}
    assert [each.scaled for each in candidates([sat], scale=standard)] == [600.0, 400.0]
    ends = {"lowest": 0, "highest": 10, "step": 0.5}
    assert [each.scaled for each in candidates([sat], scale=ends)] == [10.0, 3.5]
    alike = three(["A", "A", "A"], ["A", "A", "A"])
    assert [each.scaled for each in candidates([alike], scale=standard)] == [None, None]


def test_thirty_three_of_fifty_five_are_sixty_percent() -> None:
    sat = sat_by([["A"] * 33 + ["B"] * 22, ["A"] * 32 + ["B"] * 23], [an_item(n) for n in range(1, 56)])
    found = outcome(
        [sat], pass_mark={"percent": 60}, grade_bands=[{"name": "A", "from_percent": 60}, *BANDS[2:]]
    )
    assert [(each.new_passed, each.new_grade) for each in unpack(found.candidates)] == [
        (True, "A"),
        (False, "C"),
    ]
    assert (found.told.official.passed, found.told.new.passed) == (2, 1)
    assert found.told.moves.newly_failed == 1


def test_excluded_sittings_are_on_neither_side() -> None:
    sat = three(["A", "A", "A"], ["A", "B", "B"], ["B", "B", "B"], seconds=np.array([3600, 3600, 299]))
    found = outcome([sat], exclude_sittings=[1000], exclude_below_minutes=5)
    assert [each.sitting_id for each in unpack(found.candidates)] == [1001]
    assert (found.told.exams[0].sittings, found.told.exams[0].excluded) == (1, 2)
    assert found.told.official.mean_points == 1.0


def test_several_exams_are_combined_by_the_first_attempts_of_those_who_sat_all() -> None:
    one = three(["A", "A", "A"], ["A", "B", "B"], ["A", "A", "B"], pass_percent=None)
    # Candidates 2, 3 and 4, and the third's second attempt.
    other = three(
        ["A", "B", "B"], ["B", "B", "B"], ["A", "A", "A"], ["A", "A", "A"],
        exam_id=2, candidate_ids=np.array([3, 2, 4, 3]), attempts=np.array([1, 1, 1, 2]),
    )  # fmt: skip
    found = outcome([one, other])
    together = [
        (each.candidate_id, each.new_points, each.official_points) for each in unpack(found.candidates)
    ]
    assert together == [(2, 1.0, 1.0), (3, 3.0, 3.0)]
    assert found.told.incomplete == 2
    assert found.told.new.max_points == 6.0
    # The second exam alone has a pass mark, and neither reached it.
    assert (found.told.official.passed, found.told.new.passed) == (0, 0)


def shuffled(sat: Sat, order: list[int]) -> Sat:
    """The same answers numbered otherwise, as another reading of them may."""
    given = {}
    for column, one in sat.given.items():
        back = np.argsort([0, *[place + 1 for place in order if place + 1 < len(one.answers)]])
        answers = [None, *[one.answers[p + 1] for p in order if p + 1 < len(one.answers)]]
        given[column] = Given(answers, back.astype(np.int32)[one.which])
    return Sat(**(vars(sat) | {"given": given}))


def test_the_same_inputs_give_the_same_bytes_in_whatever_order_answers_were_read() -> None:
    items = [an_item(number, new_key={"correct": ["B"]}) for number in range(1, 11)]
    sat = sat_by(choices(150, 10), items)
    document = {"grade_bands": BANDS, "curve": {"kind": "to_mean", "mean_percent": 61.3, "sd_percent": 7}}
    one = outcome([sat], **document)
    other = outcome([shuffled(sat, [2, 1, 0])], **document)
    assert one.candidates == other.candidates
    assert one.document == other.document


def test_groups_stand_beside_everybody_else_and_the_easier_question_is_found() -> None:
    chance = np.random.default_rng(1)
    ability = chance.normal(size=400)
    answers = [
        ["A" if chance.random() < 1 / (1 + np.exp(-each)) else "B" for _ in range(12)] for each in ability
    ]
    for row in range(200):
        # The last question is known to nearly all of the first group.
        answers[row][-1] = "A" if row % 20 else "B"
    sat = sat_by(answers, [an_item(number) for number in range(1, 13)])
    membership = Membership(
        "course",
        [GroupNamed(7, "ALG", "Algebra"), GroupNamed(8, "TINY", "Tiny"), GroupNamed(9, "NONE", "Nobody")],
        np.array([*range(1, 201), 1, 300, 9999]),
        np.array([*[0] * 200, 1, 1, 0]),
    )
    found = outcome([sat], membership, grade_bands=BANDS)
    assert found.told.groups is not None
    algebra, tiny = found.told.groups.groups
    assert (algebra.candidates, tiny.candidates) == (200, 2)
    assert tiny.dif is None
    assert algebra.dif is not None
    assert [each["question_number"] for each in algebra.dif if each["size"] == "C"] == [12]
    assert algebra.dif[-1]["effect"] > 1.5
    assert found.told.groups.candidates_in_none == 199
    assert [each.group for each in unpack(found.candidates)][199:201] == ["Algebra", None]


def test_every_attempt_of_somebody_counts_in_their_groups() -> None:
    sat = three(
        ["A", "A", "A"], ["B", "B", "B"], ["A", "B", "B"], ["A", "A", "B"],
        candidate_ids=np.array([2, 1, 2, 3]), attempts=np.array([1, 1, 2, 1]),
    )  # fmt: skip
    membership = Membership(
        "course",
        [GroupNamed(7, "ALG", "Algebra"), GroupNamed(8, "GEO", "Geometry")],
        np.array([2, 3, 2, 9]),
        np.array([0, 1, 1, 0]),
    )
    found = outcome([sat], membership)
    assert found.told.groups is not None
    algebra, geometry = found.told.groups.groups
    assert (algebra.candidates, algebra.new.mean_points) == (2, 2.0)
    assert (geometry.candidates, geometry.new.mean_points) == (3, 2.0)
    assert found.told.groups.candidates_in_none == 1
    assert [each.group for each in unpack(found.candidates)] == ["Algebra", None, "Algebra", "Geometry"]


def test_a_second_attempt_is_not_another_person_where_groups_differ() -> None:
    chance = np.random.default_rng(2)
    firsts = [["A" if chance.random() < 0.6 else "B" for _ in range(6)] for _ in range(200)]
    # Who comes again knows the last question, if of the first group.
    seconds = [[*answers[:-1], "A" if row < 100 else "B"] for row, answers in enumerate(firsts)]
    membership = Membership(
        "course", [GroupNamed(7, "ALG", "Algebra")], np.arange(1, 101), np.zeros(100, np.int64)
    )
    items = [an_item(number) for number in range(1, 7)]
    once = outcome([sat_by(firsts, items)], membership).told.groups
    twice = outcome(
        [
            sat_by(
                [*firsts, *seconds],
                items,
                candidate_ids=np.array([*range(1, 201)] * 2),
                attempts=np.array([1] * 200 + [2] * 200),
            )
        ],
        membership,
    ).told.groups
    assert once is not None
    assert twice is not None
    assert once.groups[0].dif is not None
    assert twice.groups[0].dif == once.groups[0].dif
    assert twice.groups[0].candidates == 200


def test_nobody_at_all_is_no_mistake() -> None:
    told = outcome([three()], curve={"kind": "to_mean", "mean_percent": 50}, grade_bands=BANDS).document
    assert told["candidates"] == 0
    assert told["new"]["mean_percent"] is None
    assert told["agreement"] == {"spearman": None, "kendall_tau_b": None}


def test_a_candidate_reads_as_one_row() -> None:
    [found] = candidates([three(["A", "A", "B"])], grade_bands=BANDS)
    assert found == Candidate(
        sitting_id=1000, candidate_id=1, official_points=2.0, official_max_points=3.0,
        official_percent=200 / 3, official_grade="B", official_passed=True, new_points=2.0,
        new_max_points=3.0, new_percent=200 / 3, new_grade="B", new_passed=True, scaled=None, group=None,
    )  # fmt: skip


def test_what_is_no_packed_result_is_not_read() -> None:
    with pytest.raises(ValueError, match="packed"):
        unpack(b"something else")


def test_rounding_is_half_to_even() -> None:
    assert Decimal("0.0005").quantize(Decimal("0.001"), ROUND_HALF_EVEN) == 0
    sat = sat_by([["A"]], [an_item(1, topic="one", points=1, new_points=1)])
    weights = [{"exam_id": 1, "topic": "one", "factor": factor} for factor in (0.5, 1.5, 2.5)]
    assert [points([sat], weights=[each]) for each in weights] == [[0.0], [0.002], [0.002]]
