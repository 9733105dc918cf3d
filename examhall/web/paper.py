"""The questions of an exam as HTML: rendered once for all who have them in the same order."""

from collections.abc import Mapping

from cachetools import LRUCache, cached

from examhall.exams.content import Content, arrange
from examhall.web.pages import environment
from examhall.web.words import pdf_paper_words

# About 100 kB each.
KEPT = 64


def paper_html(content: Content, seed: int, language: str) -> bytes:
    """Where nothing is shuffled every seed is alike; otherwise each candidate has a paper of their own."""
    return _rendered(content, seed if content.is_shuffled else 0, language)


def authors_paper_html(content: Content, language: str) -> str:
    """In the order that the author gave it, to be arranged elsewhere."""
    return environment(language).get_template("parts/paper.html").render(questions=arrange(content, None))


def pdf_of(content: Content, language: str) -> Mapping[str, object] | None:
    """Where the room finds the PDF paper of an exam that has one. Another version has another address."""
    if content.paper_version is None:
        return None
    url = f"/api/v1/exams/{content.exam_id}/paper?v={content.paper_version}"
    return {"url": url, "words": pdf_paper_words(language)}


@cached(LRUCache(KEPT), key=lambda content, *order: (content.exam_id, content.version, *order))
def _rendered(content: Content, seed: int, language: str) -> bytes:
    page = environment(language).get_template("parts/paper.html")
    return page.render(questions=arrange(content, seed)).encode()
