"""Renders templates into pages: escaped, translated, with addresses of static files and strict headers."""

import json
import re
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from babel.core import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from examhall.base import clock
from examhall.base.pieces import Own, accepts_gzip, gzipped
from examhall.web.i18n import language_of, translations
from examhall.web.static import address

# Nothing inline, nothing from elsewhere, never in a frame. Admission links must not leak as referrers.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    # What a person sees is theirs alone, and a page from a cache would show an old clock.
    "cache-control": "no-store",
}


# Stands in a template's output where something is put in afterwards; Markdown and titles cannot write it.
OWN = re.compile(r"<!-- own (\w+) -->")
# One for each exam that is being sat, and language.
SKELETONS = 64


def render(request: Request, template: str, status: int = 200, /, **context: object) -> HTMLResponse:
    """The page, in the reader's language, with the headers that every page carries."""
    language = language_of(request)
    html = environment(language).get_template(template).render(context)
    return HTMLResponse(html, status, headers={**HEADERS, "content-language": language})


def render_around(
    request: Request, template: str, /, *, own: Mapping[str, str | bytes], **shared: Hashable
) -> Response:
    """The page put together from what all its readers share and what is this reader's `own`.

    What is shared is rendered once, and compressed once where the browser takes gzip. Of what is own, text is
    escaped as in any template; bytes are a large piece of HTML that many readers have in common.
    """
    language = language_of(request)
    pieces: list[bytes] = []
    for place, part in enumerate(_skeleton(template, language, tuple(own), tuple(shared.items()))):
        if place % 2 == 0:
            pieces.append(part.encode())
        else:
            value = own[part]
            pieces.append(value if isinstance(value, bytes) else Own(escape(value).encode()))
    headers = {**HEADERS, "content-language": language, "vary": "accept-encoding, accept-language"}
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return HTMLResponse(gzipped(*pieces), headers=headers)
    return HTMLResponse(b"".join(pieces), headers=headers)


@lru_cache(maxsize=SKELETONS)
def _skeleton(
    template: str, language: str, own: tuple[str, ...], shared: tuple[tuple[str, Hashable], ...]
) -> list[str]:
    """The rendered page in parts: every second one is the name of what stands there."""
    marks = {name: Markup(f"<!-- own {name} -->") for name in own}  # noqa: S704
    return OWN.split(environment(language).get_template(template).render({**dict(shared), **marks}))


@cache
def environment(language: str) -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.policies["ext.i18n.trimmed"] = True
    words = translations(language)
    found.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]

    def duration(seconds: int) -> str:
        hours, minutes = divmod(round(seconds / 60), 60)
        parts = []
        if hours:
            parts.append(words.ungettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours})
        if minutes or not hours:
            parts.append(words.ungettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes})
        return " ".join(parts)

    def worth(value: float) -> str:
        return words.ungettext("%(n)s point", "%(n)s points", 1 if value == 1 else 2) % {"n": points(value)}

    found.globals.update(
        static=address,
        language=language,
        direction=Locale.parse(language, sep="-").text_direction,
        person=None,
        places=(),
        here="",
        csrf_token=None,
    )
    found.filters.update(
        duration=duration, figure=figure, json=as_json, letter=letter, plain=plain, points=points,
        rfc3339=clock.rfc3339, since_1970=since_1970, utc=utc, worth=worth,
    )  # fmt: skip
    return found


def as_json(value: Mapping[str, Any]) -> Markup:
    """JSON for a script element: no byte of it can end the element or begin a comment."""
    if isinstance(value, Undefined):
        raise TypeError("boot is undefined")
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_instant)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return clock.rfc3339(value)
    raise TypeError(f"{type(value).__name__} does not belong into a page's JSON")


def letter(place: int) -> str:
    """A to Z for 1 to 26, then the number itself."""
    return chr(ord("A") + place - 1) if place <= 26 else str(place)


def plain(markdown: str) -> str:
    """Markdown as one line of words, for where no markup can stand (an option of a select, a label)."""
    return " ".join(unescape(markdown).replace("$", "").replace("**", "").replace("`", "").split())


def points(value: float) -> str:
    """Without zeros that say nothing: 1, 0.5, 12.75."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def figure(value: float) -> str:
    """To four digits, as a table shows it: 12,345 and 0.1235."""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def since_1970(seconds: float) -> str:
    """A moment that a chart has in seconds, as a table shows it."""
    return utc(datetime.fromtimestamp(seconds, UTC))


def utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
