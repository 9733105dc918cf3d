"""Certificates by rule: who earned one gets one, once, whoever follows the rule and however often."""

import asyncio
import json
from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.certificates import rules
from examhall.certificates.revoking import revoke_certificate
from examhall.certificates.rules import (
    BadRule,
    NoPassMark,
    add_rule,
    follow_new_pass_mark,
    follow_rules,
    list_due,
    list_rules,
    set_rule_active,
)
from examhall.exams.pass_mark import set_pass_mark
from examhall.standings.ratings import rate_exam
from tests.standings.field import add_people, mark_all

from .given import ISSUER, add_settled, add_template, count

pytestmark = pytest.mark.anyio


async def rule(conn: Connection, exam_id: int, olga: int, **given: Any) -> int:
    values: dict[str, Any] = {
        "condition": "sat",
        "threshold": None,
        "title": "Diploma",
        "fields": {},
        "public": False,
        "on_correction": "review",
        "template_id": await add_template(conn),
    }
    return await add_rule(conn, exam_id=exam_id, created_by=olga, **(values | given))


async def held(database: Database) -> list[str]:
    async with database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT holder_name FROM certificates WHERE revoked_at IS NULL ORDER BY holder_name"
        )
        return [row[0] for row in await cursor.fetchall()]


async def an_exam(database: Database, **columns: Any) -> tuple[int, list[int]]:
    """Persons 1 to 4 have 90, 70, 70 and 20 points of 100."""
    async with database.transaction() as conn:
        people = await add_people(conn, 4)
        exam_id = await add_settled(conn, dict(zip(people, (90, 70, 70, 20), strict=True)), **columns)
    return exam_id, people


@pytest.mark.parametrize(
    ("condition", "threshold", "expected"),
    [
        ("sat", None, ["Person 1", "Person 2", "Person 3", "Person 4"]),
        ("passed", None, ["Person 1", "Person 2", "Person 3"]),
        ("top", 1, ["Person 1"]),
        # Two share the second place.
        ("top", 2, ["Person 1", "Person 2", "Person 3"]),
        ("scaled_score", 500, ["Person 2"]),
    ],
)
async def test_who_earned_one_has_one(
    database: Database, condition: str, threshold: float | None, expected: list[str]
) -> None:
    exam_id, people = await an_exam(database, pass_percent=70)
    async with database.transaction() as conn:
        await conn.execute(
            """INSERT INTO abilities (candidate_id, sitting_id, exam_id, key_version, score, presented,
                                      scaled)
               SELECT candidate_id, id, exam_id, 1, 1, 1, CASE WHEN candidate_id = %s THEN 512 ELSE 480 END
                 FROM sittings""",
            (people[1],),
        )
        await conn.execute(
            """INSERT INTO calibrations (exam_id, key_version, calibrated_at, persons, items, items_estimated,
                                         found, read_s, compute_s)
               VALUES (%s, 1, now(), 4, 1, 1, '{}', 0, 0)""",
            (exam_id,),
        )
        await rule(conn, exam_id, people[0], condition=condition, threshold=threshold)
    assert await follow_rules(database, ISSUER) == len(expected)
    assert await held(database) == expected
    assert await follow_rules(database, ISSUER) == 0


async def test_a_certificate_says_the_score(database: Database) -> None:
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        await rule(conn, exam_id, people[0], condition="top", threshold=1)
    await follow_rules(database, ISSUER, exam_id=exam_id)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT facts, holder_id, exam_id, key_version FROM certificates")
        row = await cursor.fetchone()
    assert row is not None
    facts = json.loads(row[0])
    assert facts["score"] == {"points": 90, "max_points": 100, "percent": 90, "place": 1, "participants": 4}
    assert facts["for"] == facts["exam"]["title"] == "Day -2000"
    assert row[1:] == (people[0], exam_id, 1)


async def test_nothing_is_issued_before_results_are_seen_or_settled(database: Database) -> None:
    exam_id, people = await an_exam(database, release="by_hand")
    async with database.transaction() as conn:
        await rule(conn, exam_id, people[0])
        # What is scaled waits for the calibration as well.
        await rule(conn, exam_id, people[0], condition="scaled_score", threshold=1)
    assert await follow_rules(database, ISSUER) == 0
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET released_at = now()")
    assert await follow_rules(database, ISSUER) == 0
    async with database.transaction() as conn:
        await rate_exam(conn, exam_id=exam_id, key_version=1)
    assert await follow_rules(database, ISSUER) == 4


async def test_workers_side_by_side_issue_each_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "CHUNK", 2)
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        await rule(conn, exam_id, people[0])
    await asyncio.gather(*[follow_rules(database, ISSUER) for _ in range(4)])
    await follow_rules(database, ISSUER)
    assert await held(database) == ["Person 1", "Person 2", "Person 3", "Person 4"]


async def test_a_worker_killed_between_two_chunks_leaves_the_rest_to_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "CHUNK", 2)
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        rule_id = await rule(conn, exam_id, people[0])
    async with database.transaction() as conn:
        assert await rules._follow(conn, ISSUER, rule_id) == (2, True)
    async with database.transaction() as conn:
        # Killed in the middle of a chunk: nothing of it is there.
        await rules._follow(conn, ISSUER, rule_id)
        await conn.rollback()
    assert await follow_rules(database, ISSUER) == 2
    assert len(await held(database)) == 4


async def test_what_a_person_took_back_no_rule_gives_again(database: Database) -> None:
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        rule_id = await rule(conn, exam_id, people[0], condition="top", threshold=1)
    await follow_rules(database, ISSUER)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT serial FROM certificates")
        [(serial,)] = await cursor.fetchall()
        await revoke_certificate(conn, serial=serial, reason="Cheated", revoked_by=people[1])
        await set_rule_active(conn, exam_id=exam_id, rule_id=rule_id, version=1, active=True)
    assert await follow_rules(database, ISSUER) == 0


async def test_after_a_correction_who_now_earned_one_gets_one(database: Database) -> None:
    exam_id, people = await an_exam(database, pass_percent=70)
    async with database.transaction() as conn:
        await rule(conn, exam_id, people[0], condition="passed")
    assert await follow_rules(database, ISSUER) == 3
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET key_version = 2")
    # Not before everybody is marked and settled by the new key.
    assert await follow_rules(database, ISSUER) == 0
    async with database.transaction() as conn:
        await mark_all(conn, exam_id, dict(zip(people, (90, 70, 70, 71), strict=True)))
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 2)", (exam_id,))
        await rate_exam(conn, exam_id=exam_id, key_version=2)
    assert await follow_rules(database, ISSUER) == 1
    async with database.transaction() as conn:
        [after] = await list_rules(conn, exam_id)
    assert (after.issued, after.followed) == (4, 2)


async def test_a_rule_that_makes_no_sense_is_refused(conn: Connection) -> None:
    [olga] = await add_people(conn, 1)
    exam_id = await add_settled(conn, {olga: 50})
    for condition, threshold in (
        ("sat", 1), ("top", None), ("top", 0), ("top", 1.5), ("top", inf), ("scaled_score", None),
        ("scaled_score", nan),
    ):  # fmt: skip
        with pytest.raises(BadRule):
            await rule(conn, exam_id, olga, condition=condition, threshold=threshold)
    with pytest.raises(NoPassMark):
        await rule(conn, exam_id, olga, condition="passed")
    assert await count(conn, "certificate_rules") == 0


async def test_who_passes_by_a_new_pass_mark_is_given_theirs(database: Database) -> None:
    async with database.transaction() as conn:
        people = await add_people(conn, 3)
        exam_id = await add_settled(conn, dict(zip(people, (90, 55, 20), strict=True)), pass_percent=60)
        template_id = await add_template(conn)
        for condition in ("passed", "sat"):
            await add_rule(
                conn, exam_id=exam_id, template_id=template_id, condition=condition,
                threshold=None, title="Diploma", fields={}, public=False, on_correction="keep",
                created_by=people[0],
            )  # fmt: skip
    assert await follow_rules(database, ISSUER, exam_id=exam_id) == 1 + 3
    async with database.transaction() as conn:
        await set_pass_mark(conn, exam_id=exam_id, version=1, percent=Decimal(50))
        await follow_new_pass_mark(conn, exam_id)
        # The rule that asks for no pass mark is not followed again.
        assert len(await list_due(conn, exam_id=exam_id)) == 1
    assert await follow_rules(database, ISSUER, exam_id=exam_id) == 1
    assert await follow_rules(database, ISSUER, exam_id=exam_id) == 0
