"""A rubric as authors write it: a criterion's name, then a line for each level, then an empty line."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from examhall.exams.marking_scheme import Criterion

LEVEL = re.compile(r"\s*([0-9]{1,5}(?:[.,][0-9]{1,2})?)\s*(?:[:–—-]\s*(.*))?")


class BadRubric(ValueError):
    """The line of the text that is no level, counted from 1; 0 for the whole."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(str(line))


def read_rubric(text: str) -> list[Criterion]:
    """The criteria that the text describes; none for an empty one. Raises BadRubric."""
    criteria: list[dict[str, Any]] = []
    is_new = True
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            is_new = True
            continue
        if is_new:
            criteria.append({"key": f"c{len(criteria) + 1}", "name": line.strip(), "levels": []})
            is_new = False
            continue
        found = LEVEL.fullmatch(line)
        if found is None:
            raise BadRubric(number)
        level = {"points": found[1].replace(",", "."), "words": (found[2] or "").strip()}
        criteria[-1]["levels"].append(level)
    try:
        return [Criterion.model_validate(each) for each in criteria]
    except ValidationError as error:
        raise BadRubric(0) from error


def write_rubric(rubric: Sequence[Mapping[str, Any]]) -> str:
    """The text that `read_rubric` reads as this."""
    return "\n\n".join(
        "\n".join(
            [
                each["name"],
                *(
                    f"{Decimal(level['points']).normalize():f}"
                    + (f": {level['words']}" if level["words"] else "")
                    for level in each["levels"]
                ),
            ]
        )
        for each in rubric
    )
