import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.exams.exam_file import FIELDS, BadExamFile, ExamFile, read_exam_file
from examhall.exams.exam_file_items import ITEM, QUESTION
from examhall.exams.exam_file_kinds import FIELDS as KINDS

HEAD = "title: T\nduration: 1 h\n"
SMALLEST = HEAD + "questions:\n  - {prompt: Q, options: [x, y], answer: A}\n"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()


def read(text: str) -> ExamFile:
    return read_exam_file(dedent(text))


def problems(text: str | bytes, **kwargs: object) -> list[tuple[int, str, str]]:
    """Line, path and message of each, in the order of the file."""
    with pytest.raises(BadExamFile) as caught:
        read_exam_file(dedent(text) if isinstance(text, str) else text, **kwargs)  # type: ignore[arg-type]
    fields = caught.value.details["fields"]
    assert isinstance(fields, list)
    for field in fields:
        assert field.keys() == {"line", "column", "path", "message"}
        assert field["line"] >= 1
        assert field["column"] >= 1
    return [(field["line"], field["path"], field["message"]) for field in fields]


def problem(text: str | bytes, **kwargs: object) -> str:
    (only,) = problems(text, **kwargs)
    return only[2]


def question(yaml_lines: str) -> str:
    """A file with one question of these lines."""
    lines = ["  - prompt: Q", *(f"    {line}" for line in yaml_lines.splitlines())]
    return HEAD + "questions:\n" + "\n".join(lines) + "\n"


def test_the_smallest_file_has_the_documented_defaults() -> None:
    exam = read_exam_file(SMALLEST)
    assert exam.kind == "mock_exam"
    assert exam.test_type is None
    assert (exam.opens_at, exam.closes_at) == (None, None)
    assert (exam.duration_s, exam.grace_s, exam.attempts_allowed) == (3600, 30, 1)
    assert (exam.shuffle_questions, exam.shuffle_options) == (False, False)
    assert (exam.release, exam.release_at) == ("at_once", None)
    assert (exam.pictures, exam.assigned, exam.instructions) == ((), (), "")
    (only,) = exam.questions
    assert (only.number, only.prompt) == (1, "Q")
    (item,) = only.items
    assert (item.sub_part, item.kind, item.points) == ("", "single_choice", Decimal(1))
    assert item.presented == {"options": [{"key": "A", "text": "x"}, {"key": "B", "text": "y"}]}
    assert item.key == {"correct": ["A"]}


def test_the_settings_are_read() -> None:
    exam = read(
        """\
        title: Entrance test
        kind: test
        test_type: SJT
        instructions: Read **first**.
        timezone: Asia/Tashkent
        window: {opens: 2026-12-01 09:00, closes: "2026-12-01T09:00:00Z"}
        duration: 2h 30m
        grace: 0 s
        attempts: 3
        shuffle: true
        release: {at: 2026-12-02 10:00 +05:00}
        assigned: [alice, bob]
        questions: [{prompt: Q, options: [x, y], answer: A}]
        """
    )
    assert (exam.kind, exam.test_type) == ("test", "SJT")
    assert exam.opens_at == datetime(2026, 12, 1, 4, tzinfo=UTC)
    assert exam.closes_at == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert (exam.duration_s, exam.grace_s, exam.attempts_allowed) == (9000, 0, 3)
    assert (exam.shuffle_questions, exam.shuffle_options) == (True, True)
    assert (exam.release, exam.release_at) == ("at_time", datetime(2026, 12, 2, 5, tzinfo=UTC))
    assert exam.assigned == ("alice", "bob")


@pytest.mark.parametrize(
    ("written", "kind", "presented", "key"),
    [
        ("{options: {A: x, B: y}, answer: [A, B]}", "single_choice", None, {"correct": ["A", "B"]}),
        (
            "{type: multiple, options: [x, y], answer: [B], partial: no}",
            "multiple_choice",
            None,
            {"correct": ["B"], "partial": False},
        ),
        ("{type: true_false, answer: yes}", "true_false", {}, {"correct": True}),
        (
            "{type: number, answer: 12.5, tolerance: 0.01, unit: cm}",
            "number",
            {"unit": "cm"},
            {"value": "12.5", "tolerance": "0.01"},
        ),
        (
            "{type: number, answer: [3/4, '0,75']}",
            "number",
            {},
            {"value": "3/4", "tolerance": "0", "accept": ["0,75"]},
        ),
        ("{type: short_text, answer: No}", "short_text", {}, {"accept": ["No"], "case_sensitive": False}),
        (
            "{type: ordering, options: [x, y], answer: [B, A]}",
            "ordering",
            None,
            {"order": ["B", "A"], "partial": True},
        ),
        (
            "{type: matching, left: [x, y], right: [u, v, w], answer: {1: C, 2: A}}",
            "matching",
            {
                "left": [{"key": "1", "text": "x"}, {"key": "2", "text": "y"}],
                "right": [{"key": "A", "text": "u"}, {"key": "B", "text": "v"}, {"key": "C", "text": "w"}],
            },
            {"pairs": {"1": "C", "2": "A"}, "partial": True},
        ),
        (
            "{type: best_worst, options: [x, y], answer: {best: B, worst: A}}",
            "best_worst",
            None,
            {"best": "B", "worst": "A", "partial": True},
        ),
        ("{type: essay}", "essay", {"max_chars": 20_000}, {}),
    ],
)
def test_each_type_becomes_what_is_presented_and_its_key(
    written: str, kind: str, presented: dict[str, object] | None, key: dict[str, object]
) -> None:
    exam = read_exam_file(HEAD + f"questions: [{written.replace('{', '{prompt: Q, ', 1)}]")
    (item,) = exam.questions[0].items
    two = {"options": [{"key": "A", "text": "x"}, {"key": "B", "text": "y"}]}
    assert item.kind == kind
    assert item.presented == (two if presented is None else presented)
    assert item.key == key


def test_a_question_in_parts_has_an_item_for_each() -> None:
    exam = read_exam_file(
        question("parts:\n  a: {type: number, answer: 1}\n  b: {type: essay, prompt: Why?, points: 2.5}")
    )
    a, b = exam.questions[0].items
    assert (a.sub_part, a.prompt, a.points) == ("a", "", Decimal(1))
    assert (b.sub_part, b.prompt, b.points) == ("b", "Why?", Decimal("2.5"))


def test_json_is_read_as_well() -> None:
    document = {
        "title": "\U0001f600",
        "duration": "1 h",
        "window": {"opens": None},
        "questions": [{"prompt": "a/b \\times", "options": ["x", "y"], "answer": "A"}],
    }
    for text in (json.dumps(document, indent="\t"), json.dumps(document, ensure_ascii=False)):
        exam = read_exam_file(text)
        assert exam.title == "\U0001f600"
        assert exam.questions[0].prompt == "a/b \\times"


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    exam = read_exam_file(question("options: {Yes: on, No: 1:30, null: 2020-01-01}\nanswer: No"))
    options = exam.questions[0].items[0].presented["options"]
    assert [(option["key"], option["text"]) for option in options] == [
        ("Yes", "on"),
        ("No", "1:30"),
        ("null", "2020-01-01"),
    ]


def test_all_that_is_wrong_is_said_at_once_each_with_its_place() -> None:
    found = problems(
        """\
        title: T
        duration: 90
        colour: red
        questions:
          - prompt: One
            options: [x, y]
            answer: C
          - prompt: Two
            type: number
            answer: many
        """
    )
    assert [(line, path) for line, path, _ in found] == [
        (2, "duration"),
        (3, "colour"),
        (7, "questions.1.answer"),
        (10, "questions.2.answer"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("- a", "Names with values"),
        ("title: T\nduration: 1 h", "no `questions`"),
        (HEAD + "questions: []", "at least one question"),
        (SMALLEST + "title: again", "twice; the first is on line 1"),
        (SMALLEST + "durration: 1 h", "Did you mean `duration`?"),
        (SMALLEST + "attempts: many", "whole number from 1 to 1,000"),
        (SMALLEST + "grace: 2 h", "0:00:00 to 1:00:00"),
        (SMALLEST + "kind: exam", "Did you mean `mock_exam`?"),
        (SMALLEST + "kind: test", "test_type"),
        (SMALLEST + "freeze_minutes: 15", "whose window closes"),
        (SMALLEST + "scale: {mean: 50}", "has a `mean` and an `sd`"),
        (SMALLEST + "sealed: true", "Only an exam whose window opens"),
        (SMALLEST + "sealed: {from: 10 s}\nwindow: {opens: 2026-12-01T12:00Z}", "A time from 0:01:00"),
        (SMALLEST + "scale: {mean: 50, linked_to: 3}", "that one's mean"),
        (SMALLEST + "scale: {mean: 50, sd: 0}", "whole number from 1 to 100,000"),
        (
            SMALLEST + "freeze_minutes: 0\nwindow: {closes: 2026-12-01T12:00Z}",
            "whole number from 1 to 10,080",
        ),
        (SMALLEST + "attempts: 2\nrelease: by_hand\nlive_standing: yes", "held back between attempts"),
        (SMALLEST + "test_type: SJT", "Only an exam with `kind: test`"),
        (SMALLEST + "window: {opens: 2026-12-01 09:00}", "Which zone"),
        (SMALLEST + "window: {opens: 2026-02-30 09:00 Z}", "no such date"),
        (SMALLEST + "window: {opens: 2026-03-02 09:00 Z, closes: 2026-03-01 09:00 Z}", "before it opens"),
        (SMALLEST + "timezone: Asia/Tashkend", "Did you mean `Asia/Tashkent`?"),
        (SMALLEST + "timezone: ../../etc/passwd", "no time zone"),
        (
            SMALLEST + "timezone: Europe/Berlin\nrelease: {at: 2026-03-29 02:30}",
            "The clocks change at this time",
        ),
        (SMALLEST + "assigned: [alice, Alice]", "already"),
        (SMALLEST + "instructions: [a]", "not a list"),
        (SMALLEST + "---\ntitle: T", "another begins"),
        ("title: a: b", "A colon followed by a space"),
        ("title: %x", "cannot start"),
        ("title: [", "not valid YAML"),
        ("[" * 1000, "nested deeper"),
        ("{a: " * 1000, "nested deeper"),
        ("? [a]\n: b", "A key is a word"),
        ("title: a\x00b", "U+0000"),
        ("title: a\ud800b", "U+D800"),
        (b"title: \xff", "not in UTF-8"),
        (b"\xff\xfet\x00i\x00", "not in UTF-8"),
        ('title: "\\query"', "backslash starts an escape"),
        ("- " * 60_000, "nested deeper"),
        ("[" + "a," * 100_001 + "]", "more than 100,000 values"),
        (question("options: [x, x]\nanswer: A"), "B says the same as A"),
        (question("options: [x]\nanswer: A"), "At least two"),
        (question("options: [x, y]\nanswer: []"), "At least one option"),
        (question("options: [x, y]\nanswer: [A, A]"), "twice"),
        (question("options: {a b: x, c: y}\nanswer: c"), "letters or digits"),
        (question(f"options: [{', '.join(str(n) for n in range(27))}]\nanswer: A"), "at most 26"),
        (question("options: [x, y]\nanswer: a"), "There is no a to choose here; there are A, B."),
        (question("options: [x, y]"), "no `answer`"),
        (question("answer: x"), "Which `type`"),
        (question("type: singel"), "Did you mean `single`?"),
        (question("type: number\nanswer: 1\noptions: [x, y]"), "does not go with the type number"),
        (question("type: number\nanswer: 1\ntolerance: -1"), "not negative"),
        (question("type: number\nanswer: 1e999999999"), "A number is expected"),
        (question("type: essay\nmax_chars: 1000000"), "from 1 to 100,000"),
        (question("type: essay\nnumber: 2"), "This is question 1"),
        (question("type: essay\npoints: 1.2345"), "three decimals"),
        (question("type: ordering\noptions: [x, y]\nanswer: [A]"), "B is not in it"),
        (question("type: matching\nleft: [x, y]\nright: [x, y]\nanswer: {1: A}"), "2 has none"),
        (question("type: best_worst\noptions: [x, y]\nanswer: {best: A, worst: A}"), "cannot be the same"),
        (question("type: best_worst\noptions: [x, y]\nanswer: {best: A}"), "no `worst`"),
        (question("parts: {}"), "no parts"),
        (question("parts: {b: {type: essay}}"), "a, b, c"),
        (question("parts: {a: {type: essay}}\npoints: 2"), "in each part"),
        (HEAD + "questions:\n  - {type: essay}", "no `prompt`"),
        (HEAD + f"questions:\n  - {{type: essay, prompt: {'x' * 20_001}}}", "20,001 characters"),
        (HEAD + f"questions: [{{type: essay, prompt: '{'![' * 1001}'}}]", "more than 1000 of the sign ["),
        (HEAD + "questions: [" + "{type: essay, prompt: Q}," * 501 + "]", "at most 500"),
        (HEAD + "questions: [{type: essay, prompt: '![x](tri)'}]", "no picture `tri`"),
        (SMALLEST + "pictures: {x: {file: a.png}}", "only in `examhall import`"),
        (SMALLEST + "pictures: {x: {data: '%%%'}}", "not base64"),
        (SMALLEST + "pictures: {x: {data: aGVsbG8=}}", "not a PNG"),
        (SMALLEST + f"pictures: {{x: {{data: {PNG}, file: a}}}}", "either `file`"),
        (SMALLEST + f"pictures: {{../x: {{data: {PNG}}}}}", "name is made of"),
    ],
)
def test_a_mistake_is_named(text: str | bytes, says: str) -> None:
    assert says in problem(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SMALLEST + "a: &x 1", "&name and *name"),
        ("title: &x T\nduration: 1 h\nquestions: *x", "&name and *name"),
        ("title: !!python/object:os.system x", "Tags"),
        ('title: "a\\0b"', "U+0000"),
        (HEAD + 'questions:\n  - prompt: "$2 \\times 3$"', "double quotes"),
        (HEAD + 'questions:\n  - prompt: "$\\alpha + 1$"', "U+0007"),
    ],
)
def test_a_mistake_is_named_among_others(text: str, says: str) -> None:
    assert any(says in message for _, _, message in problems(text))


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    assert "larger than the 1 MB" in problem(SMALLEST + "#" * 1_000_000)


def test_a_hundred_problems_are_enough() -> None:
    assert len(problems(HEAD + "questions: [" + "{prompt: Q, type: x}," * 300 + "]")) == 100


def with_picture(file: str) -> str:
    return SMALLEST + f"pictures: {{x: {{file: '{file}'}}}}"


def test_a_picture_is_read_from_below_the_folder_and_typed_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(base64.b64decode(PNG))
    (picture,) = read_exam_file(with_picture("sub/a.txt"), folder=tmp_path).pictures
    assert (picture.name, picture.media_type) == ("x", "image/png")


@pytest.mark.parametrize("file", ["../secret.png", "/etc/passwd", "link.png", "sub/../../secret.png"])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / "secret.png").write_bytes(base64.b64decode(PNG))
    folder = tmp_path / "exam"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    assert "in the exam file's folder" in problem(with_picture(file), folder=folder)


@pytest.mark.parametrize("file", ["none.png", "sub", "x" * 5000])
def test_a_picture_that_cannot_be_read_is_a_mistake_in_the_file(tmp_path: Path, file: str) -> None:
    (tmp_path / "sub").mkdir()
    assert "that can be read" in problem(with_picture(file), folder=tmp_path)


def refused_or_read(source: str | bytes) -> None:
    with suppress(BadExamFile):
        read_exam_file(source)


@given(st.text() | st.binary())
def test_no_text_and_no_bytes_raise_anything_else(source: str | bytes) -> None:
    refused_or_read(source)


@given(st.text(alphabet="{}[]:,-?&*!|>'\"%@` \n\tabc~0\\#", max_size=60))
def test_no_punctuation_raises_anything_else(source: str) -> None:
    refused_or_read(source)
    refused_or_read(HEAD + "questions:\n  - " + source)


WORDS = sorted(set(FIELDS) | ITEM | QUESTION | set("abAB12") | {"best", "worst", "opens", "at", "data"})
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from("AB12")
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(sorted(FIELDS)), TREES),
    st.lists(st.dictionaries(st.sampled_from(WORDS), TREES), max_size=3),
    st.sampled_from(sorted(KINDS)),
)
def test_no_tree_of_the_right_words_raises_anything_else(
    exam: dict[str, object], questions: list[dict[str, object]], type_: str
) -> None:
    document = {**exam, "questions": [{**each, "type": type_} for each in questions]}
    refused_or_read(json.dumps(document))
