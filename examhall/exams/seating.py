"""Who sits an exam in which room: one list from a file, which replaces the list before."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import NamedTuple

from examhall.base.csv_file import (
    BadFile,
    Problem,
    as_meant,
    decode,
    harmless,
    header_problems,
    read_rows,
    uneven,
)
from examhall.base.db import Connection, many, run
from examhall.base.errors import NotFound
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.exams.holding import hold_exam

SQL = beside(__file__)

COLUMNS = ("username", "room", "seat")
# What our own export writes beside.
IGNORED = {"full_name"}
LINES_LIMIT = 20_000
LONGEST_NAME = 60


class BadSeatingFile(BadFile):
    """The file has lines that cannot be seated. Nothing was changed."""


class SeatingLine(NamedTuple):
    line: int
    username: str
    room: str
    seat: str


@dataclass(frozen=True)
class Seated:
    username: str
    full_name: str
    room: str
    seat: str


@dataclass(frozen=True)
class _Named:
    line: int
    username: str
    person_id: int | None
    times: int


def read_seating(content: bytes) -> list[SeatingLine]:
    """Everybody in the file, or `BadSeatingFile` with every bad line. Only a header: nobody has a room.

    Typed by hand it may begin at once: without a header the columns are in their own order.
    """
    read = list(read_rows(decode(content, BadSeatingFile), BadSeatingFile))
    rows = iter(read)
    header_line, cells = next(rows, (1, []))
    header = [name.strip().lower() for name in cells]
    if 1 < len(header) <= len(COLUMNS) and not {*COLUMNS, *IGNORED} & {*header}:
        header = list(COLUMNS)
        rows = iter((line, [*cells, ""] if len(cells) < len(header) else cells) for line, cells in read)
    problems = header_problems(header_line, header, required=COLUMNS[:2], known=COLUMNS, ignored=IGNORED)
    if problems:
        raise BadSeatingFile(problems)
    found: list[SeatingLine] = []
    for line, cells in rows:
        if len(found) == LINES_LIMIT:
            problems.append(
                Problem(line, "", said("a file has at most {lines_limit:,} people", lines_limit=LINES_LIMIT))
            )
            break
        if len(cells) != len(header):
            problems.append(uneven(line, cells, header))
            continue
        named = {"seat": ""} | dict(zip(header, (as_meant(cell.strip()) for cell in cells), strict=True))
        problems += [Problem(line, name, said("is empty")) for name in COLUMNS[:2] if not named[name]]
        problems += [
            Problem(line, name, said("has more than {longest_name} characters", longest_name=LONGEST_NAME))
            for name in COLUMNS[1:]
            if len(named[name]) > LONGEST_NAME
        ]
        found.append(SeatingLine(line, named["username"], named["room"], named["seat"]))
    if problems:
        raise BadSeatingFile(problems)
    return found


async def seat_people(conn: Connection, exam_id: int, lines: Sequence[SeatingLine]) -> int:
    """Put these people into their rooms, and nobody else into any; give how many.

    Raises BadSeatingFile with every line that names nobody, or somebody twice. Two lists at once are written
    one after the other: the exam's row is held.
    """
    if await hold_exam(conn, exam_id) is None:
        raise NotFound
    named = await many(
        conn,
        SQL.name_people,
        _Named,
        lines=[each.line for each in lines],
        usernames=[each.username for each in lines],
    )
    problems = [problem for each in named if (problem := _problem(each))]
    if problems:
        raise BadSeatingFile(problems)
    people = {each.line: each.person_id for each in named}
    await run(conn, SQL.unseat, exam_id=exam_id, person_ids=list(people.values()))
    await run(
        conn,
        SQL.seat,
        exam_id=exam_id,
        person_ids=[people[each.line] for each in lines],
        rooms=[each.room for each in lines],
        seats=[each.seat for each in lines],
    )
    return len(lines)


async def list_seating(conn: Connection, exam_id: int) -> list[Seated]:
    """By room, seat and name: at most as many as a file may have."""
    return await many(conn, SQL.list_seating, Seated, exam_id=exam_id, limit=LINES_LIMIT)


def seating_csv(seated: Sequence[Seated]) -> str:
    """username,full_name,room,seat with a header: it can be sent back as it is."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("username", "full_name", "room", "seat"))
    for each in seated:
        writer.writerow((each.username, harmless(each.full_name), harmless(each.room), harmless(each.seat)))
    return text.getvalue()


def _problem(each: _Named) -> Problem | None:
    if each.person_id is None:
        return Problem(
            each.line, "username", said("nobody here has the username {username}", username=each.username)
        )
    if each.times > 1:
        return Problem(
            each.line, "username", said("{username} is in the file more than once", username=each.username)
        )
    return None
