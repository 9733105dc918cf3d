"""One question as a document: written as the exam file writes it, held to what an exam file is held to."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from examhall.base.errors import Malformed
from examhall.exams.exam_file_items import Item, Question
from examhall.exams.exam_file_items import read_question as read_value
from examhall.exams.exam_file_kinds import LETTERS, NUMBERS
from examhall.exams.exam_file_problems import Place, Problems
from examhall.exams.exam_file_tree import CONTROL, tree_of
from examhall.exams.exam_file_values import Value

Document = Mapping[str, Any]
# Pictures listed in one sentence.
MOST_NAMED = 8


class BadQuestion(Malformed):
    """The question has mistakes. Nothing was saved."""


def read_document(document: Document, *, pictures: Collection[str] = ()) -> Question:
    """The question that *document* describes, with no place yet (its number is 1).

    Raises BadQuestion with everything that is wrong, each by its path (`parts.a.options.2`); nothing else.
    *pictures* are the exam's own: what shows another one is refused.
    """
    question, problems = judge(document, pictures=pictures)
    if problems:
        raise BadQuestion(fields=problems)
    return question


def judge(document: Document, *, pictures: Collection[str] = ()) -> tuple[Question, list[dict[str, object]]]:
    """As much of the question as can be shown while it is being written, and what is wrong with it."""
    problems = Problems()
    for path, text in _texts(document):
        if bad := CONTROL.search(text):
            problems.add(Place(0, 0, path), f"This holds the control character U+{ord(bad[0]):04X}.")
    question = read_value(1, Value(tree_of(document), "", problems))
    for place, name in problems.pictures_shown:
        if name not in pictures:
            hint = f" There are {', '.join(sorted(pictures)[:MOST_NAMED])}." if pictures else ""
            problems.add(place, f"There is no picture `{name[:60]}` here; bring it first.{hint}")
    return question, [{name: each[name] for name in ("path", "message")} for each in problems.found]


def document_of(question: Question) -> dict[str, Any]:
    """The document that `read_document` makes this question of; what is as everybody expects is left out."""
    document: dict[str, Any] = {"prompt": question.prompt}
    if question.topic is not None:
        document["topic"] = question.topic
    if [item.sub_part for item in question.items] == [""]:
        return document | _item(question.items[0])
    parts = {
        item.sub_part: ({"prompt": item.prompt} if item.prompt else {}) | _item(item)
        for item in question.items
    }
    return document | {"parts": parts}


def _item(item: Item) -> dict[str, Any]:
    written: dict[str, Any] = {"type": item.kind, "points": f"{item.points.normalize():f}"}
    for name, letters in (("options", LETTERS), ("left", NUMBERS), ("right", LETTERS)):
        if name in item.presented:
            written[name] = _choices(item.presented[name], letters)
    written |= {name: item.presented[name] for name in ("unit", "max_chars") if name in item.presented}
    return written | _answer(item.kind, item.key)


def _choices(choices: list[dict[str, str]], letters: Collection[str]) -> list[str] | dict[str, str]:
    """A list where the names are those that a list gets, else a mapping."""
    if all(each["key"] == letter for each, letter in zip(choices, letters, strict=False)):
        return [each["text"] for each in choices]
    return {each["key"]: each["text"] for each in choices}


def _answer(kind: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the key. One that is not there says nothing: such a question is not finished."""
    partial = {"partial": False} if key.get("partial") is False else {}
    match kind:
        case "single_choice" if key.get("correct"):
            return {"answer": _one_or_all(key["correct"])}
        case "multiple_choice" if key.get("correct"):
            return {"answer": list(key["correct"])} | partial
        case "true_false" if "correct" in key:
            return {"answer": bool(key["correct"])}
        case "number" if "value" in key:
            tolerance = key.get("tolerance", "0")
            exact = not tolerance.strip("0.,")
            return {"answer": _one_or_all([key["value"], *key.get("accept", ())])} | (
                {} if exact else {"tolerance": tolerance}
            )
        case "short_text" if key.get("accept"):
            matters = {"case_sensitive": True} if key.get("case_sensitive") else {}
            return {"answer": _one_or_all(key["accept"])} | matters
        case "ordering" if key.get("order"):
            return {"answer": list(key["order"])} | partial
        case "matching" if key.get("pairs"):
            return {"answer": dict(key["pairs"])} | partial
        case "best_worst" if key.get("best"):
            return {"answer": {"best": key["best"], "worst": key["worst"]}} | partial
    return {}


def _one_or_all(answers: list[str]) -> str | list[str]:
    return answers[0] if len(answers) == 1 else list(answers)


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the document with its path; places in a list count from 1."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield from _texts(each, f"{path}.{number}" if path else str(number))
