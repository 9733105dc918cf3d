"""Whether answers are what a form asks for: by another validator too, and by what must be refused."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from examhall.forms.checking import REASONS, BadAnswers, find_wrong, require_right
from examhall.forms.fields import Field, write_document

from .test_fields import ALL

SCHEMA = write_document(ALL)
RIGHT: dict[str, Any] = {
    "name": "Zoʻr Oʻgʻil", "about": "two\nlines", "height": 1.75, "year": 2009, "consent": True,
    "born_on": "2009-02-28", "email": "ann@example.org", "phone": "+998 (90) 123-45-67", "level": "B2",
    "days": ["Tue", "Mon"], "papers": ["passport.pdf"],
}  # fmt: skip


def test_what_is_asked_for_is_right() -> None:
    assert find_wrong(SCHEMA, RIGHT) == []
    require_right(SCHEMA, RIGHT)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("name", "A", "minLength"),
        ("name", "A" * 81, "maxLength"),
        ("name", "Ann 2", "pattern"),
        ("name", 5, "type"),
        ("name", None, "type"),
        ("name", {"a": 1}, "type"),
        ("name", "An\0n", "unstorable"),
        ("name", "An\ud800", "unstorable"),
        ("about", "a" * 1_000_000, "maxLength"),
        ("height", "tall", "number"),
        ("height", 0.1, "minimum"),
        ("height", 2.6, "maximum"),
        ("height", float("nan"), "number"),
        ("height", float("inf"), "number"),
        ("height", 10**400, "number"),
        ("year", 2009.5, "integer"),
        ("consent", False, "const"),
        ("born_on", "2009-02-29", "date"),
        ("born_on", "yesterday", "date"),
        ("email", "ann", "email"),
        ("phone", "call me", "phone"),
        ("phone", "+998", "phone"),
        ("level", "C3", "enum"),
        ("days", ["Mon", "Mon"], "uniqueItems"),
        ("days", [], "required"),
        ("days", ["Sun"], "enum"),
        ("days", [["Mon"]], "type"),
        ("papers", ["a", "b", "c", "d"], "maxItems"),
        ("unasked", "x", "unknown"),
        ("\ud800\0", "x", "unknown"),
    ],
)
def test_a_wrong_answer_is_told_by_its_field(name: str, value: Any, reason: str) -> None:
    [wrong] = find_wrong(SCHEMA, {**RIGHT, name: value})
    assert wrong.reason == reason
    assert wrong.field == name or reason == "unknown"
    assert wrong.sentence


def test_what_is_missing_is_told_once_each() -> None:
    with pytest.raises(BadAnswers) as refused:
        require_right(SCHEMA, {})
    fields: Any = refused.value.details["fields"]
    assert {(each["path"], each["code"]) for each in fields} == {
        (f"/{name}", "required") for name in SCHEMA["required"]
    }


def test_a_place_in_a_list_is_told() -> None:
    [wrong] = find_wrong(SCHEMA, {**RIGHT, "days": ["Mon", "Sun"]})
    assert wrong.pointer == "/days/1"


def test_every_reason_has_its_words() -> None:
    for reason, sentence in REASONS.items():
        assert sentence.endswith("."), reason


def test_a_pattern_that_would_run_away_elsewhere_takes_no_time() -> None:
    evil = Field("a", "text", "A", most=10_000, pattern="(a+)+b")
    began = time.perf_counter()
    assert [each.reason for each in find_wrong(write_document([evil]), {"a": "a" * 10_000})] == ["pattern"]
    # With backtracking: for ever, 2 to the power of 10,000.
    assert time.perf_counter() - began < 60


@given(
    st.dictionaries(
        st.sampled_from([field.name for field in ALL]),
        st.one_of(
            st.sampled_from(list(RIGHT.values())),
            st.text(max_size=20),
            st.integers(-10, 3000),
            st.floats(-1e15, 1e15),
            st.booleans(),
            st.lists(st.sampled_from(["Mon", "Tue", "Sun"]), max_size=4),
        ),
    )
)
def test_another_validator_says_the_same(changed: dict[str, Any]) -> None:
    # Formats are each library's own; ours are tried above.
    data = {**RIGHT, **{name: value for name, value in changed.items() if name not in ("email", "phone")}}
    other = Draft202012Validator(SCHEMA, format_checker=FormatChecker(["date"]))
    ours = find_wrong(SCHEMA, data)
    theirs = {str(error.path[0]) for error in other.iter_errors(data)}
    unstorable = {each.field for each in ours if each.reason == "unstorable"}
    assert {each.field for each in ours} - unstorable == theirs - unstorable
