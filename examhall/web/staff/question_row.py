"""One row of a question's form: an option, or what is matched, with what the key says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData

from examhall.exams.exam_file_kinds import LETTERS

MOST_ROWS = len(LETTERS)


@dataclass(frozen=True)
class Row:
    text: str = ""
    # Its name, where its author gave it one; else it is called by its place.
    key: str = ""
    correct: bool = False
    # In the right order, from 1.
    place: str = ""
    best: bool = False
    worst: bool = False
    # On the left: where on the right its match stands, from 0.
    match: str = ""

    @property
    def is_said(self) -> bool:
        return bool(self.text or self.correct or self.best or self.worst)

    def rematched(self, places: Mapping[int, int]) -> "Row":
        """After the right side has moved; *places* says where each of it stands now."""
        at = int(self.match) if self.match.isdecimal() and len(self.match) < 3 else -1
        return replace(self, match=str(places[at]) if at in places else "")


def rows_of(
    choices: Any, answer: Any, kind: str, *, names: Sequence[str] = LETTERS, right: Any = ()
) -> tuple[Row, ...]:
    """The rows of what a document's `options`, `left` or `right` holds."""
    is_named = isinstance(choices, Mapping)
    pairs = list(choices.items()) if is_named else list(zip(names, choices, strict=False))
    across = list(right) if isinstance(right, Mapping) else list(LETTERS[: len(right)])

    def row(key: str, text: str) -> Row:
        own = key if is_named else ""
        match kind:
            case "single_choice" | "multiple_choice":
                return Row(text, own, correct=key in _listed(answer))
            case "ordering":
                order = _listed(answer)
                return Row(text, own, place=str(order.index(key) + 1) if key in order else "")
            case "best_worst":
                ends = answer if isinstance(answer, Mapping) else {}
                return Row(text, own, best=ends.get("best") == key, worst=ends.get("worst") == key)
            case "matching":
                wanted = answer.get(key) if isinstance(answer, Mapping) else None
                return Row(text, own, match=str(across.index(wanted)) if wanted in across else "")
        return Row(text, own)

    return tuple(row(key, text) for key, text in pairs)


def read_rows(form: FormData, side: str) -> tuple[Row, ...]:
    """The rows of one side in their order; what was posted beyond the last is left out."""

    def text(name: str) -> str:
        value = form.get(name, "")
        return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""

    correct = form.getlist(f"{side}-correct")
    rows: list[Row] = []
    while len(rows) < MOST_ROWS and f"{side}-{len(rows)}-text" in form:
        at = str(len(rows))
        rows.append(
            Row(
                text(f"{side}-{at}-text"),
                text(f"{side}-{at}-key"),
                at in correct,
                text(f"{side}-{at}-place"),
                form.get(f"{side}-best") == at,
                form.get(f"{side}-worst") == at,
                text(f"{side}-{at}-match"),
            )
        )
    return tuple(rows)


def move(rows: Sequence[Row], what: str, at: int) -> tuple[list[Row], dict[int, int]]:
    """The rows after add, up, down or remove, and where each that is left stands now."""
    order = list(range(len(rows)))
    made: list[Row] = []
    if what == "add" and len(rows) < MOST_ROWS:
        made = [Row()]
    elif 0 <= at < len(rows):
        if what == "remove":
            del order[at]
        elif what in ("up", "down"):
            to = min(max(at + (1 if what == "down" else -1), 0), len(rows) - 1)
            order.insert(to, order.pop(at))
    places = {old: new for new, old in enumerate(order)}
    return [*(rows[old] for old in order), *made], places


def _listed(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]
