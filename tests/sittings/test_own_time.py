"""Whose time it is: own_time against a model of it in Python, and everywhere that reads it."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from examhall.courses.groups import create_course_group, create_group
from examhall.exams.accommodations import Terms, give_accommodation
from examhall.sittings.availability import NotYetOpen, WindowClosed, availability_of_exam, my_exams
from examhall.sittings.start import start_sitting
from tests.courses.rows import add_course, add_people, enrol_people
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


@pytest.fixture
async def alice(conn):
    return (await add_people(conn, "alice"))[0]


@pytest.fixture
async def now(conn):
    """The database's clock, which decides: within a transaction statement by statement."""
    return (await (await conn.execute("SELECT statement_timestamp()")).fetchone())[0]


async def minutes_of(conn, exam_id, person_id):
    started = (await start_sitting(conn, exam_id=exam_id, candidate_id=person_id)).sitting
    return round((started.deadline_at - started.started_at).total_seconds() / 60, 1)


async def give(conn, terms, **whose):
    return await give_accommodation(conn, terms, by=None, **whose)


async def group_with(conn, *people, name="Quiet room"):
    group_id = await create_group(conn, name=name, description="", created_by=None)
    for person in people:
        await conn.execute(
            "INSERT INTO group_members (group_id, person_id) VALUES (%s, %s)", (group_id, person)
        )
    return group_id


async def test_double_time_is_fixed_at_the_start_and_shown_before_it(conn, alice):
    exam_id = await add_exam(conn)
    await give(conn, Terms(factor=Decimal(2)), person_id=alice)
    assert (await availability_of_exam(conn, exam_id=exam_id, candidate_id=alice)).duration_s == 7200
    listed = await my_exams(conn, candidate_id=alice, only_exam_id=None, before_id=10**9, limit=9)
    assert [each.duration_s for each in listed] == [7200]
    assert await minutes_of(conn, exam_id, alice) == 120


async def test_others_have_what_the_exam_says(conn, alice):
    exam_id = await add_exam(conn)
    [bob] = await add_people(conn, "bob")
    await give(conn, Terms(factor=Decimal(2)), person_id=alice)
    assert await minutes_of(conn, exam_id, bob) == 60


async def test_it_goes_beyond_the_end_of_the_window(conn, alice, now):
    exam_id = await add_exam(conn, opens_at=now - HOUR, closes_at=now + HOUR)
    await give(conn, Terms(extra_s=1800), person_id=alice)
    assert await minutes_of(conn, exam_id, alice) == 90


async def test_a_factor_is_of_the_time_that_is_left_for_who_comes_late(conn, alice, now):
    exam_id = await add_exam(conn, opens_at=now - HOUR, closes_at=now + HOUR / 2)
    await give(conn, Terms(factor=Decimal("1.5")), person_id=alice)
    assert await minutes_of(conn, exam_id, alice) == 45


async def test_what_several_give_does_not_add_up(conn, alice):
    exam_id = await add_exam(conn)
    await give(conn, Terms(factor=Decimal("1.25")), person_id=alice)
    await give(conn, Terms(extra_s=1200), group_id=await group_with(conn, alice))
    await give(conn, Terms(factor=Decimal("1.1")), group_id=await group_with(conn, alice, name="B"))
    assert await minutes_of(conn, exam_id, alice) == 80


async def test_what_somebody_has_for_this_exam_stands_before_all_else(conn, alice):
    exam_id = await add_exam(conn)
    await give(conn, Terms(factor=Decimal(3)), person_id=alice)
    await give(conn, Terms(factor=Decimal(1)), person_id=alice, exam_id=exam_id)
    assert await minutes_of(conn, exam_id, alice) == 60


async def test_another_exams_is_not_this_ones(conn, alice):
    exam_id, other = await add_exam(conn), await add_exam(conn)
    await give(conn, Terms(factor=Decimal(2)), person_id=alice, exam_id=other)
    assert await minutes_of(conn, exam_id, alice) == 60


async def test_a_course_is_a_group_and_who_left_it_has_nothing_of_it(conn, alice):
    exam_id = await add_exam(conn)
    course_id = await add_course(conn)
    [bob] = await add_people(conn, "bob")
    await enrol_people(conn, course_id, [alice])
    await enrol_people(conn, course_id, [bob], active=False)
    group_id = await create_course_group(conn, course_id, created_by=None)
    await give(conn, Terms(factor=Decimal(2)), group_id=group_id)
    assert await minutes_of(conn, exam_id, alice) == 120
    assert await minutes_of(conn, exam_id, bob) == 60


async def test_a_window_of_ones_own_opens_when_it_says(conn, alice, now):
    exam_id = await add_exam(conn, opens_at=now - 3 * HOUR, closes_at=now - HOUR)
    [bob] = await add_people(conn, "bob")
    await give(conn, Terms(closes_at=now + 3 * HOUR), person_id=alice, exam_id=exam_id)
    with pytest.raises(WindowClosed):
        await start_sitting(conn, exam_id=exam_id, candidate_id=bob)
    assert await minutes_of(conn, exam_id, alice) == 60


async def test_a_later_window_is_not_open_yet(conn, alice, now):
    exam_id = await add_exam(conn, opens_at=now - HOUR, closes_at=now + HOUR)
    window = Terms(opens_at=now + 24 * HOUR, closes_at=now + 26 * HOUR)
    await give(conn, window, person_id=alice, exam_id=exam_id)
    with pytest.raises(NotYetOpen):
        await start_sitting(conn, exam_id=exam_id, candidate_id=alice)
    found = await availability_of_exam(conn, exam_id=exam_id, candidate_id=alice)
    assert (found.opens_at, found.closes_at) == (window.opens_at, window.closes_at)


async def test_ones_own_window_stands_before_a_groups(conn, alice, now):
    exam_id = await add_exam(conn, opens_at=now - HOUR, closes_at=now + HOUR)
    group_id = await group_with(conn, alice)
    await give(
        conn, Terms(opens_at=now - 9 * HOUR, closes_at=now + 9 * HOUR), group_id=group_id, exam_id=exam_id
    )
    mine = Terms(opens_at=now - 2 * HOUR, closes_at=now + HOUR / 4)
    await give(conn, mine, person_id=alice, exam_id=exam_id)
    assert await minutes_of(conn, exam_id, alice) == 15


@dataclass(frozen=True)
class Line:
    """An accommodation as the model has it."""

    of_person: bool
    of_exam: bool
    terms: Terms


def own_time(exam, lines, at):
    """What docs/people.md says, in another language than the database's."""
    windows = [line for line in lines if line.terms.opens_at or line.terms.closes_at]
    windows = [line for line in windows if line.of_person] or windows
    opens = [line.terms.opens_at for line in windows if line.terms.opens_at]
    closes = [line.terms.closes_at for line in windows if line.terms.closes_at]
    opens_at = min(opens) if opens else exam["opens_at"]
    closes_at = max(closes) if closes else exam["closes_at"]
    times = [line for line in lines if line.terms.factor or line.terms.extra_s]
    times = [line for line in times if line.of_person and line.of_exam] or times
    common = min(at + timedelta(seconds=exam["duration_s"]), closes_at)
    available = Decimal((common - at) / timedelta(microseconds=1))
    more = max(
        [
            *(available * ((line.terms.factor or 1) - 1) for line in times),
            *(Decimal((line.terms.extra_s or 0) * 1_000_000) for line in times),
            Decimal(0),
        ]
    )
    return opens_at, closes_at, common + timedelta(microseconds=float(more))


async def test_it_is_what_the_model_says_whatever_is_given(conn, alice):
    chance = random.Random(2026)
    at = datetime(2030, 1, 1, 9, tzinfo=UTC)
    for _ in range(150):
        exam = {
            "opens_at": at - chance.randrange(1, 300) * timedelta(minutes=1),
            "closes_at": at + chance.randrange(1, 300) * timedelta(minutes=1),
            "duration_s": chance.randrange(60, 10_000),
        }
        exam_id = await add_exam(conn, **exam)
        lines = []
        async with conn.transaction(force_rollback=True):
            groups = [await group_with(conn, alice, name=f"G{n}") for n in range(2)]
            for place in chance.sample(range(6), chance.randrange(4)):
                of_person, of_exam = place < 2, place % 2 == 0
                kind = chance.choice(("factor", "extra", "window", "both")) if of_exam else "factor"
                terms = Terms(
                    factor=Decimal(chance.randrange(100, 400)) / 100 if kind in ("factor", "both") else None,
                    extra_s=chance.randrange(1, 9000) if kind == "extra" else None,
                    opens_at=at - 9 * HOUR * chance.random() if kind in ("window", "both") else None,
                    closes_at=at + 9 * HOUR * chance.random() if kind in ("window", "both") else None,
                )
                whose = {"person_id": alice} if of_person else {"group_id": groups[place // 2 - 1]}
                await give(conn, terms, exam_id=exam_id if of_exam else None, **whose)
                lines.append(Line(of_person, of_exam, terms))
            cursor = await conn.execute(
                """SELECT own.opens_at, own.closes_at, own.deadline_at
                     FROM exams CROSS JOIN own_time(exams, %s, %s) AS own WHERE exams.id = %s""",
                (alice, at, exam_id),
            )
            found = await cursor.fetchone()
        opens_at, closes_at, deadline_at = own_time(exam, lines, at)
        assert found[:2] == (opens_at, closes_at), lines
        assert abs(found[2] - deadline_at) < timedelta(milliseconds=1), lines
