"""Papers put together from questions that others had before are those that would be rendered anew."""

import pytest

from examhall.exams.content import Content, Exam, Item, arrange, build_content
from examhall.web.pages import environment
from examhall.web.paper import paper_html
from tests.exams.demos import demo, items_of


def content_of(name: str, exam_id: int, *, shuffled: bool = True) -> Content:
    items = items_of(demo(f"{name}.yaml"))
    return build_content(Exam(exam_id, 1, "", "mock_exam", "", shuffled, shuffled, []), items)


@pytest.mark.parametrize(("name", "exam_id"), [("every-type", 1_000_001), ("mathematics", 1_000_002)])
def test_every_candidates_paper_is_the_one_rendered_anew(name: str, exam_id: int) -> None:
    content = content_of(name, exam_id)
    template = environment("en").get_template("parts/paper.html")
    papers = set()
    for seed in range(20):
        paper = paper_html(content, seed, "en")
        assert paper == template.render(questions=arrange(content, seed)).encode()
        papers.add(paper)
    assert len(papers) == 20


def test_unshuffled_everybody_has_the_same_bytes() -> None:
    content = content_of("every-type", 1_000_003, shuffled=False)
    assert paper_html(content, 1, "en") is paper_html(content, 2, "en")


def test_what_an_author_writes_is_never_taken_for_a_mark() -> None:
    """The marks of places cannot be guessed; these are those that one would guess."""
    item = Item(1, "PLACE place-1 current-1 {{ place }}", "", "short_text", "", {}, 1)  # type: ignore[arg-type]
    other = Item(2, "Two.", "", "short_text", "", {}, 1)  # type: ignore[arg-type]
    content = build_content(Exam(1_000_004, 1, "", "mock_exam", "", True, True, []), [item, other])
    assert b"PLACE place-1 current-1 {{ place }}" in paper_html(content, 7, "en")
