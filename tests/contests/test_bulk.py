"""Many at a time: right, and one statement whatever their number."""

from typing import Any

import pytest
from psycopg import AsyncCursor

from examhall.base.db import Connection
from examhall.contests.bulk import my_submissions, stats_of, validate_students
from examhall.contests.submissions import NoSuchContest, Submission, submit_all
from examhall.scoring.results import score_sittings
from tests.courses.rows import add_people, enrol_people
from tests.sittings.seats import add_exam

from .rows import add_class, hand_in_for

pytestmark = pytest.mark.anyio


@pytest.fixture
def statements(conn: Connection) -> list[bytes]:
    """Every statement sent on the connection."""
    sent: list[bytes] = []

    class Counting(AsyncCursor[Any]):
        async def execute(self, query: Any, *args: Any, **how: Any) -> Any:
            sent.append(query)
            return await super().execute(query, *args, **how)

    conn.cursor_factory = Counting
    return sent


async def test_each_student_is_valid_or_told_why_not(conn: Connection) -> None:
    group = await add_class(conn, "ann", "ben", "cy", "gone")
    ann, ben, cy, gone = group.students
    left, stranger = await add_people(conn, "left", "stranger")
    await enrol_people(conn, group.course_id, [left], active=False)
    await conn.execute("UPDATE people SET active = false WHERE id = %s", (gone,))
    await hand_in_for(conn, group.contest_id, ben)
    unknown = 10**9
    asked = [unknown, ann, ben, cy, gone, left, stranger, ann]
    found = await validate_students(conn, contest_id=group.contest_id, course_id=None, student_ids=asked)
    assert {each.student_id: each.reason for each in found} == {
        ann: None,
        ben: None,
        cy: None,
        gone: "account_closed",
        left: "enrolment_inactive",
        stranger: "not_enrolled",
        unknown: "unknown_student",
    }
    assert [each.student_id for each in found if each.has_submitted] == [ben]
    of_course = await validate_students(
        conn, contest_id=None, course_id=group.course_id, student_ids=[ben, left]
    )
    assert [(each.student_id, each.reason, each.has_submitted) for each in of_course] == [
        (ben, None, False),
        (left, "enrolment_inactive", False),
    ]
    await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (group.contest_id, ann))
    found = await validate_students(conn, contest_id=group.contest_id, course_id=None, student_ids=[ann, cy])
    assert [each.reason for each in found] == [None, "not_assigned"]
    await conn.execute("UPDATE courses SET active = false")
    found = await validate_students(conn, contest_id=group.contest_id, course_id=None, student_ids=[ann])
    assert [each.reason for each in found] == ["course_inactive"]


async def test_what_is_valid_is_what_a_start_admits(conn: Connection) -> None:
    """Two ways to the same answer: the list that the office sees, and the engine."""
    group = await add_class(conn, *(f"s{n}" for n in range(20)))
    others = await add_people(conn, *(f"o{n}" for n in range(5)))
    await conn.execute("UPDATE enrolments SET active = false WHERE person_id %% 3 = 0", ())
    everybody = group.students + others
    found = await validate_students(conn, contest_id=group.contest_id, course_id=None, student_ids=everybody)
    outcomes = await submit_all(conn, [Submission(each, group.contest_id, {}) for each in everybody])
    admitted = {each for each, outcome in zip(everybody, outcomes, strict=True) if outcome is not None}
    assert {each.student_id for each in found if each.reason is None} == admitted
    assert 0 < len(admitted) < len(group.students)


async def test_a_contest_that_is_not_there_validates_nobody(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    mock_exam = await add_exam(conn)
    for contest_id, course_id in ((mock_exam, None), (None, 10**9), (group.contest_id, group.course_id + 1)):
        with pytest.raises(NoSuchContest):
            await validate_students(conn, contest_id=contest_id, course_id=course_id, student_ids=[1])


@pytest.mark.parametrize("students", [1, 10_000])
async def test_students_are_validated_in_one_statement(
    conn: Connection, statements: list[bytes], students: int
) -> None:
    group = await add_class(conn, "ann")
    statements.clear()
    ids = list(range(10**6, 10**6 + students))
    found = await validate_students(conn, contest_id=group.contest_id, course_id=None, student_ids=ids)
    assert len(found) == students
    assert len(statements) == 1


async def test_stats_are_those_of_the_marks(conn: Connection, statements: list[bytes]) -> None:
    group = await add_class(conn, "ann", "ben", "cy", "dan", "eve")
    *sat, _eve = group.students
    other = await add_class(conn, code="LOG-1")
    outcomes = await submit_all(
        conn, [Submission(each, group.contest_id, {(1, ""): "AAAB"[n]}) for n, each in enumerate(sat)]
    )
    await score_sittings(
        conn,
        [(each, outcome.sitting_id) for each, outcome in zip(sat, outcomes, strict=True)],  # type: ignore[union-attr]
    )
    statements.clear()
    first, second = await stats_of(conn, [group.contest_id, other.contest_id, 10**9])
    assert len(statements) == 1
    assert (first.enrolled, first.started, first.submitted) == (5, 4, 4)
    assert [first.average, first.median, first.highest, first.lowest, first.max_points] == [0.75, 1, 1, 0, 1]
    assert (second.enrolled, second.started, second.submitted) == (0, 0, 0)
    assert (second.average, second.median, second.highest, second.lowest) == (None, None, None, None)


@pytest.mark.parametrize("students", [1, 200])
async def test_many_hand_in_with_the_same_number_of_statements(
    conn: Connection, statements: list[bytes], students: int
) -> None:
    group = await add_class(conn, *(f"s{n}" for n in range(students)))
    statements.clear()
    batch = [Submission(each, group.contest_id, {(1, ""): "A"}) for each in group.students]
    await submit_all(conn, batch)
    # What there is, start, save, hand in, and one to have them marked.
    assert len(statements) == 5


async def test_my_submissions_are_mine_and_their_points_when_released(
    conn: Connection, statements: list[bytes]
) -> None:
    group = await add_class(conn, "ann", "ben", release="by_hand")
    ann, ben = group.students
    for each in group.students:
        await hand_in_for(conn, group.contest_id, each)
    cursor = await conn.execute("SELECT candidate_id, id FROM sittings")
    await score_sittings(conn, await cursor.fetchall())
    statements.clear()
    [mine] = await my_submissions(
        conn, candidate_id=ann, contest_ids=[group.contest_id, 10**9], only_exam_id=None, limit=10
    )
    assert len(statements) == 1
    assert (mine.contest_id, mine.status, mine.points) == (group.contest_id, "submitted", None)
    await conn.execute("UPDATE exams SET released_at = now()")
    [mine] = await my_submissions(conn, candidate_id=ann, contest_ids=None, only_exam_id=None, limit=10)
    assert (mine.points, mine.max_points) == (0, 1)
    for nothing in ({"contest_ids": [10**9]}, {"only_exam_id": group.contest_id + 1}):
        how: dict[str, Any] = {"contest_ids": None, "only_exam_id": None, "limit": 10} | nothing
        assert await my_submissions(conn, candidate_id=ben, **how) == []
