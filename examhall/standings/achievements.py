"""Achievements: given once, for good, and for what happened before the rule was made as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside
from examhall.standings.rules import BY_NAME, DIGEST, RULES, Rule

SQL = beside(__file__)

# Exams looked at in one transaction: after a change of the rules all past ones are due.
CHUNK = 20
# More than there are rules.
MOST_LISTED = 200
# In a smaller field a place says little.
LEAST_FIELD = 20


@dataclass(frozen=True)
class _Due:
    exam_id: int


@dataclass(frozen=True)
class _Given:
    name: str
    given_at: datetime
    exam_id: int | None
    exam_title: str | None


@dataclass(frozen=True)
class Achievement:
    rule: Rule
    given_at: datetime
    exam_id: int | None
    exam_title: str | None


async def award_due(conn: Connection, *, rules: Sequence[Rule] = RULES, digest: str = DIGEST) -> int:
    """Give what participants of settled exams have earned; how many exams were looked at, at most `CHUNK`.

    An exam is looked at once per version of its key and per table of rules, however many workers look: the
    primary key of exam_awards decides, and who comes second waits for the first. Nobody is given anything
    twice, and nothing is taken away: not by a corrected key, nor by a rule that is gone.
    """
    due = await many(conn, SQL.claim_due, _Due, rules=digest, limit=CHUNK)
    if due:
        await run(
            conn,
            SQL.give,
            exam_ids=[exam.exam_id for exam in due],
            names=[rule.name for rule in rules],
            measures=[rule.measure for rule in rules],
            leasts=[rule.least for rule in rules],
            least_field=LEAST_FIELD,
        )
    return len(due)


async def achievements_of(conn: Connection, person_id: int) -> list[Achievement]:
    """The newest first. One whose rule is no longer in the table is kept, but not shown."""
    given = await many(conn, SQL.achievements_of, _Given, person_id=person_id, limit=MOST_LISTED)
    return [
        Achievement(BY_NAME[each.name], each.given_at, each.exam_id, each.exam_title)
        for each in given
        if each.name in BY_NAME
    ]
