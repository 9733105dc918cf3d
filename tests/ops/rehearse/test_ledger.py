"""Acknowledged minus stored. Each control takes something away, and it must be noticed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.ops.rehearse.book import Book, Change
from examhall.ops.rehearse.ledger import Findings, compare, compare_from_outside

pytestmark = pytest.mark.anyio

CHANGES = [Change(7, 1, "", 1, "A"), Change(7, 1, "", 2, "B"), Change(7, 2, "a", 3, {"best": "A"})]


@contextmanager
def book(path: Path) -> Iterator[Book]:
    with Book(path) as written:
        for change in CHANGES:
            written.sent(change)
            written.acknowledged(change)
        yield written


async def store(conn: Connection) -> None:
    for change in CHANGES:
        answer = psycopg.types.json.Jsonb(change.answer)
        await conn.execute(
            """INSERT INTO answer_history (candidate_id, sitting_id, question_number, sub_part, answer,
                                           revision, received_at, saved_at)
               VALUES (1, %s, %s, %s, %s, %s, now(), now())""",
            (*change[:3], answer, change.revision),
        )
        await conn.execute(
            """INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                                    saved_at)
               VALUES (1, %s, %s, %s, %s, %s, now())
               ON CONFLICT (candidate_id, sitting_id, question_number, sub_part)
               DO UPDATE SET answer = excluded.answer, revision = excluded.revision""",
            (*change[:3], answer, change.revision),
        )


async def look(conn: Connection, folder: Path) -> Findings:
    with book(folder / "book"):
        pass
    await store(conn)
    return await compare(conn, [folder / "book"])


async def test_what_was_acknowledged_and_is_stored_agrees(conn: Connection, tmp_path: Path) -> None:
    found = await look(conn, tmp_path)
    assert found.is_right
    assert (found.sent, found.acknowledged, found.stored) == (3, 3, 3)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("DELETE FROM answer_history WHERE revision = 1", "lost"),
        ("UPDATE answer_history SET answer = '\"C\"' WHERE revision = 1", "lost"),
        ("DELETE FROM answers WHERE question_number = 2", "behind"),
        ("UPDATE answers SET revision = 1, answer = '\"A\"' WHERE question_number = 1", "behind"),
        ("UPDATE answer_history SET revision = 9 WHERE revision = 3", "strange"),
    ],
)
async def test_control_an_answer_that_is_taken_away_is_missed(
    conn: Connection, tmp_path: Path, damage: str, what: str
) -> None:
    await look(conn, tmp_path)
    await conn.execute(damage.encode())
    found = await compare(conn, [tmp_path / "book"])
    assert not found.is_right
    assert getattr(found, what)


async def test_what_was_not_acknowledged_may_be_stored_or_not(conn: Connection, tmp_path: Path) -> None:
    with book(tmp_path / "book") as written:
        written.sent(Change(7, 3, "", 4, "never answered"))
    await store(conn)
    assert (await compare(conn, [tmp_path / "book"])).is_right


def test_from_outside_the_newest_answer_that_is_missing_is_missed(tmp_path: Path) -> None:
    with book(tmp_path / "book") as written:
        written.found(CHANGES[1])
    found = compare_from_outside([tmp_path / "book"])
    assert [key.revision for key in found.behind] == [3]
    with (tmp_path / "book").open("a", encoding="utf-8") as file:
        file.write('["found", 7, 2, "a", 3, {"best": "A"}]\n')
    assert compare_from_outside([tmp_path / "book"]).is_right
