"""The people file: CSV as spreadsheets write it, read with a reason for every line that is wrong."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from examhall.accounts.passwords import LONGEST_BYTES
from examhall.base import csv_file
from examhall.base.csv_file import BadFile, Problem, as_meant, header_problems, read_rows, uneven
from examhall.base.said import said

ROLES = ("candidate", "invigilator", "marker", "author", "analyst", "admin")
REQUIRED = ("username", "full_name")

LINES_LIMIT = 20_000
# Each takes 25 ms of a core: a file of them all must be done before the caller gives up.
PASSWORDS_LIMIT = 2_000
LONGEST_NAME = 200
# The longest that mail can be delivered to.
LONGEST_EMAIL = 254

# Not beginning with a sign, so that no spreadsheet takes it for a formula.
USERNAME = re.compile(r"\w[\w.@+-]{0,99}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class BadPeopleFile(BadFile):
    """The file has lines that cannot be imported. Nothing was imported."""


@dataclass(frozen=True)
class PersonLine:
    line: int
    username: str
    full_name: str
    # None: not in the file, so what is stored stays.
    email: str | None
    password: str | None
    roles: tuple[str, ...] | None
    active: bool | None


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, refused with the line where it is not."""
    return csv_file.decode(content, BadPeopleFile)


def read_people(text: str) -> list[PersonLine]:
    """Everyone in the file, or `BadPeopleFile` with every bad line. Commas or semicolons, as the header."""
    return _read_rows(iter(read_rows(text, BadPeopleFile)))


def _read_rows(rows: Iterator[tuple[int, list[str]]]) -> list[PersonLine]:
    header_line, cells = next(rows, (1, []))
    header = [name.strip().lower() for name in cells]
    problems = header_problems(header_line, header, required=REQUIRED, known=tuple(READERS))
    if problems:
        raise BadPeopleFile(problems)

    people: list[PersonLine] = []
    passwords = 0
    for line, cells in rows:
        if len(people) == LINES_LIMIT:
            problems.append(
                Problem(line, "", said("a file has at most {lines_limit:,} people", lines_limit=LINES_LIMIT))
            )
            break
        if len(cells) != len(header):
            problems.append(uneven(line, cells, header))
            continue
        person = _read_person(line, dict(zip(header, cells, strict=True)), problems)
        people.append(person)
        passwords += person.password is not None
        if passwords > PASSWORDS_LIMIT:
            problems.append(
                Problem(
                    line,
                    "password",
                    said("a file has at most {passwords_limit:,} passwords", passwords_limit=PASSWORDS_LIMIT),
                )
            )
            break
    if not people and not problems:
        problems.append(Problem(header_line, "", said("has no people after the header")))
    if problems:
        raise BadPeopleFile(problems)
    return people


def _read_person(line: int, cells: dict[str, str], problems: list[Problem]) -> PersonLine:
    values: dict[str, Any] = dict.fromkeys(READERS)
    for column, cell in cells.items():
        if not cell.strip():
            if column in REQUIRED:
                problems.append(Problem(line, column, said("is empty")))
            continue
        try:
            values[column] = READERS[column](cell)
        except ValueError as error:
            problems.append(Problem(line, column, error.args[0]))
    return PersonLine(line, **values)


def _tidy(cell: str) -> str:
    # NFC: one way of writing a letter with an accent, or two spellings would be two people.
    return unicodedata.normalize("NFC", cell.strip())


def _username(cell: str) -> str:
    username = _tidy(cell)
    if not USERNAME.fullmatch(username):
        raise ValueError(
            said(
                "begins with a letter or digit and has letters, digits and . _ - + @, at most 100 characters"
            )
        )
    return username


def _full_name(cell: str) -> str:
    full_name = _tidy(as_meant(cell))
    if len(full_name) > LONGEST_NAME:
        raise ValueError(said("is longer than {longest_name} characters", longest_name=LONGEST_NAME))
    if any(unicodedata.category(character) == "Cc" for character in full_name):
        raise ValueError(said("has a line break or another control character"))
    return full_name


def _email(cell: str) -> str:
    email = _tidy(as_meant(cell))
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
        raise ValueError(said("is not an e-mail address"))
    return email


def _password(cell: str) -> str:
    # As it stands: a space at the end may be meant.
    if len(cell.encode()) > LONGEST_BYTES:
        raise ValueError(said("is longer than {longest_bytes:,} bytes", longest_bytes=LONGEST_BYTES))
    return cell


def _roles(cell: str) -> tuple[str, ...]:
    roles = sorted({role.lower() for role in re.split(r"[\s,;|]+", cell.strip())} - {""})
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise ValueError(said("roles are {names}, separated by spaces", names=", ".join(ROLES)))
    return tuple(roles)


def _active(cell: str) -> bool:
    try:
        return YES_NO[_tidy(cell).lower()]
    except KeyError:
        raise ValueError(said("is yes or no")) from None


READERS: dict[str, Callable[[str], object]] = {
    "username": _username,
    "full_name": _full_name,
    "email": _email,
    "password": _password,
    "roles": _roles,
    "active": _active,
}
