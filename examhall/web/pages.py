"""Renders templates into pages: escaped, translated, with addresses of static files and strict headers."""

import json
import re
from base64 import b64encode
from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cache, lru_cache, partial
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from examhall.base import clock
from examhall.base.languages import direction_of, languages, own_name
from examhall.base.pieces import Own, accepts_gzip, gzipped
from examhall.exams.numbers import FIELD_PATTERN
from examhall.reference.built_in import grade_name
from examhall.web.formula_line import in_one_line
from examhall.web.i18n import language_of, translations
from examhall.web.numbers import day_with, numbers
from examhall.web.static import address

# Formulas have a few drawings (the arrow of a vector, the oval of a double integral) that KaTeX writes with a
# style of their own: exactly these five are let through.
KATEX_STYLES = tuple(f"width:{width}em" for width in ("0.471", "0.957", "1.472", "1.304", "1.98"))
STYLES = " ".join(
    ["'self' 'unsafe-hashes'"]
    + [f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" for style in KATEX_STYLES]
)
# Nothing inline, nothing from elsewhere, never in a frame. Admission links must not leak as referrers.
HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; script-src 'self'; style-src {STYLES}; img-src 'self' data:; font-src 'self'; "
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
PICTURE = re.compile(r"!\[([^\]]*)\]\([^)\s]*\)")
# As exams.markdown has it: $5 and $7 are prices.
FORMULA = re.compile(r"(?<!\\)\$\$(.+?)\$\$|(?<!\\)\$(?!\s)([^$]+?)(?<!\s)\$(?!\d)", re.DOTALL)
# Not the stars of 2*3*4.
EMPHASIS = re.compile(r"(?<!\w)\*(?!\s)([^*]+)(?<!\s)\*(?!\w)")
# One for each exam that is being sat, and language.
SKELETONS = 64


def render(request: Request, template: str, status: int = 200, /, **context: object) -> HTMLResponse:
    """The page, in the reader's language, with the headers that every page carries."""
    language = language_of(request)
    around = {"address": address_of_page(request)}
    html = environment(language).get_template(template).render({**around, **context})
    return HTMLResponse(html, status, headers={**HEADERS, **_spoken(language)})


def address_of_page(request: Request) -> str:
    """Where the reader is, to come back to."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query and request.method == "GET" else request.url.path


def _spoken(language: str) -> dict[str, str]:
    """A reader's language comes from what they chose, which a cookie says, else from their browser."""
    return {"content-language": language, "vary": "accept-encoding, accept-language, cookie"}


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
    headers = {**HEADERS, **_spoken(language)}
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

    write = numbers(language)

    def duration(seconds: int) -> str:
        hours, minutes = divmod(round(seconds / 60), 60)
        parts = []
        if hours:
            parts.append(words.ungettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours})
        if minutes or not hours:
            parts.append(words.ungettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes})
        return " ".join(parts)

    def worth(value: float) -> str:
        # Half a point counts as a few: languages that tell one, few and many say so of fractions.
        form = int(value) if value == int(value) else 2
        return words.ungettext("%(n)s point", "%(n)s points", form) % {"n": write.points(value)}

    def size(count: int) -> str:
        """Of a file."""
        for least, unit in ((10**9, words.ugettext("%(n)s GB")), (10**6, words.ugettext("%(n)s MB"))):
            if count >= least:
                return unit % {"n": write.points(round(count / least, 1))}
        return words.ugettext("%(n)s kB") % {"n": write.figure(max(round(count / 1_000), 1))}

    found.globals.update(
        static=address,
        language=language,
        direction=direction_of(language),
        browser_words=write.words_for_browsers(),
        # Read when a page is: whoever builds pages may be offered more.
        languages=languages,
        number_pattern=FIELD_PATTERN,
        own_name=own_name,
        address="/",
        person=None,
        places=(),
        here="",
        csrf_token=None,
    )
    found.filters.update(
        bytes=size, date=write.date, day=partial(day_with, write), duration=duration, figure=write.figure,
        fixed=write.fixed, grade=partial(grade_name, translate=words.ugettext),
        instant=datetime.fromisoformat, json=as_json, letter=letter, percent=write.percent, plain=plain,
        points=write.points, rfc3339=clock.rfc3339,
        said=words.ugettext, since_1970=write.since_1970, utc=write.utc, worth=worth,
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
    words = FORMULA.sub(lambda found: in_one_line(found[1] or found[2]), unescape(markdown))
    words = PICTURE.sub(r" \1", words).replace("\\$", "$").replace("**", "").replace("`", "")
    return " ".join(EMPHASIS.sub(r"\1", words).split())
