"""Is this JSON value an answer to that item? Asked for every save, so it must cost next to nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from examhall.base.errors import Refusal

# Every kind but essays, numbers included; the API's clients rely on this figure.
SHORT_ANSWER_CHARS = 500


class AnswerTooLong(Refusal):
    """This answer is longer than the question allows."""


class UnknownQuestion(Refusal):
    """This exam has no such question."""


class UnsuitableAnswer(Refusal):
    """This is not an answer that this type of question can have."""


@dataclass(frozen=True, slots=True)
class ItemRule:
    """What the save path knows of an item. It holds no key."""

    kind: str
    max_chars: int = SHORT_ANSWER_CHARS
    # The keys of the options; of a matching item, those of the left column.
    options: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()


def accepts(rule: ItemRule, answer: object) -> Refusal | None:
    """None when *answer* may be stored for this item, otherwise why not.

    An answer in progress (two of five options ranked, only the best chosen) is accepted as it is, and
    null, which clears the answer, always. What is accepted can be stored as jsonb: it has no NUL and
    no lone surrogate, and its size is bounded.
    """
    return None if answer is None else SHAPES[rule.kind](rule, answer)


def _text(rule: ItemRule, answer: object) -> Refusal | None:
    if type(answer) is not str:
        return UnsuitableAnswer()
    if len(answer) > rule.max_chars:
        return AnswerTooLong(max_chars=rule.max_chars)
    if "\0" in answer:
        return UnsuitableAnswer()
    if not answer.isascii():
        try:
            answer.encode()
        except UnicodeEncodeError:
            return UnsuitableAnswer()
    return None


def _one_option(rule: ItemRule, answer: object) -> Refusal | None:
    if type(answer) is str:
        if answer in rule.options:
            return None
        if len(answer) > rule.max_chars:
            return AnswerTooLong(max_chars=rule.max_chars)
    return UnsuitableAnswer()


def _true_or_false(rule: ItemRule, answer: object) -> Refusal | None:
    if answer == "true" or answer == "false":
        return None
    return _one_option(rule, answer)


def _distinct_options(rule: ItemRule, answer: object) -> Refusal | None:
    if type(answer) is not list or len(answer) > len(rule.options):
        return UnsuitableAnswer()
    for key in answer:
        if type(key) is not str or key not in rule.options:
            return UnsuitableAnswer()
    return None if len(set(answer)) == len(answer) else UnsuitableAnswer()


def _pairs(rule: ItemRule, answer: object) -> Refusal | None:
    if type(answer) is not dict:
        return UnsuitableAnswer()
    for left, right in answer.items():
        if left not in rule.options or type(right) is not str or right not in rule.right:
            return UnsuitableAnswer()
    return None


def _best_and_worst(rule: ItemRule, answer: object) -> Refusal | None:
    if type(answer) is not dict:
        return UnsuitableAnswer()
    for end, key in answer.items():
        if (end != "best" and end != "worst") or type(key) is not str or key not in rule.options:
            return UnsuitableAnswer()
    return None


SHAPES: dict[str, Callable[[ItemRule, object], Refusal | None]] = {
    "single_choice": _one_option,
    "multiple_choice": _distinct_options,
    "true_false": _true_or_false,
    "number": _text,
    "short_text": _text,
    "ordering": _distinct_options,
    "matching": _pairs,
    "best_worst": _best_and_worst,
    "essay": _text,
}
