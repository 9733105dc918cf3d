"""The questions of an exam as HTML: rendered once for all who have them in the same order."""

from cachetools import LRUCache, cached

from examhall.exams.content import Content, arrange
from examhall.web.pages import environment

# About 100 kB each.
KEPT = 64


def paper_html(content: Content, seed: int, language: str) -> bytes:
    """Where nothing is shuffled every seed is alike; otherwise each candidate has a paper of their own."""
    return _rendered(content, seed if content.is_shuffled else 0, language)


@cached(LRUCache(KEPT), key=lambda content, *order: (content.exam_id, content.version, *order))
def _rendered(content: Content, seed: int, language: str) -> bytes:
    page = environment(language).get_template("parts/paper.html")
    return page.render(questions=arrange(content, seed)).encode()
