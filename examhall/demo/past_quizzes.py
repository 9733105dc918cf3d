"""The demo's Saturday quizzes of past weeks: short, rated, one series, and not everybody came to each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.demo.pace import Pace, paces, saturday
from examhall.exams.exam_file import ExamFile, read_exam_file
from examhall.exams.importing import import_exam
from examhall.sittings.past import PastAnswer, record_papers

SQL = beside(__file__)

FILE = Path(__file__).with_name("contest.yaml")
SERIES = "Saturday quiz"
WEEKS = 6
PEOPLE = 130
COMING = 0.85
# The same people do the same at every start.
SEED = 3
WRONG = "0"
# An answer's usual time, of the first and of the last.
EASIEST_S, HARDEST_S = 50, 160


@dataclass(frozen=True)
class _Person:
    id: int


@dataclass(frozen=True)
class _There:
    is_there: bool


async def add_past_quizzes(conn: Connection, author: int) -> None:
    """Add them unless they are there. The worker marks, concludes and rates them."""
    [there] = await many(conn, SQL.is_there, _There, title=f"{SERIES} 1")
    if there.is_there:
        return
    people = [person.id for person in await many(conn, SQL.candidates, _Person, limit=PEOPLE)]
    contest = read_exam_file(FILE.read_bytes(), folder=FILE.parent)
    random = np.random.default_rng(SEED)
    theta = random.normal(0.3, 1.3, len(people))
    # Whoever tries the demo is good at it.
    theta[:2] = np.array([1.8, 0.9])[: len(people)]
    for week in range(1, WEEKS + 1):
        quiz = _quiz(contest, week)
        # The first of the list have been to all of them.
        came = [place for place in range(len(people)) if place < 2 or random.random() < COMING]
        timing = paces(
            [people[place] for place in came],
            np.random.default_rng(SEED + week),
            easiest_s=EASIEST_S,
            hardest_s=HARDEST_S,
            answers=sum(len(question.items) for question in quiz.questions),
            duration_s=quiz.duration_s,
        )
        answers = list(_answers(quiz, timing, theta[came].tolist(), random))
        exam_id = await import_exam(conn, quiz, author)
        await record_papers(conn, exam_id=exam_id, papers=[pace.paper for pace in timing], answers=answers)


def _quiz(contest: ExamFile, week: int) -> ExamFile:
    opens_at = saturday(WEEKS - week)
    return replace(
        contest,
        title=f"{SERIES} {week}",
        kind="mock_exam",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(minutes=40),
        duration_s=20 * 60,
        series=SERIES,
        rated=True,
    )


def _answers(
    quiz: ExamFile, timing: Sequence[Pace], theta: Sequence[float], random: np.random.Generator
) -> Iterator[PastAnswer]:
    items = [(question.number, item) for question in quiz.questions for item in question.items]
    difficulty = np.linspace(-1.8, 2.0, len(items))
    for pace, ability in zip(timing, theta, strict=True):
        paper = pace.paper
        for place, (number, item) in enumerate(items):
            is_right = random.random() < 1 / (1 + np.exp(difficulty[place] - ability))
            answer = dict(item.key)["value"] if is_right else WRONG
            if pace.answers_s[place] < paper.after_s + paper.taken_s:
                yield PastAnswer(paper.candidate_id, number, item.sub_part, answer, pace.answers_s[place])
