"""What people mark and how, in exam files and in copies."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.base.db import Connection
from examhall.exams.duplicating import duplicate_exam
from examhall.exams.exam_file import FILE_BYTES, read_exam_file
from examhall.exams.exam_file_marking import marking_document
from examhall.exams.exam_file_writing import to_yaml
from examhall.exams.importing import import_exam
from examhall.exams.marking_scheme import Criterion, Level, NewScheme
from examhall.exams.questions import duplicate_question, list_questions
from examhall.exams.schemes import Marked, list_marked
from tests.exams.test_editing import add_author
from tests.exams.test_exam_file import HEAD, problems
from tests.exams.test_exporting import TEXTS

pytestmark = pytest.mark.anyio

QUESTIONS = """questions:
  - {prompt: Q, options: [x, y], answer: A}
  - prompt: P
    parts:
      a: {type: number, answer: 1}
      b: {type: essay, points: 6}
"""
WITH_RUBRIC = """marking:
  2b:
    markers: 2
    differ_above: 1,5
    third_rule: median
    guidance: Look for $x^2$.
    rubric:
      - name: Content
        levels: [{points: 4, words: All of it}, {points: 0}]
      - name: Language
        levels: [{points: 2}, {points: 0.25}]
  1: {}
"""
WORDS = TEXTS.filter(bool)
POINTS = st.integers(0, 50_000).map(lambda n: Decimal(n) / 100)


def test_a_scheme_is_read_as_it_is_written() -> None:
    one, other = read_exam_file(HEAD + QUESTIONS + WITH_RUBRIC).marking
    assert (one.label, one.scheme) == ("1", NewScheme())
    assert other.label == "2b"
    assert other.scheme == NewScheme(
        markers=2,
        differ_above=Decimal("1.5"),
        third_rule="median",
        guidance="Look for $x^2$.",
        rubric=[
            Criterion(key="c1", name="Content", levels=[Level(points=4, words="All of it"), Level(points=0)]),
            Criterion(key="c2", name="Language", levels=[Level(points=2), Level(points=Decimal("0.25"))]),
        ],
    )


@pytest.mark.parametrize(
    ("marking", "line", "path", "message"),
    [
        ("marking: {3: {}}", 9, "marking.3", "is not known here"),
        ("marking:\n  2: {}", 10, "marking.2", "Did you mean `2"),
        ("marking:\n  2b:\n    markers: 3", 11, "marking.2b.markers", "from 1 to 2"),
        ("marking:\n  2b:\n    differ_above: 1", 11, "marking.2b.differ_above", "Only of two markers"),
        ("marking:\n  2b:\n    third_rule: nearst", 11, "marking.2b.third_rule", "Did you mean `nearest`"),
        (
            "marking:\n  2b:\n    markers: 2\n    differ_above: 0.125",
            12,
            "marking.2b.differ_above",
            "two decimals",
        ),
        (
            "marking:\n  2b:\n    rubric:\n      - {name: C, levels: [{points: 4}, {points: 0}]}",
            12,
            "marking.2b.rubric",
            "worth 4, and the question 6",
        ),
        ("marking:\n  2b:\n    rubric:\n      - {name: C}", 12, "marking.2b.rubric.1", "no `levels`"),
        (
            "marking:\n  2b:\n    rubric:\n      - {name: C, levels: [{points: 6}]}",
            12,
            "marking.2b.rubric.1.levels",
            "At least two",
        ),
        (
            "marking:\n  2b:\n    rubric:\n      - name: C\n        levels: [{points: 6}, {words: x}]",
            13,
            "marking.2b.rubric.1.levels.2",
            "no `points`",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(marking: str, line: int, path: str, message: str) -> None:
    [(found, where, said)] = problems(HEAD + QUESTIONS + marking)
    assert (found, where) == (line, path)
    assert message in said


@st.composite
def schemes(draw: st.DrawFn) -> tuple[NewScheme, Decimal]:
    rubric = [
        Criterion(
            key=f"c{place}",
            name=draw(WORDS),
            levels=[
                Level(points=draw(POINTS), words=draw(TEXTS))
                for _ in range(draw(st.integers(min_value=2, max_value=3)))
            ],
        )
        for place in range(1, draw(st.integers(min_value=1, max_value=4)))
    ]
    markers = draw(st.sampled_from([1, 2]))
    scheme = NewScheme.model_validate(
        {
            "markers": markers,
            "differ_above": draw(st.none() | POINTS) if markers == 2 else None,
            "third_rule": draw(st.sampled_from(["nearest", "third", "median"])),
            "rubric": rubric,
            "guidance": draw(TEXTS),
        }
    )
    return scheme, sum((each.most for each in rubric), Decimal(0))


@given(schemes())
def test_what_is_written_is_read_as_the_same_scheme(drawn: tuple[NewScheme, Decimal]) -> None:
    scheme, worth = drawn
    document = {
        "title": "T",
        "duration": "1 h",
        "questions": [{"prompt": "Q", "type": "essay", "points": f"{worth:f}"}],
        "marking": marking_document([Marked(1, "", scheme)]),
    }
    assert read_exam_file(to_yaml(document), largest_bytes=FILE_BYTES).marking == (Marked(1, "", scheme),)


async def test_an_import_puts_to_people_what_the_file_says(conn: Connection) -> None:
    exam = read_exam_file(HEAD + QUESTIONS + WITH_RUBRIC)
    exam_id = await import_exam(conn, exam, created_by=None)
    assert tuple(await list_marked(conn, exam_id)) == exam.marking
    keys = {
        f"{question.number}{item.sub_part}": "by_hand" in item.key
        for question in (each.question for each in await list_questions(conn, exam_id))
        for item in question.items
    }
    assert keys == {"1": True, "2a": False, "2b": False}


async def test_a_copy_of_an_exam_is_marked_as_the_original(conn: Connection) -> None:
    olga = await add_author(conn)
    exam = read_exam_file(HEAD + QUESTIONS + WITH_RUBRIC)
    exam_id = await import_exam(conn, exam, created_by=olga, is_draft=True)
    made = await duplicate_exam(conn, exam_id, by=olga)
    assert tuple(await list_marked(conn, made.id)) == exam.marking
    # And of a question: both of them now.
    second = (await list_questions(conn, made.id))[1]
    await duplicate_question(conn, exam_id=made.id, question_id=second.id, by=olga)
    of_question = {each.label: each.scheme for each in await list_marked(conn, made.id)}
    assert of_question["3b"] == of_question["2b"] == exam.marking[1].scheme
    assert len(await list_marked(conn, exam_id)) == 2
