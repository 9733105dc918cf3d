"""Where people start, by what they do here."""

import pytest

from examhall.accounts.access import Person
from examhall.web.public import home_of


@pytest.mark.parametrize(
    ("roles", "home"),
    [
        (("candidate",), "/exams"),
        (("candidate", "analyst"), "/exams"),
        ((), "/exams"),
        (("author",), "/staff/exams"),
        (("invigilator",), "/staff/exams"),
        (("marker",), "/staff/marking"),
        (("admin",), "/staff/exams"),
    ],
)
def test_who_only_works_here_starts_at_their_work(roles: tuple[str, ...], home: str) -> None:
    assert home_of(Person(1, roles)) == home


def test_who_has_a_ticket_starts_at_its_exam() -> None:
    assert home_of(Person(1, ("candidate",), exam_id=7)) == "/exams/7"
