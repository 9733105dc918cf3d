"""A question being written: what stands in the fields of its form, and the document that it makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import FormData

from examhall.exams.exam_file_kinds import ESSAY_CHARS, FIELDS, LETTERS, NUMBERS
from examhall.web.staff.question_row import Row, move, read_rows, rows_of

KINDS = tuple(FIELDS)
CHOOSING = ("single_choice", "multiple_choice", "ordering", "best_worst")
PARTIAL = ("multiple_choice", "ordering", "matching", "best_worst")
# What a question without parts is called where parts have their letters.
WHOLE = "q"
MOST_PARTS = len(LETTERS)
NEW_ROWS, NEW_PAIRS = 4, 3
# Names of fields beside those of rows.
TEXTS = ("prompt", "points", "truth", "numbers", "tolerance", "unit", "accept", "max_chars")


@dataclass(frozen=True)
class ItemDraft:
    """What is answered, as somebody typed it, right or not."""

    kind: str = "single_choice"
    prompt: str = ""
    points: str = "1"
    options: tuple[Row, ...] = ()
    left: tuple[Row, ...] = ()
    right: tuple[Row, ...] = ()
    truth: str = ""
    numbers: str = ""
    tolerance: str = ""
    unit: str = ""
    accept: str = ""
    case_sensitive: bool = False
    partial: bool = True
    max_chars: str = str(ESSAY_CHARS)

    @property
    def several_right(self) -> bool:
        return sum(row.correct for row in self.options) > 1

    def side(self, name: str) -> tuple[Row, ...]:
        rows: tuple[Row, ...] = getattr(self, name)
        return rows

    def with_side(self, name: str, rows: Iterable[Row]) -> "ItemDraft":
        return replace(self, **{name: tuple(rows)})  # type: ignore[arg-type]

    def with_rows(self) -> "ItemDraft":
        """With empty rows to write into where the type needs them."""
        wanted = {"options": NEW_ROWS} if self.kind in CHOOSING else {}
        if self.kind == "matching":
            wanted = {"left": NEW_PAIRS, "right": NEW_PAIRS}
        draft = self
        for name, count in wanted.items():
            if len(draft.side(name)) < 2:
                missing = count - len(draft.side(name))
                draft = draft.with_side(name, draft.side(name) + (Row(),) * missing)
        return draft


@dataclass(frozen=True)
class Draft:
    """The whole form. The names of its items are 'q', or 'a', 'b', ..."""

    prompt: str = ""
    topic: str = ""
    items: Mapping[str, ItemDraft] = field(default_factory=lambda: {WHOLE: ItemDraft().with_rows()})
    # The subject and the topic of the master data by which the bank files it; an exam's has neither.
    subject: str = ""
    filed: str = ""

    @property
    def has_parts(self) -> bool:
        return WHOLE not in self.items


def draft_of(document: Mapping[str, Any]) -> Draft:
    """The form as it stands for a question that is there."""
    written = document.get("parts", {WHOLE: document})
    items = {name: _item_draft(item, is_part=name != WHOLE) for name, item in written.items()}
    texts = {name: document.get(name) or "" for name in ("topic", "subject", "filed")}
    return Draft(document["prompt"], items=items, **texts)


def _item_draft(item: Mapping[str, Any], *, is_part: bool) -> ItemDraft:
    answer = item.get("answer", "")
    lines = "\n".join(answer if isinstance(answer, list) else [str(answer)])
    kind = item["type"]
    return ItemDraft(
        kind=kind,
        prompt=item.get("prompt", "") if is_part else "",
        points=item["points"],
        options=rows_of(item.get("options", ()), answer, kind),
        left=rows_of(item.get("left", ()), answer, kind, names=NUMBERS, right=item.get("right", ())),
        right=rows_of(item.get("right", ()), "", ""),
        truth={True: "true", False: "false"}.get(answer, "") if kind == "true_false" else "",
        numbers=lines if kind == "number" else "",
        tolerance=item.get("tolerance", ""),
        unit=item.get("unit", ""),
        accept=lines if kind == "short_text" else "",
        case_sensitive=item.get("case_sensitive", False),
        partial=item.get("partial", True),
        max_chars=str(item.get("max_chars", ESSAY_CHARS)),
    ).with_rows()


def read_draft(form: FormData) -> Draft:
    """What the form holds. What nobody's form would hold is read as nothing."""
    names = [WHOLE] if f"{WHOLE}-kind" in form else []
    names = names or [name for name in LETTERS.lower() if f"{name}-kind" in form] or [WHOLE]
    # Letters follow each other, whatever was taken away.
    called = names if names == [WHOLE] else LETTERS.lower()[: len(names)]
    items = {new: _read_item(form, name) for new, name in zip(called, names, strict=True)}
    texts = {name: _text(form, name) for name in ("prompt", "topic", "subject", "filed")}
    return Draft(items=items, **texts)


def _read_item(form: FormData, name: str) -> ItemDraft:
    texts = {each: _text(form, f"{name}-{each}") for each in TEXTS}
    kind = _text(form, f"{name}-kind")
    return ItemDraft(
        kind=kind if kind in KINDS else "single_choice",
        options=read_rows(form, f"{name}-options"),
        left=read_rows(form, f"{name}-left"),
        right=read_rows(form, f"{name}-right"),
        case_sensitive=f"{name}-case_sensitive" in form,
        # A box that was not on the page is not a box that was emptied.
        partial=f"{name}-partial" in form or f"{name}-partial-asked" not in form,
        **{key: text for key, text in texts.items() if text or key not in ("points", "max_chars")},
    ).with_rows()


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def after(draft: Draft, do: str) -> Draft:
    """The form after a button: split, add-part, remove-part:b, add:q:options, up:q:options:2, remove:...

    One that means nothing changes nothing.
    """
    what, _, rest = do.partition(":")
    words = rest.split(":")
    if what == "split" and not draft.has_parts:
        return replace(draft, items={"a": draft.items[WHOLE], "b": ItemDraft().with_rows()})
    if what == "add-part" and draft.has_parts and len(draft.items) < MOST_PARTS:
        return replace(
            draft, items={**draft.items, LETTERS.lower()[len(draft.items)]: ItemDraft().with_rows()}
        )
    if what == "remove-part" and draft.has_parts and words[0] in draft.items:
        return replace(draft, items=_without(draft.items, words[0]))
    if words[0] in draft.items and words[1:2] and words[1] in ("options", "left", "right"):
        name, side = words[0], words[1]
        at = int(words[2]) if words[2:] and words[2].isdecimal() and len(words[2]) < 3 else -1
        item = draft.items[name]
        changed, places = move(item.side(side), what, at)
        item = item.with_side(side, changed)
        if side == "right":
            item = item.with_side("left", (row.rematched(places) for row in item.left))
        return replace(draft, items={**draft.items, name: item})
    return draft


def _without(items: Mapping[str, ItemDraft], name: str) -> dict[str, ItemDraft]:
    """A question that has lost all parts but one is that one."""
    left = [item for each, item in items.items() if each != name]
    if len(left) == 1:
        return {WHOLE: left[0]}
    return dict(zip(LETTERS.lower(), left, strict=False))


@dataclass(frozen=True)
class Written:
    """The document that a draft makes, and which field of the form each of its paths comes from."""

    document: dict[str, Any]
    fields: Mapping[str, str]


def write_document(draft: Draft) -> Written:
    fields = {"prompt": "prompt", "topic": "topic", "": "prompt"}
    document: dict[str, Any] = {"prompt": draft.prompt}
    if draft.topic:
        document["topic"] = draft.topic
    if not draft.has_parts:
        document |= _item_document(draft.items[WHOLE], WHOLE, "", fields)
        return Written(document, fields)
    parts = {}
    for name, item in draft.items.items():
        path = f"parts.{name}."
        fields[path.removesuffix(".")] = f"{name}-kind"
        fields[f"{path}prompt"] = f"{name}-prompt"
        said = {"prompt": item.prompt} if item.prompt else {}
        parts[name] = said | _item_document(item, name, path, fields)
    return Written(document | {"parts": parts}, fields)


def _item_document(item: ItemDraft, name: str, path: str, fields: dict[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {"type": item.kind, "points": item.points}
    for each in ("points", "answer", "tolerance", "unit", "max_chars", "options", "left", "right"):
        fields[path + each] = f"{name}-{each}"
    keys: dict[str, dict[int, str]] = {}
    for side in ("options", "left", "right"):
        if side not in FIELDS[item.kind]:
            continue
        rows = item.side(side)
        keys[side] = _keys(rows, NUMBERS if side == "left" else LETTERS)
        choices = {key: rows[at].text for at, key in keys[side].items()}
        is_list = all(
            key == own for key, own in zip(choices, NUMBERS if side == "left" else LETTERS, strict=False)
        )
        document[side] = list(choices.values()) if is_list else choices
        for number, (at, key) in enumerate(keys[side].items(), 1):
            fields[f"{path}{side}.{number if is_list else key}"] = f"{name}-{side}-{at}-text"
    answer = _answer(item, keys)
    if answer not in (None, "", [], {}):
        document["answer"] = answer
    if item.kind in PARTIAL and not item.partial:
        document["partial"] = False
    return document | _besides(item)


def _besides(item: ItemDraft) -> dict[str, Any]:
    match item.kind:
        case "number":
            said = {"tolerance": item.tolerance, "unit": item.unit}
            return {name: text for name, text in said.items() if text}
        case "short_text":
            return {"case_sensitive": True} if item.case_sensitive else {}
        case "essay":
            return {"max_chars": item.max_chars}
    return {}


def _keys(rows: Sequence[Row], names: Sequence[str]) -> dict[int, str]:
    """The key of each row that says something or is part of the answer, by where it stands.

    An author's own names stay, and new rows among them get free letters; otherwise the place is the name.
    """
    kept = [at for at, row in enumerate(rows) if row.is_said]
    if not any(rows[at].key for at in kept):
        return dict(zip(kept, names, strict=False))
    taken = {rows[at].key for at in kept}
    free = (name for name in names if name not in taken)
    return {at: rows[at].key or next(free) for at in kept}


def _answer(item: ItemDraft, keys: Mapping[str, Mapping[int, str]]) -> Any:
    """As the exam file writes it; nothing where nothing was said."""
    options = keys.get("options", {})
    chosen = [key for at, key in options.items() if item.options[at].correct]
    match item.kind:
        case "single_choice":
            return chosen[0] if len(chosen) == 1 else chosen
        case "multiple_choice":
            return chosen
        case "true_false":
            return item.truth
        case "number":
            return _lines(item.numbers)
        case "short_text":
            return _lines(item.accept)
        case "ordering":
            placed = [(row.place, at) for at, row in enumerate(item.options) if at in options and row.place]
            return [options[at] for _, at in sorted(placed, key=lambda each: (_number(each[0]), each[1]))]
        case "matching":
            left, right = keys["left"], keys["right"]
            return {
                key: right[int(item.left[at].match)]
                for at, key in left.items()
                if item.left[at].match.isdecimal() and int(item.left[at].match) in right
            }
        case "best_worst":
            best = [key for at, key in options.items() if item.options[at].best]
            worst = [key for at, key in options.items() if item.options[at].worst]
            return {name: found[0] for name, found in (("best", best), ("worst", worst)) if found}
    return None


def _lines(text: str) -> str | list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else lines


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else MOST_PARTS + 1
