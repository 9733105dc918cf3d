"""From a document to the fields of the editor and back; what the form cannot say stays."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from starlette.datastructures import FormData

from examhall.analyses.document import FORMAT, BadScenario, read_scenario
from examhall.analyses.editing import EditedItem
from examhall.web.staff.scenario_form import (
    AS_IT_IS,
    ItemState,
    anchor_of,
    document_of,
    read_document,
    states_of,
)
from examhall.web.staff.scenario_words import scenario_in_words

BASE: dict[str, Any] = {"format": FORMAT, "exams": [12]}


def item(number: int, kind: str, part: str = "", topic: str | None = None) -> EditedItem:
    return EditedItem(12, number, part, kind, topic, "?", {}, {}, Decimal(1), None, None)


ITEMS = {
    12: [
        item(1, "single_choice", topic="Algebra"),
        item(2, "multiple_choice", topic="Geometry"),
        item(3, "number"),
        item(4, "matching"),
        item(5, "ordering"),
        item(6, "number", "a"),
        item(6, "short_text", "b"),
    ]
}


def change(number: int, what: str, **said: Any) -> dict[str, Any]:
    return {"exam_id": 12, "change": what, "question_number": number, "sub_part": "", **said}


def posted(document: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """What the form makes of a document in whose page these fields were changed."""
    states = states_of(document, ITEMS)
    said: list[tuple[str, Any]] = [("base", json.dumps(document)), ("exam", "12")]
    for each in ITEMS[12]:
        state = states.get((12, each.label), AS_IT_IS)
        said += [(f"what-12-{each.label}", state.what), (f"to-12-{each.label}", state.to)]
    said = [pair for pair in said if pair[0] not in fields]
    for name, value in fields.items():
        said += [(name, each) for each in (value if isinstance(value, list) else [value])]
    return read_scenario(document_of(FormData(said), ITEMS)).as_document()


def touching(label: str, what: str, to: str = "") -> dict[str, str]:
    return {f"what-12-{label}": what, f"to-12-{label}": to}


@pytest.mark.parametrize(
    "questions",
    [
        [],
        [change(1, "drop", award="nobody")],
        [change(6, "drop", award="everybody", sub_part="b")],
        [change(1, "key", answer="B")],
        [change(3, "key", answer=["12.5", "25/2"], tolerance="0.1")],
        [change(2, "key", answer=["A", "C"], partial=True)],
        [change(4, "key", answer={"1": "B", "2": "A"})],
        [change(5, "key", answer=["C", "A", "B"])],
        [change(1, "accept", answer="B"), change(1, "accept", answer="C")],
        [change(2, "points", points="2.5")],
        [change(1, "key", answer="B"), change(1, "points", points=3)],
        [change(5, "drop", award="nobody"), change(1, "key", answer="B")],
        [change(99, "drop", award="nobody")],
    ],
)
def test_what_nobody_touches_stays_as_it_was(questions: list[dict[str, Any]]) -> None:
    document = read_scenario({**BASE, "questions": questions} if questions else BASE).as_document()
    assert posted(document) == document


def test_a_question_dropped_as_a_whole_is_dropped_part_by_part() -> None:
    whole = {"exam_id": 12, "change": "drop", "question_number": 6, "award": "nobody"}
    document = read_scenario({**BASE, "questions": [whole]}).as_document()
    assert set(states_of(document, ITEMS)) == {(12, "6a"), (12, "6b")}
    assert [each["sub_part"] for each in posted(document)["questions"]] == ["a", "b"]
    assert [each["sub_part"] for each in posted(document, **touching("6a", "keep"))["questions"]] == ["b"]


@pytest.mark.parametrize(
    ("label", "what", "to", "expected"),
    [
        ("1", "nobody", "", [{"change": "drop", "award": "nobody"}]),
        ("1", "everybody", "junk", [{"change": "drop", "award": "everybody"}]),
        ("1", "key", "B", [{"change": "key", "answer": "B"}]),
        ("1", "key", "A | B", [{"change": "key", "answer": ["A", "B"]}]),
        ("2", "key", "A, C", [{"change": "key", "answer": ["A", "C"]}]),
        ("3", "key", "12,5 | 25/2", [{"change": "key", "answer": ["12,5", "25/2"]}]),
        ("4", "key", "1=B, 2 = A", [{"change": "key", "answer": {"1": "B", "2": "A"}}]),
        ("5", "accept", "B, A, C", [{"change": "accept", "answer": ["B", "A", "C"]}]),
        (
            "6b",
            "accept",
            "two | 2",
            [{"change": "accept", "answer": "two"}, {"change": "accept", "answer": "2"}],
        ),
        ("6a", "points", "2", [{"change": "points", "points": "2"}]),
        ("1", "keep", "B", []),
        ("1", "several", "", []),
        ("1", "nonsense", "B", []),
    ],
)
def test_a_field_makes_a_change(label: str, what: str, to: str, expected: list[dict[str, Any]]) -> None:
    found = posted(BASE, **touching(label, what, to)).get("questions", [])
    where = {"exam_id": 12, "question_number": int(label[0]), "sub_part": label[1:]}
    assert found == [{**each, **where} for each in expected]


def test_only_the_touched_item_loses_what_the_form_cannot_say() -> None:
    questions = [change(3, "key", answer="7", tolerance="0.1"), change(2, "key", answer=["A"], partial=True)]
    document = read_scenario({**BASE, "questions": questions}).as_document()
    found = posted(document, **touching("3", "key", "8"))["questions"]
    assert found == [document["questions"][1], change(3, "key", answer="8")]


def test_every_other_field_goes_there_and_back() -> None:
    found = posted(
        BASE,
        **{
            "weight-12-0": "2",
            "weight-12-1": "1",
            "negative": "1/3",
            "negative_kind": ["number", "single_choice"],
            "curve": "to_mean",
            "curve_mean": "65,5",
            "curve_sd": "",
            "pass_percent": "55",
            "bands": "own",
            "own_bands": "A 86 %\nVery good 71\n\nF 0",
            "scale": "500-100:1",
            "exclude_sittings": "4, 5 6",
            "exclude_below": "2,5",
            "subgroups": "course",
        },
    )
    assert found == {
        **BASE,
        "exclude_sittings": [4, 5, 6],
        "exclude_below_minutes": 2.5,
        "weights": [{"exam_id": 12, "topic": "Algebra", "factor": 2}],
        "negative_marking": {"fraction": "1/3", "kinds": ["number", "single_choice"]},
        "curve": {"kind": "to_mean", "mean_percent": 65.5},
        "pass_mark": {"percent": 55},
        "grade_bands": [
            {"name": "A", "from_percent": 86},
            {"name": "Very good", "from_percent": 71},
            {"name": "F", "from_percent": 0},
        ],
        "scale": {"code": "500-100", "version": 1},
        "subgroups": {"by": "course"},
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"exclude_sittings": "four"},
        {"exclude_sittings": "9" * 5000},
        {"negative": "a lot"},
        {"curve": "bell"},
        {"curve": "add"},
        {"bands": "own", "own_bands": "A"},
        {"bands": "ects"},
        {"scale": "own"},
        {"subgroups": "height"},
        {"pass_percent": "1e999999"},
        {"weight-12-0": "\u0663x"},
    ],
)
def test_what_a_field_cannot_hold_is_told(fields: dict[str, Any]) -> None:
    with pytest.raises(BadScenario):
        posted(BASE, **fields)


MIXED: list[tuple[str, Any]] = [("exam", "12"), ("exam", "x"), ("add_exam", "13")]


@pytest.mark.parametrize("base", ["", "{", "[]", '{"format": "x"}', "[" * 100_000, "\0"])
def test_a_base_that_is_none_is_an_empty_one(base: str) -> None:
    found = document_of(FormData([("base", base), *MIXED]), ITEMS)
    assert found == {"format": FORMAT, "exams": [12, 13]}


def test_an_exam_taken_out_takes_its_changes_with_it() -> None:
    document = read_scenario({**BASE, "questions": [change(1, "key", answer="B")]}).as_document()
    found = document_of(FormData([("base", json.dumps(document)), ("exam", "13")]), ITEMS)
    assert found == {"format": FORMAT, "exams": [13]}


def test_a_mistake_is_shown_at_its_field() -> None:
    document = {
        **BASE,
        "questions": [change(6, "key", answer="x", sub_part="b")],
        "weights": [{"exam_id": 12, "topic": "A", "factor": 1}],
    }
    for path, anchor in (
        ("", "document"),
        ("/questions/0/answer", "q-12-6b"),
        ("/questions/7", "questions"),
        ("/weights/0/topic", "w-12-A"),
        ("/curve/points", "curve"),
        ("/scale", "scale"),
    ):
        assert anchor_of(path, document) == anchor


def test_a_document_that_is_none_is_refused() -> None:
    for text in ("", "{", "[]", "[" * 200_000, '{"format": "examhall-scenario/1"}'):
        with pytest.raises(BadScenario):
            read_document(text)


def test_the_state_of_an_item_is_what_the_field_shows() -> None:
    document = {**BASE, "questions": [change(2, "key", answer=["A", "C"]), change(3, "accept", answer="7")]}
    assert states_of(document, ITEMS) == {
        (12, "2"): ItemState("key", "A, C"),
        (12, "3"): ItemState("accept", "7"),
    }


def test_a_scenario_says_in_words_what_it_changes() -> None:
    scenario = read_scenario(
        {
            **BASE,
            "exclude_below_minutes": 5,
            "exclude_sittings": [4],
            "questions": [
                {"exam_id": 12, "change": "drop", "question_number": 7, "award": "nobody"},
                change(1, "key", answer="B"),
                change(3, "accept", answer="7"),
                change(2, "points", points="2"),
                change(5, "drop", award="everybody"),
            ],
            "weights": [
                {"exam_id": 12, "topic": "Algebra", "factor": 2},
                {"exam_id": 12, "topic": "Geometry", "factor": 0},
                {"exam_id": 12, "topic": "Numbers", "factor": 1.5},
            ],
            "negative_marking": {"fraction": "1/3", "kinds": ["single_choice"]},
            "curve": {"kind": "to_mean", "mean_percent": 65, "sd_percent": 15},
            "pass_mark": {"percent": 60},
            "grade_bands": {"code": "ects", "version": 1},
            "scale": {"mean": 500, "sd": 100, "lowest": 200, "highest": 800},
            "subgroups": {"by": "course"},
        }
    )
    said = scenario_in_words(scenario, titles={12: "Maths"}, entries={("grade_bands", "ects"): "ECTS"}, _=str)
    assert [each.sentence for each in said] == [
        "One sitting does not count.",
        "Sittings of less than 5 minutes do not count.",
        "Question 7 counts for nobody.",
        "Question 1: B is right instead.",
        "Question 3: 7 is right too.",
        "Question 2 is worth 2.",
        "Question 5: everybody gets its points.",
        "Algebra counts double.",
        "Geometry does not count.",
        "Numbers counts 1.5 times.",
        "A wrong answer costs 1/3 of its points (single choice).",
        "All are moved to a mean of 65% and a spread of 15%.",
        "60% of all points pass.",
        "Grades: ECTS.",
        "Scores from 200 to 800, mean 500, spread 100.",
        "Results are told by course as well.",
    ]


@pytest.mark.parametrize("text", ["{0}", "%s", "<b>", "{answer.__class__}"])
def test_words_of_people_are_words_alone(text: str) -> None:
    scenario = read_scenario({**BASE, "questions": [change(6, "accept", answer=text, sub_part="b")]})
    [said] = scenario_in_words(scenario, titles={}, entries={}, _=str)
    assert text in said.sentence
