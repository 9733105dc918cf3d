"""Who is ahead: the tabs of the leaderboard, a page of each at a time, and where somebody stands in it."""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from examhall.base.db import Connection, many, maybe, one
from examhall.base.errors import Malformed
from examhall.base.sqlfile import Query, beside
from examhall.base.wire import LARGEST_ID
from examhall.standings.levels import SHORTEST_STREAK

SQL = beside(__file__)

Tab: TypeAlias = Literal["top_rated", "most_improved", "streaks"]
# Of those just ahead, how many a page shows that begins at somebody's own place.
ROWS_ABOVE = 4
# What a streak is stored in.
LONGEST_STREAK = 2**31 - 1


class BadCursor(Malformed):
    """This `cursor` is not one that a page of this list gave."""


class Cursor(NamedTuple):
    """Behind which row a page begins. Pages neither overlap nor miss anybody who stays where they are."""

    level: float = math.inf
    person_id: int = LARGEST_ID

    def __str__(self) -> str:
        return f"{self.level!r}_{self.person_id}"

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        if text is None:
            return cls()
        level, _, person_id = text.partition("_")
        try:
            found = cls(float(level), int(person_id))
        except ValueError as error:
            raise BadCursor from error
        if math.isnan(found.level) or not 0 <= found.person_id <= LARGEST_ID:
            raise BadCursor
        return found


@dataclass(frozen=True)
class Entry:
    """Somebody's line. What a tab does not tell is None."""

    person_id: int
    full_name: str
    rank: int | None
    # Before the latest rated exam; None for who had no rating then.
    rank_before: int | None = None
    rating: float | None = None
    sigma: float | None = None
    rated_exams: int | None = None
    gain: float | None = None
    rating_before: float | None = None
    points: Decimal | None = None
    max_points: Decimal | None = None
    # A streak, and of which series.
    current: int | None = None
    longest: int | None = None
    series: str | None = None
    rank_by_gain: int | None = None
    # What the list is in the order of.
    level: float | None = None
    hidden: bool = False

    @property
    def trend(self) -> int | None:
        """By how many places up since the last rated exam."""
        return self.rank_before - self.rank if self.rank and self.rank_before else None


@dataclass(frozen=True)
class Listing:
    entries: list[Entry]
    next_cursor: str | None
    # On the whole list, those who are hidden included.
    people: int


@dataclass(frozen=True)
class _Count:
    people: int


@dataclass(frozen=True)
class _Above:
    level: float
    person_id: int


class _Board(NamedTuple):
    """How a tab is read, and where its ranks are."""

    page: Query
    above: Query
    levels: str


BOARDS: dict[Tab, _Board] = {
    "top_rated": _Board(SQL.top_rated, SQL.above_by_rating, "rating"),
    "most_improved": _Board(SQL.most_improved, SQL.above_by_gain, "gain"),
    "streaks": _Board(SQL.streaks, SQL.above_by_streak, "streak"),
}


async def list_leaders(conn: Connection, tab: Tab, *, after: Cursor, limit: int) -> Listing:
    """A page of the tab, who is hidden or has left not shown. Equal values share a rank, the next is as many
    further on; the hidden count, so that nobody's rank depends on who looks."""
    board = BOARDS[tab]
    page: dict[str, object] = {**after._asdict(), "limit": limit + 1}
    if tab == "streaks":
        # The first page has an endless level; an address that somebody made up may have any.
        level = int(min(max(after.level, 0), LONGEST_STREAK))
        page |= {"level": level, "shortest": SHORTEST_STREAK}
    found = await many(conn, board.page, Entry, **page)
    count = await one(conn, SQL.people_on, _Count, board=board.levels)
    return listing(found, limit, count.people)


def listing(found: list[Entry], limit: int, people: int) -> Listing:
    """The page, of one row more than it shows."""
    last = found[limit - 1] if len(found) > limit else None
    cursor = str(Cursor(float(last.level or 0), last.person_id)) if last else None
    return Listing(found[:limit], cursor, people)


async def find_my_entry(conn: Connection, tab: Tab, person_id: int) -> Entry | None:
    """Where somebody stands at this moment, hidden or not; None without a rating, or a streak."""
    if tab == "streaks":
        return await maybe(conn, SQL.my_streak, Entry, person_id=person_id)
    found = await maybe(conn, SQL.my_entry, Entry, person_id=person_id)
    if found is not None and tab == "most_improved":
        return replace(found, rank=found.rank_by_gain, rank_before=None, level=found.gain)
    return found and replace(found, level=found.rating)


async def cursor_near(conn: Connection, tab: Tab, mine: Entry) -> Cursor:
    """Where a page begins that shows this entry a few rows down."""
    above = await maybe(
        conn, BOARDS[tab].above, _Above, level=mine.level, person_id=mine.person_id, rows=ROWS_ABOVE
    )
    return Cursor(above.level, above.person_id) if above else Cursor()
