"""Handing in: once per student and contest, whole, and only by those who may."""

import asyncio
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.errors import Refusal
from examhall.contests.submissions import Submission, Submissions, Submitted, SubmittedOtherwise, submit_all
from examhall.sittings.autosave import save_batch
from examhall.sittings.start import start_sitting
from tests.courses.rows import add_people
from tests.sittings.saving import save
from tests.sittings.seats import Seat, add_exam

from .rows import Class, add_class

pytestmark = pytest.mark.anyio

RIGHT, WRONG = {(1, ""): "A"}, {(1, ""): "B"}


async def committed_class(database: Database, *usernames: str, **columns: object) -> Class:
    async with database.transaction() as conn:
        return await add_class(conn, *usernames, **columns)


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as conn:
        return await (await conn.execute(query.encode())).fetchall()


async def run_on(database: Database, statement: str) -> None:
    async with database.transaction() as conn:
        await conn.execute(statement.encode())


async def test_1000_at_once_of_one_student_make_one_sitting(database: Database) -> None:
    group = await committed_class(database, "ann")
    # As three processes would: whoever arrives together shares a commit, and three commits race.
    doors = [Submissions(database) for _ in range(3)]
    outcomes = await asyncio.gather(
        *(doors[n % 3].submit(Submission(group.students[0], group.contest_id, RIGHT)) for n in range(1000))
    )
    assert len({outcome.sitting_id for outcome in outcomes}) == 1
    assert sum(outcome.is_new for outcome in outcomes) == 1
    assert await rows(database, "SELECT count(*), count(closed_at) FROM sittings") == [(1, 1)]
    assert await rows(database, "SELECT answer FROM answer_history") == [("A",)]
    jobs = await rows(database, "SELECT args FROM procrastinate_jobs WHERE task_name = 'score_sittings'")
    assert jobs == [({"sittings": [[group.students[0], outcomes[0].sitting_id]]},)]


async def test_nobody_is_refused_because_authors_save_in_the_same_moment(database: Database) -> None:
    group = await committed_class(database, *(f"student-{n}" for n in range(20)))
    submissions = Submissions(database)
    handed_in = asyncio.Event()

    async def save_again_and_again() -> None:
        while not handed_in.is_set():
            async with database.transaction() as conn:
                await conn.execute("SELECT FROM exams WHERE id = %s FOR UPDATE", (group.contest_id,))
                await asyncio.sleep(0.005)
                await conn.execute(
                    "UPDATE exams SET version = version + 1 WHERE id = %s", (group.contest_id,)
                )
            await asyncio.sleep(0.01)

    async def hand_in_all() -> list[Submitted]:
        outcomes = [
            await submissions.submit(Submission(student, group.contest_id, RIGHT))
            for student in group.students
        ]
        handed_in.set()
        return outcomes

    saving = asyncio.gather(save_again_and_again(), save_again_and_again())
    try:
        outcomes = await hand_in_all()
    finally:
        handed_in.set()
        await saving
    assert all(each.is_new for each in outcomes)


async def test_of_many_different_papers_of_one_student_one_counts(database: Database) -> None:
    group = await committed_class(database, "ann")
    doors = [Submissions(database) for _ in range(2)]
    outcomes = await asyncio.gather(
        *(
            doors[n % 2].submit(Submission(group.students[0], group.contest_id, (RIGHT, WRONG)[n // 2 % 2]))
            for n in range(200)
        ),
        return_exceptions=True,
    )
    handed_in = [outcome for outcome in outcomes if isinstance(outcome, Submitted)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, SubmittedOtherwise)]
    assert (len(handed_in), len(refused)) == (100, 100)
    assert sum(outcome.is_new for outcome in handed_in) == 1
    assert len(await rows(database, "SELECT FROM answer_history")) == 1


async def test_a_class_hands_in_at_once_each_their_own(database: Database) -> None:
    names = [f"s{n}" for n in range(300)]
    group = await committed_class(database, *names)
    doors = [Submissions(database) for _ in range(2)]
    outcomes = await asyncio.gather(
        *(
            doors[n % 2].submit(Submission(student, group.contest_id, (RIGHT, WRONG)[student % 2]))
            for n, student in enumerate(group.students * 2)
        )
    )
    assert sum(outcome.is_new for outcome in outcomes) == len(names)
    stored = await rows(database, "SELECT candidate_id, answer FROM answers")
    assert dict(stored) == {student: "B" if student % 2 else "A" for student in group.students}


async def test_papers_from_the_exam_room_are_handed_in_by_many_at_once(database: Database) -> None:
    """Two that held the same sittings for saving and then wanted them alone would wait for each other."""
    group = await committed_class(database, *(f"s{n}" for n in range(60)))
    async with database.transaction() as conn:
        for student in group.students:
            await start_sitting(conn, exam_id=group.contest_id, candidate_id=student)
    doors = [Submissions(database) for _ in range(3)]
    outcomes = await asyncio.gather(
        *(door.submit(Submission(each, group.contest_id, RIGHT)) for each in group.students for door in doors)
    )
    assert sum(outcome.is_new for outcome in outcomes) == len(group.students)


async def one(conn: Connection, student_id: int, contest_id: int, answers: Any) -> Any:
    [outcome] = await submit_all(conn, [Submission(student_id, contest_id, answers)])
    return outcome


async def test_the_same_again_is_given_back_and_another_refused(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    first = await one(conn, group.students[0], group.contest_id, RIGHT)
    assert first.is_new
    again = await one(conn, group.students[0], group.contest_id, dict(RIGHT))
    assert again == Submitted(first.sitting_id, first.submitted_at, is_new=False)
    for other in (WRONG, {}):
        assert isinstance(await one(conn, group.students[0], group.contest_id, other), SubmittedOtherwise)


async def test_an_empty_paper_is_a_paper(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    assert (await one(conn, group.students[0], group.contest_id, {})).is_new
    assert not (await one(conn, group.students[0], group.contest_id, {})).is_new


async def test_what_was_saved_in_the_room_and_is_not_handed_in_is_cleared(conn: Connection) -> None:
    group = await add_class(conn, "ann")
    await conn.execute(
        "INSERT INTO questions (exam_id, number, prompt) VALUES (%s, 2, '')", (group.contest_id,)
    )
    await conn.execute(
        "INSERT INTO items (exam_id, question_number, kind, points) VALUES (%s, 2, 'short_text', 1)",
        (group.contest_id,),
    )
    ann = group.students[0]
    sitting = (await start_sitting(conn, exam_id=group.contest_id, candidate_id=ann)).sitting
    await save_batch(conn, [save(Seat(ann, sitting.id), "from the room", number=2)])
    handed_in = await one(conn, ann, group.contest_id, RIGHT)
    assert handed_in.is_new
    assert handed_in.sitting_id == sitting.id
    cursor = await conn.execute("SELECT question_number, answer FROM answers ORDER BY 1")
    assert await cursor.fetchall() == [(1, "A"), (2, None)]
    assert not (await one(conn, ann, group.contest_id, RIGHT)).is_new


async def test_outside_the_window_and_the_course_nothing_is_handed_in(database: Database) -> None:
    group = await committed_class(database, "ann")
    async with database.transaction() as conn:
        [stranger] = await add_people(conn, "stranger")
        no_contest = await add_exam(conn)
    doors = Submissions(database)

    async def refused(student_id: int, contest_id: int) -> str:
        with pytest.raises(Refusal) as caught:
            await doors.submit(Submission(student_id, contest_id, RIGHT))
        return caught.value.code

    ann = group.students[0]
    assert await refused(stranger, group.contest_id) == "exam_not_found"
    assert await refused(ann, no_contest) == "no_such_contest"
    assert await refused(ann, 10**9) == "no_such_contest"
    for window, code in (("1 h", "not_yet_open"), ("-1 h", "window_closed")):
        opens = f"now() + interval '{window}'"
        await run_on(database, f"UPDATE exams SET opens_at = {opens}, closes_at = {opens} + '1 min'")
        assert await refused(ann, group.contest_id) == code
    assert await rows(database, "SELECT FROM sittings") == []


async def test_the_same_is_given_back_after_the_window_too(database: Database) -> None:
    """Whoever never saw the reply asks again, perhaps too late."""
    group = await committed_class(database, "ann")
    doors = Submissions(database)
    first = await doors.submit(Submission(group.students[0], group.contest_id, RIGHT))
    await run_on(database, "UPDATE exams SET closes_at = now() - interval '1 s'")
    await run_on(database, "UPDATE enrolments SET active = false")
    again = await doors.submit(Submission(group.students[0], group.contest_id, RIGHT))
    assert again == Submitted(first.sitting_id, first.submitted_at, is_new=False)
