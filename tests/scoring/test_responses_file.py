import re
from pathlib import Path

import numpy as np
import pytest

from examhall.scoring import responses_file
from examhall.scoring.responses_file import BadResponsesFile, Responses, read_responses


def read(tmp_path: Path, content: str | bytes) -> Responses:
    file = tmp_path / "responses.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_responses(file)


def refused(tmp_path: Path, content: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(BadResponsesFile) as caught:
        read(tmp_path, content)
    return [tuple(field.values()) for field in caught.value.details["fields"]]


@pytest.mark.parametrize(
    "content",
    [
        "a,b,c\n1,0,\n,1,1\n",
        "a;b;c\n1;0;\n;1;1\n",
        "a,b,c\r\n1,0,\r\n,1,1\r\n",
        "a,b,c\n1,0,\n,1,1",
        "\ufeffa,b,c\n1,0,\n,1,1\n",
        '"a","b","c"\n"1","0",NA\nNA,1,1\n',
        " a , b , c \n 1, 0,\n\n NA ,1,1\n\n",
    ],
    ids=["plain", "semicolons", "Windows", "no last newline", "byte order mark", "as R writes it", "blanks"],
)
def test_however_a_program_writes_the_table_it_is_the_same(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)
    assert found.items == ["a", "b", "c"]
    assert found.persons is None
    assert found.marks.tolist() == [[1, 0, -1], [-1, 1, 1]]
    assert found.marks.dtype == np.int8


@pytest.mark.parametrize("header", ["person", "Person", "id", "person_id"])
def test_a_first_column_whose_header_says_so_names_persons(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, f'{header},a\nOʻktam,1\n"Doe, Jane",0\n')
    assert (found.items, found.persons) == (["a"], ["Oʻktam", "Doe, Jane"])
    assert found.marks.tolist() == [[1], [0]]


def test_a_column_of_any_other_name_is_an_item(tmp_path: Path) -> None:
    assert read(tmp_path, "person a,b\n1,0\n").items == ["person a", "b"]


def test_a_file_longer_than_a_piece_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_file, "PIECE_BYTES", 61)
    marks = np.random.default_rng(1).integers(-1, 2, (200, 7)).astype(np.int8)
    rows = "".join(
        f"{number},{','.join('' if mark < 0 else str(mark) for mark in row)}\n"
        for number, row in enumerate(marks)
    )
    plain = read(tmp_path, "id,a,b,c,d,e,f,g\n" + rows)
    # A quotation mark here and there sends pieces the careful way.
    careful = read(tmp_path, "id,a,b,c,d,e,f,g\n" + re.sub(r"\n(7\d*)", r'\n"\1"', rows))
    for found in (plain, careful):
        assert found.marks.tolist() == marks.tolist()
    assert plain.persons == [str(number) for number in range(200)]


def test_every_bad_line_is_named_with_its_column(tmp_path: Path) -> None:
    content = "person,a,b\nAnn,1,2\nBob,1\n\nCy,1,0\nDan,yes,0.5\nEve,1,0,1\n"
    assert refused(tmp_path, content) == [
        (2, "b", "is '2': a response is 1, 0 or nothing"),
        (3, "", "has 2 cells where the header has 3"),
        (6, "a", "is 'yes': a response is 1, 0 or nothing"),
        (6, "b", "is '0.5': a response is 1, 0 or nothing"),
        (7, "", "has 4 cells where the header has 3"),
    ]


def test_lines_are_counted_across_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_file, "PIECE_BYTES", 50)
    content = "a,b\n\n" + "1,0\n" * 499 + "1,x\n" + "0,1\n" * 40 + "9,1\n"
    assert [(line, column) for line, column, _ in refused(tmp_path, content)] == [(502, "b"), (543, "a")]


def test_a_row_with_too_few_cells_is_not_made_up_for_by_one_with_too_many(tmp_path: Path) -> None:
    assert [line for line, _, _ in refused(tmp_path, "a,b,c\n1,0\n1,0,1,1\n")] == [2, 3]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("", 1, "no items"),
        ("person\nAnn\n", 1, "no items"),
        ("a,b\n", 1, "no persons"),
        ("1,0,1\n0,0,1\n", 1, "first line is to name the items"),
        ("a,b,a\n1,0,1\n", 1, "more than one"),
        ("a,,c\n1,0,1\n", 1, "no name"),
        ('a,b\n"1,0\n', 2, "not CSV"),
        (b"a,b\n1,\xff\n", 2, "UTF-8"),
        (b"\xff,b\n1,0\n", 1, "UTF-8"),
        (b"a,b\n" + b"1" * 1_500_000, 2, "longer than"),
        (b"a" * 1_500_000, 1, "longer than"),
    ],
)
def test_what_is_not_a_table_is_refused_with_the_reason(
    tmp_path: Path, content: str | bytes, line: int, message: str
) -> None:
    found = refused(tmp_path, content)
    assert found[0][0] == line
    assert message in found[0][2]


def test_a_file_that_is_wrong_throughout_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "a,b\n" + "2,2\n" * 1000)) == responses_file.PROBLEMS_SHOWN
