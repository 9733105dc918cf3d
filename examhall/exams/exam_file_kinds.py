"""The types of question in an exam file: each type's fields, what it presents and what its key is."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from examhall.base.said import said
from examhall.exams.exam_file_values import Value, boolean, entries, fields, items, markdown, text, whole
from examhall.exams.numbers import read_number

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NUMBERS = tuple(str(number) for number in range(1, len(LETTERS) + 1))
OPTION_CHARS = 2_000
ACCEPTED_CHARS = 500
MOST_ACCEPTED = 100
ESSAY_CHARS = 20_000
LONGEST_ESSAY_CHARS = 100_000
OPTION_KEY = re.compile(r"[A-Za-z0-9]{1,8}")

SHORT_NAMES = {"single": "single_choice", "multiple": "multiple_choice"}
FIELDS = {
    "single_choice": {"options", "answer"},
    "multiple_choice": {"options", "answer", "partial"},
    "true_false": {"answer"},
    "number": {"answer", "tolerance", "unit"},
    "short_text": {"answer", "case_sensitive"},
    "ordering": {"options", "answer", "partial"},
    "matching": {"left", "right", "answer", "partial"},
    "best_worst": {"options", "answer", "partial"},
    "essay": {"max_chars"},
}

Presented = dict[str, Any]
Key = dict[str, Any]


def read_kind(kind: str, value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    """What an item of this kind shows beyond its prompt, and what its answer is compared with."""
    return READERS[kind](value, found)


def _required(value: Value, found: dict[str, Value], name: str) -> Value | None:
    if name not in found:
        value.bad(said("This question has no `{name}`.", name=name))
        return None
    return found[name]


def _options(value: Value | None, *, letters: Iterable[str] = LETTERS) -> list[dict[str, str]]:
    """[{"key": "A", "text": ...}, ...] from a list (which gets letters) or from a mapping."""
    if value is None:
        return []
    if value.is_mapping:
        pairs = list(entries(value).items())
        for key, each in pairs:
            if not OPTION_KEY.fullmatch(key):
                each.bad(said("The name of an option is one to eight letters or digits."))
        if len(pairs) > len(LETTERS):
            value.bad(
                said(
                    "These are {count}; at most {count2} are possible.", count=len(pairs), count2=len(LETTERS)
                )
            )
    else:
        pairs = list(zip(letters, items(value, most=len(LETTERS)), strict=False))
    if len(pairs) < 2 and (value.is_list or value.is_mapping):
        value.bad(said("At least two are needed here."))
    options = [{"key": key, "text": markdown(each, most=OPTION_CHARS)} for key, each in pairs]
    seen: dict[str, str] = {}
    for option, (_, each) in zip(options, pairs, strict=True):
        first = seen.setdefault(option["text"], option["key"])
        if option["text"] and first != option["key"]:
            each.bad(said("{option} says the same as {first}.", option=option["key"], first=first))
    return options


def _chosen(value: Value, options: list[dict[str, str]]) -> str:
    """The key of an option; '' when there is none of that name."""
    found = text(value, most=ACCEPTED_CHARS)
    keys = [option["key"] for option in options]
    if found in keys:
        return found
    if found and keys:
        value.bad(
            said(
                "There is no {found} to choose here; there are {names}.",
                found=found[:60],
                names=", ".join(keys),
            )
        )
    return ""


def _distinct(value: Value, options: list[dict[str, str]]) -> list[str]:
    chosen = [_chosen(each, options) for each in items(value, most=len(LETTERS))]
    if len(set(chosen) - {""}) < len([key for key in chosen if key]):
        value.bad(said("The same one is here twice."))
    return chosen


def _partial(found: dict[str, Value]) -> bool:
    return boolean(found["partial"], default=True) if "partial" in found else True


def _single_choice(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    options = _options(_required(value, found, "options"))
    answer = _required(value, found, "answer")
    if answer is None:
        return {"options": options}, {}
    correct = _distinct(answer, options) if answer.is_list else [_chosen(answer, options)]
    if not correct:
        answer.bad(said("At least one option has to be right."))
    return {"options": options}, {"correct": correct}


def _multiple_choice(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    options = _options(_required(value, found, "options"))
    answer = _required(value, found, "answer")
    correct = [] if answer is None else _distinct(answer, options)
    if answer is not None and answer.is_list and not correct:
        answer.bad(said("At least one option has to be right."))
    return {"options": options}, {"correct": correct, "partial": _partial(found)}


def _true_false(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    answer = _required(value, found, "answer")
    return {}, {"correct": boolean(answer) if answer else False}


def _alternatives(value: Value | None) -> list[Value]:
    if value is None:
        return []
    if not value.is_list:
        return [value]
    found = items(value, most=MOST_ACCEPTED)
    if not found:
        value.bad(said("At least one right answer is needed."))
    return found


def _number_text(value: Value) -> str:
    found = text(value, most=ACCEPTED_CHARS)
    if found and read_number(found) is None:
        value.bad(said("A number is expected here: `12.5`, `-3`, `3/4`, `2.5e-3`."))
    return found


def _number(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    numbers = [_number_text(each) for each in _alternatives(_required(value, found, "answer"))] or ["0"]
    key: Key = {"value": numbers[0], "tolerance": "0"}
    if "tolerance" in found:
        key["tolerance"] = _number_text(found["tolerance"])
        if (read_number(key["tolerance"]) or 0) < 0:
            found["tolerance"].bad(said("A tolerance is not negative."))
    if len(numbers) > 1:
        key["accept"] = numbers[1:]
    presented = {"unit": text(found["unit"], most=20, one_line=True)} if "unit" in found else {}
    return presented, key


def _short_text(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    answers = _alternatives(_required(value, found, "answer"))
    accept = [text(each, most=ACCEPTED_CHARS, one_line=True) for each in answers]
    case_sensitive = boolean(found["case_sensitive"]) if "case_sensitive" in found else False
    return {}, {"accept": accept, "case_sensitive": case_sensitive}


def _ordering(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    options = _options(_required(value, found, "options"))
    answer = _required(value, found, "answer")
    order = [] if answer is None else _distinct(answer, options)
    missing = [option["key"] for option in options if option["key"] not in order]
    if answer is not None and answer.is_list and missing and "" not in order:
        answer.bad(
            said("The right order names every option; {names} is not in it.", names=", ".join(missing))
        )
    return {"options": options}, {"order": order, "partial": _partial(found)}


def _matching(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    left = _options(_required(value, found, "left"), letters=NUMBERS)
    right = _options(_required(value, found, "right"))
    answer = _required(value, found, "answer")
    pairs: dict[str, str] = {}
    if answer is not None:
        known = [option["key"] for option in left]
        pairs = {name: _chosen(each, right) for name, each in entries(answer, known or None).items()}
        missing = [key for key in known if key not in pairs]
        if missing and answer.is_mapping:
            answer.bad(said("Each on the left needs its match; {names} has none.", names=", ".join(missing)))
    return {"left": left, "right": right}, {"pairs": pairs, "partial": _partial(found)}


def _best_worst(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    options = _options(_required(value, found, "options"))
    answer = _required(value, found, "answer")
    key: Key = {"best": "", "worst": "", "partial": _partial(found)}
    if answer is not None:
        ends = fields(answer, ("best", "worst"))
        for end in ("best", "worst"):
            if end in ends:
                key[end] = _chosen(ends[end], options)
            elif answer.is_mapping:
                answer.bad(said("The answer has no `{end}`.", end=end))
        if key["best"] and key["best"] == key["worst"]:
            answer.bad(said("The best and the worst cannot be the same option."))
    return {"options": options}, key


def _essay(value: Value, found: dict[str, Value]) -> tuple[Presented, Key]:
    longest = ESSAY_CHARS
    if "max_chars" in found:
        longest = whole(found["max_chars"], least=1, most=LONGEST_ESSAY_CHARS)
    return {"max_chars": longest}, {}


READERS: dict[str, Callable[[Value, dict[str, Value]], tuple[Presented, Key]]] = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
    "true_false": _true_false,
    "number": _number,
    "short_text": _short_text,
    "ordering": _ordering,
    "matching": _matching,
    "best_worst": _best_worst,
    "essay": _essay,
}
