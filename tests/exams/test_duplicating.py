"""A copy of an exam is a draft with the same questions, and has nothing to do with the original any more."""

import asyncio
import re
from datetime import UTC, datetime

import pytest

from examhall.base.db import Connection, Database
from examhall.base.made_once import RequestKey
from examhall.exams.authoring import find_exam
from examhall.exams.duplicating import SQL, duplicate_exam
from examhall.exams.editing import ExamNotFound
from examhall.exams.exam_file import read_exam_file
from examhall.exams.exporting import export_document
from examhall.exams.importing import import_exam
from tests.courses.rows import add_course
from tests.exams.test_copying import columns_of
from tests.exams.test_editing import add_author
from tests.exams.test_exporting import EVERYTHING
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio

# Of the copy alone, or of its window, its past and its people.
LEFT_OUT = {
    "exams": {
        "id", "version", "created_at", "key_version", "opens_at", "closes_at", "release_at", "released_at",
        "freeze_minutes", "sealed_before_s",
    },
    "sections": {"id"},
    "questions": {"id"},
}  # fmt: skip


async def test_every_column_is_copied_or_left_out_on_purpose(conn: Connection) -> None:
    for query in (SQL.copy_exam, SQL.copy_sections, SQL.copy_questions, SQL.copy_items, SQL.copy_pictures):
        found = re.search(r"INSERT INTO (\w+) \(([^)]*)\)", query.text)
        assert found
        named = {name.strip() for name in found[2].split(",")}
        assert named == await columns_of(conn, found[1]) - LEFT_OUT.get(found[1], set())


async def test_a_copy_asks_the_same(conn: Connection) -> None:
    await add_course(conn, "ALG-1")
    await add_author(conn, "null")
    olga = await add_author(conn)
    exam_id = await import_exam(conn, read_exam_file(EVERYTHING), created_by=None)
    made = await duplicate_exam(conn, exam_id, title="Once more", by=olga)
    copy, original = await export_document(conn, made.id), await export_document(conn, exam_id)
    assert copy["title"] == "Once more"
    for name in ("window", "assigned", "freeze_minutes", "sealed", "title", "release"):
        original.pop(name)
    assert copy.pop("release") == "by_hand"
    assert copy.pop("title")
    assert copy == original
    assert (await find_exam(conn, made.id)).is_draft


async def test_questions_stay_in_their_sections(conn: Connection) -> None:
    olga, exam_id = await add_author(conn), await add_exam(conn)
    await conn.execute("INSERT INTO sections (exam_id, place, title) VALUES (%s, 1, 'Part')", (exam_id,))
    await conn.execute("UPDATE questions SET section_id = (SELECT id FROM sections)")
    made = await duplicate_exam(conn, exam_id, by=olga)
    cursor = await conn.execute(
        """SELECT sections.exam_id, sections.title FROM questions JOIN sections ON sections.id = section_id
            WHERE questions.exam_id = %s""",
        (made.id,),
    )
    assert await cursor.fetchall() == [(made.id, "Part")]


async def test_a_repeat_is_given_the_copy_that_was_made(database: Database) -> None:
    async with database.transaction() as conn:
        olga, exam_id = (
            await add_author(conn),
            await add_exam(conn, opens_at=datetime(2100, 1, 1, tzinfo=UTC)),
        )
        await add_seat(conn, exam_id=exam_id)

    async def copy() -> int:
        async with database.transaction() as conn:
            return (await duplicate_exam(conn, exam_id, by=olga, request=RequestKey("k", exam_id))).id

    assert len({*await asyncio.gather(*(copy() for _ in range(4)))}) == 1
    async with database.transaction() as conn:
        assert len(await (await conn.execute("SELECT FROM exams")).fetchall()) == 2
        assert len(await (await conn.execute("SELECT FROM sittings")).fetchall()) == 1


async def test_what_is_not_there_is_not_copied(conn: Connection) -> None:
    with pytest.raises(ExamNotFound):
        await duplicate_exam(conn, 0, by=await add_author(conn))
