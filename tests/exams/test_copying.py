"""An exam in another database: the same questions, key and pictures, in a window of its own."""

from datetime import UTC, datetime

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.exams.copying import SQL, NothingToCopy, copy_exam, read_exam

pytestmark = pytest.mark.anyio

# What of the bank a question comes from is of no use where there is none.
BANK = {"bank_question_id", "bank_version"}
WINDOW = {
    "opens_at": datetime(2030, 1, 1, 12, tzinfo=UTC),
    "closes_at": datetime(2030, 1, 1, 13, tzinfo=UTC),
    "duration_s": 300,
    "grace_s": 5,
}


async def columns_of(conn: Connection, table: str) -> set[str]:
    found = await conn.execute(
        """SELECT column_name FROM information_schema.columns
            WHERE table_name = %s AND table_schema = 'public'""",
        (table,),
    )
    return {row[0] for row in await found.fetchall()}


async def test_every_column_of_what_is_asked_is_copied(conn: Connection) -> None:
    for table, query in (
        ("questions", SQL.write_questions),
        ("items", SQL.write_items),
        ("pictures", SQL.write_pictures),
    ):
        named = query.text[query.text.index("(") + 1 : query.text.index(")")]
        assert {name.strip() for name in named.split(",")} == await columns_of(conn, table) - BANK


async def test_questions_key_and_pictures_arrive_as_they_were(conn: Connection, dsn: str) -> None:
    await conn.execute(
        """INSERT INTO exams (title, kind, duration_s, release)
           VALUES ('Real', 'mock_exam', 5400, 'by_hand')"""
    )
    [exam_id] = await (await conn.execute("SELECT max(id) FROM exams")).fetchone() or (0,)
    await conn.execute("INSERT INTO questions (exam_id, number, prompt) VALUES (%s, 1, '$x$?')", (exam_id,))
    await conn.execute(
        """INSERT INTO items (exam_id, question_number, kind, key, points)
           VALUES (%s, 1, 'short_text', '{"accept": ["x"]}', 2.5)""",
        (exam_id,),
    )
    await conn.execute(
        "INSERT INTO pictures (exam_id, name, media_type, content) VALUES (%s, 'p', 'image/png', %s)",
        (exam_id, bytes(range(256))),
    )
    async with await psycopg.AsyncConnection.connect(dsn) as target:
        await copy_exam(conn, target, await read_exam(conn, exam_id=exam_id), **WINDOW)
        for table in ("questions", "items", "pictures"):
            query = f"SELECT * FROM {table} WHERE exam_id = %s".encode()
            there = await (await conn.execute(query, (exam_id,))).fetchall()
            here = await (await target.execute(query, (exam_id,))).fetchall()
            assert there == here != []
        found = await (
            await target.execute("SELECT title, opens_at, duration_s, release, attempts_allowed FROM exams")
        ).fetchone()
        assert found == ("Real", WINDOW["opens_at"], 300, "by_hand", 1)


async def test_an_exam_that_does_not_exist_is_not_copied(conn: Connection) -> None:
    with pytest.raises(NothingToCopy):
        await read_exam(conn, exam_id=0)
