"""The enrolment file: CSV with the usernames of a course's students, and whether each is active."""

from typing import NamedTuple

from examhall.base.csv_file import BadFile, Problem, decode, header_problems, read_rows, uneven
from examhall.base.said import said

COLUMNS = ("username", "active")
LINES_LIMIT = 20_000
YES_NO = {"": True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# What our own export writes beside; a file that went through a spreadsheet comes back with it.
IGNORED = {"full_name", "email", "enrolled_at"}


class BadEnrolmentFile(BadFile):
    """The file has lines that cannot be enrolled. Nothing was changed."""


class EnrolmentLine(NamedTuple):
    line: int
    username: str
    active: bool


def read_enrolment(content: bytes) -> list[EnrolmentLine]:
    """Everyone in the file, or `BadEnrolmentFile` with every bad line. Who is in it may be unknown here."""
    rows = iter(read_rows(decode(content, BadEnrolmentFile), BadEnrolmentFile))
    header_line, cells = next(rows, (1, []))
    header = [name.strip().lower() for name in cells]
    problems = header_problems(header_line, header, required=COLUMNS[:1], known=COLUMNS, ignored=IGNORED)
    if problems:
        raise BadEnrolmentFile(problems)
    found: list[EnrolmentLine] = []
    for line, cells in rows:
        if len(found) == LINES_LIMIT:
            problems.append(
                Problem(
                    line, "", said("a file has at most {lines_limit:,} students", lines_limit=LINES_LIMIT)
                )
            )
            break
        if len(cells) != len(header):
            problems.append(uneven(line, cells, header))
            continue
        named = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        active = YES_NO.get(named.get("active", "").lower())
        if not named["username"]:
            problems.append(Problem(line, "username", said("is empty")))
        elif active is None:
            problems.append(Problem(line, "active", said("is yes or no")))
        else:
            found.append(EnrolmentLine(line, named["username"], active))
    if not found and not problems:
        problems.append(Problem(header_line, "", said("has no students after the header")))
    if problems:
        raise BadEnrolmentFile(problems)
    return found
