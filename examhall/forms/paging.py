"""Where a page of a list that is newest first begins: an instant and an id, as one opaque word."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple, TypeAlias

from fastapi import Query

from examhall.base.errors import Malformed
from examhall.base.wire import LARGEST_ID

# In a handler's signature; `Before.read` makes sense of it.
Cursor: TypeAlias = Annotated[
    str | None, Query(alias="cursor", max_length=60, description="As `next_cursor` had it.")
]
WORD = re.compile(r"([0-9]{1,18})-([0-9]{1,19})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


class BadCursor(Malformed):
    """This is no cursor of this list. Take `next_cursor` as it is, or none for the beginning."""


class Before(NamedTuple):
    """Of this instant and id, and all that came later, nothing is on the page."""

    at: datetime = LATEST
    id: int = LARGEST_ID

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def read(cls, word: str | None) -> "Before":
        if not word:
            return cls()
        found = WORD.fullmatch(word)
        if found is None or int(found[2]) > LARGEST_ID:
            raise BadCursor
        try:
            return cls(EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))
        except OverflowError as error:
            raise BadCursor from error
