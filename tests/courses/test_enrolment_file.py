"""The enrolment file: what is read, and what is said of what cannot be."""

import pytest

from examhall.courses.enrolment_file import LINES_LIMIT, BadEnrolmentFile, EnrolmentLine, read_enrolment


def problems(content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(BadEnrolmentFile) as caught:
        read_enrolment(content.encode() if isinstance(content, str) else content)
    return [(problem.line, problem.column) for problem in caught.value.problems]


def test_who_is_in_the_file_is_active_unless_it_says_no() -> None:
    found = read_enrolment(b"username,active\nann,\nben,no\n\ncy,YES\n")
    assert found == [
        EnrolmentLine(2, "ann", True),
        EnrolmentLine(3, "ben", False),
        EnrolmentLine(5, "cy", True),
    ]


def test_usernames_alone_are_enough_and_spreadsheets_are_read() -> None:
    assert [each.username for each in read_enrolment("\ufeffusername\r\nann\r\n".encode())] == ["ann"]
    assert read_enrolment("Username;Active\nÅsa;0\n".encode()) == [EnrolmentLine(2, "Åsa", False)]


def test_columns_of_our_own_export_are_passed_over() -> None:
    file = b"username,full_name,email,active,enrolled_at\nann,Ann,,yes,2026-01-01\n"
    assert read_enrolment(file) == [EnrolmentLine(2, "ann", True)]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("", [(1, "username")]),
        ("name\nann\n", [(1, "username"), (1, "name")]),
        ("username,username\n", [(1, "username")]),
        ("username\n", [(1, "")]),
        ("username,active\nann\nben,perhaps\n,yes\n", [(2, ""), (3, "active"), (4, "username")]),
        (b"username\nann\nb\xff\n", [(3, "")]),
        ("username\na\0nn\n", [(2, "")]),
        ('username\n"ann', [(2, "")]),
    ],
)
def test_every_bad_line_is_told(file: str | bytes, said: list[tuple[int, str]]) -> None:
    assert problems(file) == said


def test_a_file_has_its_limit() -> None:
    lines = "\n".join(f"s{number}" for number in range(LINES_LIMIT + 5))
    assert problems(f"username\n{lines}\n") == [(LINES_LIMIT + 2, "")]
