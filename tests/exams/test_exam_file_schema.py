"""The published schema and the parser agree, as far as a schema can see."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import examhall.exams
from examhall.exams.exam_file import read_exam_file
from tests.exams.test_exam_file import PNG, SMALLEST, problems, question

DEMO = Path(__file__).parents[2] / "examhall" / "demo"
SCHEMA = Path(examhall.exams.__file__).with_name("exam_file.schema.json")


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


class AsAnEditorReadsIt(yaml.SafeLoader):
    """YAML 1.2, as editors with a schema read it: a date is a text."""


AsAnEditorReadsIt.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_json(text: str) -> object:
    loaded = yaml.load(text, AsAnEditorReadsIt)
    return json.loads(json.dumps(loaded))


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.yaml")), ids=lambda path: path.name)
def test_every_demo_file_is_read_and_valid(schema: Draft202012Validator, path: Path) -> None:
    read_exam_file(path.read_bytes(), folder=path.parent)
    assert [error.message for error in schema.iter_errors(as_json(path.read_text("utf-8")))] == []


ACCEPTED = [
    SMALLEST,
    SMALLEST + "kind: test\ntest_type: SJT\nshuffle: {questions: true}\nrelease: by_hand\nattempts: 5",
    SMALLEST + "window: {opens: null}\nattempts:\nshuffle: ~",
    SMALLEST + "timezone: Asia/Tashkent\nwindow: {opens: 2026-12-01 09:00}\nrelease: {at: 2026-12-02T10:00Z}",
    SMALLEST + "show_key: yes\npass_mark: 60 %",
    SMALLEST + "pass_mark: 62.5",
    SMALLEST + "grace: 0 s\nassigned: [alice]\nshuffle: no\ninstructions: Read.",
    SMALLEST + f"pictures: {{a.png: {{data: {PNG}}}}}",
    "title: 2026\nduration: 1 h\nassigned: [1001]\nquestions: [{prompt: 5, options: [1, 2], answer: A}]",
    question("type: multiple_choice\noptions: [1, 2]\nanswer: [A, B]\npartial: false\npoints: 2.5"),
    question("number: 1\ntype: true_false\nanswer: no"),
    question("topic: Rivers\ntype: true_false\nanswer: no") + "\nseries: Weekly mock",
    SMALLEST + "scale: {mean: 50, sd: 10}",
    SMALLEST + "scale: {linked_to: 12}",
    SMALLEST + "sealed: true\nwindow: {opens: 2026-12-01T12:00Z}",
    SMALLEST + "sealed: {from: 2 h}\nwindow: {opens: 2026-12-01T12:00Z}",
    SMALLEST + "rated: yes\nlive_standing: true\nfreeze_minutes: 15\nwindow: {closes: 2026-12-01T12:00Z}",
    SMALLEST + "marking: {1: }",
    question("type: essay\npoints: 6")
    + "marking: {1: {markers: 2, differ_above: 1.5, third_rule: median, guidance: Be kind., rubric: "
    "[{name: Content, levels: [{points: 6, words: All}, {points: 0}]}]}}",
    question("topic: Rivers\nparts: {a: {options: [x, y], answer: A}}"),
    question("type: number\nanswer: [1, 3/4, '0,5']\ntolerance: 0.1\nunit: m"),
    question("type: short_text\nanswer: [Paris, 1789]\ncase_sensitive: yes"),
    question("type: matching\nleft: {1: x, 2: y}\nright: [u, v]\nanswer: {1: A, 2: B}"),
    question("parts: {a: {options: [x, y], answer: [A, B]}, b: {type: essay, max_chars: 100}}"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_is_read_is_valid(schema: Draft202012Validator, text: str) -> None:
    read_exam_file(text)
    assert [error.message for error in schema.iter_errors(as_json(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "title: T",
        SMALLEST + "colour: red",
        SMALLEST + "kind: test",
        SMALLEST + "test_type: SJT",
        SMALLEST + "attempts: 0",
        SMALLEST + "pass_mark: 101",
        SMALLEST + "show_key: maybe",
        question("options: [x]\nanswer: A"),
        SMALLEST + "marking: {1: {markers: 3}}",
        SMALLEST + "marking: {1: {rubric: [{name: Content, levels: [{points: 1}]}]}}",
        question("type: number"),
        question("type: number\nanswer: 1\noptions: [x, y]"),
        question("parts: {b: {type: essay}}"),
        question("parts: {a: {type: essay}}\npoints: 2"),
    ],
)
def test_what_a_schema_can_see_is_refused_by_both(schema: Draft202012Validator, text: str) -> None:
    problems(text)
    assert not schema.is_valid(as_json(text))
