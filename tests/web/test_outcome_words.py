"""What a scenario's figures are called: words follow figures, and nothing breaks where there are none."""

from typing import Any

import pytest

from examhall.web.staff.outcome_charts import distribution_chart, grade_moves, grades_chart
from examhall.web.staff.outcome_words import headline, order_in_words, sentences, signed, uneven_items


def same(text: str) -> str:
    return text


def told(**changes: Any) -> dict[str, Any]:
    side = {
        "pass_rate": 0.6,
        "passed": 60,
        "mean_percent": 55.0,
        "distribution": [5] * 20,
        "grades": [40, 60],
    }
    moves = {
        "up": 30, "down": 10, "same": 60, "mean_change_percent": 1.25, "newly_passed": 5, "newly_failed": 0,
        "grades": [[30, 10], [0, 60]], "grades_up": 0, "grades_down": 10,
    }  # fmt: skip
    found: dict[str, Any] = {
        "candidates": 100, "official": side, "new": side | {"pass_rate": 0.65, "passed": 65}, "moves": moves,
        "agreement": {"spearman": 0.97, "kendall_tau_b": 0.9}, "groups": None, "pass_percent": 60,
        "exams": [{"waiting": 0}], "bands": [{"name": "A"}, {"name": "B"}],
    }  # fmt: skip
    return found | changes


def words(**changes: Any) -> list[str]:
    return [sentence.text for sentence in sentences(told(**changes), same)]


def test_the_headline_is_who_moves_and_who_passes() -> None:
    assert headline(told(), same) == "40 of 100 move; pass rate 60.0% → 65.0%"
    nothing = {"pass_rate": None}
    assert headline(told(official=nothing), same) == "40 of 100 move; pass rate 65.0%"
    assert headline(told(official=nothing, new=nothing), same) == "40 of 100 move"


def test_each_figure_is_a_sentence() -> None:
    assert words() == [
        "30 go up, 10 go down, 60 stay; on average +1.2 percentage points.",
        "Pass rate 60.0% → 65.0%: 5 pass who did not, 0 no longer pass.",
        "0 get a better grade, 10 a worse one.",
        "Candidates stay in almost the same order (rank correlation 0.970).",
    ]


def test_nobody_at_all_and_nobody_who_moves_are_said() -> None:
    assert words(candidates=0) == ["Nobody has a result yet, so nothing changes for anybody."]
    still = told()["moves"] | {"up": 0, "down": 0, "newly_passed": 0, "grades_down": 0}
    assert words(moves=still)[:2] == [
        "Nobody's share of the points changes.",
        "The same pass as before: 65 (65.0%).",
    ]
    assert "not yet marked" in words(exams=[{"waiting": 3}])[-1]


@pytest.mark.parametrize(
    ("rho", "begins", "tone"),
    [
        (1.0, "Candidates stay in practically", "good"),
        (0.9999, "Candidates stay in practically the same order (rank correlation 0.999)", "good"),
        (0.9, "The order is alike", "wait"),
        (0.6, "The order changes", "wait"),
        (-0.2, "The order becomes quite another (rank correlation −0.200)", "bad"),
        (None, "There is no order", ""),
    ],
)
def test_a_rank_correlation_is_called_by_its_size(rho: float | None, begins: str, tone: str) -> None:
    said = order_in_words(rho, same)
    assert said.text.startswith(begins)
    assert said.tone == tone


def test_large_differences_between_groups_come_first() -> None:
    def item(number: int, size: str, effect: float | None) -> dict[str, Any]:
        return {"question_number": number, "sub_part": "", "size": size, "effect": effect, "why": ""}

    dif = [item(1, "B", 1.2), item(2, "A", 0.1), item(3, "C", -1.6), item(4, "C", 2.0), item(5, "", None)]
    found = uneven_items({"dif": dif})
    assert [(each.label, each.harder) for each in found] == [("4", False), ("3", True), ("1", False)]
    group = {"dif": dif}
    assert "at question 4, 3" in words(groups={"groups": [group]})[-1]
    assert "too small" in words(groups={"groups": [{"dif": None}]})[-1]
    assert "No question" in words(groups={"groups": [{"dif": dif[:2]}]})[-1]


def test_a_question_that_is_always_to_one_side_is_no_good_news() -> None:
    item = {"question_number": 7, "sub_part": "b", "size": "", "effect": None, "why": "one_sided"}
    assert (
        "side between groups at question 7b" in words(groups={"groups": [{"dif": [item | {"p": 0.01}]}]})[-1]
    )
    assert "No question" in words(groups={"groups": [{"dif": [item | {"p": 0.3}]}]})[-1]


def test_a_sign_is_a_sign() -> None:
    assert [signed(value) for value in (1.25, -0.5, 0.04, -0.04)] == ["+1.2", "−0.5", "±0.0", "±0.0"]


def test_moves_between_grades_are_darker_the_more_there_are() -> None:
    moves = grade_moves(told())
    assert moves is not None
    assert [[cell.way for cell in row] for row in moves] == [["same", "down"], ["up", "same"]]
    assert moves[1][0].shade == 0
    assert 0 < moves[0][1].shade < moves[1][1].shade == 5
    assert grade_moves(told(moves=told()["moves"] | {"grades": None})) is None


def test_charts_show_what_there_is() -> None:
    chart = distribution_chart(told(), same)
    assert len(chart["x"]["labels"]) == len(chart["series"][1]["values"]) == 20
    # 60 percent is where the thirteenth bar begins.
    assert chart["marks"][0]["x"] == 11.5
    assert distribution_chart(told(pass_percent=None), same)["marks"] == []
    assert grades_chart(told(bands=None), same) is None
