"""After a correction of the key: who earns one has one, who does not is looked at, and nothing is silent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from decimal import Decimal
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.certificates import revalidate, rules
from examhall.certificates.revalidate import (
    NOT_EARNED,
    NOT_PASSED,
    Revalidated,
    revalidate_certificates,
)
from examhall.certificates.revoking import revoke_certificate
from examhall.certificates.rules import add_rule, follow_new_pass_mark, follow_rules
from examhall.certificates.verify import prove
from examhall.exams.pass_mark import set_pass_mark
from examhall.standings.ratings import rate_exam
from tests.standings.field import add_people, correct

from .given import ISSUER, add_settled, add_template

pytestmark = pytest.mark.anyio

BEFORE = (90, 70, 60, 20)


async def an_exam(database: Database, *, condition: str = "passed", threshold: float | None = None,
                  on_correction: str = "review") -> tuple[int, list[int]]:  # fmt: skip
    """Persons 1 to 4 have 90, 70, 60 and 20 points of 100; 60 pass; who earned one has one."""
    async with database.transaction() as conn:
        people = await add_people(conn, 4)
        exam_id = await add_settled(conn, dict(zip(people, BEFORE, strict=True)), pass_percent=60)
        await add_rule(
            conn, exam_id=exam_id, template_id=await add_template(conn), condition=condition,  # type: ignore[arg-type]
            threshold=threshold, title="Diploma", fields={}, public=True, on_correction=on_correction,
            created_by=people[0],
        )  # fmt: skip
    await follow_rules(database, ISSUER, exam_id=exam_id)
    return exam_id, people


async def corrected(database: Database, exam_id: int, people: list[int], *points: float) -> None:
    """Marked and settled by the next key."""
    async with database.transaction() as conn:
        key_version = await correct(conn, exam_id, dict(zip(people, points, strict=True)))
        await conn.execute(
            "INSERT INTO conclusions (exam_id, key_version) VALUES (%s, %s)", (exam_id, key_version)
        )
        await rate_exam(conn, exam_id=exam_id, key_version=key_version)


async def both(database: Database, exam_id: int) -> Revalidated:
    """What the worker does."""
    done = await revalidate_certificates(database, ISSUER, exam_id=exam_id)
    await follow_rules(database, ISSUER, exam_id=exam_id)
    return done


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as conn:
        return await (await conn.execute(query.encode())).fetchall()


STANDING = """SELECT holder_name, (facts::jsonb -> 'score' ->> 'points')::float, key_version
                FROM certificates WHERE revoked_at IS NULL ORDER BY holder_name"""


async def test_certificates_that_say_the_same_by_the_new_key_stand_as_they_are(database: Database) -> None:
    exam_id, people = await an_exam(database)
    before = await rows(database, "SELECT serial FROM certificates ORDER BY serial")
    await corrected(database, exam_id, people, *BEFORE)
    assert await both(database, exam_id) == Revalidated()
    assert await rows(database, "SELECT serial FROM certificates ORDER BY serial") == before
    # What the correction changed nothing in is not looked at again.
    assert await rows(database, "SELECT validated FROM certificate_rules") == [(2,)]


async def test_a_certificate_with_another_score_is_replaced_and_leads_to_the_new_one(
    database: Database,
) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 90, 72, 60, 20)
    assert await both(database, exam_id) == Revalidated(replaced=1)
    assert await rows(database, STANDING) == [("Person 1", 90, 1), ("Person 2", 72, 2), ("Person 3", 60, 1)]
    [(old,)] = await rows(database, "SELECT serial FROM certificates WHERE revoked_at IS NOT NULL")
    async with database.transaction() as conn:
        proof = await prove(conn, old)
        assert proof.replaced_by is not None
        new = await prove(conn, proof.replaced_by)
    assert (proof.state, proof.reason) == ("revoked", f"Replaced by {new.serial}")
    assert (new.state, new.facts["score"]["points"]) == ("genuine", 72)


async def test_another_place_alone_replaces_a_certificate_too(database: Database) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 90, 70, 95, 20)
    assert await both(database, exam_id) == Revalidated(replaced=3)
    places = await rows(database, "SELECT holder_name, facts::jsonb -> 'score' -> 'place' FROM certificates "
                                  "WHERE revoked_at IS NULL ORDER BY 1")  # fmt: skip
    assert places == [("Person 1", 2), ("Person 2", 3), ("Person 3", 1)]


async def test_who_earns_one_now_has_one_and_who_does_not_is_looked_at_by_a_person(
    database: Database,
) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 90, 70, 50, 61)
    done = await both(database, exam_id)
    assert done.to_review == 1
    # Nothing was taken from anybody.
    assert [row[0] for row in await rows(database, STANDING)] == [
        "Person 1",
        "Person 2",
        "Person 3",
        "Person 4",
    ]
    [(name, found)] = await rows(
        database, "SELECT holder_name, found FROM certificate_reviews "
                  "JOIN certificates ON id = certificate_id WHERE decided_at IS NULL",
    )  # fmt: skip
    assert (name, found["points"], found["place"]) == ("Person 3", 50, 4)


@pytest.mark.parametrize(("on_correction", "standing"), [("keep", 3), ("revoke", 2)])
async def test_a_rule_says_what_becomes_of_what_is_not_earned_any_more(
    database: Database, on_correction: str, standing: int
) -> None:
    exam_id, people = await an_exam(database, on_correction=on_correction)
    await corrected(database, exam_id, people, 90, 70, 50, 20)
    await both(database, exam_id)
    assert len(await rows(database, STANDING)) == standing
    assert await rows(database, "SELECT count(*) FROM certificate_reviews") == [(0,)]
    reasons = await rows(database, "SELECT revocation_reason FROM certificates WHERE revoked_at IS NOT NULL")
    assert reasons == ([(NOT_EARNED,)] if on_correction == "revoke" else [])


async def test_who_earns_it_again_after_a_second_correction_has_one(database: Database) -> None:
    exam_id, people = await an_exam(database, on_correction="revoke")
    await corrected(database, exam_id, people, 90, 70, 50, 20)
    await both(database, exam_id)
    await corrected(database, exam_id, people, *BEFORE)
    await both(database, exam_id)
    assert [row[0] for row in await rows(database, STANDING)] == ["Person 1", "Person 2", "Person 3"]


async def test_a_review_ends_by_itself_when_a_second_correction_gives_it_back(database: Database) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 90, 70, 50, 20)
    await both(database, exam_id)
    await corrected(database, exam_id, people, *BEFORE)
    assert await both(database, exam_id) == Revalidated()
    assert await rows(database, "SELECT decision FROM certificate_reviews") == [("earned_again",)]
    assert len(await rows(database, STANDING)) == 3


async def test_a_review_that_waits_through_two_corrections_is_one_with_what_is_found_last(
    database: Database,
) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 90, 70, 50, 20)
    await both(database, exam_id)
    await corrected(database, exam_id, people, 90, 70, 40, 20)
    await both(database, exam_id)
    assert await rows(database, "SELECT key_version, found -> 'points' FROM certificate_reviews") == [(3, 40)]


@pytest.mark.parametrize("on_correction", ["review", "revoke"])
async def test_a_raised_pass_mark_has_certificates_looked_at_and_a_lowered_one_gives_them_back(
    database: Database, on_correction: str
) -> None:
    exam_id, _ = await an_exam(database, on_correction=on_correction)
    for version, percent in ((1, 65), (2, 60)):
        async with database.transaction() as conn:
            await set_pass_mark(conn, exam_id=exam_id, version=version, percent=Decimal(percent))
            await follow_new_pass_mark(conn, exam_id)
        done = await both(database, exam_id)
        names = [row[0] for row in await rows(database, STANDING)]
        if percent == 65 and on_correction == "revoke":
            assert (done.revoked, names) == (1, ["Person 1", "Person 2"])
            assert await rows(
                database, "SELECT revocation_reason FROM certificates WHERE revoked_at IS NOT NULL"
            ) == [(NOT_PASSED,)]
        else:
            assert (done.to_review, len(names)) == (int(percent == 65), 3)
    if on_correction == "review":
        assert await rows(database, "SELECT decision FROM certificate_reviews") == [("earned_again",)]


async def test_what_a_person_revoked_is_not_given_again(database: Database) -> None:
    exam_id, people = await an_exam(database)
    [(serial,)] = await rows(database, "SELECT serial FROM certificates WHERE holder_name = 'Person 1'")
    async with database.transaction() as conn:
        await revoke_certificate(conn, serial=serial, reason="Cheated", revoked_by=people[1])
    await corrected(database, exam_id, people, 95, 70, 60, 20)
    await both(database, exam_id)
    assert [row[0] for row in await rows(database, STANDING)] == ["Person 2", "Person 3"]


async def test_nothing_is_decided_before_the_exam_is_settled_by_the_new_key(database: Database) -> None:
    exam_id, people = await an_exam(database, on_correction="revoke")
    async with database.transaction() as conn:
        await correct(conn, exam_id, dict(zip(people, (90, 70, 50, 20), strict=True)))
    assert await both(database, exam_id) == Revalidated()
    assert len(await rows(database, STANDING)) == 3


async def test_by_a_template_that_is_not_used_any_more_nothing_is_issued_and_a_person_decides(
    database: Database,
) -> None:
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        await conn.execute("UPDATE certificate_templates SET active = false")
    await corrected(database, exam_id, people, 90, 72, 60, 20)
    assert await both(database, exam_id) == Revalidated(to_review=1)
    assert await rows(database, STANDING) == [("Person 1", 90, 1), ("Person 2", 70, 1), ("Person 3", 60, 1)]


async def test_the_name_stays_as_it_was_signed(database: Database) -> None:
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET full_name = 'Married Otherwise' WHERE id = %s", (people[0],))
    await corrected(database, exam_id, people, 92, 70, 60, 20)
    await both(database, exam_id)
    assert (await rows(database, STANDING))[0] == ("Person 1", 92, 2)


async def as_it_should_be(database: Database) -> None:
    assert await rows(database, STANDING) == [("Person 1", 91, 2), ("Person 2", 71, 2), ("Person 3", 61, 2)]
    led = "SELECT count(*) FROM certificates WHERE revoked_at IS NOT NULL AND replaced_by IS NOT NULL"
    assert await rows(database, led) == [(3,)]
    assert await rows(database, "SELECT count(*) FROM certificates") == [(6,)]
    assert await rows(database, "SELECT validated FROM certificate_rules") == [(2,)]


async def test_workers_side_by_side_and_repeated_replace_each_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revalidate, "CHUNK", 1)
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 91, 71, 61, 20)
    await asyncio.gather(*(both(database, exam_id) for _ in range(4)))
    await both(database, exam_id)
    await as_it_should_be(database)


async def test_a_worker_that_looks_while_another_dies_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker holds that then dies is looked at by the next: no rule is marked as done before."""
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 91, 71, 61, 20)
    async with database.transaction() as dying:
        await dying.execute("SELECT FROM certificates FOR UPDATE")
        assert await revalidate_certificates(database, ISSUER, exam_id=exam_id) == Revalidated()
        await dying.rollback()
    await both(database, exam_id)
    await as_it_should_be(database)


KILLED = """
    import asyncio, os, signal, sys
    from examhall.base.db import Database
    from examhall.certificates import revalidate, rules
    from tests.certificates.given import ISSUER

    async def main():
        database = Database(sys.argv[1])
        await database.open()
        revalidate.CHUNK = 1
        inner, seen = revalidate._look_again, []

        async def look_again(conn, issuer, outdated):
            done = await inner(conn, issuer, outdated)
            seen.append(1)
            if len(seen) == 2:
                # After its work and before its commit.
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        revalidate._look_again = look_again
        await revalidate.revalidate_certificates(database, ISSUER)

    asyncio.run(main())
"""


async def test_a_worker_killed_half_way_leaves_the_rest_to_the_next(database: Database, dsn: str) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 91, 71, 61, 20)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", textwrap.dedent(KILLED), dsn], env={**os.environ}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert len([row for row in await rows(database, STANDING) if row[2] == 2]) == 1
    await both(database, exam_id)
    await as_it_should_be(database)


async def test_every_replacement_is_signed_and_says_what_it_says(
    conn: Connection, database: Database
) -> None:
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 91, 71, 61, 20)
    await both(database, exam_id)
    for (serial,) in await rows(database, "SELECT serial FROM certificates WHERE revoked_at IS NULL"):
        async with database.transaction() as fresh:
            proof = await prove(fresh, serial)
        assert proof.state == "genuine"
        assert json.loads(proof.signed or "")["serial"] == serial


async def test_what_is_being_issued_by_the_old_key_is_looked_at_when_it_is_there(database: Database) -> None:
    exam_id, people = await an_exam(database)
    async with database.transaction() as conn:
        await conn.execute("DELETE FROM certificates")
        await conn.execute("UPDATE certificate_rules SET followed = NULL")
    [(rule_id,)] = await rows(database, "SELECT id FROM certificate_rules")
    async with database.transaction() as conn:
        # A slow worker: signed by the old key, and not committed when the new one is settled already.
        await rules._follow(conn, ISSUER, rule_id)
        await corrected(database, exam_id, people, 90, 72, 60, 20)
        looking = asyncio.create_task(revalidate_certificates(database, ISSUER, exam_id=exam_id))
        await asyncio.wait({looking}, timeout=1)
    await looking
    await both(database, exam_id)
    assert await rows(database, STANDING) == [("Person 1", 90, 1), ("Person 2", 72, 2), ("Person 3", 60, 1)]
    assert await rows(database, "SELECT validated FROM certificate_rules") == [(2,)]
