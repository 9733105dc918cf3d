"""What is told of marks given by hand: to the candidate once results are released, to the office for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class MarkingEvent:
    """One step in the marking of one answer."""

    at: datetime
    question_number: int
    sub_part: str
    # finished, reopened, third_asked, settled, withdrawn.
    what: str
    # Of an answer: the first, second or third.
    opinion: int | None
    full_name: str | None
    points: Decimal | None
    # Of what was finished: levels by criterion, the comment and the note.
    details: dict[str, Any]
    reason: str


@dataclass(frozen=True)
class _Counted:
    question_number: int
    sub_part: str
    levels: dict[str, int]
    comment: str
    rubric: list[dict[str, Any]]


class CriterionPoints(NamedTuple):
    name: str
    points: Decimal
    most: Decimal
    # What the level says, where all who count chose the same.
    words: str


class Feedback(NamedTuple):
    """What the people who marked an answer say to who wrote it."""

    criteria: Sequence[CriterionPoints]
    comments: Sequence[str]


async def marking_history(conn: Connection, sitting_id: int) -> list[MarkingEvent]:
    """Everything that was done by hand to the marks of one sitting, in its order; for the office alone."""
    return await many(conn, SQL.history, MarkingEvent, sitting_id=sitting_id)


async def feedback_on(
    conn: Connection, *, sitting_id: int, candidate_id: int
) -> dict[tuple[int, str], Feedback]:
    """By question and part, on a candidate's own answers, once released: of marks that count alone."""
    found: dict[tuple[int, str], list[_Counted]] = {}
    for each in await many(conn, SQL.counted, _Counted, sitting_id=sitting_id, candidate_id=candidate_id):
        found.setdefault((each.question_number, each.sub_part), []).append(each)
    return {slot: _feedback(counted) for slot, counted in found.items()}


def _feedback(counted: Sequence[_Counted]) -> Feedback:
    """Of each criterion the mean of those who count."""
    criteria = []
    for criterion in counted[0].rubric:
        levels = criterion["levels"]
        chosen = [each.levels[criterion["key"]] for each in counted if criterion["key"] in each.levels]
        given = [levels[place] for place in chosen if 0 <= place < len(levels)]
        if given:
            criteria.append(
                CriterionPoints(
                    name=criterion["name"],
                    points=sum((Decimal(each["points"]) for each in given), Decimal(0)) / len(given),
                    most=max(Decimal(each["points"]) for each in levels),
                    words=given[0]["words"] if len({*chosen}) == 1 else "",
                )
            )
    return Feedback(criteria, [each.comment for each in counted if each.comment.strip()])
