import asyncio

import pytest

from examhall.base.db import Database
from examhall.certificates.reviews import (
    DecidedOtherwise,
    Decision,
    NoSuchReview,
    Review,
    count_reviews,
    decide_review,
    list_reviews,
)
from examhall.certificates.revoking import ReasonMissing, revoke_certificate
from examhall.certificates.verify import prove

from .test_revalidate import an_exam, both, corrected

pytestmark = pytest.mark.anyio


async def waiting(database: Database) -> list[Review]:
    async with database.transaction() as conn:
        found = await list_reviews(conn, limit=50)
        assert await count_reviews(conn) == len(found)
        return found


async def one_that_waits(database: Database) -> tuple[Review, int]:
    """Person 3, who passed with 60 points and has 50 by the corrected key; and somebody who decides."""
    exam_id, people = await an_exam(database)
    await corrected(database, exam_id, people, 90, 70, 50, 20)
    await both(database, exam_id)
    [review] = await waiting(database)
    return review, people[0]


async def decide(
    database: Database, review: Review, decision: Decision, by: int, *, reason: str = "Not earned"
) -> None:
    async with database.transaction() as conn:
        await decide_review(
            conn,
            certificate_id=review.certificate_id,
            key_version=review.key_version,
            decision=decision,
            decided_by=by,
            reason=reason,
        )


async def test_a_review_says_what_was_signed_and_what_is_found(database: Database) -> None:
    review, _ = await one_that_waits(database)
    assert (review.holder_name, review.condition, review.pass_percent) == ("Person 3", "passed", 60)
    assert review.signed is not None
    assert (review.signed["points"], review.found["points"]) == (60, 50)


async def test_what_is_kept_stands_and_waits_no_more(database: Database) -> None:
    review, olga = await one_that_waits(database)
    await decide(database, review, "kept", olga)
    await decide(database, review, "kept", olga)
    assert await waiting(database) == []
    async with database.transaction() as conn:
        assert (await prove(conn, review.serial)).state == "genuine"


async def test_what_is_revoked_says_why_and_waits_no_more(database: Database) -> None:
    review, olga = await one_that_waits(database)
    await decide(database, review, "revoked", olga)
    await decide(database, review, "revoked", olga)
    assert await waiting(database) == []
    async with database.transaction() as conn:
        proof = await prove(conn, review.serial)
    assert (proof.state, proof.reason) == ("revoked", "Not earned")


async def test_a_decision_the_other_way_is_a_conflict(database: Database) -> None:
    review, olga = await one_that_waits(database)
    await decide(database, review, "kept", olga)
    with pytest.raises(DecidedOtherwise):
        await decide(database, review, "revoked", olga)


async def test_without_a_reason_nothing_is_revoked(database: Database) -> None:
    review, olga = await one_that_waits(database)
    with pytest.raises(ReasonMissing):
        await decide(database, review, "revoked", olga, reason=" ")
    assert len(await waiting(database)) == 1


async def test_of_two_who_decide_at_once_one_does(database: Database) -> None:
    review, olga = await one_that_waits(database)
    choices: list[Decision] = ["kept", "revoked"] * 4
    done = await asyncio.gather(
        *(decide(database, review, choice, olga) for choice in choices), return_exceptions=True
    )
    assert sorted(type(each) is DecidedOtherwise for each in done) == [False] * 4 + [True] * 4
    assert await waiting(database) == []


async def test_what_was_found_by_an_older_key_is_not_decided_on(database: Database) -> None:
    review, olga = await one_that_waits(database)
    async with database.transaction() as conn:
        people = [
            row[0] for row in await (await conn.execute("SELECT id FROM people ORDER BY id")).fetchall()
        ]
    await corrected(database, review.exam_id, people, 90, 70, 40, 20)
    await both(database, review.exam_id)
    with pytest.raises(DecidedOtherwise):
        await decide(database, review, "revoked", olga)


async def test_what_is_revoked_elsewhere_is_decided(database: Database) -> None:
    review, olga = await one_that_waits(database)
    async with database.transaction() as conn:
        await revoke_certificate(conn, serial=review.serial, reason="Cheated", revoked_by=olga)
    assert await waiting(database) == []


async def test_about_what_does_not_wait_nothing_is_decided(database: Database) -> None:
    review, olga = await one_that_waits(database)
    async with database.transaction() as conn:
        with pytest.raises(NoSuchReview):
            await decide_review(
                conn,
                certificate_id=review.certificate_id + 1,
                key_version=2,
                decision="kept",
                decided_by=olga,
            )


async def test_a_decision_and_the_next_correction_do_not_wait_in_a_circle(database: Database) -> None:
    review, olga = await one_that_waits(database)
    async with database.transaction() as conn:
        # As whoever looks at certificates again after a correction: the certificate first, then its review.
        await conn.execute("SELECT FROM certificates WHERE id = %s FOR UPDATE", (review.certificate_id,))
        deciding = asyncio.create_task(decide(database, review, "revoked", olga))
        await somebody_waits(database)
        await conn.execute(
            """UPDATE certificate_reviews SET decided_at = now(), decision = 'earned_again'
                WHERE certificate_id = %s""",
            (review.certificate_id,),
        )
    with pytest.raises(DecidedOtherwise):
        await deciding


async def somebody_waits(database: Database) -> None:
    async with database.connection() as conn, asyncio.timeout(20):
        while True:
            cursor = await conn.execute(
                """SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'"""
            )
            if (await cursor.fetchone())[0]:  # type: ignore[index]
                return
            await asyncio.sleep(0.01)
