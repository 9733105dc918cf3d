"""Numbers and moments as each language writes them."""

from datetime import UTC, datetime

import pytest

from examhall.web.numbers import day_with, numbers

NBSP = "\u00a0"
MOMENT = datetime(2026, 11, 21, 9, 5, tzinfo=UTC)


def test_points_have_no_idle_zeros() -> None:
    written = [numbers("en").points(value) for value in (1, 0.5, 12.75, 10, 0)]
    assert written == ["1", "0.5", "12.75", "10", "0"]


@pytest.mark.parametrize(
    ("language", "thousand", "half", "share"),
    [
        ("en", "1,234", "0.5", "45.5%"),
        ("ru", f"1{NBSP}234", "0,5", f"45,5{NBSP}%"),
        ("uz", f"1{NBSP}234", "0,5", "45,5%"),
    ],
)
def test_a_number_is_written_as_the_language_has_it(
    language: str, thousand: str, half: str, share: str
) -> None:
    write = numbers(language)
    assert (write.figure(1234), write.points(0.5), write.percent(45.5, 1)) == (thousand, half, share)


def test_a_figure_has_four_digits_that_say_something() -> None:
    figures = [numbers("en").figure(value) for value in (12_345, 0.12345, 1234.56, 12_345.6, 3.0)]
    assert figures == ["12,345", "0.1235", "1,235", "12,346", "3"]


def test_a_sign_is_a_true_minus_and_nothing_has_none() -> None:
    write = numbers("ru")
    signed = [write.fixed(value, 1, signed=True) for value in (1.25, -1.26, 0.0, -0.04, None)]
    assert signed == ["+1,2", "\u22121,3", "0,0", "0,0", "–"]


def test_a_moment_names_its_month_in_the_language() -> None:
    assert numbers("en").utc(MOMENT) == "21 Nov 2026, 09:05 UTC"
    assert "ноя" in numbers("ru").utc(MOMENT)
    assert "noy" in numbers("uz").utc(MOMENT)


def test_a_percent_without_a_number_of_digits_has_those_that_say_something() -> None:
    assert [numbers("en").percent(value, None) for value in (60, 81.8, 66.67)] == ["60%", "81.8%", "66.67%"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "14 January 2026"), ("ru", "14 января 2026\u202fг."), ("uz", "2026-yil 14-yanvar")],
)
def test_a_day_is_in_words_for_people_and_in_figures_for_machines(language: str, words: str) -> None:
    assert day_with(numbers(language), "2026-01-14") == f'<time datetime="2026-01-14">{words}</time>'


def test_what_is_not_a_day_stays_as_somebody_wrote_it() -> None:
    for text in ("in spring", "2026-02-30", "<b>", ""):
        assert day_with(numbers("ru"), text) == text
        assert not hasattr(day_with(numbers("ru"), text), "__html__")
