"""The words people read: found in templates, handlers and refusals, translated by the files in `locale/`.

`python -m examhall.web.i18n` writes locale/messages.pot anew.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from babel.core import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

HERE = Path(__file__).parent
LOCALES = HERE / "locale"
TEMPLATE = LOCALES / "messages.pot"
SOURCE_LANGUAGE = "en"
PACKAGE = HERE.parent
# Names that pages show are marked where they are declared: rules, tiers, tabs.
METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]

# Gevent replaces the sockets of whoever imports the rehearsal's candidates; they refuse nobody.
NOT_IMPORTED = ("__main__", "rehearse.generator", "rehearse.candidate")


@cache
def languages() -> list[str]:
    return [SOURCE_LANGUAGE, *sorted(path.stem for path in LOCALES.glob("*.po"))]


def language_for(accept_language: str) -> str:
    """The language of ours that a browser's Accept-Language header likes best."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), str(Locale.parse(tag, sep="-"))))
        except (ValueError, UnknownLocaleError):
            continue
    return negotiate_locale([tag for _, tag in sorted(wanted)], languages()) or SOURCE_LANGUAGE


def language_of(request: Request) -> str:
    return language_for(request.headers.get("accept-language", ""))


def gettext_of(request: Request) -> Callable[[str], str]:
    return translations(language_of(request)).ugettext


@cache
def translations(language: str) -> NullTranslations:
    """Compiled in memory from the .po file: a translation is changed by changing one text file."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    from io import BytesIO

    compiled = BytesIO()
    with (LOCALES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def messages() -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    """(where, message, comments) of everything that a person may read, but for refusals."""
    for file, _, message, comments, _ in extract_from_dir(
        PACKAGE,
        METHODS,
        options_map={"web/templates/**.html": {"trimmed": "true"}},
        comment_tags=("Translators:",),
    ):
        yield file, message, comments


def refusals() -> Iterator[tuple[str, str]]:
    """(where, sentence) of every refusal in Examhall: the class docstrings that people read."""
    import examhall
    from examhall.base.errors import Refusal

    for module in pkgutil.walk_packages(examhall.__path__, "examhall."):
        if not module.name.endswith(NOT_IMPORTED):
            importlib.import_module(module.name)
    waiting = [Refusal]
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        yield refusal.__module__, " ".join((refusal.__doc__ or "").split())


def catalog() -> Catalog:
    found = Catalog(project="Examhall", header_comment="# Every sentence of Examhall that a person reads.")
    for where, message, comments in sorted(messages(), key=lambda entry: entry[0]):
        found.add(message, locations=[(where, 1)], auto_comments=comments)
    for where, sentence in sorted(set(refusals())):
        found.add(sentence, locations=[(where, 1)], auto_comments=["A refusal"])
    return found


if __name__ == "__main__":
    with TEMPLATE.open("wb") as pot:
        write_po(pot, catalog(), omit_header=True, include_lineno=False, sort_output=True)
