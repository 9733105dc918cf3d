"""Who may sit what: asked by many at once, answered to each."""

import asyncio

import pytest

from examhall.base.db import Connection, Database
from examhall.sittings.availabilities import Availabilities
from examhall.sittings.availability import (
    ExamNotFound,
    OfExam,
    OfTestType,
    availabilities,
    exams_of_test_types,
)

pytestmark = pytest.mark.anyio


async def add_exam(conn: Connection, test_type: str | None, *, assigned: int | None = None) -> int:
    found = await conn.execute(
        """INSERT INTO exams (title, kind, test_type, duration_s, attempts_allowed)
           VALUES ('Exam', %s, %s, 600, 2) RETURNING id""",
        ("test" if test_type else "mock_exam", test_type),
    )
    [exam_id] = await found.fetchone() or (0,)
    if assigned is not None:
        await conn.execute(
            "INSERT INTO assignments (exam_id, person_id) VALUES (%s, %s)", (exam_id, assigned)
        )
    return int(exam_id)


async def add_person(conn: Connection, name: str) -> int:
    found = await conn.execute(
        "INSERT INTO people (username, full_name) VALUES (%s, %s) RETURNING id", (name, name)
    )
    [person_id] = await found.fetchone() or (0,)
    return int(person_id)


async def sit(conn: Connection, person_id: int, exam_id: int) -> None:
    await conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                 closes_at)
           VALUES (%s, %s, 1, 1, now(), now() + interval '1 hour', now() + interval '1 hour')""",
        (person_id, exam_id),
    )


async def test_each_of_many_is_answered_for_themselves(conn: Connection) -> None:
    anna, bob = await add_person(conn, "anna"), await add_person(conn, "bob")
    open_to_all, annas = await add_exam(conn, None), await add_exam(conn, None, assigned=anna)
    await sit(conn, bob, open_to_all)
    asked = [
        OfExam(anna, annas),
        OfExam(bob, annas),
        OfExam(bob, open_to_all),
        OfExam(anna, 0),
        OfExam(anna, open_to_all),
    ]
    found = await availabilities(conn, asked)
    assert [each and (each.exam_id, each.attempts_used, each.can_start) for each in found] == [
        (annas, 0, True),
        None,
        (open_to_all, 1, False),
        None,
        (open_to_all, 0, True),
    ]


async def test_a_test_type_means_an_exam_of_ones_own(conn: Connection) -> None:
    anna, bob = await add_person(conn, "anna"), await add_person(conn, "bob")
    exam, annas = await add_exam(conn, "SJT", assigned=bob), await add_exam(conn, "SJT", assigned=anna)
    asked = [
        OfTestType(anna, "SJT", None),
        OfTestType(bob, "SJT", None),
        OfTestType(bob, "SJT", annas),
        OfTestType(bob, "no", None),
    ]
    assert await exams_of_test_types(conn, asked) == [annas, exam, None, None]


async def test_hundreds_who_ask_at_once_share_statements(database: Database) -> None:
    async with database.transaction() as conn:
        await add_exam(conn, "SJT")
        people = [await add_person(conn, f"candidate-{number}") for number in range(200)]
    remembered = Availabilities(database)
    before = database.pool.get_stats().get("requests_num", 0)
    found = await asyncio.gather(
        *(remembered.of_test_type(test_type="SJT", candidate_id=each, only_exam_id=None) for each in people)
    )
    assert all(each.now().can_start for each in found)
    # Two statements for all of them, and one more each for who came while the first was under way.
    assert database.pool.get_stats().get("requests_num", 0) - before <= 6
    with pytest.raises(ExamNotFound):
        await remembered.of_test_type(test_type="none", candidate_id=people[0], only_exam_id=None)
