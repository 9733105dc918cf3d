"""A list of who sits where: all of it or nothing, and twice the same is once."""

import asyncio

import pytest

from examhall.base.db import Connection, Database
from examhall.base.errors import NotFound
from examhall.exams.seating import (
    BadSeatingFile,
    SeatingLine,
    list_seating,
    read_seating,
    seat_people,
    seating_csv,
)
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio


async def add_people(conn: Connection, *usernames: str) -> None:
    for username in usernames:
        await conn.execute(
            "INSERT INTO people (username, full_name) VALUES (%s, %s)", (username, f"={username.title()}")
        )


def test_a_file_is_read_with_or_without_seats() -> None:
    assert read_seating(b"username;room\nada; B12 \n") == [SeatingLine(2, "ada", "B12", "")]
    assert read_seating("username,seat,full_name,room\nada,4,A,Ўқув\n".encode()) == [
        SeatingLine(2, "ada", "Ўқув", "4")
    ]
    assert read_seating(b"username,room\n") == []


def test_a_list_that_is_typed_needs_no_header() -> None:
    assert read_seating(b"ada,B12\nbob, B12, 4\n") == [
        SeatingLine(1, "ada", "B12", ""),
        SeatingLine(2, "bob", "B12", "4"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 1, "the header needs a column named username"),
        (b"username,seat\nada,1", 1, "the header needs a column named room"),
        (b"username,room,colour\nada,1,red", 1, "is not a column; there are username, room, seat"),
        (b"username,room,room\nada,1,2", 1, "is in the header more than once"),
        (b"username,room\nada", 2, "has 1 cells where the header has 2"),
        (b"username,room\nada,B\n,C", 3, "is empty"),
        (b"username,room\nada," + b"B" * 61, 2, "has more than 60 characters"),
    ],
)
def test_a_bad_line_is_named(content: bytes, line: int, message: str) -> None:
    with pytest.raises(BadSeatingFile) as refused:
        read_seating(content)
    assert (refused.value.problems[0].line, refused.value.problems[0].message) == (line, message)


async def test_the_list_replaces_the_list_before(conn: Connection) -> None:
    exam_id, other = await add_exam(conn), await add_exam(conn)
    await add_people(conn, "ada", "bob")
    await seat_people(conn, other, [SeatingLine(2, "ada", "Z", "")])
    await seat_people(conn, exam_id, [SeatingLine(2, "ada", "B12", "4"), SeatingLine(3, "BOB", "C", "")])
    await seat_people(conn, exam_id, [SeatingLine(2, "bob", "D", "1")])
    assert [(each.username, each.room, each.seat) for each in await list_seating(conn, exam_id)] == [
        ("bob", "D", "1")
    ]
    assert len(await list_seating(conn, other)) == 1
    await seat_people(conn, exam_id, [])
    assert await list_seating(conn, exam_id) == []


async def test_nobody_is_seated_when_a_line_names_nobody_or_somebody_twice(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await add_people(conn, "ada")
    for name, message in (("eve", "nobody here has the username eve"), ("ADA", "more than once")):
        with pytest.raises(BadSeatingFile) as refused:
            await seat_people(conn, exam_id, [SeatingLine(2, "ada", "B", ""), SeatingLine(3, name, "B", "")])
        assert message in refused.value.problems[-1].message
    assert await list_seating(conn, exam_id) == []
    with pytest.raises(NotFound):
        await seat_people(conn, 0, [])


async def test_what_is_written_can_be_read_back(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await add_people(conn, "ada")
    await seat_people(conn, exam_id, [SeatingLine(2, "ada", "-1;+2", "@4")])
    text = seating_csv(await list_seating(conn, exam_id))
    assert "'=Ada" in text
    assert read_seating(text.encode()) == [SeatingLine(2, "ada", "-1;+2", "@4")]


async def test_of_two_lists_at_once_one_holds_whole(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        await add_people(conn, *(f"p{n}" for n in range(30)))

    async def write(room: str, names: range) -> None:
        async with database.transaction() as conn:
            await seat_people(conn, exam_id, [SeatingLine(n, f"p{n}", room, "") for n in names])

    for _ in range(5):
        await asyncio.gather(*(write(f"R{k}", range(k, 30, k + 1)) for k in range(4)))
        async with database.transaction() as conn:
            seated = await list_seating(conn, exam_id)
        [room] = {each.room for each in seated}
        k = int(room[1:])
        assert len(seated) == len(range(k, 30, k + 1))
