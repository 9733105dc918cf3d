"""Numbers and moments as whoever reads a page writes them."""

from starlette.requests import Request

from examhall.base.languages import language_of
from examhall.base.numbers import ENGLISH, Numbers, numbers, numbers_beside

__all__ = ["ENGLISH", "Numbers", "numbers", "numbers_beside", "numbers_of"]


def numbers_of(request: Request) -> Numbers:
    """As whoever sent this request writes them."""
    return numbers(language_of(request.scope))
