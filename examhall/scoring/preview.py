"""What a correction of the key would do to everybody's result, worked out without writing anything."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from examhall.base.db import Connection, many, one
from examhall.base.sqlfile import beside
from examhall.exams.correcting import Plan, Standing, find_standing, plan_correction
from examhall.exams.correction import Correction, Edit
from examhall.scoring.marking import mark

SQL = beside(__file__)

MOST_MOVERS = 20
# Bands of the distribution, in percent of all points.
BANDS = 10
# Points are whole thousandths here, as exact as numeric(8, 3).
THOUSAND = 1000
# How PostgreSQL sends an array of one dimension without nulls: a header, then each value after its length.
ARRAY_HEADER_BYTES = 20
ARRAY_VALUE = np.dtype([("bytes", ">i4"), ("value", ">i8")])

Whole: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class _Answered:
    """One answer to one item, and the sittings in which it was given."""

    question_number: int
    sub_part: str
    answer: Any
    sitting_ids: bytes


@dataclass(frozen=True)
class _Marked:
    """One mark that an item has, and the sittings in which it has it."""

    question_number: int
    sub_part: str
    points: Decimal | None
    by_hand: Decimal | None
    sitting_ids: bytes


@dataclass(frozen=True)
class _Packed:
    """Sittings as arrays of PostgreSQL: thousands of rows that never become objects."""

    sitting_ids: bytes | None
    points: bytes | None
    max_points: bytes | None
    waiting: int
    pass_percent: Decimal | None


@dataclass(frozen=True)
class _Name:
    sitting_id: int
    username: str
    full_name: str


class Mover(NamedTuple):
    sitting_id: int
    username: str
    full_name: str
    points_before: float
    points_after: float


class Side(NamedTuple):
    """All results before the correction, or after it."""

    max_points: float
    mean_points: float
    mean_percent: float
    # How many results lie in each band of percent, from the lowest.
    bands: list[int]
    passed: int | None


class Preview(NamedTuple):
    exam: Standing
    edits: Sequence[Edit]
    sittings: int
    # Handed in, but not yet marked by the key as it is now: left out of the figures.
    waiting: int
    up: int
    down: int
    before: Side | None
    after: Side | None
    newly_passed: int | None
    newly_failed: int | None
    movers: Sequence[Mover]


async def preview_correction(
    conn: Connection, *, exam_id: int, correction: Correction | None, pass_percent: Decimal | None = None
) -> Preview:
    """Who would go up and who down, exactly as the correction would make it. Nothing is written.

    With a pass mark, as if that were the exam's from then on. Each different answer to the items that change
    is marked once; what that means for each sitting is added up in arrays, beside the event loop.
    """
    if correction is None:
        plan = Plan(await find_standing(conn, exam_id), [], [])
    else:
        plan = await plan_correction(conn, exam_id=exam_id, correction=correction)
    labels = [edit.before.label for edit in plan.edits]
    essays = [edit.before.label for edit in plan.edits if edit.before.kind == "essay"]
    answered = await many(conn, SQL.answered, _Answered, exam_id=exam_id, labels=labels, essays=essays)
    marked = await many(conn, SQL.marked, _Marked, exam_id=exam_id, labels=labels)
    packed = await one(conn, SQL.results, _Packed, exam_id=exam_id)
    figures = await asyncio.to_thread(_figures, packed, plan.edits, answered, marked, pass_percent)
    names = await many(conn, SQL.names, _Name, sitting_ids=[each[0] for each in figures.movers])
    by_id = {name.sitting_id: name for name in names}
    movers = [
        Mover(sitting_id, by_id[sitting_id].username, by_id[sitting_id].full_name, *points)
        for sitting_id, *points in figures.movers
        if sitting_id in by_id
    ]
    return Preview(plan.exam, plan.edits, figures.sittings, packed.waiting, *figures[1:-1], movers)


def _moves(edit: Edit, answered: Sequence[_Answered], marked: Sequence[_Marked], sitting_ids: Whole) -> Whole:
    """By how many thousandths each of the sittings, whose ids ascend, moves with this item."""

    def earned(answer: object) -> Decimal | None:
        return mark(edit.before.kind, edit.key, edit.points, answer)

    # Whoever had the item has a mark of it, given or not. Who has no answer in the list gave none; a person's
    # mark is none until it is given.
    new = np.where(_presented(marked, sitting_ids), _thousandths(earned(None)), 0)
    waits = np.zeros(len(sitting_ids), np.bool_)
    old = np.zeros(len(sitting_ids), np.int64)
    for given in answered:
        places, points = _places(given.sitting_ids, sitting_ids), earned(given.answer)
        new[places], waits[places] = _thousandths(points), points is None
    for had in marked:
        places = _places(had.sitting_ids, sitting_ids)
        old[places] = _thousandths(had.points)
        if had.by_hand is not None:
            new[places[waits[places]]] = _thousandths(min(had.by_hand, edit.points))
    return new - old


def _presented(marked: Sequence[_Marked], sitting_ids: Whole) -> NDArray[np.bool_]:
    """In which of the sittings there was the item; in others its question was not drawn."""
    presented = np.zeros(len(sitting_ids), np.bool_)
    for had in marked:
        presented[_places(had.sitting_ids, sitting_ids)] = True
    return presented


def _places(sent: bytes, sitting_ids: Whole) -> Whole:
    """Where these sittings stand among those that are marked by the key as it is."""
    ids = _values(sent)
    places = np.minimum(np.searchsorted(sitting_ids, ids), len(sitting_ids) - 1)
    found: Whole = places[sitting_ids[places] == ids]
    return found


def _thousandths(points: Decimal | None) -> int:
    return int((points or 0) * THOUSAND)


class _Figures(NamedTuple):
    sittings: int
    up: int
    down: int
    before: Side | None
    after: Side | None
    newly_passed: int | None
    newly_failed: int | None
    movers: list[tuple[int, float, float]]


def _figures(
    packed: _Packed,
    edits: Sequence[Edit],
    answered: Sequence[_Answered],
    marked: Sequence[_Marked],
    new_pass_percent: Decimal | None,
) -> _Figures:
    sitting_ids, before, most = (
        _values(sent) for sent in (packed.sitting_ids, packed.points, packed.max_points)
    )
    if not len(before):
        return _Figures(0, 0, 0, None, None, None, None, [])
    moves = np.zeros(len(before), np.int64)
    # By how much each one's exam is worth more afterwards.
    more = np.zeros(len(before), np.int64)
    for edit in edits:
        slot = edit.before.question_number, edit.before.sub_part
        had = [each for each in marked if (each.question_number, each.sub_part) == slot]
        moves += _moves(
            edit,
            [each for each in answered if (each.question_number, each.sub_part) == slot],
            had,
            sitting_ids,
        )
        more[_presented(had, sitting_ids)] += _thousandths(edit.points - edit.before.points)
    after = before + moves
    pass_percent = None if packed.pass_percent is None else float(packed.pass_percent)
    passes_at = pass_percent if new_pass_percent is None else float(new_pass_percent)
    newly_passed = newly_failed = None
    if pass_percent is not None and passes_at is not None:
        passed, passes = _passes(before, most, pass_percent), _passes(after, most + more, passes_at)
        newly_passed, newly_failed = int((passes & ~passed).sum()), int((passed & ~passes).sum())
    # Stable: of equal moves the earlier sitting comes first, in every preview the same.
    order = np.argsort(-np.abs(moves), kind="stable")[:MOST_MOVERS]
    return _Figures(
        len(before),
        int((moves > 0).sum()),
        int((moves < 0).sum()),
        _side(before, most, pass_percent),
        _side(after, most + more, passes_at),
        newly_passed,
        newly_failed,
        [
            (int(sitting_ids[i]), before[i] / THOUSAND, after[i] / THOUSAND)
            for i in order.tolist()
            if moves[i]
        ],
    )


def _side(points: Whole, most: Whole, pass_percent: float | None) -> Side:
    percent = _percent(points, most)
    bands = np.minimum(percent * BANDS / 100, BANDS - 1).astype(np.int64)
    return Side(
        max_points=float(most.max()) / THOUSAND,
        mean_points=float(points.mean()) / THOUSAND,
        mean_percent=float(percent.mean()),
        bands=np.bincount(bands, minlength=BANDS).tolist(),
        passed=None if pass_percent is None else int(_passes(points, most, pass_percent).sum()),
    )


def _percent(points: Whole, most: Whole) -> NDArray[np.float64]:
    """0 where there is nothing to get."""
    percent: NDArray[np.float64] = np.divide(100.0 * points, most, out=np.zeros(len(points)), where=most > 0)
    return percent


def _passes(points: Whole, most: Whole, pass_percent: float) -> NDArray[np.bool_]:
    """In whole numbers: of 60 percent of 55 points, 33 are enough, whatever floats make of it."""
    return 10_000 * points >= round(pass_percent * 100) * most


def _values(sent: bytes | None) -> Whole:
    if sent is None:
        return np.zeros(0, np.int64)
    return np.frombuffer(sent, ARRAY_VALUE, offset=ARRAY_HEADER_BYTES)["value"].astype(np.int64)
