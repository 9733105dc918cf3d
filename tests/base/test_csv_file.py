"""What our own files say comes back as it was, and no spreadsheet takes it for a formula."""

from hypothesis import given
from hypothesis import strategies as st

from examhall.base.csv_file import FORMULA, as_meant, harmless, header_problems

SIGNS = st.text(st.sampled_from("=+-@'\t;\r\n1a -"), max_size=12)


@given(SIGNS)
def test_a_harmless_cell_is_no_formula_wherever_a_spreadsheet_cuts_it(cell: str) -> None:
    assert not FORMULA.search(harmless(cell))


@given(SIGNS.filter(lambda cell: "'" not in cell))
def test_what_was_made_harmless_is_meant_as_it_was(cell: str) -> None:
    assert as_meant(harmless(cell)) == cell


def test_an_apostrophe_of_a_name_stays() -> None:
    assert as_meant("'t Hooft") == "'t Hooft"
    assert as_meant("O'zbek") == "O'zbek"


def test_each_column_that_is_wrong_is_told() -> None:
    found = header_problems(
        3, ["name", "name", "nmae", "id"], required=("code", "name"), known=("code", "name"), ignored={"id"}
    )
    assert [(each.line, each.column, each.message) for each in found] == [
        (3, "code", "the header needs a column named code"),
        (3, "nmae", "is not a column; there are code, name"),
        (3, "name", "is in the header more than once"),
    ]
