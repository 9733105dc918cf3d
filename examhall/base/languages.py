"""Which languages there are, which of them a reader wants, and what a sentence is in it.

A reader's language is what they chose (a cookie says it), else what their browser or program asks for.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from babel.core import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from starlette.types import Scope

from examhall.base.said import Said, in_words

LOCALES = Path(__file__).parents[1] / "web" / "locale"
SOURCE_LANGUAGE = "en"
COOKIE = "examhall_language"
# For whoever builds pages: the first shows which words nobody can translate, the second how a page looks from
# right to left. The names are those that browsers and phones use.
MARKED = "en-XA"
MIRRORED = "ar-XB"
PSEUDO: Mapping[str, str] = {MARKED: "en", MIRRORED: "ar"}
# Right-to-left mark: what stands beside it, such as a full stop, goes where Arabic has it.
RLM = "\u200f"
# Longer headers are no browser's.
HEADER_CHARS = 500
# How many different headers are remembered; a browser's are a handful.
REMEMBERED = 1_024

# Under this name a refusal's details have what people read; what is said elsewhere is recognised by its kind.
READ = "message"

Translate: TypeAlias = Callable[[str], str]

_offered: list[str] = []


class _Speaking:
    """What a catalog does with something said, beside what it does with plain sentences."""

    language = SOURCE_LANGUAGE

    def write(self, number: int) -> str:
        return str(format_decimal(number, locale=locale_of(self.language)))

    def gettext(self, message: str) -> str:
        if not message:
            # Under the empty sentence a catalog keeps its own head.
            return ""
        look_up = super().gettext  # type: ignore[misc]
        if isinstance(message, Said):
            several = super().ngettext  # type: ignore[misc]
            return in_words(message, look_up, several, self.write)
        return str(look_up(message))

    ugettext = gettext


class _Catalog(_Speaking, Translations):
    pass


class _Source(_Speaking, NullTranslations):
    pass


class _Marked(NullTranslations):
    """Every sentence between marks, and longer than in English, as most languages are."""

    language = MARKED

    def _mark(self, message: str) -> str:
        return f"[!!{message}!!]" if message else message

    def gettext(self, message: str) -> str:
        if isinstance(message, Said):
            return in_words(message, self._mark, self.ngettext, "{:,}".format)
        return self._mark(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._mark(msgid1 if n == 1 else msgid2)

    ugettext, ungettext = gettext, ngettext


class _Mirrored(_Marked):
    language = MIRRORED

    def _mark(self, message: str) -> str:
        return f"{RLM}{message}{RLM}" if message else message


@cache
def _written() -> tuple[str, ...]:
    return (SOURCE_LANGUAGE, *sorted(path.stem for path in LOCALES.glob("*.po")))


def languages() -> list[str]:
    """What a reader can choose: English and every language that has a file."""
    return [*_written(), *_offered]


def offer_pseudo_languages() -> None:
    """From now on readers can choose the builders' languages too."""
    _offered[:] = PSEUDO
    language_for.cache_clear()


def locale_of(language: str) -> Locale:
    """By which dates, numbers and plurals are written."""
    return Locale.parse(PSEUDO.get(language, language), sep="-")


def direction_of(language: str) -> str:
    return str(locale_of(language).text_direction)


def own_name(language: str) -> str:
    """What its speakers call it, as it stands in a menu."""
    if language in PSEUDO:
        return language
    # CLDR writes the Uzbek oʻ with a quotation mark, Examhall everywhere with its own letter.
    name = (locale_of(language).get_language_name() or language).replace("\u2018", "\u02bb")
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=REMEMBERED)
def language_for(accept_language: str) -> str:
    """The language of ours that a browser's Accept-Language header likes best."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language[:HEADER_CHARS].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            liked = float(quality or 1)
            known = tag if tag in PSEUDO else str(Locale.parse(tag, sep="-"))
        except (ValueError, UnknownLocaleError):
            continue
        if liked > 0:
            wanted.append((-liked, known))
    return negotiate_locale([tag for _, tag in sorted(wanted)], languages()) or SOURCE_LANGUAGE


def known_or_source(language: str | None) -> str:
    """A language that was kept, as long as it is offered; else English."""
    return language if language in languages() else SOURCE_LANGUAGE


def language_of(scope: Scope) -> str:
    """Of whoever sent this request."""
    accepted = ""
    for name, value in scope["headers"]:
        if name == b"accept-language":
            accepted = value.decode("latin-1")
        elif name == b"cookie" and COOKIE.encode() in value:
            chosen = _chosen(value.decode("latin-1"))
            if chosen in languages():
                return chosen
    return language_for(accepted[:HEADER_CHARS])


def _chosen(cookies: str) -> str:
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


@cache
def translations(language: str) -> NullTranslations:
    """Compiled in memory from the .po file: a translation is changed by changing one text file."""
    if language == SOURCE_LANGUAGE:
        return _Source()
    if language in PSEUDO:
        return _Marked() if language == MARKED else _Mirrored()
    compiled = BytesIO()
    with (LOCALES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    found = _Catalog(compiled)
    found.language = language
    return found


def gettext_for(language: str) -> Translate:
    found: Translate = translations(language).ugettext
    return found


def translated(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What a refusal knows besides its sentence, with whatever in it is a sentence translated."""
    return {name: _in(value, gettext_for(language), name) for name, value in found.items()}


def _in(value: object, _: Translate, name: str) -> object:
    if isinstance(value, str):
        return _(value) if isinstance(value, Said) or name == READ else value
    if isinstance(value, Mapping):
        return {key: _in(each, _, key) for key, each in value.items()}
    if isinstance(value, Iterable):
        return [_in(each, _, name) for each in value]
    return value
