from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.accounts import people_file
from examhall.accounts.people_file import BadPeopleFile, PersonLine, decode, read_people


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadPeopleFile) as caught:
        read_people(text)
    return [(field["line"], field["column"]) for field in caught.value.details["fields"]]


FULL = PersonLine(2, "ada", "Ada, Countess", "ada@example.org", "pass", ("author", "candidate"), True)


@pytest.mark.parametrize(
    "text",
    [
        "username,full_name,email,password,roles,active\n"
        'ada,"Ada, Countess",ada@example.org,pass,author candidate,yes\n',
        "\ufeffusername;full_name;email;password;roles;active\r\n"
        "ada;Ada, Countess;ada@example.org;pass;author,candidate;1\r\n",
        "Active, Roles ,USERNAME,password,email,full_name\n"
        'TRUE,Candidate|AUTHOR, ada ,pass,ada@example.org,"Ada, Countess"',
        "username;full_name;email;password;roles;active\n"
        'ada;"Ada, Countess";ada@example.org;pass;"author; candidate";true\n\n;;;;;\n',
    ],
)
def test_the_ways_a_spreadsheet_writes_it(text):
    assert read_people(text) == [FULL]


def test_missing_columns_and_empty_cells_say_nothing():
    bare = PersonLine(2, "ada", "Ada", None, None, None, None)
    assert read_people("username,full_name\nada,Ada") == [bare]
    assert read_people("username,full_name,email,password,roles,active\nada,Ada, ,,,") == [bare]


def test_every_bad_line_is_named():
    text = (
        "username,full_name,email,password,roles,active\n"
        "ada,Ada,no-address,pass,author,yes\n"
        '"two\nlines",Bob,,,,\n'
        "=cmd,Carl,,,pope,perhaps\n"
        "dora,,,,,\n"
        "few,cells\n"
        f"eve,Eve,,{'x' * 1001},,\n"
        "fine,Fine,,,,\n"
    )
    assert problems(text) == [
        (2, "email"), (3, "username"), (5, "username"), (5, "roles"), (5, "active"),
        (6, "full_name"), (7, ""), (8, "password"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", [(1, "username"), (1, "full_name")]),
        ("username,name\nada,Ada", [(1, "full_name"), (1, "name")]),
        ("username,full_name,email,email\n", [(1, "email")]),
        ("username,full_name\n", [(1, "")]),
        ("username,full_name\nada,A\0da", [(2, "")]),
        ("username,full_name\nada,Ada\nbob,\ud800", [(3, "")]),
        ("username,full_name\nada,\ufffd", [(2, "")]),
        ('username,full_name\nada,"Ada', [(2, "")]),
        ("username,full_name\nada," + "x" * 200_000, [(2, "")]),
        ("username,full_name\nada," + "x" * 201, [(2, "full_name")]),
        ("username,full_name\n" + "x" * 101 + ",Ada", [(2, "username")]),
    ],
)
def test_a_file_that_is_wrong_says_where(text, where):
    assert problems(text) == where


def test_bytes_that_are_not_utf8_are_refused_with_their_line():
    with pytest.raises(BadPeopleFile) as caught:
        decode("username,full_name\nada,Ada\nbj\u00f6rn,B".encode("latin-1"))
    assert caught.value.details["fields"][0]["line"] == 3
    assert decode("\ufeffusername".encode()) == "username"


def test_a_file_has_limits(monkeypatch):
    monkeypatch.setattr(people_file, "LINES_LIMIT", 2)
    monkeypatch.setattr(people_file, "PASSWORDS_LIMIT", 1)
    rows = [f"p{n},P" for n in range(3)]
    assert problems("username,full_name\n" + "\n".join(rows)) == [(4, "")]
    assert problems("username,full_name,password\np0,P,a\np1,P,b") == [(3, "password")]


def test_of_very_many_problems_the_first_hundred_are_shown():
    with pytest.raises(BadPeopleFile) as caught:
        read_people("username,full_name\n" + "!,X\n" * 500)
    assert len(caught.value.details["fields"]) == 100
    assert caught.value.details["problems"] == 500


@given(st.text(st.characters(codec=None), max_size=60), st.text(max_size=60))
def test_whatever_comes_is_read_or_refused(header, rest):
    for text in (header + "\n" + rest, "username,full_name,roles,active\n" + rest):
        with suppress(BadPeopleFile):
            assert read_people(text)
