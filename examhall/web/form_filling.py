"""A filled-in form between a page and the data: what was posted read by its fields, what is wrong said."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from examhall.base.errors import Refusal
from examhall.forms.checking import BadAnswers
from examhall.forms.fields import Field
from examhall.forms.files import BadFiles
from examhall.forms.submissions import UnknownOrganisation
from examhall.web.i18n import gettext_of

# Before the names of fields in a page's form: none is mistaken for csrf_token.
PREFIX = "a."
# Where words about no single field go.
WHOLE = ""
REQUEST_KEY_CHARS = 64


class Posted(NamedTuple):
    """What somebody filled in, also what cannot be right: it is shown to them again as it was."""

    fields_version: int
    data: dict[str, Any]
    uploads: list[tuple[str, UploadFile]]
    organisation: str
    request_key: str


def read_posted(form: FormData, fields: Sequence[Field]) -> Posted:
    data: dict[str, Any] = {}
    uploads = []
    for field in fields:
        values = form.getlist(PREFIX + field.name)
        if field.kind == "file":
            # An empty choice of files is sent as one without a name.
            uploads += [
                (field.name, value) for value in values if isinstance(value, UploadFile) and value.filename
            ]
            continue
        texts = [value for value in values if isinstance(value, str)]
        value = _value(field, texts)
        if value is not None:
            data[field.name] = value
    version = form.get("fields_version")
    return Posted(
        int(version) if isinstance(version, str) and version.isdecimal() and len(version) < 10 else 0,
        data,
        uploads,
        _text(form, "organisation"),
        _text(form, "request_key")[:REQUEST_KEY_CHARS],
    )


def _value(field: Field, texts: Sequence[str]) -> Any:
    if field.kind == "choices":
        return list(texts) or None
    text = texts[0] if texts else ""
    if field.kind == "boolean":
        return True if text else (None if field.required else False)
    # Browsers send the ends of lines as CR LF, and count them as one character.
    text = text.replace("\r\n", "\n").strip()
    if text == "":
        return None
    if field.kind in ("number", "integer"):
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    """What it says, with a comma or a point; as it is, for the checker to refuse, if it is no number."""
    plain = text.replace(",", ".").replace("\u2212", "-")
    if len(plain) > 40:
        return text
    try:
        return int(plain) if plain.lstrip("+-").isdecimal() else float(plain)
    except ValueError:
        return text


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def words_of(request: Request, refusal: Refusal) -> dict[str, str]:
    """Field -> what is wrong with it, in the reader's language; under `WHOLE` the sentence itself."""
    _ = gettext_of(request)
    words = {WHOLE: _(refusal.detail)}
    if isinstance(refusal, BadAnswers):
        for each in refusal.wrong:
            words.setdefault(each.field, _(each.sentence))
    elif isinstance(refusal, BadFiles):
        fields: Any = refusal.details["fields"]
        for found in fields:
            words.setdefault(found["path"].lstrip("/"), _file_words(_, found))
    elif isinstance(refusal, UnknownOrganisation):
        words["organisation"] = _(refusal.detail)
    return words


def _file_words(_: Any, found: Mapping[str, str]) -> str:
    reasons = {
        "is empty": _("This file is empty."),
        "is no PDF, PNG, JPEG or WebP": _("This is no PDF, PNG, JPEG or WebP."),
    }
    return str(reasons.get(found["message"], _("This is too large: at most 10 MB a file and 25 MB in all.")))
