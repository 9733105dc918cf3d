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
    """Every item of the exam, or one of them; three queries however many items and sittings."""
    items = await keyed_items(conn, exam_id)
    if only is not None:
        items = [item for item in items if (item.question_number, item.sub_part) == only]
    prompts = {
        (row.question_number, row.sub_part): row.prompt
        for row in await many(conn, SQL.prompts, _Prompt, exam_id=exam_id)
    }
    given: dict[tuple[int, str], list[_Given]] = defaultdict(list)
    for row in await many(
        conn,
        SQL.given_answers,
        _Given,
        exam_id=exam_id,
        numbers=[item.question_number for item in items],
        sub_parts=[item.sub_part for item in items],
        most=MOST_IN_TABLE if only is None else MOST_ON_PAGE,
    ):
        given[row.question_number, row.sub_part].append(row)
    return [
        _row(item, prompts[item.question_number, item.sub_part], given[item.question_number, item.sub_part])
        for item in items
    ]


def _row(item: KeyedItem, prompt: str, given: Sequence[_Given]) -> KeyRow:
    presented = given[0].presented if given else 0
    points = given[0].points if given else None
    return KeyRow(
        item,
        prompt,
        presented,
        None if points is None or not item.points else float(points / item.points),
        [
            GivenAnswer(
                each.answer,
                each.times,
                each.times / presented,
                mark(item.kind, item.key, item.points, each.answer),
            )
            for each in given
        ],
    )
