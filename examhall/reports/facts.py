"""What a report says, gathered for many candidates at once: three queries however many they are."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.psychometrics.shares import shares
from examhall.standings.topics import Topic

SQL = beside(__file__)

# Classes of the distribution: twentieths of the points that there were.
BINS = 20


@dataclass(frozen=True)
class Due:
    """A sitting that wants a report; what is unknown is None."""

    candidate_id: int
    sitting_id: int
    exam_id: int
    key_version: int
    title: str
    full_name: str
    happened_at: datetime
    points: Decimal
    max_points: Decimal
    place: int
    participants: int
    # How many have this place, this candidate among them.
    sharing: int
    theta: float | None
    se: float | None
    scaled: float | None
    scaled_se: float | None
    pass_percent: Decimal | None
    # Feedback that staff have approved.
    approved: str | None
    # What the candidate chose for their account.
    language: str | None


@dataclass(frozen=True)
class _TopicOf:
    sitting_id: int
    topic: str
    items: int
    points: float
    max_points: float
    squares: float
    mean_share: float | None


@dataclass(frozen=True)
class _Bin:
    exam_id: int
    bin: int | None
    people: int
    mean: float


class TopicFacts(msgspec.Struct, frozen=True):
    """Shares are of 1."""

    name: str
    share: float
    low: float
    high: float
    mean_share: float | None
    verdict: str


class Facts(msgspec.Struct, frozen=True):
    """All that a report says in figures; kept with it, so that a page shows what the PDF does."""

    title: str
    full_name: str
    happened_at: str
    points: float
    max_points: float
    percent: float
    passed: bool | None
    place: int
    participants: int
    # Of a hundred others, how many did less well.
    ahead_of: int
    mean_points: float
    theta: float | None
    se: float | None
    scaled: float | None
    scaled_se: float | None
    topics: tuple[TopicFacts, ...]
    # How many reached each twentieth of the points, and which one is this candidate's.
    spread: tuple[int, ...]
    bin: int


async def list_due(conn: Connection, *, limit: int, leave_out: Collection[tuple[int, int]] = ()) -> list[Due]:
    """Who has no report yet though their exam is settled and calibrated; the latest exam first.

    `leave_out` names sittings and versions of the key that are not wanted.
    """
    return await many(
        conn,
        SQL.due,
        Due,
        limit=limit,
        left_out_ids=[sitting_id for sitting_id, _ in leave_out],
        left_out_versions=[key_version for _, key_version in leave_out],
    )


async def gather(conn: Connection, due: Sequence[Due]) -> list[Facts]:
    """The facts of each, in the order given."""
    wanted = {
        "candidate_ids": [each.candidate_id for each in due],
        "sitting_ids": [each.sitting_id for each in due],
    }
    topics = _by_sitting(await many(conn, SQL.topics, _TopicOf, **wanted))
    spreads: dict[int, list[int]] = defaultdict(lambda: [0] * BINS)
    sums: dict[int, float] = defaultdict(float)
    for row in await many(conn, SQL.fields, _Bin, exam_ids=list({each.exam_id for each in due})):
        spreads[row.exam_id][row.bin or 0] += row.people
        sums[row.exam_id] += row.people * row.mean
    return [_facts(each, topics.get(each.sitting_id, ()), spreads, sums) for each in due]


def _by_sitting(rows: Sequence[_TopicOf]) -> Mapping[int, tuple[TopicFacts, ...]]:
    found = shares(
        np.array([row.points for row in rows]),
        np.array([row.max_points for row in rows]),
        np.array([row.squares for row in rows]),
    )
    by_sitting: dict[int, list[TopicFacts]] = defaultdict(list)
    for row, share, low, high in zip(rows, *found, strict=True):
        topic = Topic(row.topic, row.items, float(share), float(low), float(high), row.mean_share)
        by_sitting[row.sitting_id].append(
            TopicFacts(topic.name, topic.share, topic.low, topic.high, topic.mean_share, topic.verdict)
        )
    return {sitting: tuple(topics) for sitting, topics in by_sitting.items()}


def _facts(
    due: Due, topics: tuple[TopicFacts, ...], spreads: Mapping[int, list[int]], sums: Mapping[int, float]
) -> Facts:
    points, most = float(due.points), float(due.max_points)
    share = points / most if most else 0.0
    spread = spreads[due.exam_id]
    return Facts(
        title=due.title,
        full_name=due.full_name,
        happened_at=rfc3339(due.happened_at),
        points=points,
        max_points=most,
        percent=round(100 * share, 1),
        # Exact: of 57 percent of 100 points 57 are enough, whatever floats make of it.
        passed=None if due.pass_percent is None else 100 * due.points >= due.pass_percent * due.max_points,
        place=due.place,
        participants=due.participants,
        ahead_of=_ahead_of(due.place, due.sharing, due.participants),
        mean_points=round(sums[due.exam_id] / max(sum(spread), 1), 1),
        theta=due.theta,
        se=due.se,
        scaled=due.scaled,
        scaled_se=due.scaled_se,
        topics=topics,
        spread=tuple(spread),
        bin=min(int(BINS * share), BINS - 1),
    )


def _ahead_of(place: int, sharing: int, participants: int) -> int:
    """Rounded down, so that nobody but the first is ahead of all; who is alone is ahead of nobody."""
    others, behind = participants - 1, participants - (place - 1) - sharing
    return 100 * behind // others if others else 0


def read_facts(stored: Any) -> Facts:
    """Facts as they were kept."""
    return msgspec.convert(stored, Facts)


def as_stored(facts: Facts) -> Any:
    """Facts as they are kept: what `read_facts` reads."""
    return msgspec.to_builtins(facts)
