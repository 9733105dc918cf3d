"""From bytes on the wire to values: bodies, texts that PostgreSQL can hold, pages of a list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from examhall.base.db import Database
from examhall.base.errors import Refusal, UnsupportedMediaType
from examhall.base.said import said

Item = TypeVar("Item")
Row = TypeVar("Row")

LARGEST_ID = 2**63 - 1
# The sentences of one status in an OpenAPI entry: a paragraph each.
BETWEEN = "\n\n"


class Body(BaseModel):
    """A request body. Unknown fields are refused, so a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def storable(text: str) -> str:
    """The text itself, or ValueError when PostgreSQL cannot hold it: NUL, or half a surrogate pair."""
    if "\0" in text:
        raise ValueError(said("must not contain the NUL character"))
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(said("must be valid Unicode"))
    return text


# Any string that comes from outside. Bound it: Annotated[Text, Field(max_length=...)].
Text: TypeAlias = Annotated[str, AfterValidator(storable)]

# An instant from outside, within what every time zone can write; which years make sense, the field says.
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
Moment: TypeAlias = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]

# An identifier in a path: what bigint can hold.
Id: TypeAlias = Annotated[int, Path(ge=1, le=LARGEST_ID)]

Limit: TypeAlias = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
# For lists in the order of an id. Clients are told that it is opaque.
After: TypeAlias = Annotated[
    int, Query(alias="cursor", ge=0, le=LARGEST_ID, description="The `next_cursor` of the page before.")
]
# For lists with the highest id first.
Before: TypeAlias = Annotated[
    int, Query(alias="cursor", ge=1, le=LARGEST_ID, description="The `next_cursor` of the page before.")
]


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def page_of(
    found: Sequence[Row], limit: int, item: Callable[[Row], Item], *, cursor: Callable[[Row], object]
) -> Page[Item]:
    """The first `limit` of what was found. One more was asked for: if it is there, a page follows."""
    next_cursor = str(cursor(found[limit - 1])) if len(found) > limit else None
    return Page(items=[item(row) for row in found[:limit]], next_cursor=next_cursor)


async def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Db: TypeAlias = Annotated[Database, Depends(database_of)]


def address_of(request: Request) -> str:
    """The network address of whoever asks; behind a trusted proxy, the one that the proxy says."""
    return request.client.host if request.client else ""


def require_csv(request: Request) -> None:
    """Raise UnsupportedMediaType unless the body is sent as CSV."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "text/csv":
        raise UnsupportedMediaType(said("Send this as text/csv."))


# A picture as the body, for a route's OpenAPI entry.
PICTURE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Refusals(dict[int | str, dict[str, Any]]):
    """How a route may refuse, by status, for its OpenAPI entry.

    Joined by `|`, one status keeps the sentences of both sides, each once.
    """

    # dict promises less of what it gives for other types of keys and values, which here there are none of.
    def __or__(self, other: dict[Any, Any]) -> "Refusals":  # type: ignore[override]
        return _joined(self, other)

    def __ror__(self, other: dict[Any, Any]) -> "Refusals":  # type: ignore[override]
        return _joined(other, self)


def _joined(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> Refusals:
    joined = Refusals({**left, **right})
    for status in left.keys() & right.keys():
        both = [side[status].get("description", "").split(BETWEEN) for side in (left, right)]
        sentences = dict.fromkeys(sentence for side in both for sentence in side if sentence)
        joined[status] = left[status] | right[status] | {"description": BETWEEN.join(sentences)}
    return joined


def refusals(*kinds: type[Refusal]) -> Refusals:
    """What a route's OpenAPI entry says about how it may refuse: the sentence and code of each kind."""

    def sentences(group: Iterator[type[Refusal]]) -> str:
        return BETWEEN.join(f"`{kind.word()}`: {kind.sentence()}" for kind in group)

    by_status = groupby(sorted(kinds, key=lambda kind: kind.status), key=lambda kind: kind.status)
    return Refusals(
        (status, {"description": sentences(group), "content": {"application/problem+json": {}}})
        for status, group in by_status
    )
