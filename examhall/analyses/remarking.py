"""Every item's points for every sitting as a scenario has it: corrected keys, weights, wrong answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.analyses.arithmetic import THOUSAND, Whole, exact, times
from examhall.scoring.marking import mark

# What a waiting mark by hand is in `by_hand`.
NOT_GIVEN = -1
NO_ANSWER = 0


@dataclass(frozen=True)
class Item:
    """One item as it is, and what the scenario makes of it."""

    question_number: int
    sub_part: str
    kind: str
    topic: str | None
    # In thousandths.
    points: int
    # The key by which it is marked anew; None where its marks stand as they are.
    new_key: Mapping[str, Any] | None
    new_points: int

    @property
    def is_changed(self) -> bool:
        return self.new_key is not None

    @property
    def is_given(self) -> bool:
        """Whether its new points are the same whatever was answered: then answers need not be read."""
        return self.new_key is not None and (not self.new_points or bool(self.new_key.get("everybody")))


@dataclass(frozen=True)
class Given:
    """What was answered to one item: each different answer once, and which of them each sitting gave."""

    # The first is None: no answer.
    answers: Sequence[Any]
    which: NDArray[np.int32]


@dataclass(frozen=True)
class Sat:
    """One exam as everybody sat it; rows are sittings in the order of their ids, columns its items."""

    exam_id: int
    title: str
    key_version: int
    # Of the exam itself; None: without a pass mark.
    pass_percent: Decimal | None
    items: Sequence[Item]
    sitting_ids: Whole
    candidate_ids: Whole
    attempts: Whole
    seconds: Whole
    # The official result, in thousandths.
    points: Whole
    max_points: Whole
    # (sittings, items), in thousandths; what waits for a person is 0, and so is what was not drawn for them.
    marks: NDArray[np.int32]
    # (sittings, items): whether they had it.
    presented: NDArray[np.bool_]
    # By column, where answers are needed.
    given: Mapping[int, Given]
    # By column, of essays that are marked anew: what a person gave, in thousandths.
    by_hand: Mapping[int, Whole]
    # Handed in, but not marked by the key as it is: not among the rows.
    waiting: int


def needs_answers(item: Item, kinds: frozenset[str]) -> bool:
    """Whether answers to the item must be known; `kinds` are those whose wrong answers cost something."""
    return (item.is_changed and not item.is_given) or item.kind in kinds


def kinds_that_cost(document: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of items whose wrong answers cost something; what a person marks never does."""
    negative = document.get("negative_marking")
    return frozenset() if negative is None else frozenset(negative.get("kinds") or MACHINE_MARKED)


MACHINE_MARKED = (
    "single_choice", "multiple_choice", "true_false", "number", "short_text", "ordering", "matching",
    "best_worst",
)  # fmt: skip


def new_points_of(document: Mapping[str, Any], sat: Sat) -> tuple[Whole, list[int]]:
    """(sittings, items) in thousandths, negative where a wrong answer costs; and what each item is worth.

    Of an item that somebody did not have they get nothing, whatever becomes of it.
    First what a changed key or other points make of the answers, then the weight of the topic, rounded for
    each item; then what a wrong answer costs, of the points that the item is worth by then.
    """
    factors = {
        (each["exam_id"], each["topic"]): exact(each["factor"]) for each in document.get("weights", ())
    }
    costs, share = kinds_that_cost(document), Fraction(0)
    if costs:
        share = exact(document["negative_marking"]["fraction"])
    earned = np.empty(sat.marks.shape, np.int64)
    worth = []
    for column, item in enumerate(sat.items):
        points = sat.marks[:, column].astype(np.int64)
        most = item.points
        if item.is_changed:
            points, most = _marked_anew(sat, column, item), item.new_points
        factor = factors.get((sat.exam_id, item.topic or ""))
        if factor is not None:
            points, most = times(points, factor), round(most * factor)
        if item.kind in costs and most:
            points = _less_what_wrong_costs(points, sat.given[column], round(most * share))
        earned[:, column] = np.where(sat.presented[:, column], points, 0)
        worth.append(most)
    return earned, worth


def _marked_anew(sat: Sat, column: int, item: Item) -> Whole:
    assert item.new_key is not None
    most = Decimal(item.new_points) / THOUSAND
    key = item.new_key
    if item.is_given:
        return np.full(len(sat.marks), item.new_points if key.get("everybody") else 0, np.int64)
    given = sat.given[column]
    earned = [mark(item.kind, key, most, answer) for answer in given.answers]
    points = np.array([int((each or 0) * THOUSAND) for each in earned], np.int64)[given.which]
    waits = np.array([each is None for each in earned])[given.which]
    if waits.any():
        # What a person gave counts, up to what the item is worth now.
        by_hand = np.minimum(np.maximum(sat.by_hand[column], 0), item.new_points)
        points = np.where(waits, by_hand, points)
    return points


def _less_what_wrong_costs(points: Whole, given: Given, cost: int) -> Whole:
    answered = np.array([not _is_blank(answer) for answer in given.answers])[given.which]
    return np.where(answered & (points == 0), -cost, points)


def _is_blank(answer: object) -> bool:
    return answer in (None, "", [], {}) or (isinstance(answer, str) and not answer.strip())
