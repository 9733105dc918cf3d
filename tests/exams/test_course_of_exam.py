"""An exam file names its course."""

import json

import pytest

from examhall.base.db import Connection
from examhall.exams.exam_file import BadExamFile, read_exam_file
from examhall.exams.importing import UnknownCourse, import_exam
from tests.courses.rows import add_course

pytestmark = pytest.mark.anyio


def file_of(**settings: object) -> bytes:
    exam = {"title": "Round one", "kind": "contest", "course": "alg-1", "duration": "1 h"}
    question = {"type": "number", "prompt": "1 + 1", "answer": 2}
    return json.dumps({**exam, "questions": [question], **settings}).encode()


async def test_an_exam_is_imported_into_the_course_of_that_code(conn: Connection) -> None:
    course_id = await add_course(conn, "ALG-1")
    exam_id = await import_exam(conn, read_exam_file(file_of()), created_by=None)
    cursor = await conn.execute("SELECT course_id FROM exams WHERE id = %s", (exam_id,))
    assert await cursor.fetchone() == (course_id,)


async def test_a_course_that_is_not_there_imports_nothing(conn: Connection) -> None:
    with pytest.raises(UnknownCourse) as caught:
        await import_exam(conn, read_exam_file(file_of()), created_by=None)
    assert caught.value.details == {"course": "alg-1"}
    assert await (await conn.execute("SELECT FROM exams")).fetchall() == []


async def test_a_contest_of_a_course_is_sat_once() -> None:
    with pytest.raises(BadExamFile) as caught:
        read_exam_file(file_of(attempts=2))
    assert "A contest of a course is sat once." in str(caught.value.details)
    assert read_exam_file(file_of(kind="mock_exam", attempts=2)).attempts_allowed == 2
    assert read_exam_file(file_of(course=None, attempts=2)).course is None
