"""A list of holders: as spreadsheets write it, and each line that is wrong with its reason."""

import pytest

from examhall.certificates.holders_file import BadHoldersFile, read_holders
from examhall.certificates.issue import MOST_AT_ONCE, Order

from .given import MOTTO


def test_each_line_is_an_order_with_what_is_its_own() -> None:
    content = "\ufeffHolder;username;motto\nOʻktam Gʻaniyev;;Ad astra\n;alice;\n".encode()
    assert read_holders(content, [MOTTO]) == [
        Order("Oʻktam Gʻaniyev", None, {"motto": "Ad astra"}),
        Order(None, "alice", {}),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, "")]),
        ("holder\n", [(1, "")]),
        ("name,motto\nAlice,x\n", [(1, "name"), (1, "holder")]),
        ("holder,holder\nAlice,Bob\n", [(1, "")]),
        ("holder,motto\n,x\nAlice,y,z\n", [(2, "holder"), (3, "")]),
        (f"holder,motto\n{'A' * 201},{'x' * 501}\n", [(2, "holder"), (2, "motto")]),
        ("holder\n" + "Alice\n" * (MOST_AT_ONCE + 1), [(MOST_AT_ONCE + 2, "")]),
        ('holder\n"Alice\n', [(3, "")]),
        ("holder\nA\0\n", [(2, "")]),
    ],
    ids=["empty", "header", "unknown", "twice", "cells", "long", "many", "quotes", "NUL"],
)
def test_a_list_that_cannot_be_used_says_where(text: str, expected: list[tuple[int, str]]) -> None:
    with pytest.raises(BadHoldersFile) as bad:
        read_holders(text.encode(), [MOTTO])
    assert [(each.line, each.column) for each in bad.value.problems] == expected


def test_what_is_not_utf_8_says_where() -> None:
    with pytest.raises(BadHoldersFile, match="cannot be used"):
        read_holders(b"holder\n\xff\xfe\n", [MOTTO])
