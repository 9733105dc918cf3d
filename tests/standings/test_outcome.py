"""What came of a sitting: told to whoever sat it, once it is final and released."""

import pytest

from examhall.base.db import Connection
from examhall.standings.outcome import outcome_of
from examhall.standings.ratings import rate_exam
from examhall.standings.scale import EXAMS_TO_SETTLE, NEWCOMER, TIERS, tier_of

from .field import add_held, add_people, mark_all

pytestmark = pytest.mark.anyio


async def sitting_of(conn: Connection, exam_id: int, person_id: int, attempt: int = 1) -> int:
    cursor = await conn.execute(
        "SELECT id FROM sittings WHERE exam_id = %s AND candidate_id = %s AND attempt_number = %s",
        (exam_id, person_id, attempt),
    )
    [found] = await cursor.fetchone()  # type: ignore[misc]
    return int(found)


async def test_a_rated_exam_gives_a_place_and_a_change_of_rating(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await add_held(conn, {a: 5, b: 7})
    whose = {"sitting_id": await sitting_of(conn, exam_id, b), "candidate_id": b}
    assert await outcome_of(conn, **whose) is None
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    found = await outcome_of(conn, **whose)
    assert found is not None
    assert (found.place, found.participants, found.number) == (1, 2, 1)
    assert found.change is not None
    assert found.change > 0
    assert found.tier == NEWCOMER
    # Somebody else's is nobody's.
    assert await outcome_of(conn, sitting_id=whose["sitting_id"], candidate_id=a) is None


async def test_an_unrated_exam_gives_a_place_alone(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await add_held(conn, {a: 5, b: 5}, rated=False)
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    found = await outcome_of(conn, sitting_id=await sitting_of(conn, exam_id, a), candidate_id=a)
    assert found is not None
    assert (found.place, found.rating, found.change, found.tier) == (1, None, None, None)


async def test_a_later_attempt_has_no_place(conn: Connection) -> None:
    [a] = await add_people(conn, 1)
    exam_id = await add_held(conn, {a: 5}, attempts_allowed=2)
    await mark_all(conn, exam_id, {a: 9}, attempt=2)
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    again = await sitting_of(conn, exam_id, a, attempt=2)
    assert await outcome_of(conn, sitting_id=again, candidate_id=a) is None


async def test_what_is_no_longer_released_is_not_told(conn: Connection) -> None:
    [a] = await add_people(conn, 1)
    exam_id = await add_held(conn, {a: 5})
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    await conn.execute("UPDATE exams SET release = 'by_hand'")
    sitting_id = await sitting_of(conn, exam_id, a)
    assert await outcome_of(conn, sitting_id=sitting_id, candidate_id=a) is None


def test_tiers_begin_where_the_table_says() -> None:
    for tier in TIERS[:-1]:
        assert tier_of(tier.least, EXAMS_TO_SETTLE) == tier
        assert tier_of(tier.least - 1, EXAMS_TO_SETTLE) == TIERS[TIERS.index(tier) + 1]
    assert tier_of(-500, EXAMS_TO_SETTLE) == TIERS[-1]
    assert tier_of(3000, EXAMS_TO_SETTLE - 1) == NEWCOMER
