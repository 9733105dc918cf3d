"""The demo's essays: a writing exam of last week, half of it marked by two people who do not always agree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from examhall.accounts.people import create_person
from examhall.base import clock
from examhall.base.db import Connection, many, maybe
from examhall.base.sqlfile import beside
from examhall.exams.exam_file import ExamFile, read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.marking_scheme import Criterion, NewScheme
from examhall.scoring.by_hand import Sheet, take_next
from examhall.scoring.by_hand_finish import finish_task
from examhall.scoring.by_hand_schemes import name_markers, save_scheme
from examhall.scoring.results import score_sittings
from examhall.sittings.past import PastAnswer, PastPaper, record_papers

SQL = beside(__file__)

FILE = Path(__file__).with_name("essays.yaml")
TITLE = "Writing: mathematics in everyday life"
DAYS_AGO = 6
PAPERS = 14
# Who signs in as a marker, and a colleague who never does.
MARKER, COLLEAGUE = "demo-marker", "demo-marker-2"

DEBTS = (
    "Imagine you owe 1000 and the bank wants 10 % a year. After one year you owe 1100. In the second "
    "year you pay interest for the interest as well: $1100 \\cdot 1.1 = 1210$. After $n$ years it is "
    "$$1000 \\cdot 1.1^n$$ and that grows faster the longer you wait, like a snowball that rolls "
    "downhill.",
    "Compound interest is when the bank takes more every year. My uncle borrowed money for a car and "
    "in the end he paid almost twice as much. You should not borrow.",
    "A debt grows by a part of itself. If the part is always the same, say a tenth, then a bigger debt "
    "grows by more. First year: 100. Second year: 110. Third year: 121. So every year the step is "
    "larger than the one before, although the rate never changed. Draw it and you get a curve, not a "
    "line.",
    "Because $x^2$ is bigger than $x$.",
)
CAUSES = (
    "Both happen when the sun shines. People buy ice cream on hot days and get sunburned on hot days. "
    "The sun is the cause of both. To find out, I would compare people who stayed in the shade and ate "
    "ice cream with people in the sun who ate none.",
    "It is wrong because ice cream is cold and cannot burn. I would ask a doctor.",
    "The newspaper mixes up correlation and cause. An experiment would help: give half of a group ice "
    "cream, by lot, keep the time in the sun the same, and count sunburns.",
)
# What the first marker gives to each of these, by level, and how the second one differs from it.
LEVELS = (
    {0: {"c1": 0, "c2": 0, "c3": 0}, 1: {"c1": 2, "c2": 1, "c3": 2}, 2: {"c1": 0, "c2": 0, "c3": 1},
     3: {"c1": 3, "c2": 2, "c3": 2}},
    {0: {"c1": 0, "c2": 0}, 1: {"c1": 2, "c2": 1}, 2: {"c1": 0, "c2": 1}},
)  # fmt: skip
COMMENTS = {
    (3, 0): "You found what is behind both. How many people would you compare?",
    (2, 0): "A clear example, and the formula says what your words say. Well done.",
    (2, 1): "You tell what happened, but not why. What does the bank take its part of in the second year?",
}


@dataclass(frozen=True)
class _Person:
    id: int
    username: str


@dataclass(frozen=True)
class _Exam:
    id: int


@dataclass(frozen=True)
class _Waiting:
    candidate_id: int
    sitting_id: int


async def add_essays(conn: Connection, author: int) -> None:
    """Add the exam with its papers and its marks, unless it is there."""
    if await maybe(conn, SQL.exam_here, _Exam, title=TITLE) is not None:
        return
    students = await many(conn, SQL.students, _Person, limit=PAPERS)
    exam = _last_weeks(read_exam_file(FILE.read_bytes(), folder=FILE.parent))
    exam_id = await import_exam(conn, exam, author)
    papers = [PastPaper(each.id, 60 * place, 3000 + 60 * place) for place, each in enumerate(students)]
    await record_papers(conn, exam_id=exam_id, papers=papers, answers=list(_answers(papers)))
    await _set_up(conn, exam_id)
    sat = await many(conn, SQL.papers, _Waiting, exam_id=exam_id)
    await score_sittings(conn, [(each.candidate_id, each.sitting_id) for each in sat])
    markers = [await _marker(conn, username) for username in (MARKER, COLLEAGUE)]
    await name_markers(conn, exam_id=exam_id, usernames=[MARKER, COLLEAGUE], named_by=author)
    for place, marker_id in enumerate(markers):
        await _mark(conn, exam_id, marker_id, place, counts={2: len(sat) // 2 + place, 3: len(sat)})


def _last_weeks(exam: ExamFile) -> ExamFile:
    opens_at = clock.now() - timedelta(days=DAYS_AGO)
    return replace(exam, opens_at=opens_at, closes_at=opens_at + timedelta(hours=4))


def _answers(papers: list[PastPaper]) -> Iterator[PastAnswer]:
    for place, paper in enumerate(papers):
        said = ("AB"[place % 3 == 0], DEBTS[place % len(DEBTS)], CAUSES[place % len(CAUSES)])
        for number, answer in enumerate(said, start=1):
            yield PastAnswer(paper.candidate_id, number, "", answer, paper.after_s + 600 * number)


async def _set_up(conn: Connection, exam_id: int) -> None:
    content = _criterion(
        "c1",
        "Reasoning",
        ("3", "why it grows, step by step"),
        ("2", "mostly right"),
        ("1", "a part"),
        ("0", "none"),
    )
    example = _criterion("c2", "Example", ("1", "fits"), ("0.5", "there is one"), ("0", "none"))
    language = _criterion(
        "c3", "Language", ("2", "clear, whole sentences"), ("1", "understandable"), ("0", "hard to read")
    )
    first = NewScheme(
        markers=2,
        differ_above=Decimal(1),
        rubric=[content, example, language],
        guidance="Any example that is worked out counts. A formula is not needed; $K_0 \\cdot q^n$ is one.",
    )
    causes = _criterion(
        "c1", "Cause", ("3", "names what is behind both"), ("1.5", "doubts it"), ("0", "agrees")
    )
    check = _criterion("c2", "Finding out", ("1", "would compare"), ("0", "would not"))
    second = NewScheme(markers=2, differ_above=Decimal("1.5"), rubric=[causes, check])
    for number, scheme in ((2, first), (3, second)):
        await save_scheme(conn, exam_id=exam_id, question_number=number, sub_part="", scheme=scheme, seen=0)


def _criterion(key: str, name: str, *levels: tuple[str, str]) -> Criterion:
    return Criterion.model_validate(
        {"key": key, "name": name, "levels": [{"points": points, "words": words} for points, words in levels]}
    )


async def _marker(conn: Connection, username: str) -> int:
    found = await maybe(conn, SQL.person, _Person, username=username)
    if found is not None:
        return found.id
    return await create_person(conn, username=username, full_name="Rustam Example", roles=["marker"])


@dataclass(frozen=True)
class _Text:
    question_number: int
    text: str


async def _mark(
    conn: Connection, exam_id: int, marker_id: int, place: int, *, counts: dict[int, int]
) -> None:
    """So many answers to each essay by its number; the second marker is stricter with every third."""
    for number, texts in ((2, DEBTS), (3, CAUSES)):
        for count in range(counts[number]):
            task_id = await take_next(conn, exam_id=exam_id, marker_id=marker_id, slot=(number, ""))
            if task_id is None:
                break
            said = await maybe(conn, SQL.text_of, _Text, task_id=task_id)
            assert said is not None
            which = texts.index(said.text)
            levels = dict(LEVELS[number - 2][which])
            if place and count % 3 == 2:
                levels["c1"] = min(levels["c1"] + 2, 5 - number)
            comment = "" if place else COMMENTS.get((number, which), "")
            sheet = Sheet(levels=levels, points=None, comment=comment, note="", revision=1)
            await finish_task(conn, task_id, marker_id, sheet)
