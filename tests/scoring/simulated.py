"""Candidates by the thousand: a whole exam's sittings, answered as the Rasch model has it."""

import random
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base import clock
from examhall.base.db import Connection
from examhall.exams.correcting import keyed_items
from examhall.exams.correction import KeyedItem

SEED = 20_261_121


async def simulate(
    conn: Connection, exam_id: int, candidate_ids: list[int], *, minutes: int = 120
) -> list[int]:
    """Everybody sits and hands in; the ids of their sittings. Not marked, and nothing is enqueued."""
    chance = random.Random(SEED)
    items = await keyed_items(conn, exam_id)
    difficulty = {id(item): chance.gauss(0, 1) for item in items}
    begin = clock.now() - timedelta(minutes=minutes + 60)
    async with (
        conn.cursor() as cursor,
        cursor.copy(
            "COPY sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,"
            " closed_at, closed_by) FROM STDIN"
        ) as copy,
    ):
        for candidate_id in candidate_ids:
            started = begin + timedelta(seconds=chance.expovariate(1 / 240))
            deadline = started + timedelta(minutes=minutes)
            used = min(1.0, chance.betavariate(5, 1.6))
            by = "deadline" if used > 0.97 else "candidate"
            closed = deadline if by == "deadline" else started + timedelta(minutes=minutes * used)
            await copy.write_row(
                (candidate_id, exam_id, 1, candidate_id, started, deadline, deadline, closed, by)
            )
    found = await conn.execute(
        "SELECT candidate_id, id FROM sittings WHERE exam_id = %s ORDER BY id", (exam_id,)
    )
    sittings = [row for row in await found.fetchall() if row[0] in {*candidate_ids}]
    saved_at = clock.now()
    async with (
        conn.cursor() as cursor,
        cursor.copy(
            "COPY answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)"
            " FROM STDIN"
        ) as copy,
    ):
        for candidate_id, sitting_id in sittings:
            ability = chance.gauss(0.3, 1)
            for item in items:
                if chance.random() < 0.03:
                    continue
                knows = chance.random() < 1 / (1 + 2.718 ** (difficulty[id(item)] - ability))
                answer = Jsonb(_right(item) if knows else _wrong(item, chance))
                await copy.write_row(
                    (candidate_id, sitting_id, item.question_number, item.sub_part, answer, 1, saved_at)
                )
    return [sitting_id for _, sitting_id in sittings]


def _right(item: KeyedItem) -> Any:
    match item.kind:
        case "single_choice":
            return item.key["correct"][0]
        case "number":
            return item.key["value"]
        case "short_text":
            return item.key["accept"][0]
    raise ValueError(item.kind)


def _wrong(item: KeyedItem, chance: random.Random) -> Any:
    if item.kind == "single_choice":
        # One wrong option draws more than the others.
        options = [option["key"] for option in item.presented["options"]]
        wrong = [key for key in options if key not in item.key["correct"]]
        return chance.choices(wrong, [3, *[1] * (len(wrong) - 1)])[0]
    return chance.choice(["2", "4", "0.5", "-1", "12"])
