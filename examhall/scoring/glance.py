"""An exam at a glance for those who run it: one query per concern, whatever the number of sittings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from examhall.base.db import Connection, many, maybe, one
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Bands of the score distribution, 5 percent each; of the time used, 10 percent each.
SCORE_BANDS = 20
TIME_BANDS = 10
# Points of the curve of those who came and handed in.
CURVE_POINTS = 60
STATES = ("draft", "coming", "open", "over")


@dataclass(frozen=True)
class ListedExam:
    id: int
    title: str
    kind: str
    course: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    state: str
    sittings: int
    in_now: int
    is_released: bool


@dataclass(frozen=True)
class Standing:
    """The exam itself, its state, and who came."""

    id: int
    title: str
    kind: str
    course: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    grace_s: int
    release: str
    release_at: datetime | None
    released_at: datetime | None
    is_released: bool
    show_key: bool
    pass_percent: Decimal | None
    version: int
    key_version: int
    state: str
    server_time: datetime
    questions: int
    items: int
    points: Decimal
    # None: everybody signed in may sit it.
    expected: int | None
    not_come: int | None
    people: int
    in_now: int
    handed_in: int
    by_deadline: int
    by_staff: int


@dataclass(frozen=True)
class Results:
    marked: int
    # Handed in, and not marked by the newest key yet.
    waiting: int
    max_points: Decimal | None
    mean: Decimal | None
    median: float | None
    sd: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None
    passed: int
    # Answers that wait for a person to mark them, and the sittings that they are in.
    unmarked_items: int
    unmarked_sittings: int
    # How many results in each band of SCORE_BANDS.
    bands: list[int]


@dataclass(frozen=True)
class Pace:
    """How many had come and had handed in at each of so many instants; how much of their time they used."""

    at: list[datetime]
    came: list[int]
    handed_in: list[int]
    time_bands: list[int]
    median_time_s: float | None


async def list_exams(
    conn: Connection,
    *,
    search: str = "",
    state: str | None = None,
    before: int | None = None,
    made_by: int | None = None,
    limit: int = 50,
) -> list[ListedExam]:
    """Newest first: up to `limit` exams with ids below `before`, whose title or course has `search` in it.

    With `made_by`, those that this person made.
    """
    pattern = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await many(
        conn,
        SQL.exams,
        ListedExam,
        pattern=f"%{pattern}%",
        state=state,
        before=before,
        made_by=made_by,
        limit=limit,
    )


async def standing_of(conn: Connection, exam_id: int) -> Standing:
    found = await maybe(conn, SQL.standing, Standing, exam_id=exam_id)
    if found is None:
        raise NotFound
    return found


async def results_of(conn: Connection, exam_id: int) -> Results:
    return await one(conn, SQL.results, Results, exam_id=exam_id, bands=SCORE_BANDS)


async def pace_of(conn: Connection, exam_id: int) -> Pace:
    return await one(conn, SQL.pace, Pace, exam_id=exam_id, points=CURVE_POINTS, time_bands=TIME_BANDS)


def next_page(exams: Sequence[ListedExam], limit: int) -> int | None:
    """Below which id the next page begins; None on the last."""
    return exams[-1].id if len(exams) == limit else None
