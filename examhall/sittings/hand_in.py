"""Handing in many sittings at once, each with all of its answers: what contests' submissions are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.sittings.close import ClosedSitting, enqueue_scoring

SQL = beside(__file__)


@dataclass(frozen=True)
class HandedIn(ClosedSitting):
    closed_at: datetime


@dataclass(frozen=True)
class _Held:
    candidate_id: int
    id: int


@dataclass(frozen=True)
class GivenAnswer:
    sitting_id: int
    question_number: int
    sub_part: str
    answer: Any


async def hold_running(conn: Connection, sittings: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of these (candidate_id, id), those that are still open; until the commit nobody else closes them.

    Before anything of them is saved: a save holds a sitting with others, and two who hold it so and then both
    want it alone would wait for each other for ever.
    """
    held = await many(conn, SQL.hold_running, _Held, **_columns(sittings))
    return {(each.candidate_id, each.id) for each in held}


async def hand_in(conn: Connection, sittings: Sequence[tuple[int, int]]) -> list[HandedIn]:
    """Close those of these (candidate_id, id) that are open, and enqueue their marking."""
    closed = await many(conn, SQL.hand_in, HandedIn, **_columns(sittings))
    if closed:
        await enqueue_scoring(conn, closed)
    return closed


async def answers_given(conn: Connection, sittings: Sequence[tuple[int, int]]) -> list[GivenAnswer]:
    """What is stored for these (candidate_id, id), cleared answers left out."""
    return await many(conn, SQL.answers_given, GivenAnswer, **_columns(sittings))


def _columns(sittings: Sequence[tuple[int, int]]) -> dict[str, object]:
    return {
        "candidate_ids": [candidate_id for candidate_id, _ in sittings],
        "sitting_ids": [sitting_id for _, sitting_id in sittings],
    }
