"""The demo's mock exam of last month: sat by many, after the Rasch model, with a wrong key to be found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.demo.pace import Pace, paces, saturday
from examhall.exams.exam_file import ExamFile, Item, read_exam_file
from examhall.exams.importing import import_exam
from examhall.sittings.past import PastAnswer, record_papers

SQL = beside(__file__)

FILE = Path(__file__).with_name("mathematics.yaml")
TITLE = "Mathematics: last month's mock exam"
# The Wednesday before the first quiz: what came first is first.
WEEKS_AGO = 5
DAYS_BEFORE = timedelta(days=3)
SITTINGS = 124
# The same people give the same answers at every start.
SEED = 20
# Question 9's key is wrong, as keys sometimes are; 23 cannot be answered but by guessing; 4 is too easy.
WRONG_KEY, GUESSED, EASY = 9, 23, 4
# Of the wrong options, the one most people fall for, the next, and the last.
TEMPTING = (0.6, 0.3, 0.1)
BLANK = 0.02
# An answer's usual time, of the first and of the last: most need more than half of the time, some all of it.
EASIEST_S, HARDEST_S = 60, 190
# How far beside the right number the wrong ones are.
SLIPS = (1, -2, 10)
WRONG_WORDS, WRONG_LETTERS = ("square", "circle", "line"), ("A", "C", "D")


@dataclass(frozen=True)
class _Person:
    id: int


@dataclass(frozen=True)
class _There:
    is_there: bool


async def add_past_mock(conn: Connection, author: int) -> None:
    """Add it with about 120 sittings, unless it is there. The worker marks, concludes and calibrates it."""
    [there] = await many(conn, SQL.is_there, _There, title=TITLE)
    if there.is_there:
        return
    people = await many(conn, SQL.candidates, _Person, limit=SITTINGS)
    exam = _last_months(read_exam_file(FILE.read_bytes(), folder=FILE.parent))
    timing = paces(
        [person.id for person in people],
        np.random.default_rng(SEED),
        easiest_s=EASIEST_S,
        hardest_s=HARDEST_S,
        answers=sum(len(question.items) for question in exam.questions),
        duration_s=exam.duration_s,
    )
    answers = list(simulated(exam, timing))
    exam_id = await import_exam(conn, _with_wrong_key(exam), author)
    await record_papers(conn, exam_id=exam_id, papers=[pace.paper for pace in timing], answers=answers)


def simulated(exam: ExamFile, timing: Sequence[Pace]) -> Iterator[PastAnswer]:
    """Abilities N(0.3, 1.1), difficulties from -2 to 2, harder towards the end."""
    random = np.random.default_rng(SEED)
    slots = [(question.number, item) for question in exam.questions for item in question.items]
    difficulty = np.linspace(-1.9, 2.0, len(slots)) + random.normal(0, 0.5, len(slots))
    for pace, theta in zip(timing, random.normal(0.3, 1.1, len(timing)), strict=True):
        paper = pace.paper
        chance = random.random(len(slots))
        for place, (number, item) in enumerate(slots):
            p = 1 / (1 + np.exp(difficulty[place] - theta))
            p = {GUESSED: 0.27, EASY: 0.98}.get(number, p)
            if chance[place] > 1 - BLANK * (place / len(slots)):
                continue
            is_right = chance[place] < p
            answer = _right(item) if is_right else _wrong(item, random.random())
            # What comes after their time is not taken.
            if pace.answers_s[place] < paper.after_s + paper.taken_s:
                yield PastAnswer(paper.candidate_id, number, item.sub_part, answer, pace.answers_s[place])


def _right(item: Item) -> Any:
    key: dict[str, Any] = dict(item.key)
    if item.kind == "single_choice":
        return key["correct"][0]
    return key["value"] if item.kind == "number" else key["accept"][0]


def _wrong(item: Item, chance: float) -> Any:
    place = int(np.searchsorted(np.cumsum(TEMPTING), chance))
    if item.kind == "number":
        value = dict(item.key)["value"]
        return str((Fraction if "/" in value else Decimal)(value) + SLIPS[min(place, len(SLIPS) - 1)])
    if item.kind != "single_choice":
        words = WRONG_LETTERS if len(dict(item.key)["accept"][0]) == 1 else WRONG_WORDS
        return words[min(place, len(words) - 1)]
    keys = [option["key"] for option in dict(item.presented)["options"]]
    wrong = [key for key in keys if key not in dict(item.key)["correct"]]
    return wrong[min(place, len(wrong) - 1)]


def _last_months(exam: ExamFile) -> ExamFile:
    opens_at = saturday(WEEKS_AGO) - DAYS_BEFORE
    return replace(
        exam,
        title=TITLE,
        opens_at=opens_at,
        closes_at=opens_at + timedelta(seconds=exam.duration_s, minutes=10),
        attempts_allowed=1,
        pass_percent=Decimal(50),
        rated=True,
        reports=True,
    )


def _with_wrong_key(exam: ExamFile) -> ExamFile:
    questions = list(exam.questions)
    question = questions[WRONG_KEY - 1]
    [item] = question.items
    # The option that most fall for: those who know better choose another.
    wrong = replace(item, key={**item.key, "correct": [_wrong(item, 0.0)]})
    questions[WRONG_KEY - 1] = replace(question, items=(wrong,))
    return replace(exam, questions=tuple(questions))
