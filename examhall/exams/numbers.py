"""How a number that somebody typed is read, by the exam file and by the marker alike."""

import re
from fractions import Fraction

# Longer than any number a person types; a hostile one is refused before it is computed.
LONGEST_NUMBER = 60
# 10^±40 covers every quantity in physics that a question could ask for.
LARGEST_EXPONENT = 40

MINUS = dict.fromkeys(map(ord, "−–—‐‑‒﹣－"), "-")
SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2008\u2009\u202f\t"), " ")
WRITTEN = MINUS | SPACES | {ord("⁄"): "/", ord("×"): "*", ord("·"): "*", ord(","): "."}

# Thousands may be set apart by a space: 12 500 000. Digits are 0-9 only.
WHOLE = r"(?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)"
DECIMAL = re.compile(
    rf"(?P<digits>{WHOLE}(?:\.[0-9]*)?|\.[0-9]+)(?: ?(?:[eE]|\* ?10 ?\^) ?(?P<power>[+-]?[0-9]{{1,3}}))?"
)
FRACTION = re.compile(rf"(?P<over>{WHOLE}) ?/ ?(?P<under>{WHOLE})")
MIXED = re.compile(r"(?P<whole>[0-9]+) (?P<over>[0-9]{1,2}) ?/ ?(?P<under>[0-9]+)")

# The same for a browser, which looks at the text as it is typed: what `read_number` reads, or nothing yet.
_SPACE = "[ \u00a0\u2007\u2008\u2009\u202f\t]"
_MINUS = r"\-−–—‐‑‒﹣－"
_WHOLE = WHOLE.replace(" ", _SPACE)
_UNDER = rf"{_SPACE}?[\/⁄]{_SPACE}?(?=.*[1-9])"
_POWER = rf"(?:[eE]|[*×·]{_SPACE}?10{_SPACE}?\^){_SPACE}?[+{_MINUS}]?0?(?:[0-3]?[0-9]|40)"
FIELD_PATTERN = (
    rf"\s*|(?!.{{{LONGEST_NUMBER + 1}}})\s*[+{_MINUS}]?\s*"
    rf"(?:(?:{_WHOLE}(?:[.,][0-9]*)?|[.,][0-9]+)(?:{_SPACE}?{_POWER})?"
    rf"|{_WHOLE}{_UNDER}{_WHOLE}|[0-9]+{_SPACE}[0-9]{{1,2}}{_UNDER}[0-9]+)\s*"
)


def read_number(text: str) -> Fraction | None:
    """The exact value of *text*, or None when it is not a number.

    Takes a decimal comma or point, spaces between thousands, any of Unicode's minus signs, a fraction
    (3/4), a mixed number (1 3/4), and powers of ten (2.5e-3, 2,5·10^-3). Time and memory are bounded
    whatever the text: 1e999999999 and a million digits are simply not numbers.
    """
    if len(text) > LONGEST_NUMBER:
        return None
    text = text.translate(WRITTEN).strip()
    sign = -1 if text.startswith("-") else 1
    text = text[1:].lstrip() if text[:1] in ("-", "+") else text
    magnitude = _decimal(text) if "/" not in text else _fraction(text)
    return None if magnitude is None else sign * magnitude


def _decimal(text: str) -> Fraction | None:
    found = DECIMAL.fullmatch(text)
    if found is None:
        return None
    power = int(found["power"] or 0)
    if abs(power) > LARGEST_EXPONENT:
        return None
    return Fraction(found["digits"].replace(" ", "").rstrip(".")) * Fraction(10) ** power


def _fraction(text: str) -> Fraction | None:
    # 1 3/4 before 1 234/5: three digits after a space are thousands, one or two are a numerator.
    found = MIXED.fullmatch(text) or FRACTION.fullmatch(text)
    if found is None:
        return None
    parts = {name: int(digits.replace(" ", "")) for name, digits in found.groupdict().items()}
    if parts["under"] == 0:
        return None
    return parts.get("whole", 0) + Fraction(parts["over"], parts["under"])
