"""A form being built: rows as somebody typed them, moved about, and made into fields."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from starlette.datastructures import FormData

from examhall.forms.fields import (
    CHOICES_LIMIT,
    FIELDS_LIMIT,
    KINDS,
    NAME,
    NAME_CHARS,
    BadFormFields,
    Field,
    read_document,
    write_document,
)

ROWS_LIMIT = FIELDS_LIMIT
NUMERIC = ("number", "integer")
COUNTED = ("string", "text", "email", "phone", "choices", "file")
PATTERNED = ("string", "text", "email", "phone")
CHOOSING = ("choice", "choices")


@dataclass(frozen=True)
class Row:
    """One field as it stands in the builder: all texts, right or not."""

    name: str = ""
    kind: str = "string"
    title: str = ""
    hint: str = ""
    required: bool = False
    least: str = ""
    most: str = ""
    minimum: str = ""
    maximum: str = ""
    pattern: str = ""
    choices: str = ""
    problems: Sequence[str] = field(default=())

    @property
    def has_limits(self) -> bool:
        return self.kind in COUNTED or self.kind in NUMERIC

    @classmethod
    def of(cls, asked: Field) -> "Row":
        def text(value: object) -> str:
            return "" if value is None else str(value)

        return cls(
            asked.name,
            asked.kind,
            asked.title,
            asked.hint,
            asked.required,
            text(asked.least),
            text(asked.most),
            text(asked.minimum),
            text(asked.maximum),
            text(asked.pattern),
            "\n".join(asked.choices),
        )


def read_rows(form: FormData) -> list[Row]:
    """The rows in their order; what was posted beyond the last is left out."""
    rows: list[Row] = []
    while len(rows) < ROWS_LIMIT and f"f{len(rows)}-kind" in form:
        prefix = f"f{len(rows)}-"

        def text(name: str, prefix: str = prefix) -> str:
            value = form.get(prefix + name, "")
            return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""

        kind = text("kind")
        rows.append(
            Row(
                text("name"),
                kind if kind in KINDS else "string",
                text("title"),
                text("hint"),
                (prefix + "required") in form,
                text("least"),
                text("most"),
                text("minimum"),
                text("maximum"),
                text("pattern"),
                text("choices"),
            )
        )
    return rows


def moved(rows: Sequence[Row], do: str) -> list[Row]:
    """The rows after a button: add, up:2, down:2, remove:2. One that means nothing changes nothing."""
    result = list(rows)
    if do == "add" and len(result) < ROWS_LIMIT:
        result.append(Row())
    what, _, place = do.partition(":")
    if not (place.isdecimal() and len(place) < 4 and int(place) < len(result)):
        return result
    at = int(place)
    if what == "remove":
        del result[at]
    elif what in ("up", "down"):
        to = min(max(at + (1 if what == "down" else -1), 0), len(result) - 1)
        result.insert(to, result.pop(at))
    return result


def fields_of(rows: Sequence[Row], _: Callable[[str], str]) -> tuple[list[Field], list[Row]]:
    """The fields that can be asked, and the rows with what is wrong with each that cannot."""
    fields, judged = [], []
    names: set[str] = set()
    for row in rows:
        named = replace(row, name=_free_name(row, names))
        names.add(named.name)
        made, problems = _field(named, _)
        if made is not None and not problems:
            fields.append(made)
        judged.append(replace(named, problems=problems))
    return fields, judged


def _field(row: Row, _: Callable[[str], str]) -> tuple[Field | None, list[str]]:
    problems = []
    if not row.title:
        problems.append(_("A question needs its words."))
    counts: dict[str, int | None] = {}
    for name, text in (("least", row.least), ("most", row.most)):
        wanted = text if row.kind in COUNTED else ""
        if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 6):
            problems.append(_("Limits are whole numbers."))
            wanted = ""
        counts[name] = int(wanted) if wanted else None
    bounds: dict[str, float | None] = {}
    for name, text in (("minimum", row.minimum), ("maximum", row.maximum)):
        try:
            bounds[name] = _number(text) if text and row.kind in NUMERIC else None
        except ValueError:
            problems.append(_("The smallest and the largest number are numbers."))
            bounds[name] = None
    choices = tuple(dict.fromkeys(line.strip() for line in row.choices.split("\n") if line.strip()))
    if row.kind in CHOOSING and not 1 <= len(choices) <= CHOICES_LIMIT:
        problems.append(_("Write the choices, one in a line."))
    if problems:
        return None, problems
    made = Field(
        row.name,
        row.kind,
        row.title,
        row.hint,
        row.required,
        counts["least"],
        counts["most"],
        bounds["minimum"],
        bounds["maximum"],
        (row.pattern or None) if row.kind in PATTERNED else None,
        choices if row.kind in CHOOSING else (),
    )
    try:
        # The one judge of what a form can ask.
        read_document(write_document([made]))
    except BadFormFields as refusal:
        return None, [_said(refusal, _)]
    return made, []


def _said(refusal: BadFormFields, _: Callable[[str], str]) -> str:
    fields: list[dict[str, str]] = refusal.details["fields"]  # type: ignore[assignment]
    path = fields[0]["path"]
    if path.endswith("/pattern"):
        return _(
            "The pattern is not one that can be checked: no looking ahead or back, at most 200 characters."
        )
    if path.endswith("/enum"):
        return _("The choices are too many or too long.")
    if path.endswith(("/title", "/description")):
        return _("The words are too long, or hold a character that cannot be stored.")
    return _("The limits do not fit this kind of question, or the least is more than the most.")


def _number(text: str) -> float:
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


def _free_name(row: Row, taken: set[str]) -> str:
    """The name that the field has already, for what was answered is kept by it; or one of its words."""
    name = row.name
    if not NAME.fullmatch(name):
        plain = unicodedata.normalize("NFKD", row.title).encode("ascii", "ignore").decode().lower()
        name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: NAME_CHARS - 4]
        name = name if NAME.fullmatch(name) else "field"
    free, number = name, 2
    while free in taken:
        free, number = f"{name[: NAME_CHARS - 4]}_{number}", number + 1
    return free
