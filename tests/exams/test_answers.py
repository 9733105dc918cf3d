import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.exams.answers import SHAPES, AnswerTooLong, ItemRule, UnknownQuestion, UnsuitableAnswer, accepts

OPTIONS = frozenset("ABCD")
RULES = {
    kind: ItemRule(kind, options=frozenset("12") if kind == "matching" else OPTIONS, right=frozenset("ABC"))
    for kind in SHAPES
}


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("single_choice", "A"),
        ("multiple_choice", []),
        ("multiple_choice", ["B", "A"]),
        ("true_false", "false"),
        ("number", "12,5"),
        ("number", "not a number yet"),
        ("short_text", "oʻzbek \U0001f600"),
        ("short_text", "x" * 500),
        ("ordering", ["D"]),
        ("matching", {"1": "A", "2": "A"}),
        ("matching", {}),
        ("best_worst", {"best": "A"}),
        ("best_worst", {"best": "A", "worst": "B"}),
        ("essay", "line\nline"),
    ],
)
def test_an_answer_of_the_right_shape_is_accepted_finished_or_not(kind: str, answer: object) -> None:
    assert accepts(RULES[kind], answer) is None


@pytest.mark.parametrize("kind", SHAPES)
def test_an_answer_can_always_be_cleared(kind: str) -> None:
    assert accepts(RULES[kind], None) is None


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("single_choice", "E"),
        ("single_choice", ""),
        ("single_choice", ["A"]),
        ("single_choice", 1),
        ("multiple_choice", "A"),
        ("multiple_choice", ["A", "A"]),
        ("multiple_choice", ["E"]),
        ("multiple_choice", [["A"]]),
        ("multiple_choice", ["A"] * 100_000),
        ("true_false", True),
        ("true_false", "True"),
        ("number", 12.5),
        ("number", "1\x002"),
        ("short_text", "\ud800"),
        ("short_text", {"a": "b"}),
        ("ordering", {"A": 1}),
        ("matching", [["1", "A"]]),
        ("matching", {"3": "A"}),
        ("matching", {"1": "D"}),
        ("matching", {"1": ["A"]}),
        ("best_worst", {"good": "A"}),
        ("best_worst", {"best": None}),
        ("best_worst", "A"),
        ("essay", ["text"]),
    ],
)
def test_an_answer_of_another_shape_is_unsuitable(kind: str, answer: object) -> None:
    assert isinstance(accepts(RULES[kind], answer), UnsuitableAnswer)


@pytest.mark.parametrize("kind", ["single_choice", "true_false", "number", "short_text"])
def test_501_characters_are_too_long_for_a_short_answer(kind: str) -> None:
    assert isinstance(accepts(RULES[kind], "x" * 501), AnswerTooLong)


def test_an_essay_may_be_as_long_as_it_says() -> None:
    rule = ItemRule("essay", max_chars=1000)
    assert accepts(rule, "x" * 1000) is None
    assert isinstance(accepts(rule, "x" * 1001), AnswerTooLong)


def test_programs_read_these_codes() -> None:
    refusals = [AnswerTooLong(), UnknownQuestion(), UnsuitableAnswer()]
    assert [refusal.code for refusal in refusals] == [
        "answer_too_long",
        "unknown_question",
        "unsuitable_answer",
    ]
    assert {refusal.status for refusal in refusals} == {400}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from("ABCD12"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["1", "2", "best", "worst", "x"]), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(SHAPES)), JSON)
def test_whatever_is_accepted_can_be_stored(kind: str, answer: object) -> None:
    if accepts(RULES[kind], answer) is None:
        assert "\0" not in str(answer)
        str(answer).encode()
