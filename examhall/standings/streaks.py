"""Streaks: how many exams of a series somebody has sat one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from examhall.base.db import Connection, many, maybe, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

MOST_LISTED = 50


@dataclass(frozen=True)
class _Series:
    series_id: int


@dataclass(frozen=True)
class Streak:
    series_id: int
    series: str
    current: int
    longest: int
    # How many of the series' exams they have sat in all, and how many there were for them.
    sat: int
    scheduled: int


async def follow_series(conn: Connection, exam_id: int) -> bool:
    """Count everybody's streaks in this exam's series anew; False if it belongs to none.

    Of the series' exams those count that are concluded; one that somebody was not admitted to neither breaks
    their streak nor adds to it. Counted from the sittings each time: a repeat, another order of conclusions
    or an exam added to the series later give what is right by then. Two at once take turns.
    """
    series = await maybe(conn, SQL.hold_series_of, _Series, exam_id=exam_id)
    if series is None:
        return False
    await run(conn, SQL.count_streaks, series_id=series.series_id)
    return True


async def streaks_of(conn: Connection, person_id: int) -> Sequence[Streak]:
    """Of each series that this person has sat an exam of, the one with the most recent exam first."""
    return await many(conn, SQL.streaks_of, Streak, person_id=person_id, limit=MOST_LISTED)
