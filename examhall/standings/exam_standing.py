"""Who came where in one exam: for good once results are out; live, and frozen before the end, until then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from examhall.base.db import Connection, many, maybe, one
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.sittings.availability import ExamNotFound
from examhall.standings.leaderboard import ROWS_ABOVE, Cursor, Entry, Listing, listing

SQL = beside(__file__)

# In the list to choose from.
LATEST = 20
# What a place is stored in.
LARGEST_PLACE = 2**31 - 1


class StandingNotShown(Conflict):
    """The places in this exam are shown once its results are released."""


@dataclass(frozen=True)
class Viewer:
    """For whom a standing is read: nobody in particular, a candidate, or staff, who see it all and live."""

    person_id: int = 0
    is_staff: bool = False


@dataclass(frozen=True)
class _Found:
    exam_id: int
    title: str
    kind: str
    closes_at: datetime | None
    live_standing: bool
    is_final: bool
    rated: bool
    participants: int
    freezes_at: datetime | None
    server_time: datetime
    may_look: bool


@dataclass(frozen=True)
class Standing:
    """What a viewer may see of an exam's standing at this moment."""

    exam_id: int
    title: str
    state: Literal["final", "live", "frozen"]
    rated: bool
    closes_at: datetime | None
    # What was handed in after this is not in it; None: all of it is.
    until: datetime | None
    # When it is final; how many have handed in so far, a page says.
    participants: int


@dataclass(frozen=True)
class LatestStanding:
    exam_id: int
    title: str
    participants: int
    rated: bool
    happened_at: datetime


@dataclass(frozen=True)
class _Count:
    people: int


@dataclass(frozen=True)
class _Above:
    level: float
    person_id: int


async def find_standing(conn: Connection, *, exam_id: int, viewer: Viewer) -> Standing:
    """The standing as this viewer may see it now. An exam that was assigned to others does not exist.

    Places are final once the exam is concluded and its results are released. Before that staff see what was
    handed in so far; others too if the exam says so, but nothing that came after the freeze.
    """
    found = await maybe(conn, SQL.find_standing, _Found, exam_id=exam_id, person_id=viewer.person_id)
    if found is None or not (found.may_look or viewer.is_staff):
        raise ExamNotFound
    if not (found.is_final or found.live_standing or viewer.is_staff):
        raise StandingNotShown
    until = None if found.is_final or viewer.is_staff else found.freezes_at
    frozen = until is not None and found.server_time >= until
    state: Literal["final", "live", "frozen"] = "final" if found.is_final else "frozen" if frozen else "live"
    return Standing(
        found.exam_id, found.title, state, found.rated, found.closes_at, until, found.participants
    )


async def list_places(conn: Connection, standing: Standing, *, after: Cursor, limit: int) -> Listing:
    """A page of the standing, who is hidden not shown."""
    # The first page has an endless level; an address that somebody made up may have any.
    place = min(max(-after.level, 0), LARGEST_PLACE)
    page = {
        "exam_id": standing.exam_id,
        "place": int(place),
        "after_id": after.person_id if place else 0,
        "limit": limit + 1,
    }
    if standing.state == "final":
        return listing(await many(conn, SQL.places, Entry, **page), limit, standing.participants)
    entries = await many(conn, SQL.live_places, Entry, **page, until=standing.until)
    count = await one(conn, SQL.handed_in, _Count, exam_id=standing.exam_id, until=standing.until)
    return listing(entries, limit, count.people)


async def find_my_place(conn: Connection, standing: Standing, person_id: int) -> Entry | None:
    """Where somebody came, or stands so far; None for who has not handed in, or not before the freeze."""
    whose = {"exam_id": standing.exam_id, "person_id": person_id}
    if standing.state == "final":
        return await maybe(conn, SQL.my_place, Entry, **whose)
    return await maybe(conn, SQL.my_live_place, Entry, **whose, until=standing.until)


async def place_near(conn: Connection, standing: Standing, mine: Entry) -> Cursor:
    """Where a page begins that shows this entry a few rows down."""
    if standing.state != "final":
        return Cursor()
    whose = {"exam_id": standing.exam_id, "place": mine.rank, "person_id": mine.person_id}
    above = await maybe(conn, SQL.place_above, _Above, **whose, rows=ROWS_ABOVE)
    return Cursor(above.level, above.person_id) if above else Cursor()


async def list_latest(conn: Connection, viewer: Viewer) -> list[LatestStanding]:
    """The exams whose places this viewer may look up, the newest first."""
    return await many(
        conn,
        SQL.latest_standings,
        LatestStanding,
        person_id=viewer.person_id,
        sees_all=viewer.is_staff,
        limit=LATEST,
    )
