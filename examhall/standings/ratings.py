"""Places after each exam, and ratings from them: one update per participant, played again when need be."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from examhall.base.columns import Columns, microseconds, read_columns, write_columns
from examhall.base.db import Connection, many, maybe, run
from examhall.base.packed import bigints
from examhall.base.sqlfile import beside
from examhall.psychometrics.rating import MEAN, SPREAD, Ratings, rate
from examhall.scoring.conclude import announce_results
from examhall.standings.levels import settle_rating_levels, take_turn
from examhall.standings.scale import on_scale

SQL = beside(__file__)

# docs/decisions/0007: in larger fields an exam would move nobody.
COUNTS_AS = 8
# Over how many rounds somebody has improved.
ROUNDS_OF_GAIN = 5
# Enqueued in one go by the sweep; more wait a minute.
SWEPT_AT_ONCE = 100

STATE = {"person_id": "i8", "mu": "f8", "sigma": "f8", "number": "i4"}
FIELD = {"person_id": "i8", "place": "i4"}
HISTORY = {
    "exam_id": "i8", "person_id": "i8", "happened_at": "i8", "key_version": "i4", "number": "i4",
    "place": "i4", "participants": "i4", "mu_before": "f8", "sigma_before": "f8", "mu": "f8", "sigma": "f8",
    "rating_before": "f8", "rating": "f8",
}  # fmt: skip


@dataclass(frozen=True)
class ToSettle:
    exam_id: int
    key_version: int


@dataclass(frozen=True)
class _Exam:
    rated: bool
    was_rated: bool
    settled_happened_at: datetime | None
    happened_at: datetime


@dataclass(frozen=True)
class _Round:
    exam_id: int
    key_version: int
    participants: int
    happened_at: datetime


async def rate_exam(conn: Connection, *, exam_id: int, key_version: int) -> int:
    """Settle a concluded exam's places and, if it is rated, what they do to ratings; give how many took part.

    Who sat it takes part, with the first attempt, and nobody else. Ratings end as if all rated exams had been
    rated one after the other in the order of their closing, by their keys as they are: where others came
    after this one, they are played again from here. Readers see all of it or nothing. A repeat does nothing,
    and neither does an older version of the key, nor an exam whose results are not released yet.
    """
    await take_turn(conn)
    exam = await maybe(conn, SQL.exam_to_settle, _Exam, exam_id=exam_id, key_version=key_version)
    if exam is None:
        return 0
    await run(conn, SQL.forget_places, exam_id=exam_id)
    participants = await run(conn, SQL.settle_places, exam_id=exam_id)
    await run(
        conn,
        SQL.settle_standing,
        exam_id=exam_id,
        key_version=key_version,
        rated=exam.rated,
        participants=participants,
        happened_at=exam.happened_at,
    )
    if exam.rated or exam.was_rated:
        since = exam.happened_at
        if exam.was_rated and exam.settled_happened_at is not None:
            since = min(since, exam.settled_happened_at)
        await play_rounds(conn, since=since, exam_id=exam_id)
    await announce_results(conn, exam_id)
    return participants


async def list_exams_to_settle(conn: Connection) -> list[ToSettle]:
    """What `rate_exam` had to leave when it was concluded, because its results were not released then."""
    return await many(conn, SQL.exams_to_settle, ToSettle, limit=SWEPT_AT_ONCE)


async def play_rounds(conn: Connection, *, since: datetime, exam_id: int) -> None:
    """Rate all rated exams anew from the round (since, exam_id) on, that one included if it is rated.

    The caller has the turn. What one round adds is written by one COPY; nothing is done person by person.
    """
    start: dict[str, Any] = {"happened_at": since, "exam_id": exam_id}
    rounds = await many(conn, SQL.rounds_since, _Round, **start)
    concerned = [*{exam_id, *(each.exam_id for each in rounds)}]
    state = await read_columns(conn, SQL.states_before, STATE, exam_ids=concerned, **start)
    newcomer = state["number"] == 0
    state["mu"][newcomer], state["sigma"][newcomer] = MEAN, SPREAD
    await run(conn, SQL.forget_history, exam_ids=concerned)
    for each in rounds:
        field = await read_columns(conn, SQL.field, FIELD, exam_id=each.exam_id)
        # Beside the event loop, which has deadlines to keep: a million take a while.
        history = await asyncio.to_thread(play_round, state, field)
        history["exam_id"] = np.int64(each.exam_id)
        history["happened_at"] = np.int64(microseconds(each.happened_at))
        history["key_version"] = np.int32(each.key_version)
        history["participants"] = np.int32(each.participants)
        if each.participants:
            await write_columns(conn, SQL.add_history, HISTORY, history)
    await _settle(conn, state)


def play_round(state: Columns, field: Columns) -> dict[str, Any]:
    """Move the participants' state on by one field; give the columns of the history that differ by person."""
    who = np.searchsorted(state["person_id"], field["person_id"])
    before = Ratings(state["mu"][who], state["sigma"][who])
    after = rate(before, field["place"], counts_as=COUNTS_AS)
    state["mu"][who], state["sigma"][who] = after
    state["number"][who] += 1
    return {
        **field,
        "number": state["number"][who],
        "mu_before": before.mu,
        "sigma_before": before.sigma,
        "mu": after.mu,
        "sigma": after.sigma,
        "rating_before": on_scale(before.mu),
        "rating": on_scale(after.mu),
    }


async def _settle(conn: Connection, state: Columns) -> None:
    """Bring what is read to where the history ends: ratings, gains, how many are ahead of whom."""
    rated = state["number"] > 0
    # Whoever is in no field any more.
    await run(conn, SQL.forget_ratings, person_ids=bigints(state["person_id"][~rated].tolist()))
    await run(conn, SQL.settle_ratings, person_ids=bigints(state["person_id"][rated].tolist()))
    await run(conn, SQL.settle_gains, rounds=ROUNDS_OF_GAIN)
    await settle_rating_levels(conn)
