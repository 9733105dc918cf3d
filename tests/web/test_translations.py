"""Each language that has a file is complete: every sentence, what is put into it, and nothing half-done."""

import re
from pathlib import Path

import pytest
from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from examhall.base import languages as base
from examhall.web import i18n

FILES = sorted(i18n.LOCALES.glob("*.po"))
PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w*)(?::,)?\}")
# An apostrophe where Uzbek has the letters oʻ and gʻ, or the sign ʼ: what keyboards give in their place.
WRONG_APOSTROPHES = re.compile(r"[oOgG]['`\u2018\u2019\u02bc]|\w['`\u2018\u2019]\w")
CODE = re.compile(r"`[^`]*`")

# A percent sign behind a value that is put in; percents are written as the language has them.
PERCENT_BY_HAND = re.compile(r"(?:\}\}|\)s|\})\s*(?:<\w+>\s*)?%(?![\w({}])")
ATTRIBUTES = re.compile(r'(?:style|width|height)="[^"]*"')
STATEMENTS = re.compile(r"\{%.*?%\}", re.DOTALL)

each_language = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale=file.stem)


def wanted() -> list[Message]:
    with i18n.TEMPLATE.open("rb") as pot:
        return [message for message in read_po(pot) if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> frozenset[str]:
    return frozenset(found[1] or found[2] for found in PLACEHOLDER.finditer(text))


def test_there_is_a_template_to_translate() -> None:
    assert len(wanted()) > 1_000


@each_language
def test_every_sentence_is_there(file: Path) -> None:
    catalog = read(file)
    missing = []
    for message in wanted():
        found = catalog.get(forms(message.id)[0])
        if found is None or not all(forms(found.string)):
            missing.append(forms(message.id)[0])
    assert missing == []


@each_language
def test_there_are_as_many_forms_as_the_language_has_plurals(file: Path) -> None:
    catalog = read(file)
    plurals = {Locale.parse(file.stem).plural_form(n) for n in range(200)}
    assert catalog.num_plurals == len(plurals)
    wrong = [
        message.id for message in catalog if message.pluralizable and len(message.string) != len(plurals)
    ]
    assert wrong == []


@each_language
def test_what_is_put_in_is_put_into_the_translation_too(file: Path) -> None:
    wrong = []
    for message in read(file):
        known = [placeholders(form) for form in forms(message.id)]
        # One and many may say it differently in English ("one", "{n}"); either is right.
        wrong += [
            form for form in forms(message.string) if message.id and form and placeholders(form) not in known
        ]
    assert wrong == []


def test_percents_are_written_as_the_language_has_them() -> None:
    texts = [form for message in wanted() for form in forms(message.id)]
    texts += [form for file in FILES for message in read(file) for form in forms(message.string)]
    found = [text for text in texts if PERCENT_BY_HAND.search(CODE.sub("", text).replace("%%", "%"))]
    for template in (i18n.PACKAGE / "web/templates").rglob("*.html"):
        lines = STATEMENTS.sub("", ATTRIBUTES.sub("", template.read_text())).splitlines()
        found += [f"{template.name}: {line}" for line in lines if PERCENT_BY_HAND.search(line)]
    assert found == []


@each_language
def test_nothing_is_only_guessed_or_left_over(file: Path) -> None:
    catalog = read(file)
    known = {forms(message.id)[0] for message in wanted()}
    assert [message.id for message in catalog if message.id and message.fuzzy] == []
    assert [message.id for message in catalog if message.id and forms(message.id)[0] not in known] == []


def test_uzbek_has_its_own_apostrophes() -> None:
    file = i18n.LOCALES / "uz.po"
    if not file.exists():
        pytest.skip("there is no Uzbek yet")
    texts = [form for message in read(file) if message.id for form in forms(message.string)]
    assert [text for text in texts if WRONG_APOSTROPHES.search(CODE.sub("", PLACEHOLDER.sub("", text)))] == []


def test_a_language_is_called_as_its_speakers_call_it() -> None:
    assert [base.own_name(language) for language in ("en", "ru", "uz")] == ["English", "Русский", "Oʻzbek"]


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("uz-UZ", "uz"), ("de,uz;q=0.5,ru;q=0.1", "uz")],
)
def test_a_browser_gets_the_language_that_it_likes_best(accepted: str, wanted: str) -> None:
    if wanted not in i18n.languages():
        pytest.skip("there is no such language yet")
    assert i18n.language_for(accepted) == wanted
