"""The words people read: found in templates, handlers and refusals, translated by the files in `locale/`.

`python -m examhall.web.i18n` writes locale/messages.pot anew.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from http import HTTPStatus

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po
from starlette.requests import Request

from examhall.base import languages as base
from examhall.base.languages import LOCALES, language_for, languages, translations
from examhall.base.malformed import SENTENCES
from examhall.base.problem import BUG, TITLES

__all__ = ["LOCALES", "TEMPLATE", "gettext_of", "language_for", "language_of", "languages", "translations"]

TEMPLATE = LOCALES / "messages.pot"
PACKAGE = LOCALES.parents[1]
# Names that pages show are marked where they are declared: rules, tiers, tabs.
METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]
# Below the pages, sentences with something put in are made by these (base/said.py).
KEYWORDS = {**DEFAULT_KEYWORDS, "said": None, "counted": (1, 2)}

# Gevent replaces the sockets of whoever imports the rehearsal's candidates; they refuse nobody.
NOT_IMPORTED = ("__main__", "rehearse.generator", "rehearse.candidate")


def language_of(request: Request) -> str:
    """What the reader chose, else what their browser likes best."""
    return base.language_of(request.scope)


def gettext_of(request: Request) -> Callable[[str], str]:
    return base.gettext_for(language_of(request))


def ngettext_of(request: Request) -> Callable[[str, str, int], str]:
    found: Callable[[str, str, int], str] = translations(language_of(request)).ungettext
    return found


def messages() -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    """(where, message, comments) of everything that a person may read, but for refusals."""
    for file, _, message, comments, _ in extract_from_dir(
        PACKAGE,
        METHODS,
        options_map={"web/templates/**.html": {"trimmed": "true"}},
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
    ):
        yield file, message, comments
    for sentence in (*SENTENCES.values(), BUG):
        yield "base/malformed.py", sentence, []
    for status in TITLES:
        yield "base/problem.py", HTTPStatus(status).phrase, ["The title of a problem, beside its number"]


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
    found = catalog()
    with TEMPLATE.open("wb") as pot:
        write_po(pot, found, omit_header=True, include_lineno=False, sort_output=True)
