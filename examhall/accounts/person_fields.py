"""What somebody may be called: the people file's rules, for one person in a form."""

from collections.abc import Sequence
from typing import Any

from examhall.accounts.people_file import READERS
from examhall.base.errors import Malformed


class NotAPerson(Malformed):
    """Some of this cannot be stored."""


def problems_of(given: dict[str, str]) -> dict[str, str]:
    """What is wrong with each of these texts, by field, in the people file's words."""
    problems: dict[str, str] = {}
    for name, text in given.items():
        if not text.strip():
            if name in ("username", "full_name"):
                problems[name] = "is empty"
            continue
        try:
            READERS[name](text)
        except ValueError as error:
            problems[name] = str(error)
    return problems


def checked(*, username: str, full_name: str, email: str | None, roles: Sequence[str]) -> dict[str, Any]:
    """The same, tidied as the people file's cells are, for `create_person` and `edit_person`."""
    given = {"username": username, "full_name": full_name, "email": email or "", "roles": " ".join(roles)}
    if problems := problems_of(given):
        raise NotAPerson(fields=[{"field": name, "message": message} for name, message in problems.items()])
    return {name: READERS[name](text) if text.strip() else None for name, text in given.items()}
