"""What pages' forms and addresses say: never a mistake of ours, whatever they say."""

import pytest
from starlette.requests import Request

from examhall.base.wire import LARGEST_ID
from examhall.web.staff.given import before_of, id_in, line_of, number_of, text_of, text_problems, version_in


def asked(query: str = "") -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": [], "state": {}})


@pytest.mark.parametrize(
    ("said", "version"), [("7", 7), ("", 0), ("-1", 0), ("٣", 0), ("9" * 9, 999_999_999), ("9" * 10, 0)]
)
def test_a_version_is_a_number_that_a_row_can_have(said: str, version: int) -> None:
    assert version_in(said) == version


@pytest.mark.parametrize(
    ("query", "before"),
    [("before=12", 12), ("", LARGEST_ID), ("before=x", LARGEST_ID), (f"before={'9' * 19}", LARGEST_ID)],
)
def test_a_list_begins_where_the_address_says(query: str, before: int) -> None:
    assert before_of(asked(query)) == before


def test_each_text_is_held_to_its_limit() -> None:
    given = {"code": "", "name": "x" * 4, "title": "a\0b", "description": "", "email": ""}
    limits = {"code": 3, "name": 3, "title": 3, "description": 3, "email": 3}
    assert text_problems(asked(), given, limits).keys() == {"code", "name", "title", "email"}
    assert "description" in text_problems(asked(), given, limits, may_be_empty=("email",))


@pytest.mark.parametrize(
    ("said", "text", "line"),
    [(" a\n b ", "a\n b", "a b"), ("abcdefgh", "abcdef", "abcdef"), ("a\0b", "", ""), ("a\ud800", "", "")],
)
def test_what_cannot_be_stored_was_not_said(said: str, text: str, line: str) -> None:
    assert (text_of({"x": said}, "x", 6), line_of({"x": said}, "x", 6)) == (text, line)
    assert (text_of({}, "x", 6), line_of({"x": object()}, "x", 6)) == ("", "")


@pytest.mark.parametrize("said", ["", "-1", "٣", "²", "9" * 30])
def test_what_is_no_number_is_no_row(said: str) -> None:
    assert (number_of({"x": said}, "x"), id_in(said)) == (0, None)
    assert (number_of({"x": "7"}, "x"), id_in("7")) == (7, 7)
