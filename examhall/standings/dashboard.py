"""A student's dashboard: everything about how somebody goes on, one query per concern."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.standings.achievements import Achievement, achievements_of
from examhall.standings.streaks import Streak, streaks_of
from examhall.standings.topics import Topic, topics_of

SQL = beside(__file__)

UPCOMING = 5
RECENT = 10
# Enough for a chart; the whole history is the leaderboard's to tell.
RATED = 100


@dataclass(frozen=True)
class Upcoming:
    exam_id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    # The one in progress, if there is one.
    sitting_id: int | None


@dataclass(frozen=True)
class Rated:
    exam_id: int
    title: str
    happened_at: datetime
    place: int
    participants: int
    rating_before: float
    rating: float
    sigma: float
    number: int


@dataclass(frozen=True)
class Recent:
    sitting_id: int
    exam_id: int
    title: str
    attempt_number: int
    submitted_at: datetime
    # None until the results are there and released.
    points: Decimal | None
    max_points: Decimal | None
    # Answers that wait for a person.
    unmarked: int
    place: int | None
    participants: int | None


@dataclass(frozen=True)
class Dashboard:
    upcoming: Sequence[Upcoming]
    # Oldest first.
    ratings: Sequence[Rated]
    streaks: Sequence[Streak]
    achievements: Sequence[Achievement]
    topics: Sequence[Topic]
    # Newest first.
    recent: Sequence[Recent]


async def dashboard_of(conn: Connection, person_id: int) -> Dashboard:
    """Six queries, however much there is; nothing of a result that is not released."""
    return Dashboard(
        upcoming=await many(conn, SQL.upcoming, Upcoming, person_id=person_id, limit=UPCOMING),
        ratings=await many(conn, SQL.ratings, Rated, person_id=person_id, limit=RATED),
        streaks=await streaks_of(conn, person_id),
        achievements=await achievements_of(conn, person_id),
        topics=await topics_of(conn, person_id),
        recent=await many(conn, SQL.recent, Recent, person_id=person_id, limit=RECENT),
    )
