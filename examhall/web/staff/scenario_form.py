"""The editor's form of a scenario: from a document to the fields of a page, and back.

What the form cannot say stays as the document says it, as long as nobody touches its field.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from starlette.datastructures import FormData

from examhall.analyses.document import FORMAT, BadScenario, Scenario, read_scenario
from examhall.analyses.editing import EditedItem
from examhall.web.staff.master_data import bands_of
from examhall.web.staff.scenario_words import answer_text

# Of a document in a text field.
LONGEST_DOCUMENT = 500_000
# Types whose key is a list of answers, any of which is right; of the others a list is one answer.
ALTERNATIVES = frozenset(("single_choice", "number", "short_text"))
PAIRS = frozenset(("matching", "best_worst"))

Items: TypeAlias = Mapping[int, Sequence[EditedItem]]
# An exam, and the label of one of its items.
Slot: TypeAlias = tuple[int, str]
Change: TypeAlias = dict[str, Any]


class ItemState(NamedTuple):
    """What the form says of an item: one of a few words, and an answer or points as text."""

    what: str
    to: str


AS_IT_IS = ItemState("keep", "")


def states_of(document: Mapping[str, Any], items: Items) -> dict[Slot, ItemState]:
    """What the form shows for each item that the document changes."""
    kinds = {(item.exam_id, item.label): item.kind for of_exam in items.values() for item in of_exam}
    return {
        slot: _state(changes, kinds.get(slot, ""))
        for slot, changes in _by_slot(_parts_apart(document.get("questions", []), items)).items()
    }


def document_of(form: FormData, items: Items) -> dict[str, Any]:
    """The document that the form asks for, not yet held to anything."""
    base = base_of(form)
    found: dict[str, Any] = {"format": FORMAT, "exams": exams_of(form)}
    found["exclude_sittings"] = [
        int(word) if word.isascii() and word.isdigit() and len(word) < 20 else word
        for word in _text(form, "exclude_sittings").replace(",", " ").split()
    ]
    found["exclude_below_minutes"] = _number(form, "exclude_below")
    found["questions"] = _questions(form, base, items)
    found["weights"] = _weights(form, items)
    if fraction := _number(form, "negative"):
        chosen = [str(kind) for kind in form.getlist("negative_kind")]
        found["negative_marking"] = {"fraction": fraction} | ({"kinds": chosen} if chosen else {})
    found["curve"] = _curve(form)
    if percent := _number(form, "pass_percent"):
        found["pass_mark"] = {"percent": percent}
    found["grade_bands"] = _named_or_own(form, "bands", lambda: bands_of(_text(form, "own_bands")))
    found["scale"] = _named_or_own(
        form,
        "scale",
        lambda: {
            name: value
            for name in ("mean", "sd", "lowest", "highest", "step")
            if (value := _number(form, f"scale_{name}"))
        },
    )
    if by := _text(form, "subgroups"):
        found["subgroups"] = {"by": by}
    return {name: value for name, value in found.items() if value not in (None, [])}


def exams_of(form: FormData) -> list[int]:
    """The exams of the form, with the one that is being added."""
    said = [*form.getlist("exam"), form.get("add_exam", "")]
    return list(
        dict.fromkeys(int(str(each)) for each in said if str(each).isascii() and str(each).isdigit()
                      and len(str(each)) < 19)
    )  # fmt: skip


def base_of(form: FormData) -> dict[str, Any]:
    """The document that the form was made from; empty if it is none."""
    try:
        return read_document(_text(form, "base")).as_document()
    except BadScenario:
        return {}


def read_document(text: str) -> Scenario:
    """A document that somebody wrote or brought as a file."""
    try:
        said = json.loads(text[:LONGEST_DOCUMENT])
    except (ValueError, RecursionError):
        raise BadScenario([{"path": "", "message": "This is not JSON."}]) from None
    return read_scenario(said)


def as_text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def anchor_of(path: str, document: Mapping[str, Any]) -> str:
    """The id of the field in which something is wrong, by its place in the document."""
    part, *rest = path.split("/")[1:] or ["document"]
    if part in ("questions", "weights") and rest:
        at = document.get(part, [])
        place = int(rest[0])
        if place < len(at) and isinstance(at[place], dict):
            each = at[place]
            if part == "questions":
                return f"q-{each.get('exam_id')}-{each.get('question_number')}{each.get('sub_part') or ''}"
            return f"w-{each.get('exam_id')}-{each.get('topic')}"
    return part


def bands_text(document: Mapping[str, Any]) -> str:
    """Own bands as lines of a text field."""
    bands = document.get("grade_bands")
    if not isinstance(bands, list):
        return ""
    return "\n".join(f"{band.get('name', '')} {band.get('from_percent', '')}" for band in bands)


def chosen_entry(said: object) -> str:
    """What a select of scales or bands says: nothing, own, or an entry with its version."""
    if isinstance(said, Mapping) and "code" in said:
        return f"{said['code']}:{said.get('version')}"
    return "own" if said else ""


def _questions(form: FormData, base: Mapping[str, Any], items: Items) -> list[Change]:
    """The base's changes of items that nobody touched, in their order; then the new ones."""
    kept = _parts_apart(base.get("questions", []), items)
    before = states_of(base, items)
    exams = set(exams_of(form))
    touched: dict[Slot, list[Change]] = {}
    for of_exam in items.values():
        for item in of_exam:
            slot = item.exam_id, item.label
            name = f"{item.exam_id}-{item.label}"
            if f"what-{name}" not in form:
                continue
            now = ItemState(_text(form, f"what-{name}"), _text(form, f"to-{name}"))
            if now.what in ("keep", "nobody", "everybody", "several"):
                now = now._replace(to="")
            if now != before.get(slot, AS_IT_IS):
                touched[slot] = _changes(now, item)
    return [
        *(each for each in kept if _slot(each) not in touched and each["exam_id"] in exams),
        *(each for slot, changes in touched.items() if slot[0] in exams for each in changes),
    ]


def _parts_apart(changes: Sequence[Change], items: Items) -> list[Change]:
    """A question that is dropped as a whole is dropped part by part: the form shows parts."""
    found: list[Change] = []
    for change in changes:
        if change["change"] == "drop" and change.get("sub_part") is None:
            parts = [
                item.sub_part
                for item in items.get(change["exam_id"], ())
                if item.question_number == change["question_number"]
            ]
            found += [change | {"sub_part": part} for part in parts] or [change]
        else:
            found.append(change)
    return found


def _slot(change: Change) -> Slot:
    return change["exam_id"], f"{change['question_number']}{change.get('sub_part') or ''}"


def _by_slot(changes: Sequence[Change]) -> dict[Slot, list[Change]]:
    found: dict[Slot, list[Change]] = defaultdict(list)
    for change in changes:
        found[_slot(change)].append(change)
    return found


def _state(changes: Sequence[Change], kind: str) -> ItemState:
    if all(change["change"] == "accept" for change in changes):
        return ItemState("accept", " | ".join(answer_text(change["answer"]) for change in changes))
    if len(changes) > 1:
        return ItemState("several", "")
    [change] = changes
    match change["change"]:
        case "drop":
            return ItemState(change["award"], "")
        case "points":
            return ItemState("points", answer_text(change["points"]))
    answer = change["answer"]
    if kind in ALTERNATIVES and isinstance(answer, list):
        return ItemState("key", " | ".join(answer_text(each) for each in answer))
    return ItemState("key", answer_text(answer))


def _changes(state: ItemState, item: EditedItem) -> list[Change]:
    where = {"exam_id": item.exam_id, "question_number": item.question_number, "sub_part": item.sub_part}
    match state.what:
        case "nobody" | "everybody":
            return [{**where, "change": "drop", "award": state.what}]
        case "points":
            return [{**where, "change": "points", "points": state.to}]
        case "accept":
            return [
                {**where, "change": "accept", "answer": _answer(one, item.kind)}
                for one in state.to.split("|")
            ]
        case "key":
            alternatives = [_answer(one, item.kind) for one in state.to.split("|")]
            return [
                {
                    **where,
                    "change": "key",
                    "answer": alternatives if len(alternatives) > 1 else alternatives[0],
                }
            ]
    return []


def _answer(text: str, kind: str) -> Any:
    if kind in PAIRS:
        pairs = [part.partition("=") for part in text.replace(";", ",").split(",") if part.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs}
    if kind in ("multiple_choice", "ordering"):
        return text.replace(",", " ").split()
    return text.strip()


def _weights(form: FormData, items: Items) -> list[dict[str, Any]]:
    found = []
    exams = set(exams_of(form))
    for exam_id, of_exam in items.items():
        for number, topic in enumerate(topics_of(of_exam)):
            factor = _number(form, f"weight-{exam_id}-{number}")
            if exam_id in exams and factor not in (None, "1"):
                found.append({"exam_id": exam_id, "topic": topic, "factor": factor})
    return found


def topics_of(items: Sequence[EditedItem]) -> list[str]:
    return sorted({item.topic for item in items if item.topic})


def _curve(form: FormData) -> dict[str, Any] | None:
    kind = _text(form, "curve")
    match kind:
        case "add":
            said = {"points": _number(form, "curve_points")}
        case "scale":
            said = {"factor": _number(form, "curve_factor")}
        case "to_mean":
            said = {"mean_percent": _number(form, "curve_mean"), "sd_percent": _number(form, "curve_sd")}
        case "" | "none":
            return None
        case _:
            said = {}
    return {"kind": kind} | {name: value for name, value in said.items() if value is not None}


def _named_or_own(form: FormData, name: str, own: Any) -> Any:
    chosen = _text(form, name)
    if chosen == "own":
        return own()
    code, _, version = chosen.partition(":")
    if not code:
        return None
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else version
    return {"code": code, "version": number}


def _number(form: FormData, name: str) -> str | None:
    return _text(form, name).replace(",", ".") or None


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""
