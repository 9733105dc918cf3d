"""How far marking by hand is, and how far its markers agree."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from examhall.accounts.access import Person, has_role
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.psychometrics.agreement import crossed, kappa
from examhall.scoring.by_hand_schemes import AUTHOR

SQL = beside(__file__)

# Points that are finer than this many classes say no more of agreement.
MOST_CLASSES = 401
HUNDRED = 100


@dataclass(frozen=True)
class Work:
    """What there is for one marker to do in one question of an exam."""

    exam_id: int
    exam_title: str
    closes_at: datetime | None
    question_number: int
    sub_part: str
    prompt: str
    # Free for this marker to take, or in their hand.
    waiting: int
    in_hand: int
    # Finished by this marker.
    done: int

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class Progress:
    """Of one item: answers, and the opinions on them."""

    question_number: int
    sub_part: str
    answers: int
    settled: int
    opinions: int
    finished: int
    in_hand: int
    thirds_asked: int
    thirds_waiting: int


@dataclass(frozen=True)
class _Pair:
    question_number: int
    sub_part: str
    first_id: int
    first_name: str
    first: Decimal
    second_id: int
    second_name: str
    second: Decimal


class Agreement(NamedTuple):
    """Of the answers of one item that two people marked."""

    pairs: int
    kappa: float
    """Cohen's, with quadratic weights; NaN where chance alone agrees on everything"""

    exact: float
    """the share that both gave the same, 0 to 1"""

    adjacent: float
    """the share at most one step apart"""

    apart: float
    """points between the two, on average"""

    step: float
    """the finest difference in points that anybody made"""


class Lean(NamedTuple):
    """How one marker's points differ from those of whoever marked the same answers."""

    person_id: int
    full_name: str
    pairs: int
    difference: float
    """points on average; negative is stricter"""


@dataclass(frozen=True)
class Opinion:
    """One marker's part of what became of an answer."""

    answer_id: int
    question_number: int
    sub_part: str
    max_points: Decimal
    # The reader may still have to mark it: then there are no points here.
    is_blind: bool
    by_hand: Decimal | None
    task_id: int
    opinion: int
    full_name: str | None
    points: Decimal | None
    finished_at: datetime | None
    counts: bool

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


async def my_work(conn: Connection, me: Person) -> list[Work]:
    """In every exam that this person marks, by question, where there is something to do or done."""
    return await many(conn, SQL.my_work, Work, person_id=me.id, is_author=has_role(me, AUTHOR))


async def progress_of_items(conn: Connection, exam_id: int) -> list[Progress]:
    return await many(conn, SQL.progress, Progress, exam_id=exam_id)


async def agreement_of(
    conn: Connection, exam_id: int, *, reader_id: int
) -> tuple[dict[tuple[int, str], Agreement], list[Lean]]:
    """How far the two markers of each item agree, and how each marker leans over all items.

    Answers that the reader may still have to mark are not among them.
    """
    pairs = await many(conn, SQL.pairs, _Pair, exam_id=exam_id, reader_id=reader_id)
    by_item: dict[tuple[int, str], list[_Pair]] = defaultdict(list)
    for pair in pairs:
        by_item[pair.question_number, pair.sub_part].append(pair)
    found = {
        item: agree([(pair.first, pair.second) for pair in of_item]) for item, of_item in by_item.items()
    }
    return found, _leans(pairs)


def agree(pairs: Sequence[tuple[Decimal, Decimal]]) -> Agreement:
    """What two columns of points have in common.

    The classes of kappa are the points from the lowest given to the highest, in the finest step that occurs
    between any two of them: equally far apart, as quadratic weights take them to be.

    Examples
    --------
    >>> found = agree([(Decimal(1), Decimal(1)), (Decimal(2), Decimal(3)), (Decimal(3), Decimal(3))])
    >>> round(found.kappa, 3), round(found.exact, 3), found.adjacent, round(found.apart, 3), found.step
    (0.8, 0.667, 1.0, 0.333, 1.0)
    """
    given = np.array([[int(one * HUNDRED), int(other * HUNDRED)] for one, other in pairs], np.int64)
    lowest = int(given.min())
    step = math.gcd(*(given - lowest).reshape(-1).tolist()) or HUNDRED
    classes = (given - lowest) // max(step, math.ceil((int(given.max()) - lowest) / (MOST_CLASSES - 1)))
    distance = np.abs(given[:, 0] - given[:, 1])
    table = crossed(classes[:, 0], classes[:, 1], int(classes.max()) + 1)
    return Agreement(
        pairs=len(pairs),
        kappa=kappa(table, "quadratic").kappa,
        exact=float((distance == 0).mean()),
        adjacent=float((distance <= step).mean()),
        apart=float(distance.mean()) / HUNDRED,
        step=step / HUNDRED,
    )


def _leans(pairs: Sequence[_Pair]) -> list[Lean]:
    names: dict[int, str] = {}
    apart: dict[int, list[Decimal]] = defaultdict(list)
    for pair in pairs:
        names |= {pair.first_id: pair.first_name, pair.second_id: pair.second_name}
        apart[pair.first_id].append(pair.first - pair.second)
        apart[pair.second_id].append(pair.second - pair.first)
    return sorted(
        (
            Lean(person_id, names[person_id], len(each), float(sum(each) / len(each)))
            for person_id, each in apart.items()
        ),
        key=lambda lean: lean.full_name,
    )


async def list_opinions(
    conn: Connection, exam_id: int, *, reader_id: int, apart: bool, limit: int
) -> list[Opinion]:
    """What was given to answers that somebody finished marking, the newest first; an answer's together.

    Without points where the reader may still have to mark. With `apart`, of those alone that a third opinion
    was asked for.
    """
    return await many(
        conn, SQL.opinions, Opinion, exam_id=exam_id, reader_id=reader_id, apart=apart, limit=limit
    )
