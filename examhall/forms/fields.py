"""What a form can ask, and how that is written: a documented part of JSON Schema 2020-12, read and written.

The document is the truth; a `Field` is one of its properties, for whoever draws or checks it. What is not in
docs/forms.md is refused, so that every field that is stored can be drawn, filled in and checked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from examhall.base.errors import Malformed
from examhall.base.wire import storable

Document: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FIELDS_LIMIT = 100
CHOICES_LIMIT = 200
NAME_CHARS = 40
TITLE_CHARS = 200
HINT_CHARS = 1_000
CHOICE_CHARS = 200
PATTERN_CHARS = 200
FILES_LIMIT = 5
# What a field that names no limit of its own may hold.
STRING_CHARS = 500
TEXT_CHARS = 10_000
# Both sides hold whole numbers up to here exactly; beyond lies no answer to a question.
LARGEST_NUMBER = 10**15
# Of a pattern once it is compiled: what somebody writes takes a thousandth of it.
PATTERN_BYTES = 1_000_000

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# The whole answer must match; both sides then mean the same by it.
WHOLE = re.compile(r"\^\(\?:(.*)\)\$", re.DOTALL)

KEYWORDS = {"$schema", "type", "properties", "required", "additionalProperties"}
KINDS = (
    "string", "text", "number", "integer", "boolean", "date", "email", "phone", "choice", "choices", "file",
)  # fmt: skip
FORMATS = {"text": "text", "date": "date", "email": "email", "phone": "phone"}
TEXTUAL = ("string", "text", "email", "phone")
LENGTHS = {"string": STRING_CHARS, "text": TEXT_CHARS, "email": 254, "phone": 40}
PATTERNS = RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES)


class BadFormFields(Malformed):
    """These fields cannot be asked. Nothing was saved."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(fields=[{"path": path, "message": message} for path, message in problems])


@dataclass(frozen=True)
class Field:
    """One question of a form. Limits that a kind does not have are None."""

    name: str
    kind: str
    title: str
    hint: str = ""
    required: bool = False
    # Of a text, its characters; of choices and files, how many.
    least: int | None = None
    most: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    # What the whole answer must match.
    pattern: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def document(self) -> Document:
        """The property that stands for this field."""
        schema: Document = {"title": self.title}
        if self.hint:
            schema["description"] = self.hint
        if self.kind in ("number", "integer", "boolean"):
            schema["type"] = self.kind
        elif self.kind in ("choices", "file"):
            schema["type"] = "array"
        else:
            schema["type"] = "string"
        if self.kind in FORMATS:
            schema["format"] = FORMATS[self.kind]
        if self.kind == "choice":
            schema["enum"] = list(self.choices)
        elif self.kind == "choices":
            schema["items"] = {"type": "string", "enum": list(self.choices)}
            schema["uniqueItems"] = True
        elif self.kind == "file":
            schema["items"] = {"type": "string", "format": "file"}
        elif self.kind == "boolean" and self.required:
            # A tick that must be there: to consent to something.
            schema["const"] = True
        if self.pattern is not None:
            schema["pattern"] = f"^(?:{self.pattern})$"
        lengths = ("minItems", "maxItems") if schema["type"] == "array" else ("minLength", "maxLength")
        limits = (*lengths, "minimum", "maximum")
        for keyword, value in zip(limits, (self.least, self.most, self.minimum, self.maximum), strict=True):
            if value is not None:
                schema[keyword] = value
        return schema


def write_document(fields: Sequence[Field]) -> Document:
    """The JSON Schema of the data that these fields ask for."""
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {field.name: field.document for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def read_document(document: Mapping[str, Any], order: Sequence[str] | None = None) -> list[Field]:
    """The fields in their order; `BadFormFields` with every place that is outside of what forms can ask."""
    problems: list[tuple[str, str]] = []
    properties = document.get("properties")
    if not isinstance(properties, dict):
        raise BadFormFields([("/properties", "is an object with the fields")])
    problems += [
        (f"/{keyword}", "is not among what a form may say") for keyword in sorted({*document} - KEYWORDS)
    ]
    if document.get("type") != "object":
        problems.append(("/type", "is object"))
    if document.get("$schema", DIALECT) != DIALECT:
        problems.append(("/$schema", f"is {DIALECT}"))
    if document.get("additionalProperties", False) is not False:
        problems.append(("/additionalProperties", "is false: nothing is stored that was not asked for"))
    if not 1 <= len(properties) <= FIELDS_LIMIT:
        problems.append(("/properties", f"a form has between 1 and {FIELDS_LIMIT} fields"))
        raise BadFormFields(problems)
    required = document.get("required", [])
    if not isinstance(required, list) or any(str(name) not in properties for name in required):
        problems.append(("/required", "is a list of names of fields"))
        required = []
    names = list(properties) if order is None else list(order)
    if sorted(names) != sorted(properties):
        problems.append(("/order", "names every field once"))
        names = list(properties)
    fields = [_read_field(name, properties[name], name in required, problems) for name in names]
    if problems:
        raise BadFormFields(problems)
    return [field for field in fields if field is not None]


def _read_field(name: str, schema: object, required: bool, problems: list[tuple[str, str]]) -> Field | None:
    place = f"/properties/{name}"
    if not NAME.fullmatch(name):
        problems.append((place, "a name has small letters, digits and _, and begins with a letter"))
        return None
    if not isinstance(schema, dict):
        problems.append((place, "is an object"))
        return None
    kind = _kind_of(schema)
    if kind is None:
        problems.append((place, "is none of the kinds of fields: " + ", ".join(KINDS)))
        return None
    items = schema.get("items")
    choices = (items if isinstance(items, dict) else schema).get("enum", [])
    pattern = WHOLE.fullmatch(schema["pattern"]) if isinstance(schema.get("pattern"), str) else None
    is_list = schema["type"] == "array"
    field = Field(
        name,
        kind,
        title=schema.get("title", ""),
        hint=schema.get("description", ""),
        required=required,
        least=schema.get("minItems" if is_list else "minLength"),
        most=schema.get("maxItems" if is_list else "maxLength"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        pattern=pattern[1] if pattern else None,
        choices=tuple(choices) if isinstance(choices, list) else (),
    )
    found = list(_wrong_with(field))
    if not found:
        # Whatever this reader does not understand is missing from what it would write.
        written = field.document
        found = [
            (f"/{keyword}", "is not among what a field of this kind may say" if keyword not in written
             else "is written otherwise: see docs/forms.md")
            for keyword in sorted({*schema, *written})
            if schema.get(keyword) != written.get(keyword)
        ]  # fmt: skip
    problems += [(place + inner, message) for inner, message in found]
    return field


def _kind_of(schema: Document) -> str | None:
    items = schema.get("items")
    match schema.get("type"):
        case "number" | "integer" | "boolean" as plain:
            return str(plain)
        case "string" if "enum" in schema:
            return "choice"
        case "string" if "format" not in schema:
            return "string"
        case "string" if isinstance(schema["format"], str):
            return {written: kind for kind, written in FORMATS.items()}.get(schema["format"])
        case "array" if isinstance(items, dict):
            return "choices" if "enum" in items else "file" if items.get("format") == "file" else None
    return None


def _wrong_with(field: Field) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    for keyword, text, most in (("title", field.title, TITLE_CHARS), ("description", field.hint, HINT_CHARS)):
        if not _is_text(text, most) or (keyword == "title" and not text.strip()):
            wrong.append((f"/{keyword}", f"is a text of at most {most} characters"))
    if field.kind in ("choice", "choices"):
        if not 1 <= len(field.choices) <= CHOICES_LIMIT:
            wrong.append(("/enum", f"has between 1 and {CHOICES_LIMIT} choices"))
        elif not all(_is_text(each, CHOICE_CHARS) and each.strip() for each in field.choices):
            wrong.append(("/enum", f"each choice is a text of at most {CHOICE_CHARS} characters"))
        elif len(set(field.choices)) < len(field.choices):
            wrong.append(("/enum", "has a choice twice"))
    wrong += _wrong_limits(field)
    if field.pattern is not None and (field.kind not in TEXTUAL or not _compiles(field.pattern)):
        reason = f"is ^(?:...)$ around at most {PATTERN_CHARS} characters that look neither ahead nor back"
        wrong.append(("/pattern", reason))
    return wrong


def _wrong_limits(field: Field) -> list[tuple[str, str]]:
    highest = {**LENGTHS, "choices": len(field.choices), "file": FILES_LIMIT}.get(field.kind)
    least, most = field.least, field.most
    wrong = [
        ("", f"its least and most are whole numbers from 0 to {highest or 0}")
        for value in (least, most)
        if value is not None and not _is_count(value, highest)
    ]
    if not wrong and least is not None and most is not None and least > most:
        wrong.append(("", "its least is more than its most"))
    for bound in (field.minimum, field.maximum):
        if bound is not None and (
            field.kind not in ("number", "integer")
            or isinstance(bound, bool)
            or not isinstance(bound, int | float)
            or not abs(bound) <= LARGEST_NUMBER
        ):
            wrong.append(("", "its minimum and maximum are numbers"))
            return wrong
    if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
        wrong.append(("", "its minimum is more than its maximum"))
    return wrong


def _is_count(value: object, highest: int | None) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return highest is not None and is_whole and 0 <= value <= highest  # type: ignore[operator]


def _compiles(pattern: str) -> bool:
    """Whether the engine takes it that needs time in proportion to the answer, whatever the pattern."""
    if not _is_text(pattern, PATTERN_CHARS):
        return False
    try:
        # By itself first: a bracket too many must not close the one around it.
        for each in (pattern, f"^(?:{pattern})$"):
            Draft202012Validator({"type": "string", "pattern": each}, pattern_options=PATTERNS, offline=True)
    except (ValidationError, ValueError):
        return False
    return True


def _is_text(value: object, most: int) -> bool:
    if not isinstance(value, str) or len(value) > most:
        return False
    try:
        storable(value)
    except ValueError:
        return False
    return True
