"""What is different between two scenarios, part by part; by what it is about, not by its place. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from examhall.analyses.document import Scenario

# What a part of a document is about: an exam and one of its questions, or a topic; () for the whole part.
About: TypeAlias = tuple[tuple[str, Any], ...]


class Difference(NamedTuple):
    """`here` and `there` are as the documents say it; None where one does not."""

    part: str
    about: dict[str, Any]
    here: Any
    there: Any


def differences(here: Scenario, there: Scenario) -> list[Difference]:
    """In the order of the document. Documents that mean the same have none."""
    mine, theirs = _parts(here), _parts(there)
    order = [*mine, *(key for key in theirs if key not in mine)]
    order.sort(key=lambda key: list(Scenario.model_fields).index(key[0]))
    return [
        Difference(key[0], dict(key[1]), mine.get(key), theirs.get(key))
        for key in order
        if mine.get(key) != theirs.get(key)
    ]


def _parts(scenario: Scenario) -> Mapping[tuple[str, About], Any]:
    found: dict[tuple[str, About], Any] = {}
    for part, value in scenario.meaning().items():
        for about, said in _split(part, value):
            found[part, about] = said
    return found


def _split(part: str, value: Any) -> Iterator[tuple[About, Any]]:
    if part == "questions":
        grouped = defaultdict(list)
        for change in value:
            about = (("exam_id", change["exam_id"]), ("question_number", change["question_number"]))
            grouped[about].append({k: v for k, v in change.items() if k not in dict(about)})
        yield from grouped.items()
    elif part == "weights":
        for each in value:
            yield (("exam_id", each["exam_id"]), ("topic", each["topic"])), each["factor"]
    elif part == "exclude_sittings":
        for sitting_id in value:
            yield (("sitting_id", sitting_id),), True
    elif part != "format":
        yield (), value
