import pytest

from examhall.web.staff.rubric_text import BadRubric, read_rubric, write_rubric

TEXT = "Content\n4: Everything, with: examples\n2.5: A part\n0\n\nLanguage\n2: Clear\n0: Not"


def test_what_is_written_is_read_as_it_was() -> None:
    read = [each.model_dump(mode="json") for each in read_rubric(TEXT)]
    assert [each["key"] for each in read] == ["c1", "c2"]
    assert read[0]["levels"][0] == {"points": "4", "words": "Everything, with: examples"}
    assert write_rubric(read) == TEXT
    assert read_rubric("  \n \n") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [("Content\n4: a\nfour: b", 3), ("Content", 0), ("Content\n4: a", 0), ("Content\n-1: a\n0: b", 2)],
)
def test_what_is_no_rubric_is_told_by_its_line(text: str, line: int) -> None:
    with pytest.raises(BadRubric) as refused:
        read_rubric(text)
    assert refused.value.line == line


def test_a_comma_is_a_point_as_well() -> None:
    assert [float(level.points) for level in read_rubric("A\n1,5: x\n0: y")[0].levels] == [1.5, 0]
