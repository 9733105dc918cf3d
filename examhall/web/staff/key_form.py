"""The forms of a correction: from the fields of a page to the changes of a correction's document."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData

from examhall.exams.correction import BadCorrection, Correction, KeyedItem

READER = TypeAdapter(Correction)
# Of the changes as JSON in a hidden field.
LONGEST_CHANGES = 100_000


def changes_of_form(form: FormData, item: KeyedItem | None) -> list[dict[str, Any]]:
    """What the form of one item asks for; or what another page has worked out and sends along as it was."""
    if "changes" in form:
        return _sent_along(str(form["changes"]))
    if item is None:
        raise BadCorrection
    where = {"question_number": item.question_number, "sub_part": item.sub_part}
    match str(form.get("change", "")):
        case "key":
            return [{"change": "key", **where, **_key(form, item)}]
        case "points":
            return [{"change": "points", **where, "points": str(form.get("points", ""))}]
        case "drop":
            award = "everybody" if form.get("award") == "everybody" else "nobody"
            whole = form.get("scope") == "question"
            return [{"change": "drop", **where, "award": award} | ({"sub_part": None} if whole else {})]
    raise BadCorrection


def read_correction(changes: list[dict[str, Any]], reason: str) -> Correction:
    try:
        return READER.validate_python({"reason": reason, "changes": changes})
    except ValidationError as error:
        raise BadCorrection(
            fields=[
                {"path": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()
            ]
        ) from error


def _sent_along(text: str) -> list[dict[str, Any]]:
    try:
        changes = json.loads(text[:LONGEST_CHANGES])
    except (ValueError, RecursionError) as error:
        raise BadCorrection from error
    if not isinstance(changes, list):
        raise BadCorrection
    return changes


def _key(form: FormData, item: KeyedItem) -> dict[str, Any]:
    """The fields of `change: key`, as the exam file writes them."""
    chosen = [str(value) for value in form.getlist("answer")]
    one = chosen[0] if chosen else ""
    lines = [line.strip() for line in one.splitlines() if line.strip()]
    said: dict[str, Any]
    match item.kind:
        case "number":
            said = {"answer": lines or "", "tolerance": str(form.get("tolerance", "0")) or "0"}
        case "short_text":
            said = {"answer": lines or "", "case_sensitive": "case_sensitive" in form}
        case "true_false":
            said = {"answer": one}
        case "best_worst":
            said = {"answer": {end: str(form.get(end, "")) for end in ("best", "worst")}}
        case "matching":
            left = [each["key"] for each in item.presented["left"]]
            said = {"answer": {key: str(form.get(f"left-{key}", "")) for key in left}}
        case _:
            said = {"answer": chosen}
    return said | ({"partial": "partial" in form} if "partial" in item.key else {})
