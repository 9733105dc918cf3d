"""Numbers and moments as whoever reads a page writes them."""

from datetime import date

from markupsafe import Markup
from starlette.requests import Request

from examhall.base.languages import language_of
from examhall.base.numbers import ENGLISH, Numbers, numbers, numbers_beside

__all__ = ["ENGLISH", "Numbers", "day_with", "numbers", "numbers_beside", "numbers_of"]


def numbers_of(request: Request) -> Numbers:
    """As whoever sent this request writes them."""
    return numbers(language_of(request.scope))


def day_with(write: Numbers, text: str) -> str | Markup:
    """A day that is kept as 2026-01-14, as people write it and machines read it; any other text as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), write.day(day))
