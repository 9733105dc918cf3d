"""Serial numbers of certificates: random, for people to read aloud and type.

Nineteen characters of Crockford's base 32 are 95 random bits: nobody guesses one, and none says how many
there are. The twentieth is a check character, so that a mistyped serial is told from one never issued.
"""

import secrets
import unicodedata

# Without I, L, O and U: digits look like the first three, and no word comes about by accident.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 19
GROUP = 4
# Whatever somebody pastes, no more of it is looked at.
LONGEST_TYPED = 100

# x^5 + x^2 + 1 makes a field of the 32 characters, in which x reaches every one of them but 0.
MODULUS = 0b100101
# Whoever has a Cyrillic keyboard, and what is read from paper.
MEANT = str.maketrans("ILOАВСЕНКМОРТХУЅІ", "110ABCEHKM0PTXYS1")


def new_serial() -> str:
    """A serial that nobody has: `7K3Q-D9ZM-PAXT-04GH-R2VC`."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return _grouped(body + check_character(body))


def read_serial(typed: str) -> str | None:
    """What was meant by what somebody typed, as it was issued; None where that is no serial.

    Case, spaces and dashes do not matter, nor letters that look like the right ones.
    """
    text = unicodedata.normalize("NFKC", typed[:LONGEST_TYPED]).upper().translate(MEANT)
    plain = "".join(
        character
        for character in text
        if not character.isspace()
        and unicodedata.category(character) not in ("Pd", "Cf")
        and character != "_"
    )
    if len(plain) != RANDOM_LENGTH + 1 or not set(plain) <= set(ALPHABET):
        return None
    return _grouped(plain) if check_character(plain[:-1]) == plain[-1] else None


def check_character(body: str) -> str:
    """The polynomial with these coefficients, taken at x.

    One wrong character changes it, and so do two that changed places, next to each other or not: no two of
    the powers of x are the same.
    """
    total = 0
    for character in body:
        total = _times_x(total ^ ALPHABET.index(character))
    return ALPHABET[total]


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ MODULUS if value > 31 else value


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + GROUP] for start in range(0, len(plain), GROUP))
