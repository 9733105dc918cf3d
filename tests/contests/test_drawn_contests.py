"""A contest that draws: started first, then handed in, with answers to what was drawn alone."""

import pytest

from examhall.base.db import Connection
from examhall.contests.submissions import NotDrawnYet, Submission, Submitted, submit_all
from examhall.exams.answers import UnknownQuestion
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.sittings.start import start_sitting

pytestmark = pytest.mark.anyio

CONTEST = (
    "title: T\nkind: contest\nduration: 1 h\ncourse: ALG\nsections: [{title: P, draw: 1}]\nquestions:\n"
    + "".join(f"  - {{section: P, prompt: q{n}, options: [x, y], answer: A}}\n" for n in range(4))
)


async def test_answers_to_what_was_drawn_are_handed_in_and_no_others(conn: Connection) -> None:
    cursor = await conn.execute("INSERT INTO courses (code, title) VALUES ('ALG', 'Algebra') RETURNING id")
    [course_id] = await cursor.fetchone() or ()
    cursor = await conn.execute(
        "INSERT INTO people (username, full_name) VALUES ('alice', 'Alice') RETURNING id"
    )
    [alice] = await cursor.fetchone() or ()
    await conn.execute("INSERT INTO enrolments (course_id, person_id) VALUES (%s, %s)", (course_id, alice))
    exam_id = await import_exam(conn, read_exam_file(CONTEST), created_by=None)

    [early] = await submit_all(conn, [Submission(alice, exam_id, {(1, ""): "A"})])
    assert isinstance(early, NotDrawnYet)
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=alice)).sitting
    assert sitting.drawn is not None
    [mine] = sitting.drawn
    other = mine % 4 + 1
    [strange] = await submit_all(conn, [Submission(alice, exam_id, {(other, ""): "A"})])
    assert isinstance(strange, UnknownQuestion)
    answers = {(mine, ""): "A"}
    [done, again] = await submit_all(conn, [Submission(alice, exam_id, answers) for _ in range(2)])
    assert isinstance(done, Submitted)
    assert isinstance(again, Submitted)
    assert (done.is_new, again.is_new) == (True, False)
    assert done.sitting_id == sitting.id
