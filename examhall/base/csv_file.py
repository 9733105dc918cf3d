"""CSV as spreadsheets write it: UTF-8, commas or semicolons, and a reason for every line that is wrong."""

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from examhall.base.errors import Malformed
from examhall.base.said import said

# A file that is wrong throughout is wrong in one way.
PROBLEMS_SHOWN = 100
# Where a spreadsheet may take what follows for a formula: at a cell's beginning and, as some separate cells
# by semicolons and tabs whatever the quotes say, after those.
FORMULA = re.compile(r"^(?=[=+\-@\t\r])|(?<=[;\t\r\n])(?=[=+\-@])")
# The same, made harmless.
HARMLESS = re.compile(r"^'(?=[=+\-@\t\r])|(?<=[;\t\r\n])'(?=[=+\-@])")
# NUL, halves of surrogate pairs, and what a conversion gone wrong leaves behind.
UNSTORABLE = re.compile("[\0\ud800-\udfff\ufffd]")


class Problem(NamedTuple):
    line: int
    column: str
    message: str


class BadFile(Malformed):
    """The file has lines that cannot be imported. Nothing was imported."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems[:PROBLEMS_SHOWN]
        super().__init__(fields=[problem._asdict() for problem in self.problems], problems=len(problems))


def harmless(cell: str) -> str:
    """What somebody wrote, as a cell that no spreadsheet takes for a formula."""
    return FORMULA.sub("'", cell)


def as_meant(cell: str) -> str:
    """What `harmless` made harmless, as it was: a file that we wrote may come back."""
    return HARMLESS.sub("", cell)


def header_problems(
    line: int,
    header: Sequence[str],
    *,
    required: Sequence[str],
    known: Sequence[str],
    ignored: Collection[str] = (),
) -> list[Problem]:
    """Columns that are missing, unknown (other than `ignored`, which our own files have), or there twice."""
    missing = [name for name in required if name not in header]
    unknown = sorted({*header} - {*known} - {*ignored})
    twice = sorted({name for name in header if header.count(name) > 1})
    names = ", ".join(known)
    return [
        *(Problem(line, name, said("the header needs a column named {name}", name=name)) for name in missing),
        *(Problem(line, name, said("is not a column; there are {names}", names=names)) for name in unknown),
        *(Problem(line, name, said("is in the header more than once")) for name in twice),
    ]


def uneven(line: int, cells: Sequence[str], header: Sequence[str]) -> Problem:
    """A line that has not as many cells as the header."""
    message = said("has {count} cells where the header has {count2}", count=len(cells), count2=len(header))
    return Problem(line, "", message)


def decode(content: bytes, refusal: type[BadFile] = BadFile) -> str:
    """The text of a file in UTF-8, refused with the line where it is not."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refusal([Problem(line, "", said("is not UTF-8: save the file as CSV UTF-8"))]) from error


def read_rows(text: str, refusal: type[BadFile] = BadFile) -> list[tuple[int, list[str]]]:
    """(the line where it begins, its cells) of each row; rows of empty cells are left out.

    Commas or semicolons, as the header has it. What is no CSV, or cannot be stored, is refused with its line.
    """
    text = text.removeprefix("\ufeff")
    if broken := UNSTORABLE.search(text):
        line = text.count("\n", 0, broken.start()) + 1
        raise refusal([Problem(line, "", said("has a broken character"))])
    try:
        return list(_rows(text))
    except csv.Error as error:
        raise refusal(
            [Problem(text.count("\n") + 1, "", said("is not CSV: {error}", error=error))]
        ) from error


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    header = text.lstrip().partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=";" if ";" in header else ",", strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1
