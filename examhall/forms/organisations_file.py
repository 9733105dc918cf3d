"""The file of organisations: CSV with a code and a name each, and if wanted kind, email and active."""

from collections.abc import Iterator
from typing import NamedTuple

from examhall.base.csv_file import BadFile, Problem, decode, header_problems, read_rows, uneven
from examhall.base.said import said

LINES_LIMIT = 20_000
CODE_CHARS = 40
NAME_CHARS = 200
EMAIL_CHARS = 254
YES_NO = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
COLUMNS = ("code", "name", "kind", "email", "active")


class BadOrganisationsFile(BadFile):
    """The file has lines that cannot be imported. Nothing was changed."""


class OrganisationLine(NamedTuple):
    """What is None is not in the file, and stays as it is."""

    line: int
    code: str
    name: str
    kind: str | None
    email: str | None
    active: bool | None


def read_organisations(content: bytes) -> list[OrganisationLine]:
    """Every organisation in the file, or `BadOrganisationsFile` with every bad line."""
    rows = iter(read_rows(decode(content, BadOrganisationsFile), BadOrganisationsFile))
    header_line, cells = next(rows, (1, []))
    header = [name.strip().lower() for name in cells]
    problems = header_problems(header_line, header, required=("code", "name"), known=COLUMNS)
    if problems:
        raise BadOrganisationsFile(problems)
    found: list[OrganisationLine] = []
    codes: dict[str, int] = {}
    for line, cells in rows:
        if len(found) == LINES_LIMIT:
            problems.append(
                Problem(
                    line,
                    "",
                    said("a file has at most {lines_limit:,} organisations", lines_limit=LINES_LIMIT),
                )
            )
            break
        if len(cells) != len(header):
            problems.append(uneven(line, cells, header))
            continue
        named = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        wrong = [Problem(line, column, reason) for column, reason in _problems(named)]
        first = codes.setdefault(named["code"].lower(), line)
        if first != line:
            wrong.append(Problem(line, "code", said("is on line {first} already", first=first)))
        problems += wrong
        if not wrong:
            found.append(
                OrganisationLine(
                    line,
                    named["code"],
                    named["name"],
                    named.get("kind") or None,
                    named.get("email") or None,
                    YES_NO[named.get("active", "").lower()],
                )
            )
    if not found and not problems:
        problems.append(Problem(header_line, "", said("has no organisations after the header")))
    if problems:
        raise BadOrganisationsFile(problems)
    return found


def _problems(named: dict[str, str]) -> Iterator[tuple[str, str]]:
    for column, most in (("code", CODE_CHARS), ("name", NAME_CHARS), ("email", EMAIL_CHARS)):
        value = named.get(column, "")
        if len(value) > most:
            yield column, said("has more than {most} characters", most=most)
        elif not value and column != "email":
            yield column, said("is empty")
    if named.get("email") and "@" not in named["email"]:
        yield "email", said("is not an e-mail address")
    if named.get("active", "").lower() not in YES_NO:
        yield "active", said("is yes or no")
