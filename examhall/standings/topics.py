"""Strengths and weaknesses by topic: what somebody reached, beside everybody, with its uncertainty."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside
from examhall.psychometrics.shares import shares

SQL = beside(__file__)

# Older exams say little about what somebody can do now.
LATEST_EXAMS = 10
MOST_TOPICS = 40
# Of fewer items no verdict is given, however clear they seem.
LEAST_ITEMS = 4


@dataclass(frozen=True)
class _Reached:
    topic: str
    items: int
    points: float
    max_points: float
    # Sum of the squares of the items' points.
    squares: float
    # Of everybody in the same exams; None where it is not known.
    mean_share: float | None


class TopicShare(Protocol):
    """What is said of a topic, wherever it comes from."""

    @property
    def name(self) -> str: ...
    @property
    def share(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def mean_share(self) -> float | None: ...
    @property
    def verdict(self) -> str: ...


@dataclass(frozen=True)
class Topic:
    """Shares are of 1; the interval holds the true share nine times in ten."""

    name: str
    items: int
    share: float
    low: float
    high: float
    mean_share: float | None

    @property
    def verdict(self) -> str:
        """strength or weakness if the whole interval lies beyond everybody's mean; open if too few items."""
        if self.items < LEAST_ITEMS or self.mean_share is None:
            return "open"
        if self.low > self.mean_share:
            return "strength"
        return "weakness" if self.high < self.mean_share else "usual"


async def summarise_topics(conn: Connection, exam_id: int) -> None:
    """Keep how everybody did in this exam by topic, as it is marked now; a repeat gives the same.

    One aggregate over the marks of first attempts: for the worker, not for a request.
    """
    await run(conn, SQL.summarise_topics, exam_id=exam_id)


async def topics_of(conn: Connection, person_id: int) -> list[Topic]:
    """The topics of this person's latest released exams, the best beside everybody first."""
    reached = await many(
        conn, SQL.reached, _Reached, person_id=person_id, exams=LATEST_EXAMS, limit=MOST_TOPICS
    )
    found = shares(
        np.array([each.points for each in reached]),
        np.array([each.max_points for each in reached]),
        np.array([each.squares for each in reached]),
    )
    topics = [
        Topic(each.topic, each.items, float(share), float(low), float(high), each.mean_share)
        for each, share, low, high in zip(reached, *found, strict=True)
    ]
    return sorted(topics, key=lambda topic: topic.share - (topic.mean_share or 0), reverse=True)
