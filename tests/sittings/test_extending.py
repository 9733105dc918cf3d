"""More time for somebody who sits already: told, and given only when somebody says so."""

import asyncio
from decimal import Decimal

import pytest

from examhall.exams.accommodations import Terms, give_accommodation, withdraw_accommodation
from examhall.sittings.close import submit_sitting
from examhall.sittings.extending import apply_owed, find_owed
from examhall.sittings.interventions import NobodySitsIt, Order, give_time, list_interventions
from examhall.sittings.start import find_sitting, start_sitting
from tests.courses.rows import add_people
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio


@pytest.fixture
async def seats(database):
    """Alice and Bob sit an exam of an hour; Olga is of the office."""
    async with database.transaction() as conn:
        alice, bob, olga = await add_people(conn, "alice", "bob", "olga")
        exam_id = await add_exam(conn)
        sittings = [
            (await start_sitting(conn, exam_id=exam_id, candidate_id=person)).sitting
            for person in (alice, bob)
        ]
    return exam_id, sittings, olga


async def give(database, sitting, terms):
    async with database.transaction() as conn:
        return await give_accommodation(conn, terms, by=None, person_id=sitting.candidate_id)


async def owed(database, exam_id):
    async with database.transaction() as conn:
        return [(each.candidate_id, each.owed_s) for each in await find_owed(conn, exam_id=exam_id)]


async def apply(database, exam_id, sitting_ids, olga):
    async with database.transaction() as conn:
        return await apply_owed(conn, exam_id=exam_id, sitting_ids=sitting_ids, by=olga, reason="extra time")


async def deadline(database, sitting):
    async with database.transaction() as conn:
        found = await find_sitting(conn, sitting_id=sitting.id, candidate_id=sitting.candidate_id)
    return (found.deadline_at - found.started_at).total_seconds()


async def test_giving_changes_nobodys_deadline_and_says_who_is_owed_what(database, seats):
    exam_id, [alice, bob], _ = seats
    await give(database, alice, Terms(factor=Decimal(2)))
    assert await owed(database, exam_id) == [(alice.candidate_id, 3600)]
    assert await deadline(database, alice) == await deadline(database, bob) == 3600


async def test_it_is_given_once_however_many_ask_and_stands_in_the_record(database, seats):
    exam_id, [alice, bob], olga = seats
    await give(database, alice, Terms(extra_s=1500))
    asked = (apply(database, exam_id, [alice.id, bob.id], olga) for _ in range(6))
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, NobodySitsIt) for each in done) == 5
    assert (await deadline(database, alice), await deadline(database, bob)) == (5100, 3600)
    async with database.transaction() as conn:
        [told] = await list_interventions(conn, exam_id=exam_id, before_id=10**9, limit=9)
    assert (told.kind, told.seconds, told.done_by, told.sitting_ids) == ("time", 1500, olga, [alice.id])
    assert await owed(database, exam_id) == []


async def test_who_was_given_time_besides_is_owed_as_much(database, seats):
    exam_id, [alice, _], olga = seats
    async with database.transaction() as conn:
        await give_time(conn, Order(exam_id, olga, "fire alarm"), seconds=600)
    await give(database, alice, Terms(factor=Decimal(2)))
    assert await owed(database, exam_id) == [(alice.candidate_id, 3600)]
    await apply(database, exam_id, [alice.id], olga)
    assert await deadline(database, alice) == 3600 + 600 + 3600


async def test_more_is_added_later_and_nothing_is_ever_taken_away(database, seats):
    exam_id, [alice, _], olga = seats
    first = await give(database, alice, Terms(factor=Decimal("1.5")))
    await apply(database, exam_id, [alice.id], olga)
    async with database.transaction() as conn:
        await withdraw_accommodation(conn, first.id)
    assert await owed(database, exam_id) == []
    await give(database, alice, Terms(factor=Decimal(2)))
    assert await owed(database, exam_id) == [(alice.candidate_id, 1800)]


async def test_who_started_with_it_or_has_handed_in_is_owed_nothing(database, seats):
    exam_id, [alice, _], _ = seats
    async with database.transaction() as conn:
        [carol] = await add_people(conn, "carol")
        await give_accommodation(conn, Terms(factor=Decimal(2)), by=None, person_id=carol)
        await start_sitting(conn, exam_id=exam_id, candidate_id=carol)
        await submit_sitting(conn, sitting_id=alice.id, candidate_id=alice.candidate_id)
    await give(database, alice, Terms(factor=Decimal(2)))
    assert await owed(database, exam_id) == []


async def test_another_length_of_the_exam_is_nobodys_accommodation(database, seats):
    exam_id, _, _ = seats
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET duration_s = 7200 WHERE id = %s", (exam_id,))
    assert await owed(database, exam_id) == []


async def test_the_exams_end_is_moved_at_the_moment_when_what_is_owed_is_given(database, seats):
    exam_id, [alice, _], olga = seats
    await give(database, alice, Terms(factor=Decimal(2)))
    async with database.transaction() as author:
        # As sittings/retiming.py: the exam, and then all who sit it.
        await author.execute("SELECT FROM exams WHERE id = %s FOR UPDATE", (exam_id,))
        giving = asyncio.create_task(apply(database, exam_id, [alice.id], olga))
        await somebody_waits(database)
        await author.execute("SELECT FROM sittings WHERE exam_id = %s ORDER BY id FOR UPDATE", (exam_id,))
    await giving
    assert await deadline(database, alice) == 7200


async def somebody_waits(database):
    while True:
        async with database.connection() as conn:
            cursor = await conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if (await cursor.fetchone())[0]:
                return
        await asyncio.sleep(0.01)
