"""Exams as arrays, without a database: what the tests of what-if share."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from examhall.analyses.remarking import NOT_GIVEN, Given, Item, Sat
from examhall.scoring.marking import mark

KEY = {"correct": ["A"]}


def an_item(number: int, kind: str = "single_choice", **changes: Any) -> Item:
    told: dict[str, Any] = {
        "question_number": number,
        "sub_part": "",
        "kind": kind,
        "topic": None,
        "points": 1000,
        "new_key": None,
        "new_points": 1000,
    }
    return Item(**(told | changes))


def sat_by(
    answers: Sequence[Sequence[Any]],
    items: Sequence[Item],
    keys: Sequence[Mapping[str, Any]] | None = None,
    *,
    exam_id: int = 1,
    first: int = 1,
    by_hand: Mapping[int, Sequence[int]] | None = None,
    **changes: Any,
) -> Sat:
    """Candidates from `first` on, their answers marked by the official keys. Everything is given."""
    keys = keys or [KEY] * len(items)
    hands = {column: np.array(given) for column, given in (by_hand or {}).items()}
    marks = np.zeros((len(answers), len(items)), np.int32)
    given = {}
    for column, (item, key) in enumerate(zip(items, keys, strict=True)):
        seen: list[Any] = [None]
        which = []
        for row, candidate in enumerate(answers):
            answer = candidate[column]
            if answer not in seen:
                seen.append(answer)
            which.append(seen.index(answer))
            points = mark(item.kind, key, Decimal(item.points) / 1000, answer)
            if points is None:
                hand = int(hands[column][row]) if column in hands else NOT_GIVEN
                points = Decimal(min(max(hand, 0), item.points)) / 1000
            marks[row, column] = int(points * 1000)
        given[column] = Given(seen, np.array(which, np.int32))
    count = len(answers)
    told: dict[str, Any] = {
        "exam_id": exam_id,
        "title": f"Exam {exam_id}",
        "key_version": 1,
        "pass_percent": Decimal(50),
        "items": list(items),
        "sitting_ids": np.arange(exam_id * 1000, exam_id * 1000 + count),
        "candidate_ids": np.arange(first, first + count),
        "attempts": np.ones(count, np.int64),
        "seconds": np.full(count, 3600),
        "points": marks.sum(axis=1).astype(np.int64),
        "max_points": np.full(count, sum(item.points for item in items)),
        "marks": marks,
        "presented": np.ones(marks.shape, np.bool_),
        "given": given,
        "by_hand": hands,
        "waiting": 0,
    }
    return Sat(**(told | changes))


def choices(candidates: int, items: int, *, seed: int = 1) -> list[list[str | None]]:
    chance = random.Random(seed)
    return [[chance.choice(["A", "A", "B", "C", None]) for _ in range(items)] for _ in range(candidates)]
