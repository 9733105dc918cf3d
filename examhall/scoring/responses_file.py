"""The file of responses to calibrate: CSV with a row for each person, read into a matrix of bytes."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.base.errors import Malformed
from examhall.psychometrics.arrays import Marks

# What a first column that names persons may be called.
PERSON = ("person", "person_id", "id")
# NA is what R writes where others write nothing.
MARKS = {"1": 1, "0": 0, "": -1, "NA": -1}
UNREADABLE = -2
WANTED = "a response is 1, 0 or nothing"
# A file that is wrong throughout is wrong in one way.
PROBLEMS_SHOWN = 100
LONGEST_SHOWN = 20
# Bytes read at a time: a file may be far larger than the matrix it becomes.
PIECE_BYTES = 4_000_000
LONGEST_LINE = 1_000_000
BOM = b"\xef\xbb\xbf"
NEWLINE = ord("\n")


class Problem(NamedTuple):
    line: int
    column: str
    message: str


class BadResponsesFile(Malformed):
    """The file is not a table of responses. Nothing was calibrated."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(fields=[problem._asdict() for problem in problems[:PROBLEMS_SHOWN]])


@dataclass(frozen=True)
class Responses:
    items: list[str]
    persons: list[str] | None
    """None: the file does not name them."""

    marks: Marks


@dataclass(frozen=True)
class _Layout:
    items: list[str]
    names_persons: bool
    delimiter: str

    @property
    def columns(self) -> int:
        return len(self.items) + self.names_persons


class _Rows(NamedTuple):
    persons: list[str]
    marks: NDArray[np.int8]


def read_responses(path: Path) -> Responses:
    """The responses in a CSV file, or `BadResponsesFile` with the line and column of what is wrong.

    A header names the items; its first column names persons if it is called person, person_id or id. Cells
    are 1, 0, or empty (or NA) for not presented. Commas or semicolons, as the header. Besides the matrix, a
    byte for each cell, and the persons' names, memory is taken for a few megabytes of the file at a time.
    """
    with path.open("rb") as file:
        layout = _header(file.readline(LONGEST_LINE))
        start = file.tell()
        # A row takes a line: so many at most, a last line without its end included.
        lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(PIECE_BYTES), b"")) + 1
        file.seek(start)
        marks = np.empty((lines, len(layout.items)), np.int8)
        persons: list[str] = []
        problems: list[Problem] = []
        rows, line = 0, 2
        for piece in _pieces(file):
            found = _read_plain(piece, layout) or _read_carefully(piece, layout, line, problems)
            if len(problems) >= PROBLEMS_SHOWN:
                break
            marks[rows : rows + len(found.marks)] = found.marks
            persons += found.persons
            rows += len(found.marks)
            line += piece.count(b"\n")
    if not rows and not problems:
        problems.append(Problem(1, "", "has no persons after the header"))
    if problems:
        raise BadResponsesFile(problems)
    return Responses(layout.items, persons if layout.names_persons else None, marks[:rows])


def _header(line: bytes) -> _Layout:
    delimiter = ";" if b";" in line else ","
    try:
        cells = [cell.strip() for cell in _cells(line.removeprefix(BOM), delimiter)]
    except ValueError as error:
        raise BadResponsesFile([Problem(1, "", str(error))]) from error
    names_persons = bool(cells) and cells[0].lower() in PERSON
    items = cells[names_persons:]
    if not items:
        raise BadResponsesFile([Problem(1, "", "the header names no items")])
    if all(name in MARKS for name in items):
        raise BadResponsesFile([Problem(1, "", "is a row of responses: the first line is to name the items")])
    seen: set[str] = set()
    problems = []
    for number, name in enumerate(items, 1 + names_persons):
        if not name:
            problems.append(Problem(1, f"column {number}", "has no name"))
        elif name in seen:
            problems.append(Problem(1, name, "names more than one item"))
        seen.add(name)
    if problems:
        raise BadResponsesFile(problems)
    return _Layout(items, names_persons, delimiter)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The rest of the file in pieces of whole lines, each of which ends with a newline."""
    left = b""
    while read := file.read(PIECE_BYTES):
        whole, newline, left = (left + read).rpartition(b"\n")
        if newline:
            yield whole + newline
        if len(left) > LONGEST_LINE:
            # Refused by whoever reads it, so that it need not grow.
            yield left + b"\n"
            return
    if left:
        yield left + b"\n"


def _read_plain(piece: bytes, layout: _Layout) -> _Rows | None:
    """The rows of a piece that has nothing but plain cells, all looked at together; None if it has others."""
    piece = piece.replace(b"\r\n", b"\n")
    signs = np.frombuffer(piece, np.uint8)
    stops = np.flatnonzero((signs == ord(layout.delimiter)) | (signs == NEWLINE))
    lines = piece.count(b"\n")
    # A lone empty cell may be a person or just an empty line.
    if len(stops) != lines * layout.columns or layout.columns == 1 or b'"' in piece:
        return None
    ends = stops.reshape(lines, layout.columns)
    # As many ends as cells, and every row's last one a newline: then every row has its cells.
    if (signs[ends[:, -1]] != NEWLINE).any():
        return None
    starts = np.concatenate([[0], stops[:-1] + 1]).reshape(lines, layout.columns)
    first = int(layout.names_persons)
    length = ends[:, first:] - starts[:, first:]
    # 0 and 1 for the digits; 208 or so, which no digit gives, for an empty cell.
    value = signs[starts[:, first:]] - np.uint8(ord("0"))
    if ((length > 1) | ((length == 1) & (value > 1))).any():
        return None
    marks = np.where(length == 1, value, 255).astype(np.uint8).view(np.int8)
    if not first:
        return _Rows([], marks)
    try:
        places = zip(starts[:, 0].tolist(), ends[:, 0].tolist(), strict=True)
        return _Rows([piece[start:end].decode().strip() for start, end in places], marks)
    except UnicodeDecodeError:
        return None


def _read_carefully(piece: bytes, layout: _Layout, first: int, problems: list[Problem]) -> _Rows:
    """The rows of a piece line by line. What is wrong with them is added to `problems`."""
    persons: list[str] = []
    rows: list[list[int]] = []
    for line, content in enumerate(piece.split(b"\n")[:-1], first):
        if not content.strip():
            continue
        try:
            cells = _cells(content, layout.delimiter)
            if len(cells) != layout.columns:
                raise ValueError(f"has {len(cells)} cells where the header has {layout.columns}")
        except ValueError as error:
            problems.append(Problem(line, "", str(error)))
        else:
            persons += [cell.strip() for cell in cells[: layout.names_persons]]
            cells = cells[layout.names_persons :]
            rows.append([MARKS.get(cell.strip(), UNREADABLE) for cell in cells])
            problems += [
                Problem(line, layout.items[item], f"is {_shown(cells[item])}: {WANTED}")
                for item, mark in enumerate(rows[-1])
                if mark == UNREADABLE
            ]
        if len(problems) >= PROBLEMS_SHOWN:
            break
    return _Rows(persons, np.array(rows, np.int8).reshape(-1, len(layout.items)))


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= LONGEST_SHOWN else cell[:LONGEST_SHOWN] + "…")


def _cells(line: bytes, delimiter: str) -> list[str]:
    """The cells of a line; ValueError with what is wrong with it."""
    if len(line) >= LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE:,} bytes: this is not a table of responses")
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8: save the file as CSV UTF-8") from error
    except csv.Error as error:
        raise ValueError(f"is not CSV: {error}") from error
