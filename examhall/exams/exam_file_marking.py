"""How an exam file says what people mark: `marking`, with a scheme for each question or part."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, get_args

from examhall.base.said import said
from examhall.exams.exam_file_items import Item, Question
from examhall.exams.exam_file_values import (
    Value,
    choice,
    entries,
    fields,
    is_null,
    items,
    points,
    text,
    whole,
)
from examhall.exams.marking_scheme import (
    GUIDANCE_CHARS,
    MOST_CRITERIA,
    MOST_LEVELS,
    MOST_POINTS,
    NAME_CHARS,
    WORDS_CHARS,
    Criterion,
    Level,
    NewScheme,
)
from examhall.exams.schemes import Marked

FIELDS = ("markers", "differ_above", "third_rule", "guidance", "rubric")
THIRD_RULES = get_args(NewScheme.model_fields["third_rule"].annotation)


def read_marking(value: Value, questions: Sequence[Question]) -> tuple[Marked, ...]:
    """What is named here people mark; in the order of the questions, however the file has it."""
    known = {
        f"{question.number}{item.sub_part}": (question.number, item)
        for question in questions
        for item in question.items
    }
    found = {}
    for label, each in entries(value, known).items():
        number, item = known[label]
        found[label] = Marked(number, item.sub_part, _scheme(each, item))
    return tuple(found[label] for label in known if label in found)


def _scheme(value: Value, item: Item) -> NewScheme:
    if is_null(value):
        return NewScheme()
    found = fields(value, FIELDS)
    markers = whole(found["markers"], least=1, most=2) if "markers" in found else 1
    differ_above = _points(found["differ_above"]) if "differ_above" in found else None
    if differ_above is not None and markers == 1:
        found["differ_above"].bad(said("Only of two markers can the points differ: `markers: 2`."))
    rubric = _rubric(found["rubric"], item) if "rubric" in found else []
    third_rule = "nearest"
    if "third_rule" in found:
        third_rule = choice(found["third_rule"], THIRD_RULES, default=third_rule)
    return NewScheme.model_construct(
        markers=2 if markers == 2 else 1,
        differ_above=differ_above,
        third_rule=third_rule,
        rubric=rubric,
        guidance=text(found["guidance"], most=GUIDANCE_CHARS) if "guidance" in found else "",
    )


def _rubric(value: Value, item: Item) -> list[Criterion]:
    rubric = [
        _criterion(f"c{place}", each) for place, each in enumerate(items(value, most=MOST_CRITERIA), start=1)
    ]
    best = sum((each.most for each in rubric if each.levels), Decimal(0))
    if rubric and all(each.levels for each in rubric) and best != item.points:
        value.bad(
            said(
                "The best levels together are worth {best}, and the question {points}.",
                best=_number(best),
                points=_number(item.points),
            )
        )
    return rubric


def _criterion(key: str, value: Value) -> Criterion:
    found = fields(value, ("name", "levels"))
    for name in ("name", "levels"):
        if value.is_mapping and name not in found:
            value.bad(said("This criterion has no `{name}`.", name=name))
    levels = [_level(each) for each in items(found["levels"], most=MOST_LEVELS)] if "levels" in found else []
    if "levels" in found and found["levels"].is_list and len(levels) < 2:
        found["levels"].bad(said("At least two are needed here."))
    name = text(found["name"], most=NAME_CHARS) if "name" in found else ""
    return Criterion.model_construct(key=key, name=name, levels=levels)


def _level(value: Value) -> Level:
    found = fields(value, ("points", "words"))
    if value.is_mapping and "points" not in found:
        value.bad(said("This level has no `points`."))
    return Level.model_construct(
        points=_points(found["points"]) if "points" in found else Decimal(0),
        words=text(found["words"], most=WORDS_CHARS) if "words" in found else "",
    )


def _points(value: Value) -> Decimal:
    worth = points(value)
    if worth > MOST_POINTS or worth * 100 % 1:
        value.bad(said("People give points from 0 to {most:,}, with at most two decimals.", most=MOST_POINTS))
    return worth


def marking_document(marked: Iterable[Marked]) -> dict[str, Any]:
    """What `read_marking` reads as this; what is as everybody expects is left out."""
    return {each.label: _document(each.scheme) for each in marked}


def _document(scheme: NewScheme) -> dict[str, Any]:
    said_of_it = {
        "markers": scheme.markers if scheme.markers > 1 else None,
        "differ_above": None if scheme.differ_above is None else _number(scheme.differ_above),
        "third_rule": scheme.third_rule if scheme.third_rule != "nearest" else None,
        "guidance": scheme.guidance.strip() or None,
        "rubric": [
            {
                "name": criterion.name,
                "levels": [
                    {"points": _number(level.points)} | ({"words": words} if words else {})
                    for level in criterion.levels
                    for words in [level.words.strip()]
                ],
            }
            for criterion in scheme.rubric
        ],
    }
    return {name: value for name, value in said_of_it.items() if value}


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
