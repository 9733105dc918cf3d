"""A correction of an exam's key: the document that an author writes, and what it makes of each item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from examhall.base.errors import Conflict, Malformed
from examhall.base.said import said
from examhall.base.wire import Body, Text
from examhall.exams.answers import ItemRule, accepts
from examhall.exams.exam_file_kinds import FIELDS, read_kind
from examhall.exams.exam_file_problems import Problems
from examhall.exams.exam_file_tree import tree_of
from examhall.exams.exam_file_values import Value, fields
from examhall.exams.exam_file_values import points as read_points

MOST_CHANGES = 500
REASON_CHARS = 500
# smallint.
LARGEST_NUMBER = 32_767

Number: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Part: TypeAlias = Annotated[Text, Field(max_length=2)]
Word: TypeAlias = Annotated[Text, Field(max_length=500)]
Written: TypeAlias = Word | bool | int | float
KeyVersion: TypeAlias = Annotated[int, Field(ge=2, le=2**31 - 1)]


class BadCorrection(Malformed):
    """The correction has mistakes. Nothing was changed."""


class NothingToCorrect(Conflict):
    """The key says this already."""


class CorrectedSince(Conflict):
    """A later correction changed the same question again. Take that one back first."""


class NewKey(Body):
    """Another answer is right. Written as the exam file writes `answer`; what is not said stays as it is."""

    change: Literal["key"]
    question_number: Number
    sub_part: Part = ""
    answer: Written | list[Written] | dict[Word, Word]
    tolerance: Written | None = None
    case_sensitive: bool | None = None
    partial: bool | None = None


class Accept(Body):
    """One more answer is right beside what the key says, as candidates' answers are stored."""

    change: Literal["accept"]
    question_number: Number
    sub_part: Part = ""
    answer: Word | list[Word] | dict[Word, Word]


class Drop(Body):
    """A question, or one part of it, counts no longer: for nothing, or as right for everybody."""

    change: Literal["drop"]
    question_number: Number
    sub_part: Part | None = Field(None, description="All parts, if not said.")
    award: Literal["nobody", "everybody"] = Field(
        description="nobody: it is worth 0 points. everybody: all get its points, whatever they answered."
    )


class Worth(Body):
    """A full answer is worth something else."""

    change: Literal["points"]
    question_number: Number
    sub_part: Part = ""
    points: Written


class ByHand(Body):
    """People mark this from now on, whatever the key says; or the machine does again."""

    change: Literal["by_hand"]
    question_number: Number
    sub_part: Part = ""
    by_hand: bool


class Undo(Body):
    """An earlier correction is taken back: its items get the key and the points that they had before it."""

    change: Literal["undo"]
    key_version: KeyVersion


Change: TypeAlias = Annotated[NewKey | Accept | Drop | Worth | ByHand | Undo, Field(discriminator="change")]


class Correction(Body):
    reason: Annotated[Text, Field(min_length=1, max_length=REASON_CHARS)] = Field(
        description="Why, in a sentence that candidates read as well."
    )
    changes: Annotated[list[Change], Field(min_length=1, max_length=MOST_CHANGES)]


@dataclass(frozen=True)
class KeyedItem:
    question_number: int
    sub_part: str
    kind: str
    presented: dict[str, Any]
    key: dict[str, Any]
    points: Decimal

    @property
    def label(self) -> str:
        """As people call it: 12, 36b."""
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class Edit:
    """One item before and after a correction."""

    before: KeyedItem
    key: dict[str, Any]
    points: Decimal

    @property
    def is_change(self) -> bool:
        return (self.key, self.points) != (self.before.key, self.before.points)

    def as_json(self) -> dict[str, Any]:
        """As it is kept in `key_corrections.changes`."""
        return {
            "question_number": self.before.question_number,
            "sub_part": self.before.sub_part,
            "kind": self.before.kind,
            "from": {"key": self.before.key, "points": str(self.before.points)},
            "to": {"key": self.key, "points": str(self.points)},
        }


Slot: TypeAlias = tuple[int, str]
# The `changes` of each earlier correction that is asked for, by the version of the key that it made.
Earlier: TypeAlias = Mapping[int, Sequence[Mapping[str, Any]]]


def work_out(correction: Correction, items: Sequence[KeyedItem], earlier: Earlier) -> list[Edit]:
    """Every item that the correction changes, with what it changes to; changes apply in their order.

    Keys are held to what an exam file is held to. Raises BadCorrection with everything that is wrong by its
    path, CorrectedSince, or NothingToCorrect.
    """
    problems = Problems()
    edits = {(item.question_number, item.sub_part): Edit(item, item.key, item.points) for item in items}
    for number, change in enumerate(correction.changes, start=1):
        root = Value(tree_of(_said(change)), f"changes.{number}", problems)
        if isinstance(change, Undo):
            edits |= _taken_back(change, root, edits, earlier)
            continue
        slots = [slot for slot in edits if _is_meant(change, slot)]
        if not slots:
            root.bad(said("This exam has no such question or part."))
        edits |= {slot: _changed(change, root, edits[slot]) for slot in slots}
    if problems.found:
        raise BadCorrection(
            fields=[{name: each[name] for name in ("path", "message")} for each in problems.found]
        )
    changed = [edit for edit in edits.values() if edit.is_change]
    if not changed:
        raise NothingToCorrect
    return changed


def _said(change: Change) -> dict[str, Any]:
    return change.model_dump(exclude_none=True)


def _is_meant(change: NewKey | Accept | Drop | Worth | ByHand, slot: Slot) -> bool:
    return slot[0] == change.question_number and change.sub_part in (None, slot[1])


def _changed(change: NewKey | Accept | Drop | Worth | ByHand, root: Value, edit: Edit) -> Edit:
    match change:
        case Worth():
            return Edit(edit.before, edit.key, read_points(fields(root, root.names)["points"]))
        case Drop(award="nobody"):
            return Edit(edit.before, edit.key, Decimal(0))
        case Drop():
            return Edit(edit.before, {**edit.key, "everybody": True}, edit.points)
        case Accept():
            return Edit(edit.before, _accepting(change, root, edit), edit.points)
        case ByHand():
            return Edit(edit.before, _put_to_hand(change, root, edit), edit.points)
        case NewKey():
            said = {name: value for name, value in _said(change).items() if name in OF_KEY}
            kept = {name: edit.key[name] for name in ("by_hand",) if name in edit.key}
            return Edit(edit.before, {**_read_key(said, root, edit), **kept}, edit.points)


OF_KEY = ("answer", "tolerance", "case_sensitive", "partial")
SHOWN = ("options", "left", "right")


def _read_key(wanted: dict[str, Any], root: Value, edit: Edit) -> dict[str, Any]:
    """The key as the exam file's reader makes it of *wanted* and of what the item shows."""
    kind = edit.before.kind
    kept = {name: edit.key[name] for name in OF_KEY if name in edit.key and name in FIELDS[kind]}
    shown = {
        name: {each["key"]: each["text"] for each in edit.before.presented[name]}
        for name in SHOWN
        if name in edit.before.presented
    }
    value = Value(tree_of({**kept, **wanted, **shown}), root.path, root.problems)
    found = fields(value, value.names)
    for name in sorted(wanted.keys() - FIELDS[kind]):
        found[name].bad(said("`{name}` does not go with the type {kind}.", name=name, kind=kind))
    return read_kind(kind, value, found)[1]


def _put_to_hand(change: ByHand, root: Value, edit: Edit) -> dict[str, Any]:
    if edit.before.kind == "essay":
        root.bad(said("An essay is marked by a person."))
    rest = {name: value for name, value in edit.key.items() if name != "by_hand"}
    return {**rest, "by_hand": True} if change.by_hand else rest


def _accepting(change: Accept, root: Value, edit: Edit) -> dict[str, Any]:
    """The key with one more right answer: in its own list where the type has one, else beside it."""
    kind, key = edit.before.kind, edit.key
    refused = accepts(_rule(edit.before), change.answer)
    if refused is not None or kind == "essay":
        root.bad(refused.detail if refused else said("An essay is marked by a person."))
        return key
    known = _listed(kind, key)
    if known is None:
        also = key.get("also", [])
        return key if change.answer in also else {**key, "also": [*also, change.answer]}
    if change.answer in known:
        return key
    return key | _read_key({"answer": [*known, change.answer]}, root, edit)


def _listed(kind: str, key: Mapping[str, Any]) -> list[Any] | None:
    """Every answer that the key calls right, for the types whose key is a list of them."""
    match kind:
        case "single_choice":
            return list(key["correct"])
        case "short_text":
            return list(key["accept"])
        case "number":
            return [key["value"], *key.get("accept", ())]
    return None


def _taken_back(change: Undo, root: Value, edits: Mapping[Slot, Edit], earlier: Earlier) -> dict[Slot, Edit]:
    if change.key_version not in earlier:
        root.bad(said("There is no such correction."))
        return {}
    back = {}
    for done in earlier[change.key_version]:
        slot = (done["question_number"], done["sub_part"])
        edit = edits[slot]
        if (edit.key, edit.points) != (done["to"]["key"], Decimal(done["to"]["points"])):
            raise CorrectedSince(question_number=slot[0])
        back[slot] = Edit(edit.before, done["from"]["key"], Decimal(done["from"]["points"]))
    return back


def _rule(item: KeyedItem) -> ItemRule:
    def keys(column: str) -> frozenset[str]:
        return frozenset(each["key"] for each in item.presented.get(column, ()))

    return ItemRule(item.kind, options=keys("left") or keys("options"), right=keys("right"))
