import json
from itertools import permutations
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examhall.analyses.differences import differences
from examhall.analyses.document import (
    FORMAT,
    BadScenario,
    Scenario,
    json_schema,
    pointer,
    read_scenario,
)

BASE = {"format": FORMAT, "exams": [12]}
DROP: dict[str, Any] = {"exam_id": 12, "change": "drop", "question_number": 7, "award": "nobody"}
POINTS: dict[str, Any] = {"exam_id": 12, "change": "points", "question_number": 3, "points": 2}
KEY: dict[str, Any] = {"exam_id": 12, "change": "key", "question_number": 3, "answer": "B"}
ACCEPT: dict[str, Any] = {"exam_id": 12, "change": "accept", "question_number": 3, "answer": "C"}
BANDS = [{"name": "A", "from_percent": 86.5}, {"name": "F", "from_percent": 0}]
FULL: dict[str, Any] = {
    **BASE,
    "exclude_sittings": [4, 5],
    "exclude_below_minutes": 5,
    "questions": [DROP, POINTS, KEY, ACCEPT],
    "weights": [
        {"exam_id": 12, "topic": "Algebra", "factor": 2},
        {"exam_id": 12, "topic": "B", "factor": 0.5},
    ],
    "negative_marking": {"fraction": "1/3", "kinds": ["single_choice"]},
    "curve": {"kind": "to_mean", "mean_percent": 65, "sd_percent": 15},
    "pass_mark": {"percent": 60},
    "grade_bands": BANDS,
    "scale": {"mean": 500, "sd": 100, "lowest": 200, "highest": 800},
    "subgroups": {"by": "course"},
}
SCHEMA = jsonschema.Draft202012Validator(json_schema())


def of(**parts: Any) -> Scenario:
    return read_scenario({**BASE, **parts})


def test_what_is_read_is_written_as_it_was() -> None:
    written = read_scenario(FULL).as_document()
    assert written == json.loads(json.dumps(written))
    assert read_scenario(written) == read_scenario(FULL)
    assert list(written) == [*BASE, *(name for name in FULL if name not in BASE)]
    assert read_scenario(BASE).as_document() == BASE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"exams": [3, 12]}, {"exams": [12, 3]}),
        ({}, {"curve": {"kind": "none"}, "questions": [], "weights": [], "scale": None}),
        ({"negative_marking": {"fraction": 0.25}}, {"negative_marking": {"fraction": "1/4"}}),
        ({"negative_marking": {"fraction": "2/6"}}, {"negative_marking": {"fraction": "1/3"}}),
        ({"pass_mark": {"percent": 60}}, {"pass_mark": {"percent": "60.0"}}),
        ({"questions": [POINTS]}, {"questions": [POINTS | {"points": "2"}]}),
        ({"questions": [POINTS]}, {"questions": [POINTS | {"points": 2.0, "sub_part": ""}]}),
        ({"questions": [DROP, POINTS]}, {"questions": [POINTS, DROP]}),
        ({"exclude_sittings": [5, 4]}, {"exclude_sittings": [4, 5, 5]}),
        ({"weights": FULL["weights"]}, {"weights": FULL["weights"][::-1]}),
    ],
)
def test_the_same_meaning_has_the_same_hash(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert of(**one).digest() == of(**other).digest()
    assert differences(of(**one), of(**other)) == []


@pytest.mark.parametrize(
    "other",
    [
        {"questions": [ACCEPT, KEY, DROP, POINTS]},
        {"questions": [DROP | {"award": "everybody"}, POINTS, KEY, ACCEPT]},
        {"questions": [DROP | {"sub_part": ""}, POINTS, KEY, ACCEPT]},
        {"pass_mark": None},
        {"curve": {"kind": "none"}},
        {"curve": {"kind": "square_root"}},
        {"negative_marking": {"fraction": "1/3"}},
        {"exclude_sittings": [4]},
        {"scale": {"code": "500-100", "version": 1}},
        {"scale": {"code": "500-100", "version": 2}},
        {"weights": FULL["weights"][:1]},
    ],
)
def test_another_meaning_has_another_hash(other: dict[str, Any]) -> None:
    assert read_scenario(FULL | other).digest() != read_scenario(FULL).digest()
    assert differences(read_scenario(FULL), read_scenario(FULL | other))


def test_changes_of_one_question_keep_their_order() -> None:
    """A key, then an answer beside it; the other way round the second would replace the first."""
    digests = {of(questions=list(order)).digest() for order in permutations([DROP, KEY, ACCEPT])}
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], ""),
        (None, ""),
        ("text", ""),
        ({}, "/format"),
        ({**BASE, "format": "examhall-scenario/2"}, "/format"),
        ({**BASE, "exams": []}, "/exams"),
        ({**BASE, "exams": [0]}, "/exams/0"),
        ({**BASE, "exams": ["12"]}, "/exams/0"),
        ({**BASE, "exams": [2**63]}, "/exams/0"),
        ({**BASE, "weight": []}, "/weight"),
        ({**BASE, "questions": [DROP, {**DROP, "question_number": 0}]}, "/questions/1/question_number"),
        ({**BASE, "questions": [{"exam_id": 12}]}, "/questions/0"),
        ({**BASE, "questions": [{**DROP, "change": "undo"}]}, "/questions/0"),
        ({**BASE, "questions": [{k: v for k, v in DROP.items() if k != "exam_id"}]}, "/questions/0/exam_id"),
        ({**BASE, "questions": [{**KEY, "a/b": 1}]}, "/questions/0/a~1b"),
        ({**BASE, "weights": [{"exam_id": 12, "topic": "a\0", "factor": 1}]}, "/weights/0/topic"),
        ({**BASE, "weights": [{"exam_id": 12, "topic": "a", "factor": -1}]}, "/weights/0/factor"),
        ({**BASE, "weights": [{"exam_id": 12, "topic": "a", "factor": float("nan")}]}, "/weights/0/factor"),
        ({**BASE, "negative_marking": {"fraction": "1/0"}}, "/negative_marking/fraction"),
        ({**BASE, "negative_marking": {"fraction": 1.5}}, "/negative_marking/fraction"),
        ({**BASE, "negative_marking": {"fraction": True}}, "/negative_marking/fraction"),
        ({**BASE, "negative_marking": {"fraction": "9" * 10_000}}, "/negative_marking/fraction"),
        ({**BASE, "negative_marking": {"fraction": "1e-999999"}}, "/negative_marking/fraction"),
        ({**BASE, "negative_marking": {"fraction": 0.1, "kinds": ["essay"]}}, "/negative_marking/kinds/0"),
        ({**BASE, "curve": {"kind": "add"}}, "/curve/points"),
        ({**BASE, "curve": {"kind": "bell"}}, "/curve"),
        ({**BASE, "curve": {"kind": "to_mean", "mean_percent": 101}}, "/curve/mean_percent"),
        ({**BASE, "scale": {"lowest": 5, "highest": 1}}, "/scale"),
        ({**BASE, "scale": {"code": "500-100"}}, "/scale/version"),
        ({**BASE, "scale": {"code": "500 100", "version": 1}}, "/scale/code"),
        ({**BASE, "grade_bands": "A"}, "/grade_bands"),
        ({**BASE, "grade_bands": [{"name": "A", "from_percent": 101}]}, "/grade_bands/0/from_percent"),
        ({**BASE, "pass_mark": {"percent": 0}}, "/pass_mark/percent"),
        ({**BASE, "pass_mark": {"percent": 66.667}}, "/pass_mark/percent"),
        ({**BASE, "exclude_below_minutes": 0}, "/exclude_below_minutes"),
        ({**BASE, "exclude_sittings": [1] * 10_001}, "/exclude_sittings"),
        ({**BASE, "subgroups": {"by": "height"}}, "/subgroups/by"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(document: Any, path: str) -> None:
    with pytest.raises(BadScenario) as refused:
        read_scenario(document)
    assert path in [each["path"] for each in refused.value.problems]
    assert all(each["message"].endswith((".", "?", "!")) for each in refused.value.problems)
    assert not any("Value error" in each["message"] for each in refused.value.problems)


def test_everything_is_told_at_once() -> None:
    with pytest.raises(BadScenario) as refused:
        of(pass_mark={"percent": 0}, curve={"kind": "add"}, weights=[{}])
    assert {each["path"] for each in refused.value.problems} == {
        "/pass_mark/percent", "/curve/points", "/weights/0/exam_id", "/weights/0/topic", "/weights/0/factor",
    }  # fmt: skip


def test_the_schema_takes_what_is_taken() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    SCHEMA.validate(FULL)
    SCHEMA.validate(read_scenario(FULL).as_document())
    SCHEMA.validate(
        {**BASE, "scale": {"code": "500-100", "version": 3}, "grade_bands": {"code": "ects", "version": 1}}
    )
    for bad in ({**BASE, "weight": []}, {**BASE, "curve": {"kind": "add"}}, {"exams": [1]}):
        assert not SCHEMA.is_valid(bad)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(part=st.sampled_from(sorted(FULL)), value=JSON)
def test_whatever_stands_in_a_part_it_is_read_or_refused_with_a_place(part: str, value: Any) -> None:
    found = read(FULL | {part: value})
    if isinstance(found, BadScenario):
        assert found.problems
        assert all(each["path"].startswith(f"/{part}") for each in found.problems)
    else:
        assert read_scenario(found.as_document()).digest() == found.digest()


def read(document: Any) -> Scenario | BadScenario:
    try:
        return read_scenario(document)
    except BadScenario as refused:
        return refused


def test_a_place_is_a_json_pointer() -> None:
    assert pointer([]) == ""
    assert pointer(["a/b", 0, "c~d"]) == "/a~1b/0/c~0d"


def test_differences_are_told_by_what_they_are_about() -> None:
    here = of(questions=[DROP, POINTS], weights=FULL["weights"], pass_mark={"percent": 60})
    there = of(
        questions=[POINTS], weights=[FULL["weights"][0] | {"factor": 3}], curve={"kind": "square_root"}
    )
    found = [(each.part, each.about, each.here, each.there) for each in differences(here, there)]
    assert found == [
        (
            "questions",
            {"exam_id": 12, "question_number": 7},
            [{"change": "drop", "award": "nobody"}],
            None,
        ),
        ("weights", {"exam_id": 12, "topic": "Algebra"}, 2, 3),
        ("weights", {"exam_id": 12, "topic": "B"}, 0.5, None),
        ("curve", {}, None, {"kind": "square_root"}),
        ("pass_mark", {}, {"percent": 60}, None),
    ]
