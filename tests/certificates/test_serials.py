import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.certificates.serials import ALPHABET, check_character, new_serial, read_serial

bodies = st.text(ALPHABET, min_size=19, max_size=19)


def grouped(plain: str) -> str:
    return "-".join(plain[start : start + 4] for start in range(0, 20, 4))


def test_a_serial_is_read_as_it_was_made() -> None:
    serial = new_serial()
    assert len(serial) == 24
    assert read_serial(serial) == serial


def test_serials_have_95_random_bits_and_do_not_repeat() -> None:
    made = [new_serial() for _ in range(2000)]
    assert len(set(made)) == 2000
    # Every random place has seen every one of the 32 characters: the chance of missing one is 10^-25.
    assert all({serial.replace("-", "")[place] for serial in made} == set(ALPHABET) for place in range(19))


@pytest.mark.parametrize(
    "typed",
    [
        "{lower}",
        "  {serial}\n",
        "{spaced}",
        "{plain}",
        "{long_dashes}",
        "{full_width}",
        "{read_from_paper}",
        "{cyrillic}",
    ],
)
def test_what_people_type_is_understood(typed: str) -> None:
    body = "0123456789ABCEHKMPT"
    serial = grouped(body + check_character(body))
    plain = serial.replace("-", "")
    meant = typed.format(
        serial=serial,
        lower=serial.lower(),
        spaced=serial.replace("-", " "),
        plain=plain,
        long_dashes=serial.replace("-", "\N{EN DASH}"),
        full_width="".join(chr(ord(character) + 0xFEE0) for character in plain),
        read_from_paper=serial.replace("0", "o").replace("1", "l"),
        cyrillic=serial.translate(
            str.maketrans("ABCEHKMPT", "\u0410\u0412\u0421\u0415\u041d\u041a\u041c\u0420\u0422")
        ),
    )
    assert read_serial(meant) == serial


@given(bodies, st.integers(0, 19), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(body: str, place: int, wrong: str) -> None:
    plain = body + check_character(body)
    mistyped = plain[:place] + wrong + plain[place + 1 :]
    assert (read_serial(mistyped) is None) == (mistyped != plain)


@given(bodies, st.integers(0, 19), st.integers(0, 19))
def test_two_characters_that_changed_places_are_noticed(body: str, one: int, other: int) -> None:
    plain = list(body + check_character(body))
    right = "".join(plain)
    plain[one], plain[other] = plain[other], plain[one]
    assert (read_serial("".join(plain)) is None) == ("".join(plain) != right)


@pytest.mark.parametrize(
    "typed", ["", "-", "7K3Q", "U" * 20, "7K3Q-D9ZM-PAXT-04GH-R2VC-7K3Q", "\0" * 20, "0" * 10_000]
)
def test_what_is_no_serial_is_none(typed: str) -> None:
    assert read_serial(typed) is None


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    found = read_serial(typed)
    assert found is None or read_serial(found) == found


def test_few_of_the_serials_that_somebody_makes_up_pass_the_check() -> None:
    chosen = random.Random(1)
    made_up = ["".join(chosen.choices(ALPHABET, k=20)) for _ in range(3200)]
    assert 50 < sum(read_serial(each) is not None for each in made_up) < 150
