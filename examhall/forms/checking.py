"""Whether what was filled in is what a form asks for: each answer that is not, with its place and why."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from jsonschema_rs import Draft202012Validator, ValidationError

from examhall.base.errors import Malformed
from examhall.base.said import said
from examhall.base.wire import storable
from examhall.forms.fields import (
    CHOICES_LIMIT,
    FIELDS_LIMIT,
    LARGEST_NUMBER,
    LENGTHS,
    PATTERNS,
    STRING_CHARS,
    Document,
)

# Schemas that are being filled in just now; compiling one takes some 100 microseconds.
VALIDATORS_KEPT = 256
# Digits with what people put between them; E.164 has at most 15.
PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]{3,38}[0-9]")
PHONE_DIGITS = range(5, 16)


def _(message: str) -> str:
    """Marks a sentence for translation; whoever shows it translates it."""
    return message


REASONS = {
    "required": _("Please fill this in."),
    "const": _("This has to be ticked."),
    "enum": _("This is not one of the choices."),
    "minLength": _("At least {limit} characters."),
    "maxLength": _("At most {limit} characters."),
    "minimum": _("At least {limit}."),
    "maximum": _("At most {limit}."),
    "minItems": _("At least {limit}."),
    "maxItems": _("At most {limit}."),
    "uniqueItems": _("The same is chosen twice."),
    "pattern": _("This does not have the form that is asked for."),
    "date": _("This is not a date."),
    "email": _("This is not an e-mail address."),
    "phone": _("This is not a telephone number."),
    "number": _("This is not a number."),
    "integer": _("This is not a whole number."),
    "type": _("This is not an answer to this question."),
    "unknown": _("This form does not ask for this."),
    "unstorable": _("This holds a character that cannot be stored."),
}


class Wrong(NamedTuple):
    """One answer that does not do: which field, and a reason of `REASONS` with its numbers."""

    field: str
    reason: str
    limits: Mapping[str, object] = {}
    # In a list, the place in it.
    place: int | None = None

    @property
    def pointer(self) -> str:
        """JSON Pointer (RFC 6901) into the data."""
        name = self.field.replace("~", "~0").replace("/", "~1")
        return f"/{name}" if self.place is None else f"/{name}/{self.place}"

    @property
    def sentence(self) -> str:
        return said(REASONS[self.reason], **self.limits)


class BadAnswers(Malformed):
    """Some answers are missing or not as the form asks for them. Nothing was sent."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        self.wrong = wrong
        super().__init__(
            fields=[{"path": each.pointer, "code": each.reason, "message": each.sentence} for each in wrong]
        )


def find_wrong(schema: Document, data: Mapping[str, Any]) -> list[Wrong]:
    """Every field whose answer is missing or wrong, each told once; empty if the data is what is asked for.

    In time proportional to the data, whatever the patterns. Of data with more names than a form has fields,
    only so many are told.
    """
    # First what the validator cannot take and PostgreSQL cannot hold: afterwards data is flat, and short
    # enough by the schema.
    wrong: dict[str, Wrong] = {}
    for name, value in data.items():
        if found := _unfit(name, value, schema):
            wrong[name] = found
            if len(wrong) > FIELDS_LIMIT:
                return list(wrong.values())
    fit = {name: value for name, value in data.items() if name not in wrong}
    for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(fit):
        for each in _told(error):
            if each.field not in wrong:
                wrong[each.field] = each
    return list(wrong.values())


def require_right(schema: Document, data: Mapping[str, Any]) -> None:
    """Refuse with `BadAnswers` what `find_wrong` finds."""
    if wrong := find_wrong(schema, data):
        raise BadAnswers(wrong)


def _unfit(name: str, value: object, schema: Document) -> Wrong | None:
    asked = schema["properties"].get(name)
    if asked is None:
        return Wrong(name.encode("utf-8", "replace").decode()[:STRING_CHARS].replace("\0", "?"), "unknown")
    texts = value if isinstance(value, list) else [value]
    # The validator makes an error of each: of a million, a gigabyte and minutes in which nobody is answered.
    if len(texts) > CHOICES_LIMIT:
        return Wrong(name, "maxItems", {"limit": CHOICES_LIMIT})
    for index, each in enumerate(texts):
        if isinstance(each, str):
            place = index if isinstance(value, list) else None
            try:
                storable(each)
            except ValueError:
                return Wrong(name, "unstorable", place=place)
            longest = LENGTHS.get(asked.get("format", "string"), STRING_CHARS)
            if len(each) > longest:
                return Wrong(
                    name, "maxLength", {"limit": min(asked.get("maxLength", longest), longest)}, place
                )
        elif isinstance(value, list) or not isinstance(each, bool | int | float):
            return Wrong(name, "type")
        # Neither is NaN, nor infinity.
        elif not abs(each) <= LARGEST_NUMBER:
            return Wrong(name, "number")
    return None


def _told(error: ValidationError) -> list[Wrong]:
    keyword = error.kind.name
    found = error.kind.as_dict()
    path = error.instance_path
    if keyword == "required":
        return [Wrong(str(found["property"]), "required")]
    field = str(path[0])
    place = int(path[1]) if len(path) > 1 else None
    if keyword == "type":
        [wanted] = found["types"]
        return [Wrong(field, wanted if wanted in ("number", "integer") else "type", place=place)]
    if keyword == "format":
        return [Wrong(field, str(found["format"]), place=place)]
    if keyword in ("minLength", "minItems") and found["limit"] == 1:
        return [Wrong(field, "required")]
    limits = {"limit": found["limit"]} if "limit" in found else {}
    return [Wrong(field, keyword, limits, place)]


def _is_phone(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return PHONE.fullmatch(text) is not None and digits in PHONE_DIGITS


@lru_cache(maxsize=VALIDATORS_KEPT)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(schema),
        pattern_options=PATTERNS,
        validate_formats=True,
        formats={"phone": _is_phone, "text": lambda _text: True, "file": lambda _name: True},
        offline=True,
    )
