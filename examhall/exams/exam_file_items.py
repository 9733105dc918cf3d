"""The questions of an exam file: their prompts, parts and items."""

from dataclasses import dataclass, replace
from decimal import Decimal

from examhall.base.said import said
from examhall.exams.exam_file_kinds import FIELDS, LETTERS, SHORT_NAMES, Key, Presented, read_kind
from examhall.exams.exam_file_values import (
    Value,
    choice,
    entries,
    fields,
    items,
    markdown,
    points,
    text,
    whole,
)

MOST_QUESTIONS = 500
TOPIC_CHARS = 80
SECTION_CHARS = 120
PROMPT_CHARS = 20_000

COMMON = {"type", "prompt", "points"}
QUESTION = {"number", "parts", "topic", "section"}
ITEM = COMMON.union(*FIELDS.values())


@dataclass(frozen=True, slots=True)
class Item:
    """What is answered: a whole question (sub_part '') or one part of it."""

    sub_part: str
    kind: str
    prompt: str
    presented: Presented
    key: Key
    points: Decimal


@dataclass(frozen=True, slots=True)
class Question:
    number: int
    prompt: str
    items: tuple[Item, ...]
    topic: str | None = None
    # The title of its section.
    section: str | None = None


def read_questions(value: Value) -> tuple[Question, ...]:
    found = items(value, most=MOST_QUESTIONS)
    if value.is_list and not found:
        value.bad(said("An exam has at least one question."))
    return tuple(read_question(number, each) for number, each in enumerate(found, start=1))


def read_question(number: int, value: Value) -> Question:
    """The question that stands at this place; what is wrong with it is noted."""
    found = fields(value, ITEM | QUESTION)
    if "number" in found and whole(found["number"], least=1, most=MOST_QUESTIONS) != number:
        found["number"].bad(
            said(
                "This is question {number} by its place in the list; `number` may be left out.", number=number
            )
        )
    topic = text(found["topic"], most=TOPIC_CHARS, one_line=True) if "topic" in found else None
    section = text(found["section"], most=SECTION_CHARS, one_line=True) if "section" in found else None
    if "parts" in found:
        return Question(number, _prompt(value, found, required=True), _parts(found), topic, section)
    item = _item("", value, found)
    return Question(number, _prompt(value, found, required=True), (item,), topic, section)


def _prompt(value: Value, found: dict[str, Value], *, required: bool) -> str:
    if "prompt" in found:
        return markdown(found["prompt"], most=PROMPT_CHARS)
    if required and value.is_mapping:
        value.bad(said("This question has no `prompt`."))
    return ""


def _parts(found: dict[str, Value]) -> tuple[Item, ...]:
    for name in sorted(found.keys() - {"number", "prompt", "parts", "topic", "section"}):
        found[name].bad(said("A question in parts has its `{name}` in each part.", name=name))
    parts = entries(found["parts"])
    expected = list(LETTERS.lower()[: len(parts)])
    if parts and list(parts) != expected:
        found["parts"].bad(said("Parts are named a, b, c and so on, in this order, and are at most 26."))
    elif not parts and found["parts"].is_mapping:
        found["parts"].bad(said("There are no parts here."))
    return tuple(_part(name, part) for name, part in list(parts.items())[: len(LETTERS)])


def _part(name: str, value: Value) -> Item:
    found = fields(value, ITEM)
    item = _item(name, value, found)
    return replace(item, prompt=_prompt(value, found, required=False))


def _item(sub_part: str, value: Value, found: dict[str, Value]) -> Item:
    kind = "single_choice"
    if "type" in found:
        names = FIELDS.keys() | SHORT_NAMES.keys()
        named = choice(found["type"], names, default="")
        kind = SHORT_NAMES.get(named, named)
    elif value.is_mapping and "options" not in found:
        value.bad(said("Which `type` is this question? Without one it is `single`, which needs `options`."))
        kind = ""
    worth = points(found["points"]) if "points" in found else Decimal(1)
    presented: Presented = {}
    key: Key = {}
    if kind and value.is_mapping:
        for name in sorted(found.keys() - COMMON - QUESTION - FIELDS[kind]):
            found[name].bad(said("`{name}` does not go with the type {kind}.", name=name, kind=kind))
        presented, key = read_kind(kind, value, found)
    return Item(sub_part, kind, "", presented, key, worth)
