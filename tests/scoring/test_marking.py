import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from examhall.exams.numbers import FIELD_PATTERN, read_number
from examhall.scoring.marking import SHARES, mark, normalise

FIVE = ["A", "B", "C", "D", "E"]
KEYS = {
    "single_choice": {"correct": ["A"]},
    "multiple_choice": {"correct": ["A", "C"], "partial": True},
    "true_false": {"correct": True},
    "number": {"value": "12.5", "tolerance": "0.01"},
    "short_text": {"accept": ["Paris"], "case_sensitive": False},
    "ordering": {"order": FIVE, "partial": True},
    "matching": {"pairs": {"1": "B", "2": "A", "3": "C"}, "partial": True},
    "best_worst": {"best": "A", "worst": "D", "partial": True},
    "essay": {},
}


def share(kind: str, answer: object, **changes: object) -> Decimal:
    """The points of an item that is worth one."""
    marked = mark(kind, {**KEYS[kind], **changes}, Decimal(1), answer)
    assert marked is not None
    return marked


def number(answer: str, **key: str) -> bool:
    return share("number", answer, **key) == 1


@pytest.mark.parametrize(
    ("kind", "answer", "worth"),
    [
        ("single_choice", "A", "1"),
        ("single_choice", "B", "0"),
        ("multiple_choice", ["C", "A"], "1"),
        ("multiple_choice", ["A"], "0.5"),
        ("multiple_choice", ["A", "B"], "0"),
        ("multiple_choice", ["A", "C", "B"], "0.5"),
        ("multiple_choice", ["B", "D"], "0"),
        ("multiple_choice", [], "0"),
        ("true_false", "true", "1"),
        ("true_false", "false", "0"),
        ("ordering", FIVE, "1"),
        ("ordering", FIVE[::-1], "0"),
        ("ordering", ["B", "A", "C", "D", "E"], "0.9"),
        ("ordering", ["A", "B"], "0.1"),
        ("ordering", ["A", "A", "B"], "0"),
        ("matching", {"1": "B", "2": "A", "3": "C"}, "1"),
        ("matching", {"1": "B", "2": "C", "3": "A"}, "0.333"),
        ("matching", {}, "0"),
        ("best_worst", {"best": "A", "worst": "D"}, "1"),
        ("best_worst", {"best": "A", "worst": "C"}, "0.5"),
        ("best_worst", {"worst": "D"}, "0.5"),
        ("best_worst", {"best": "B", "worst": "A"}, "0"),
        ("best_worst", {"best": "D", "worst": "D"}, "0"),
        ("short_text", " paris ", "1"),
        ("short_text", "Paris, France", "0"),
        ("short_text", "", "0"),
    ],
)
def test_an_answer_earns_its_share(kind: str, answer: object, worth: str) -> None:
    assert share(kind, answer) == Decimal(worth)


@pytest.mark.parametrize(
    ("kind", "nearly"),
    [
        ("multiple_choice", ["A"]),
        ("ordering", ["B", "A", "C", "D", "E"]),
        ("matching", {"1": "B", "2": "A", "3": "A"}),
        ("best_worst", {"best": "A", "worst": "C"}),
    ],
)
def test_without_partial_credit_nearly_right_is_wrong(kind: str, nearly: object) -> None:
    assert share(kind, nearly) > 0
    assert share(kind, nearly, partial=False) == 0


def test_one_right_option_of_several_is_enough_for_a_single_choice() -> None:
    assert share("single_choice", "B", correct=["A", "B"]) == 1


def test_parts_of_points_are_rounded_to_a_thousandth() -> None:
    assert mark("matching", KEYS["matching"], Decimal("2.5"), {"1": "B"}) == Decimal("0.833")


def test_an_essay_waits_for_a_person_unless_it_is_empty() -> None:
    assert mark("essay", {}, Decimal(5), "Once upon a time") is None
    assert mark("essay", {}, Decimal(5), " \n") == 0
    assert mark("essay", {}, Decimal(5), None) == 0


@pytest.mark.parametrize(
    "written",
    [
        "12.5", "12,5", " 12.50 ", "+12.5", "012.5", "25/2", "25 / 2", "12 1/2", "1.25e1", "1,25E+1",
        "125e-1", "1.25·10^1", "1.25 × 10^1", "12.51", "12.49",
    ],
)  # fmt: skip
def test_a_number_is_right_however_it_is_written(written: str) -> None:
    assert number(written)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("-3", "-3"),
        ("−3", "-3"),
        ("– 3", "-3"),
        ("1 234 567", "1234567"),
        ("1\u202f234\u00a0567,5", "1234567.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1/3", "-1/3"),
        ("3⁄4", "0.75"),
        ("-1 1/2", "-1.5"),
    ],
)
def test_the_forms_of_a_number_have_its_value(written: str, value: str) -> None:
    assert number(written, value=value, tolerance="0")


@pytest.mark.parametrize(
    "hostile",
    [
        "", " ", "-", ".", ",", "/", "e5", "1/0", "1/0.0", "0/0", "1e999999999", "1e-999999999", "1e41",
        "nan", "inf", "-Infinity", "0x10", "1_000", "12 5", "1,2,3", "1.2.3", "--1", "+-1", "1/2/3",
        "１２．５", "١٢٫٥", "१२.५", "12.5cm", "\0", "12.5\ud800", "²", "½", "1" * 61, "9" * 10**6,
    ],
    ids=lambda hostile: ascii(hostile[:20]),
)  # fmt: skip
def test_what_is_no_number_is_simply_wrong(hostile: str) -> None:
    assert read_number(hostile) is None
    assert not number(hostile)


def test_the_tolerance_includes_its_ends_exactly() -> None:
    # In binary floating point 0.1 + 0.2 is more than 0.3.
    assert number("0.3", value="0.1", tolerance="0.2")
    assert not number("0.3000000000000000000000001", value="0.1", tolerance="0.2")


def test_an_alternative_number_is_right_too() -> None:
    key = {"value": "5/14", "tolerance": "0.001", "accept": ["35.7"]}
    assert mark("number", key, Decimal(1), "0,357") == 1
    assert mark("number", key, Decimal(1), "35,7") == 1
    assert mark("number", key, Decimal(1), "35") == 0


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_a_decimal_is_read_exactly(digits: int, places: int) -> None:
    value = Decimal(digits).scaleb(-places)
    for written in (
        f"{value:f}",
        f"{value:f}".replace(".", ","),
        f"{value:e}",
        f"{value:,f}".replace(",", " "),
    ):
        assert read_number(written) == Fraction(value)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9))
def test_a_fraction_is_read_exactly(over: int, under: int) -> None:
    assert read_number(f"{over}/{under}") == Fraction(over, under)


@given(st.text(alphabet="0123456789 .,/eE+-−*^·×1", max_size=70) | st.text())
def test_no_text_breaks_the_reading_of_numbers(text: str) -> None:
    value = read_number(text)
    assert value is None or abs(value) <= 10**101


def reads_in_the_field(text: str) -> bool:
    return bool(re.fullmatch(FIELD_PATTERN, text))


@given(st.text(alphabet="0123456789 .,/⁄eE+-−*^·×\u00a0", max_size=12))
@example("1 3/4")
@example("1 234/5")
@example("0/0")
@example("2,5·10^-040")
@example("1e041")
@example("-12 500,5 ")
@example("1" * 61)
@example("12 cm")
def test_the_field_calls_a_number_what_marking_reads(text: str) -> None:
    assert reads_in_the_field(text) == (read_number(text) is not None or not text.strip())


@given(
    st.sampled_from("+-−"),
    st.integers(0, 10**7),
    st.sampled_from(["", ",5", ".", "/3", " 1/2", "e-3", "·10^41"]),
)
def test_the_field_knows_the_forms_of_a_number(sign: str, whole: int, end: str) -> None:
    grouped = f"{whole:,}".replace(",", " ")
    for text in (f"{sign}{whole}{end}", f" {sign} {grouped}{end}"):
        assert reads_in_the_field(text) == (read_number(text) is not None)


def test_no_long_text_takes_the_field_long() -> None:
    for text in (" " * 500, "1 " * 250, "1" * 500, " " * 250 + "x", "111 " * 125):
        assert reads_in_the_field(text) == (not text.strip())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("oʻzbek", "o'zbek"),
        ("Oʻzbek", "o‘zbek"),
        ("gʼalaba", "g`alaba"),
        ("O´ZBEK", "oʻzbek"),
        ("  new   York\n", "New York"),
        ("“quoted”", '"quoted"'),
        ("«quoted»", '"quoted"'),
        ("co–operate", "co-operate"),
        ("ﬁne", "fine"),
        ("STRASSE", "straße"),
        ("café", "cafe\u0301"),
        ("Ｐａｒｉｓ", "paris"),
        ("pa\u200bris", "paris"),
        ("ТОШКЕНТ", "Тошкент"),
    ],
)
def test_short_texts_that_only_a_keyboard_tells_apart_are_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_capitals_matter_when_the_key_says_so() -> None:
    assert share("short_text", "PARIS") == 1
    assert share("short_text", "PARIS", case_sensitive=True) == 0
    assert share("short_text", " Paris", case_sensitive=True) == 1


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(max_size=30).filter(normalise))
def test_an_accepted_text_is_right_as_it_stands(text: str) -> None:
    assert share("short_text", text, accept=["else", text]) == 1


@given(st.permutations(FIVE))
def test_an_order_and_its_reverse_earn_one_together(order: list[str]) -> None:
    assert share("ordering", order) + share("ordering", order[::-1]) == 1


@given(st.sets(st.sampled_from(FIVE)))
def test_ticking_a_wrong_option_as_well_never_earns_more(ticked: set[str]) -> None:
    assert share("multiple_choice", sorted(ticked | {"B"})) <= share("multiple_choice", sorted(ticked))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([*FIVE, "12.5"]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["1", "2", "3", "best", "worst"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(SHARES)), JSON, st.decimals(0, 100, places=3), st.booleans())
def test_whatever_the_answer_the_mark_is_between_nothing_and_full(
    kind: str, answer: object, points: Decimal, partial: bool
) -> None:
    key = KEYS[kind] | ({"partial": partial} if "partial" in KEYS[kind] else {})
    marked = mark(kind, key, points, answer)
    assert marked is not None
    assert 0 <= marked <= points


@pytest.mark.parametrize("kind", sorted(SHARES))
def test_no_answer_earns_nothing(kind: str) -> None:
    assert share(kind, None) == 0
