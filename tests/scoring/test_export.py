import csv
import json
from io import StringIO

import pytest

from examhall.base.db import Connection
from examhall.scoring.export import NoSuchExam, export_csv, export_json

pytestmark = pytest.mark.anyio


@pytest.fixture
async def exam_id(conn: Connection) -> int:
    """Alice sat both questions, with an answer to one; Bob never came."""
    cursor = await conn.execute(
        """
        WITH exam AS (
            INSERT INTO exams (title, kind, duration_s) VALUES ('Sums', 'contest', 60) RETURNING id),
        people AS (
            INSERT INTO people (username, full_name) VALUES ('alice', '@Alice'), ('bob', 'Bob')
            RETURNING id, username),
        questions AS (
            INSERT INTO questions (exam_id, number, prompt)
            SELECT id, number, '?' FROM exam, generate_series(1, 2) AS number),
        assigned AS (
            INSERT INTO assignments (exam_id, person_id) SELECT exam.id, people.id FROM exam, people),
        sat AS (
            INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed,
                                  started_at, deadline_at, closes_at)
            SELECT people.id, exam.id, 1, 1,
                   '2030-01-01T12:00Z', '2030-01-01T13:00Z', '2030-01-01T13:00Z'
              FROM exam, people WHERE username = 'alice'
            RETURNING candidate_id, id)
        INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
        SELECT candidate_id, id, 1, '', '"-12,5"', 3, '2030-01-01T12:01Z' FROM sat
        RETURNING (SELECT id FROM exam)
        """
    )
    row = await cursor.fetchone()
    assert row is not None
    # The foreign key of items is looked up in the statement's own snapshot.
    await conn.execute(
        """
        INSERT INTO items (exam_id, question_number, kind, points)
        SELECT %s, number, kind, number FROM (VALUES (1, 'number'), (2, 'essay')) AS given (number, kind)
        """,
        (row[0],),
    )
    return int(row[0])


async def test_csv_has_a_line_per_item_and_one_for_whoever_never_came(conn: Connection, exam_id: int) -> None:
    file = StringIO()
    await export_csv(conn, exam_id, file)
    first, second, absent = csv.DictReader(StringIO(file.getvalue()))
    assert first["answer"] == "-12,5"
    assert first["started_at"] == "2030-01-01T12:00:00.000Z"
    assert (first["question_number"], first["max_points"]) == ("1", "1.000")
    assert (second["question_number"], second["answer"]) == ("2", "")
    assert (absent["username"], absent["sitting_id"], absent["question_number"]) == ("bob", "", "")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1-1", "'-1-1"),
        ("\tx", "'\tx"),
        ("-1.5", "-1.5"),
        ("+7", "+7"),
        ("a=1", "a=1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\n@SUM(A1)", "a\n'@SUM(A1)"),
        ("first; second", "first; second"),
    ],
)
async def test_what_people_wrote_is_no_formula_unless_it_is_a_number(
    conn: Connection, exam_id: int, written: str, shown: str
) -> None:
    await conn.execute("UPDATE answers SET answer = to_jsonb(%s::text)", (written,))
    file = StringIO()
    await export_csv(conn, exam_id, file)
    first, *_ = csv.DictReader(StringIO(file.getvalue()))
    assert first["answer"] == shown
    assert first["full_name"] == "'@Alice"


async def test_json_has_an_entry_per_sitting(conn: Connection, exam_id: int) -> None:
    file = StringIO()
    await export_json(conn, exam_id, file)
    exported = json.loads(file.getvalue())
    assert exported["exam"] == {"id": exam_id, "title": "Sums"}
    alice, bob = exported["sittings"]
    assert [item["answer"] for item in alice["answers"]] == ["-12,5", None]
    assert alice["full_name"] == "@Alice"
    assert (bob["username"], bob["sitting_id"], bob["answers"]) == ("bob", None, [])


async def test_an_exam_nobody_was_assigned_to_is_empty_and_no_exam_is_refused(conn: Connection) -> None:
    cursor = await conn.execute(
        "INSERT INTO exams (title, kind, duration_s) VALUES ('Empty', 'contest', 60) RETURNING id"
    )
    row = await cursor.fetchone()
    assert row is not None
    file = StringIO()
    await export_json(conn, row[0], file)
    assert json.loads(file.getvalue())["sittings"] == []
    with pytest.raises(NoSuchExam):
        await export_csv(conn, row[0] + 1, file)
