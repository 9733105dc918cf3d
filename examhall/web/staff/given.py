"""What pages' forms and addresses say, as values: texts within their limits, versions, places in a list."""

from collections.abc import Collection, Mapping
from typing import Any

from starlette.requests import Request

from examhall.base.wire import LARGEST_ID, storable
from examhall.web.i18n import gettext_of

# Digits of what integer and bigint can hold for certain.
VERSION_DIGITS, ID_DIGITS = 9, 18


def text_problems(
    request: Request,
    given: Mapping[str, Any],
    limits: Mapping[str, int],
    *,
    may_be_empty: Collection[str] = ("description",),
) -> dict[str, str]:
    """What is wrong with texts of a form, by field."""
    _ = gettext_of(request)
    problems: dict[str, str] = {}
    for name, most in limits.items():
        try:
            storable(given[name])
        except ValueError:
            problems[name] = _("This holds a character that cannot be stored.")
        if len(given[name]) > most:
            problems[name] = _("At most %(most)s characters.") % {"most": most}
        elif not given[name] and name not in may_be_empty:
            problems[name] = _("Please fill this in.")
    return problems


def text_of(given: Mapping[str, Any], name: str, most: int) -> str:
    """What a form or an address says, as it was written; nothing of what cannot be stored."""
    return _storable(str(given.get(name, "")).strip()[:most])


def line_of(form: Mapping[str, Any], name: str, most: int) -> str:
    """In one line; nothing of a file."""
    said = form.get(name, "")
    return " ".join(_storable(said).split())[:most] if isinstance(said, str) else ""


def _storable(said: str) -> str:
    try:
        return storable(said)
    except ValueError:
        return ""


def number_of(form: Mapping[str, Any], name: str) -> int:
    """An id that a field carries; 0, which no row has, for anything else."""
    return id_in(str(form.get(name, ""))) or 0


def id_in(text: str) -> int | None:
    """An id that a form carries; None for anything else."""
    found = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    return found if 1 <= found <= LARGEST_ID else None


def version_in(text: str) -> int:
    """The version that a form carries; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= VERSION_DIGITS else 0


def before_of(request: Request) -> int:
    """Where in a list with the highest id first a page begins; at its beginning for anything else."""
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS else LARGEST_ID
