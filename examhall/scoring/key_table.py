"""The key as a table: beside each item what candidates answered, and how many got it right."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.exams.correcting import keyed_items
from examhall.exams.correction import KeyedItem
from examhall.scoring.marking import mark

SQL = beside(__file__)

# Different answers of one item that are looked at in the table, and shown on the item's own page.
MOST_IN_TABLE = 12
MOST_ON_PAGE = 100


@dataclass(frozen=True)
class _Given:
    question_number: int
    sub_part: str
    answer: Any
    times: int
    # Of the item, over all answers.
    answered: int


@dataclass(frozen=True)
class _Marked:
    """How many have the item marked, and their mean."""

    question_number: int
    sub_part: str
    presented: int
    points: Decimal | None


@dataclass(frozen=True)
class _Prompt:
    question_number: int
    sub_part: str
    prompt: str


class GivenAnswer(NamedTuple):
    """One answer that somebody gave; None is no answer at all."""

    answer: Any
    times: int
    share: float
    # What the key as it is gives for it; None where a person marks.
    points: Decimal | None


class KeyRow(NamedTuple):
    item: KeyedItem
    prompt: str
    presented: int
    # The mean share of the points; None where nobody has a mark, or there is nothing to get.
    facility: float | None
    answers: Sequence[GivenAnswer]

    @property
    def wrong(self) -> Sequence[GivenAnswer]:
        """The most frequent answers that the key gives less than full points."""
        return [
            given
            for given in self.answers
            if given.answer not in (None, "", [], {}) and given.points is not None
            if given.points < self.item.points
        ]


async def key_table(conn: Connection, exam_id: int, *, only: tuple[int, str] | None = None) -> list[KeyRow]:
    """Every item of the exam, or one of them; four queries however many items and sittings."""
    items = await keyed_items(conn, exam_id)
    if only is not None:
        items = [item for item in items if (item.question_number, item.sub_part) == only]
    prompts = {
        (row.question_number, row.sub_part): row.prompt
        for row in await many(conn, SQL.prompts, _Prompt, exam_id=exam_id)
    }
    given: dict[tuple[int, str], list[_Given]] = defaultdict(list)
    labels = [item.label for item in items]
    for row in await many(
        conn,
        SQL.given_answers,
        _Given,
        exam_id=exam_id,
        labels=labels,
        essays=[item.label for item in items if item.kind == "essay"],
        most=MOST_IN_TABLE if only is None else MOST_ON_PAGE,
    ):
        given[row.question_number, row.sub_part].append(row)
    marked = {
        (each.question_number, each.sub_part): each
        for each in await many(conn, SQL.item_marks, _Marked, exam_id=exam_id, labels=labels)
    }
    return [
        _row(item, prompts[slot], given[slot], marked.get(slot))
        for item in items
        for slot in [(item.question_number, item.sub_part)]
    ]


def _row(item: KeyedItem, prompt: str, given: Sequence[_Given], marked: _Marked | None) -> KeyRow:
    presented = marked.presented if marked else 0
    points = marked.points if marked else None
    answers = [(each.answer, each.times) for each in given]
    blank = presented - (given[0].answered if given else 0)
    if blank > 0:
        answers = sorted([*answers, (None, blank)], key=lambda one: -one[1])
    return KeyRow(
        item,
        prompt,
        presented,
        None if points is None or not item.points else float(points / item.points),
        [
            GivenAnswer(
                answer, times, times / max(presented, times), mark(item.kind, item.key, item.points, answer)
            )
            for answer, times in answers
        ],
    )
