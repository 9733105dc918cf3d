"""What a form can ask, as JSON Schema: checked against another implementation of the standard."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from examhall.forms.fields import (
    CHOICES_LIMIT,
    FIELDS_LIMIT,
    KINDS,
    BadFormFields,
    Field,
    read_document,
    write_document,
)

ALL = (
    Field("name", "string", "Name", "As in the passport", required=True, least=2, most=80, pattern="[^0-9]+"),
    Field("about", "text", "About", most=2_000),
    Field("height", "number", "Height", minimum=0.5, maximum=2.5),
    Field("year", "integer", "Year", minimum=1),
    Field("consent", "boolean", "I agree", required=True),
    Field("born_on", "date", "Born on"),
    Field("email", "email", "E-mail", required=True),
    Field("phone", "phone", "Telephone"),
    Field("level", "choice", "Level", choices=("A1", "B2")),
    Field("days", "choices", "Days", choices=("Mon", "Tue"), least=1, most=2),
    Field("papers", "file", "Papers", required=True, least=1, most=3),
)


def document(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def places(wrong: dict[str, Any]) -> list[str]:
    with pytest.raises(BadFormFields) as refused:
        read_document(wrong)
    fields: Any = refused.value.details["fields"]
    return [each["path"] for each in fields]


def test_every_kind_is_read_as_it_was_written() -> None:
    assert {field.kind for field in ALL} == {*KINDS}
    assert tuple(read_document(json.loads(json.dumps(write_document(ALL))))) == ALL


def test_what_is_written_is_json_schema() -> None:
    Draft202012Validator.check_schema(write_document(ALL))


def test_the_order_is_that_of_the_form() -> None:
    order = [field.name for field in reversed(ALL)]
    assert [field.name for field in read_document(write_document(ALL), order)] == order
    with pytest.raises(BadFormFields):
        read_document(write_document(ALL), order[1:])


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "string"}, "/title"),
        ({"type": "string", "title": "\0"}, "/title"),
        ({"type": "string", "title": "A", "$ref": "http://127.0.0.1/x"}, "/$ref"),
        ({"type": "string", "title": "A", "default": "x"}, "/default"),
        ({"type": "string", "title": "A", "format": "uri"}, ""),
        ({"type": "string", "title": "A", "maxLength": 10**6}, ""),
        ({"type": "string", "title": "A", "minLength": 5, "maxLength": 3}, ""),
        ({"type": "string", "title": "A", "maxLength": True}, ""),
        ({"type": "string", "title": "A", "minimum": 5}, ""),
        ({"type": "integer", "title": "A", "minimum": "5"}, ""),
        ({"type": "integer", "title": "A", "minimum": float("nan")}, ""),
        ({"type": "integer", "title": "A", "pattern": "^(?:a)$"}, "/pattern"),
        ({"type": "string", "title": "A", "pattern": "a"}, "/pattern"),
        ({"type": "string", "title": "A", "pattern": "^(?:a)b|(c)$"}, "/pattern"),
        ({"type": "string", "title": "A", "pattern": "^(?:(?=a)b)$"}, "/pattern"),
        ({"type": "string", "title": "A", "pattern": r"^(?:(a)\1)$"}, "/pattern"),
        ({"type": "string", "title": "A", "pattern": "^(?:(a{1000}){1000})$"}, "/pattern"),
        ({"type": "string", "title": "A", "enum": []}, "/enum"),
        ({"type": "string", "title": "A", "enum": ["a", "a"]}, "/enum"),
        ({"type": "string", "title": "A", "enum": [["a"]]}, "/enum"),
        ({"type": "string", "title": "A", "enum": [str(n) for n in range(CHOICES_LIMIT + 1)]}, "/enum"),
        ({"type": "array", "title": "A", "items": {"type": "string", "enum": ["a"]}}, "/uniqueItems"),
        ({"type": "array", "title": "A", "items": {"type": "object"}}, ""),
        ({"type": "object", "title": "A"}, ""),
        ({"type": ["string", "null"], "title": "A"}, ""),
        ({"anyOf": []}, ""),
        ("string", ""),
    ],
)
def test_what_a_form_cannot_ask_is_refused_where_it_stands(schema: Any, place: str) -> None:
    assert f"/properties/a{place}" in places(document(a=schema))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"type": "object", "properties": []},
        document(),
        document(A={"type": "string", "title": "A"}),
        document(**{f"f{n}": {"type": "string", "title": "A"} for n in range(FIELDS_LIMIT + 1)}),
        {**document(a={"type": "string", "title": "A"}), "required": ["b"]},
        {**document(a={"type": "string", "title": "A"}), "required": [["a"]]},
        {**document(a={"type": "string", "title": "A"}), "additionalProperties": True},
        {**document(a={"type": "string", "title": "A"}), "$ref": "#"},
        {**document(a={"type": "string", "title": "A"}), "$schema": "http://127.0.0.1/schema"},
    ],
)
def test_a_document_that_is_no_form_is_refused(wrong: dict[str, Any]) -> None:
    assert places(wrong)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["type", "title", "enum", "items", "pattern", "minimum", "a"]), inner
            )
        ),
    )
)
def test_whatever_is_sent_is_read_or_refused(sent: Any) -> None:
    try:
        fields = read_document({"type": "object", "properties": {"a": sent}})
    except BadFormFields:
        return
    assert write_document(fields)["properties"] == {"a": sent}
