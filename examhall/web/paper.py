"""The questions of an exam as HTML: rendered once for all who have them in the same order."""

import secrets
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from cachetools import LRUCache, cached

from examhall.exams.content import Content, Section, arrange
from examhall.web.pages import environment
from examhall.web.words import pdf_paper_words

# About 100 kB each.
KEPT = 64
# A question with four answers has 24 orders, at some 3 kB each. They are soon all here; a paper of one's own
# is put together in half a millisecond; rendered anew for each candidate it took ten.
QUESTIONS: LRUCache[Hashable, bytes] = LRUCache(8192)
# What no author can write, for none can guess it.
PLACE = f"place-{secrets.token_hex(12)}".encode()
CURRENT = f"current-{secrets.token_hex(12)}".encode()


def paper_html(content: Content, seed: int, language: str, drawn: Sequence[int] | None = None) -> bytes:
    """Where nothing is shuffled every seed is alike; otherwise each candidate has a paper of their own."""
    if not content.is_shuffled:
        return _rendered(content, 0, language, None)
    return _rendered(content, seed, language, None if drawn is None else tuple(drawn))


def authors_paper_html(content: Content, language: str) -> str:
    """All questions in the order that the author gave them, to be arranged elsewhere, by what is drawn."""
    return (
        environment(language)
        .get_template("parts/paper.html")
        .render(questions=arrange(content, None), sections=sections_of(content), total=content.question_count)
    )


def sections_of(content: Content) -> Mapping[int, Section]:
    """By their places, as templates look them up."""
    return {section.place: section for section in content.sections}


def pdf_of(content: Content, language: str) -> Mapping[str, object] | None:
    """Where the room finds the PDF paper of an exam that has one. Another version has another address."""
    if content.paper_version is None:
        return None
    url = f"/api/v1/exams/{content.exam_id}/paper?v={content.paper_version}"
    return {"url": url, "words": pdf_paper_words(language)}


@cached(LRUCache(KEPT), key=lambda content, *order: (content.exam_id, content.version, *order))
def _rendered(content: Content, seed: int, language: str, drawn: tuple[int, ...] | None) -> bytes:
    order = content.order(seed, drawn)
    if order is None:
        page = environment(language).get_template("parts/paper.html")
        arranged, sections = arrange(content, seed, drawn), sections_of(content)
        return page.render(questions=arranged, sections=sections, total=len(arranged)).encode()
    questions = _Questions(content, seed, language, total=len(order))
    return b"".join(
        questions.of(number, tuple(map(tuple, lists)))
        .replace(PLACE, str(place).encode())
        .replace(CURRENT, b" current" if place == 1 else b"")
        for place, (number, lists) in enumerate(order, 1)
    )


class _Questions:
    """The questions of one candidate. Those whose answers somebody had in the same order before are there."""

    def __init__(self, content: Content, seed: int, language: str, *, total: int) -> None:
        self._content = content
        self._seed = seed
        self._language = language
        self._total = total
        self._arranged: dict[int, dict[str, Any]] | None = None

    def of(self, number: int, lists: tuple[tuple[int, ...], ...]) -> bytes:
        """One question, with marks where its place goes."""
        key = (self._content.exam_id, self._content.version, self._language, self._total, number, lists)
        found = QUESTIONS.get(key)
        if found is None:
            found = QUESTIONS[key] = self._render(number)
        return found

    def _render(self, number: int) -> bytes:
        if self._arranged is None:
            self._arranged = {each["number"]: each for each in arrange(self._content, self._seed)}
        template = environment(self._language).get_template("parts/question.html")
        return template.render(
            question=self._arranged[number],
            sections=sections_of(self._content),
            place=PLACE.decode(),
            total=self._total,
            current=CURRENT.decode(),
        ).encode()
