"""The demo's course: a hundred students, a contest of last week with its papers, and one that is open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from examhall.base import clock
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.courses.courses import course_of_code, create_course
from examhall.courses.enrolment import enrol
from examhall.courses.enrolment_file import EnrolmentLine
from examhall.exams.exam_file import ExamFile, read_exam_file
from examhall.exams.importing import import_exam
from examhall.sittings.past import PastAnswer, PastPaper, record_papers

SQL = beside(__file__)

FILE = Path(__file__).with_name("contest.yaml")
CODE = "NUM-1"
TITLE = "Number theory for beginners"
DESCRIPTION = "Divisibility, remainders and primes. Saturdays at ten; a contest every other week."
WARM_UP = "Number contest: warm-up"
STUDENTS, PAPERS = 100, 88
DAYS_AGO = 7
# The warm-up is the easier part of the open contest.
QUESTIONS = 6
# The same students do the same at every start.
SEED = 7
WRONG = "0"


@dataclass(frozen=True)
class _Student:
    id: int
    username: str


async def add_number_course(conn: Connection, author: int) -> None:
    """Add it with its students and its two contests, unless it is there. The worker marks the papers."""
    if await course_of_code(conn, CODE) is not None:
        return
    students = await many(conn, SQL.students, _Student, limit=STUDENTS)
    course_id = await create_course(conn, code=CODE, title=TITLE, description=DESCRIPTION, created_by=author)
    lines = [EnrolmentLine(line, student.username, True) for line, student in enumerate(students, 2)]
    await enrol(conn, course_id, lines, deactivate_missing=False)
    contest = replace(read_exam_file(FILE.read_bytes(), folder=FILE.parent), course=CODE)
    warm_up = _last_weeks(contest)
    exam_id = await import_exam(conn, warm_up, author)
    came = [student.id for student in students[:PAPERS]]
    papers = list(_papers(came, warm_up.duration_s))
    await record_papers(conn, exam_id=exam_id, papers=papers, answers=list(_answers(warm_up, papers)))
    await import_exam(conn, contest, author)


def _last_weeks(contest: ExamFile) -> ExamFile:
    opens_at = clock.now() - timedelta(days=DAYS_AGO)
    return replace(
        contest,
        title=WARM_UP,
        opens_at=opens_at,
        closes_at=opens_at + timedelta(minutes=90),
        questions=contest.questions[:QUESTIONS],
        rated=True,
    )


def _papers(students: Sequence[int], duration_s: int) -> Iterator[PastPaper]:
    """Most come when it opens, some later; they take from a third of the time to all of it."""
    random = np.random.default_rng(SEED)
    for student in students:
        after_s = min(random.exponential(150), 1500)
        yield PastPaper(student, int(after_s), int(duration_s * random.triangular(0.3, 0.8, 0.99)))


def _answers(exam: ExamFile, papers: Sequence[PastPaper]) -> Iterator[PastAnswer]:
    """Abilities N(0.4, 1.2); difficulties from -1.5 to 1.8, harder towards the end."""
    random = np.random.default_rng(SEED)
    items = [(question.number, item) for question in exam.questions for item in question.items]
    difficulty = np.linspace(-1.5, 1.8, len(items))
    for paper, theta in zip(papers, random.normal(0.4, 1.2, len(papers)), strict=True):
        for place, (number, item) in enumerate(items):
            is_right = random.random() < 1 / (1 + np.exp(difficulty[place] - theta))
            answer = dict(item.key)["value"] if is_right else WRONG
            after_s = paper.after_s + paper.taken_s * (place + 1) // (len(items) + 1)
            yield PastAnswer(paper.candidate_id, number, item.sub_part, answer, after_s)
