import asyncio
from typing import Any

import psycopg
import pytest
from starlette.types import Message, Receive, Scope, Send

from examhall.audit.noting import note
from examhall.base.actor import ACTOR, Actor, acting
from examhall.base.db import Connection, Database
from examhall.base.front import Front

pytestmark = pytest.mark.anyio

OLGA = Actor(17, "page", trace="r-1")


async def rows(conn: Connection, text: str) -> list[Any]:
    return await (await conn.execute(text.encode())).fetchall()


async def entries(conn: Connection, kind: str, columns: str = "deed, thing, before, after") -> list[Any]:
    return await rows(conn, f"SELECT {columns} FROM audit_entries WHERE kind = '{kind}' ORDER BY id")


async def add_exam(conn: Connection, title: str = "Mock 4") -> int:
    [[exam_id]] = await rows(
        conn,
        f"""INSERT INTO exams (title, kind, duration_s, pass_percent)
            VALUES ('{title}', 'mock_exam', 5400, 55) RETURNING id""",
    )
    return int(exam_id)


async def test_an_entry_says_who_did_it_and_what_changed_from_what_to_what(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
    with acting(OLGA):
        async with database.transaction() as conn:
            await conn.execute("UPDATE exams SET pass_percent = 60, version = version + 1")
    async with database.transaction() as conn:
        [_, changed] = await entries(
            conn, "exams", "actor_id, door, trace, deed, thing, label, exam_id, before, after"
        )
    assert changed == (
        17, "page", "r-1", "changed", str(exam_id), "Mock 4", exam_id,
        {"pass_percent": 55.0}, {"pass_percent": 60.0},
    )  # fmt: skip


async def test_without_an_actor_it_is_the_server_and_by_hand_it_is_the_database(
    database: Database, dsn: str
) -> None:
    async with database.transaction() as conn:
        await add_exam(conn, "By the server")
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        await add_exam(conn, "By hand")
        [by_server, by_hand] = await entries(conn, "exams", "actor_id, door, trace, label")
        [[user]] = await rows(conn, "SELECT session_user")
    assert by_server == (None, "server", "", "By the server")
    assert by_hand == (None, "database", user, "By hand")


async def test_what_one_did_is_not_taken_for_the_next_on_the_same_connection(dsn: str) -> None:
    database = Database(dsn, pool_size=1)
    await database.open()
    try:
        for actor in (OLGA, Actor(18, "api"), Actor(19, "page", writes=False)):
            with acting(actor):
                async with database.transaction() as conn:
                    await add_exam(conn)
        with acting(OLGA):
            async with database.transaction(says_who=False) as conn:
                await add_exam(conn)
        async with database.transaction() as conn:
            found = await entries(conn, "exams", "actor_id, door")
    finally:
        await database.close()
    assert found == [(17, "page"), (18, "api"), (None, "server"), (None, "server")]


async def test_who_is_behind_one_request_is_not_behind_the_next_of_its_connection() -> None:
    behind = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        behind.append(ACTOR.get())
        ACTOR.set(OLGA)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        pass

    front = Front(app)
    for _ in range(2):
        await front({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    assert behind == [None, None]


async def test_a_request_cannot_write_sql_by_its_id(database: Database) -> None:
    with acting(Actor(17, "api", trace="x'; DROP TABLE exams; --|é")):
        async with database.transaction() as conn:
            await add_exam(conn)
            [[trace]] = await entries(conn, "exams", "trace")
    assert trace == "x___DROP_TABLE_exams__--__"


async def test_rows_of_one_statement_keep_their_before_and_after_apart(conn: Connection) -> None:
    """Even where a statement changes their keys, as moving questions does."""
    await conn.execute("INSERT INTO series (name) SELECT 'Series ' || n FROM generate_series(1, 500) AS n")
    await conn.execute(
        "UPDATE series SET name = 'Was ' || substr(name, 8) FROM (SELECT id FROM series ORDER BY random()) o"
        " WHERE o.id = series.id"
    )
    exam_id = await add_exam(conn)
    await conn.execute(
        "INSERT INTO questions (exam_id, number, prompt) SELECT %s, n, 'Question ' || n"
        "  FROM generate_series(1, 9) AS n",
        (exam_id,),
    )
    await conn.execute("UPDATE questions SET number = number + 100")
    pairs = [
        (before["name"], after["name"])
        for deed, _, before, after in await entries(conn, "series")
        if deed == "changed"
    ]
    assert len(pairs) == 500
    assert all(before.split()[1] == after.split()[1] for before, after in pairs)
    moved = [
        (before, after) for deed, _, before, after in await entries(conn, "questions") if deed == "changed"
    ]
    assert sorted(moved, key=str) == [({"number": n}, {"number": n + 100}) for n in range(1, 10)]


async def test_a_statement_that_changes_nothing_leaves_no_entry(conn: Connection) -> None:
    await add_exam(conn)
    await conn.execute("UPDATE exams SET version = version + 1, title = title")
    await conn.execute("UPDATE exams SET title = 'x' WHERE false")
    assert len(await entries(conn, "exams")) == 1


async def test_what_people_choose_for_themselves_does_not_fill_the_record(conn: Connection) -> None:
    await conn.execute("INSERT INTO people (username, full_name) VALUES ('alice', 'Alice')")
    for language, hidden in (("uz", True), ("en", False)) * 3:
        await conn.execute(
            "UPDATE people SET language = %s, hidden_from_standings = %s, version = version + 1",
            (language, hidden),
        )
    assert len(await entries(conn, "people")) == 1


async def test_what_is_removed_is_kept_as_it_was(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await conn.execute("INSERT INTO questions (exam_id, number, prompt) VALUES (%s, 1, 'Why?')", (exam_id,))
    await conn.execute("DELETE FROM exams WHERE id = %s", (exam_id,))
    [_, (deed, _, before, after)] = await entries(conn, "questions")
    assert (deed, before["prompt"], after) == ("removed", "Why?", None)


async def test_a_password_is_on_record_as_changed_and_never_as_it_is(conn: Connection) -> None:
    await conn.execute("INSERT INTO people (username, full_name, password_hash) VALUES ('a', 'A', 'hash-1')")
    await conn.execute("UPDATE people SET password_hash = 'hash-2'")
    await conn.execute("UPDATE people SET password_hash = NULL")
    await conn.execute("DELETE FROM people")
    found = await entries(conn, "people", "before, after, words")
    assert "hash-" not in str(found)
    assert found[1][:2] == ({"password_hash": "***"}, {"password_hash": "***"})
    assert found[2][:2] == ({"password_hash": "***"}, {"password_hash": None})


@pytest.mark.parametrize("table", ["audit_entries", "audit_seals"])
@pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET {}", "TRUNCATE {}"])
async def test_nothing_changes_the_record(conn: Connection, table: str, deed: str) -> None:
    await add_exam(conn)
    column = "thing = 'x'" if table == "audit_entries" else "entries = 0"
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="only ever appended to"):
        await conn.execute(deed.format(table, column).encode())


async def test_what_is_rolled_back_was_not_done(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as conn:
            await add_exam(conn)
            await note(conn, "tickets_printed", kind="exams", thing=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction() as conn:
        assert await rows(conn, "SELECT 1 FROM audit_entries") == []


async def test_a_note_says_who_did_it_even_of_a_request_that_only_reads(database: Database) -> None:
    with acting(Actor(17, "page", writes=False, trace="r-9")):
        async with database.transaction() as conn:
            await note(conn, "tickets_printed", kind="exams", thing=4, exam_id=4, after={"tickets": 30})
            found = await entries(conn, "exams", "actor_id, door, trace, deed, after")
    assert found == [(17, "page", "r-9", "tickets_printed", {"tickets": 30})]


async def test_ten_thousand_rows_of_one_statement_are_ten_thousand_entries(conn: Connection) -> None:
    await conn.execute(
        "INSERT INTO people (username, full_name) SELECT 'u' || n, 'Nodira ' || n"
        "  FROM generate_series(1, 10000) AS n"
    )
    [[number, things]] = await rows(
        conn, "SELECT count(*), count(DISTINCT thing) FROM audit_entries WHERE kind = 'people'"
    )
    assert (number, things) == (10_000, 10_000)


async def test_two_at_once_are_on_record_each_as_themselves(database: Database) -> None:
    async def change(person_id: int) -> None:
        with acting(Actor(person_id, "api")):
            async with database.transaction() as conn:
                await add_exam(conn, f"By {person_id}")

    await asyncio.gather(*(change(number) for number in range(1, 31)))
    async with database.transaction() as conn:
        found = await entries(conn, "exams", "actor_id, label")
    assert sorted(found) == [(number, f"By {number}") for number in range(1, 31)]


async def test_numbers_are_found_as_people_write_them(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await conn.execute("UPDATE exams SET pass_percent = 62.50, instructions = E'First\nsecond'")
    await conn.execute("UPDATE exams SET pass_percent = 60.00 WHERE id = %s", (exam_id,))
    for words, expected in (("60", 1), ("62.50", 2), ("second", 1), ("55", 2)):
        [[found]] = await rows(
            conn,
            f"""SELECT count(*) FROM audit_entries
                 WHERE kind = 'exams'
                   AND to_tsvector('simple', words) @@ websearch_to_tsquery('simple', '{words}')""",
        )
        assert found == expected, words
