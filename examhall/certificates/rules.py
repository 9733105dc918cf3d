"""Certificates by rule after an exam: who sat it, passed, is among the first, or has a score."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Literal, TypeAlias

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import Malformed, NotFound, SomebodyWasFaster
from examhall.base.jobs import enqueue
from examhall.base.sqlfile import beside
from examhall.certificates.issue import Earned, Issuer, issue_earned, template_to_issue
from examhall.certificates.templates import check_values

SQL = beside(__file__)

Condition: TypeAlias = Literal["sat", "passed", "top", "scaled_score"]
WITH_THRESHOLD = frozenset({"top", "scaled_score"})
# Signed and stored in one transaction.
CHUNK = 500


class NoSuchRule(NotFound):
    """There is no such rule."""


class BadRule(Malformed):
    """A rule for the first ones, or for a scaled score, says up to which; the others do not."""


class NoPassMark(Malformed):
    """This exam has no pass mark: “pass_percent” in its file sets one."""


@dataclass(frozen=True)
class Rule:
    id: int
    exam_id: int
    template_id: int
    template_name: str
    condition: Condition
    threshold: float | None
    title: str
    fields: dict[str, str]
    public: bool
    active: bool
    on_correction: str
    version: int
    # The version of the key up to which everybody has theirs.
    followed: int | None
    issued: int


@dataclass(frozen=True)
class Due:
    rule_id: int


@dataclass(frozen=True)
class _Held:
    id: int
    exam_id: int
    template_id: int
    title: str
    fields: dict[str, str]
    public: bool
    created_by: int | None
    key_version: int


@dataclass(frozen=True)
class _Earner:
    candidate_id: int
    full_name: str
    sitting_id: int
    key_version: int
    points: float
    max_points: float
    place: int
    participants: int
    scaled: float | None


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Version:
    version: int


@dataclass(frozen=True)
class _PassMark:
    pass_percent: float | None


@dataclass(frozen=True)
class Standing:
    """How far an exam's certificates are."""

    title: str
    key_version: int
    pass_percent: float | None
    has_scale: bool
    # Whether its results are final, and seen.
    is_settled: bool
    happened_at: datetime | None


async def list_rules(conn: Connection, exam_id: int) -> list[Rule]:
    return await many(conn, SQL.list_rules, Rule, exam_id=exam_id)


async def add_rule(
    conn: Connection,
    *,
    exam_id: int,
    template_id: int,
    condition: Condition,
    threshold: float | None,
    title: str,
    fields: Mapping[str, str],
    public: bool,
    on_correction: str,
    created_by: int,
) -> int:
    """Add a rule; of an exam that is over already it is followed at once."""
    _check(condition, threshold)
    if condition == "passed":
        mark = await maybe(conn, SQL.pass_mark, _PassMark, exam_id=exam_id)
        if mark is not None and mark.pass_percent is None:
            raise NoPassMark
    template = await template_to_issue(conn, template_id)
    added = await one(
        conn,
        SQL.add_rule,
        _Id,
        exam_id=exam_id,
        template_id=template_id,
        condition=condition,
        threshold=threshold,
        title=title,
        fields=Jsonb(check_values(template.fields, fields)),
        public=public,
        on_correction=on_correction,
        created_by=created_by,
    )
    await enqueue(conn, "issue_certificates", [{"exam_id": exam_id}])
    return added.id


async def set_rule_active(
    conn: Connection, *, exam_id: int, rule_id: int, version: int, active: bool
) -> None:
    """Stop following a rule, or begin again. What it has given stays."""
    if await run(conn, SQL.set_active, exam_id=exam_id, rule_id=rule_id, version=version, active=active):
        await enqueue(conn, "issue_certificates", [{"exam_id": exam_id}])
        return
    stored = await maybe(conn, SQL.version_of, _Version, exam_id=exam_id, rule_id=rule_id)
    if stored is None:
        raise NoSuchRule
    raise SomebodyWasFaster(version=stored.version)


async def follow_new_pass_mark(conn: Connection, exam_id: int) -> None:
    """Who passes an exam by its new pass mark is given their certificates.

    Those of who passes no more are looked at again, as after a correction of the key.
    """
    followed = await run(conn, SQL.follow_again, exam_id=exam_id)
    if await run(conn, SQL.look_at_again, exam_id=exam_id) or followed:
        await enqueue(conn, "issue_certificates", [{"exam_id": exam_id}])


async def list_due(conn: Connection, *, exam_id: int | None = None) -> list[Due]:
    """Rules not yet followed by the key as it is, of exams settled, and calibrated if they ask it."""
    return await many(conn, SQL.list_due, Due, exam_id=exam_id)


async def follow_rules(database: Database, issuer: Issuer, *, exam_id: int | None = None) -> int:
    """Issue what rules give that are due, of one exam or of all; give how many were issued.

    Interrupted anywhere, what was committed stands and the rest follows with the next call. Of two workers at
    one rule the second leaves it to the first; even if it did not, one certificate stands for each holder.
    """
    async with database.transaction() as conn:
        due = await list_due(conn, exam_id=exam_id)
    issued = 0
    for rule in due:
        more = True
        while more:
            async with database.transaction() as conn:
                count, more = await _follow(conn, issuer, rule.rule_id)
                issued += count
    return issued


async def _follow(conn: Connection, issuer: Issuer, rule_id: int) -> tuple[int, bool]:
    """One chunk: how many were issued, and whether there may be more."""
    rule = await maybe(conn, SQL.hold_rule, _Held, rule_id=rule_id)
    if rule is None:
        return 0, False
    earners = await many(conn, SQL.list_earners, _Earner, rule_id=rule_id, limit=CHUNK)
    if earners:
        await issue_earned(
            conn,
            issuer,
            template_id=rule.template_id,
            title=rule.title,
            exam_id=rule.exam_id,
            rule_id=rule.id,
            fields=rule.fields,
            public=rule.public,
            earned=[
                Earned(each.candidate_id, each.full_name, each.sitting_id, each.key_version, _score(each))
                for each in earners
            ],
            issued_by=rule.created_by,
        )
    if len(earners) == CHUNK:
        return len(earners), True
    await run(conn, SQL.mark_followed, rule_id=rule_id, key_version=rule.key_version)
    return len(earners), False


def score_of(
    points: float, max_points: float, *, place: int | None, participants: int | None, scaled: float | None
) -> dict[str, Any]:
    """As it is signed."""
    return {
        "points": points,
        "max_points": max_points,
        "percent": round(100 * points / max_points, 1) if max_points else None,
        "place": place,
        "participants": participants,
        "scaled": round(scaled, 1) if scaled is not None else None,
    }


def _score(earner: _Earner) -> dict[str, Any]:
    return score_of(
        earner.points,
        earner.max_points,
        place=earner.place,
        participants=earner.participants,
        scaled=earner.scaled,
    )


def _check(condition: Condition, threshold: float | None) -> None:
    if (condition in WITH_THRESHOLD) != (threshold is not None):
        raise BadRule
    if threshold is not None and not isfinite(threshold):
        raise BadRule
    if condition == "top" and threshold is not None and (threshold < 1 or threshold != int(threshold)):
        raise BadRule


async def find_exam_standing(conn: Connection, exam_id: int) -> Standing | None:
    return await maybe(conn, SQL.exam_standing, Standing, exam_id=exam_id)
