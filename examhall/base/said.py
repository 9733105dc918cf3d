"""Sentences with something put in: English to programs, and in any language to whoever reads them."""

from collections.abc import Callable
from typing import Any


class Said(str):
    """A sentence that knows how it was made: English, yet it can still be said in another language."""

    __slots__ = ("given", "many", "message", "n")

    message: str
    many: str | None
    n: int
    given: dict[str, object]

    def __new__(cls, message: str, many: str | None, n: int, given: dict[str, object]) -> "Said":
        sentence = super().__new__(cls, (message if many is None or n == 1 else many).format(**given))
        sentence.message, sentence.many, sentence.n, sentence.given = message, many, n, given
        return sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return Said, (self.message, self.many, self.n, self.given)


def said(message: str, **given: object) -> Said:
    """`message` with {names} filled in; what is given may itself be something said."""
    return Said(message, None, 0, given)


def counted(message: str, many: str, n: int, **given: object) -> Said:
    """`message` for one, `many` for any other number; {n} stands for it in both."""
    return Said(message, many, n, {"n": n, **given})


def in_words(
    sentence: Said,
    one: Callable[[str], str],
    several: Callable[[str, str, int], str],
    write: Callable[[int], str],
) -> str:
    """The sentence by a catalog's two ways to look something up; {n:,} is as `write` writes it."""
    if sentence.many is None:
        form = one(sentence.message)
    else:
        form = several(sentence.message, sentence.many, sentence.n)
    given = {
        name: in_words(value, one, several, write) if isinstance(value, Said) else value
        for name, value in sentence.given.items()
    }
    grouped = {
        f"{{{name}:,}}": write(value)
        for name, value in given.items()
        if type(value) is int and value >= 1_000
    }
    for place, number in grouped.items():
        form = form.replace(place, number)
    return form.format(**given)
