"""What one answer is worth: pure functions of the item's kind, its key and the answer."""

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from examhall.exams.numbers import read_number

Key = Mapping[str, Any]

RIGHT, WRONG = Fraction(1), Fraction(0)
# marks.points is numeric(8, 3).
THOUSANDTH = Decimal("0.001")
# The save path lets no short answer be longer; an imported one could be.
LONGEST_SHORT_TEXT = 500

# Uzbek oʻ and gʻ, Hawaiian ʻokina, French l’eau: each keyboard has its own character for it.
APOSTROPHES = dict.fromkeys(map(ord, "'’‘‛ʻʼʽˈ`´′＇"), "'")
QUOTES = dict.fromkeys(map(ord, '"“”„‟«»″＂'), '"')
DASHES = dict.fromkeys(map(ord, "‐‑‒–—−﹣－"), "-")
INVISIBLE: dict[int, str | None] = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
VARIANTS: dict[int, str | None] = {**APOSTROPHES, **QUOTES, **DASHES, **INVISIBLE}


def mark(kind: str, key: Key, points: Decimal, answer: object) -> Decimal | None:
    """The points that *answer* earns, from 0 to *points*; None when a person has to mark it.

    Never raises for any answer that JSON can hold: what makes no sense earns 0, as does no answer.
    Parts of points are rounded to a thousandth, half to even. A correction of the key may have given
    everybody full marks, or accepted further answers beside the right one.
    """
    if key.get("everybody"):
        return points
    if kind == "essay" or key.get("by_hand"):
        # Of an item that counts for nothing there is nothing to wait for.
        return None if points and _says_something(answer) else Decimal(0)
    share = RIGHT if _is_also_right(kind, key, answer) else SHARES[kind](key, answer)
    return (points * share.numerator / share.denominator).quantize(THOUSANDTH)


def _says_something(answer: object) -> bool:
    return bool(answer.strip() if isinstance(answer, str) else answer)


def _is_also_right(kind: str, key: Key, answer: object) -> bool:
    also = key.get("also", ())
    if kind == "multiple_choice":
        return any(_distinct(answer) == frozenset(one) for one in also)
    return answer in also


def normalise(text: str, *, case_sensitive: bool = False) -> str:
    """The form in which short texts are compared: what only a keyboard or a font decides is gone."""
    # Variants first, as NFKC would make a space and an accent of a lone ´; and last, as it makes some.
    text = unicodedata.normalize("NFKC", text.translate(VARIANTS))
    if not case_sensitive:
        # Once more: folding can undo the composition, and composing can leave something to fold.
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.casefold()).casefold())
    return " ".join(text.translate(VARIANTS).split())


def _single_choice(key: Key, answer: object) -> Fraction:
    return RIGHT if answer in key["correct"] else WRONG


def _multiple_choice(key: Key, answer: object) -> Fraction:
    """(right ones ticked - wrong ones ticked) / right ones there are, and never below nothing."""
    ticked = _distinct(answer)
    correct = frozenset(key["correct"])
    if not key["partial"]:
        return RIGHT if ticked == correct else WRONG
    return max(WRONG, Fraction(len(ticked & correct) - len(ticked - correct), len(correct)))


def _true_false(key: Key, answer: object) -> Fraction:
    return RIGHT if answer == ("true" if key["correct"] else "false") else WRONG


def _number(key: Key, answer: object) -> Fraction:
    """Right within the tolerance, ends included, of the value or of an alternative. Exact: no floats."""
    given = read_number(answer) if isinstance(answer, str) else None
    if given is None:
        return WRONG
    tolerance = read_number(key.get("tolerance", "0")) or WRONG
    wanted = (read_number(text) for text in (key["value"], *key.get("accept", ())))
    return RIGHT if any(value is not None and abs(given - value) <= tolerance for value in wanted) else WRONG


def _short_text(key: Key, answer: object) -> Fraction:
    if not isinstance(answer, str) or len(answer) > LONGEST_SHORT_TEXT:
        return WRONG
    exact = bool(key.get("case_sensitive"))
    given = normalise(answer, case_sensitive=exact)
    accepted = (normalise(text, case_sensitive=exact) for text in key["accept"])
    return RIGHT if given and given in accepted else WRONG


def _ordering(key: Key, answer: object) -> Fraction:
    """The share of all pairs of options whose order is right; an option left out is in no pair.

    This is (1 + Kendall's tau) / 2 for a complete answer: reversed earns nothing, and one swap of
    neighbours among five costs a tenth.
    """
    order = key["order"]
    if not isinstance(answer, list) or len(_distinct(answer)) != len(answer):
        return WRONG
    if not key["partial"] or len(order) < 2:
        return RIGHT if answer == order else WRONG
    place = {option: position for position, option in enumerate(answer)}
    pairs = list(combinations(order, 2))
    right = sum(1 for a, b in pairs if a in place and b in place and place[a] < place[b])
    return Fraction(right, len(pairs))


def _matching(key: Key, answer: object) -> Fraction:
    """The share of the left column that is matched rightly."""
    pairs = key["pairs"]
    if not isinstance(answer, dict):
        return WRONG
    right = sum(1 for left, wanted in pairs.items() if answer.get(left) == wanted)
    return Fraction(right, len(pairs)) if key["partial"] else Fraction(right == len(pairs))


def _best_worst(key: Key, answer: object) -> Fraction:
    """Half for the best, half for the worst; nothing at all when the two are taken for each other."""
    if not isinstance(answer, dict):
        return WRONG
    best, worst = answer.get("best"), answer.get("worst")
    if best == key["worst"] or worst == key["best"]:
        return WRONG
    right = Fraction((best == key["best"]) + (worst == key["worst"]), 2)
    return right if key["partial"] or right == RIGHT else WRONG


def _distinct(answer: object) -> frozenset[str]:
    """The strings in a list that has nothing twice; empty for anything else."""
    if not isinstance(answer, list) or not all(isinstance(option, str) for option in answer):
        return frozenset()
    distinct = frozenset(answer)
    return distinct if len(distinct) == len(answer) else frozenset()


SHARES: dict[str, Callable[[Key, object], Fraction]] = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
    "true_false": _true_false,
    "number": _number,
    "short_text": _short_text,
    "ordering": _ordering,
    "matching": _matching,
    "best_worst": _best_worst,
}
