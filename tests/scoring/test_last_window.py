"""An exam is over when the last window of somebody's own is: what follows from that waits for it."""

from datetime import timedelta

import pytest

from examhall.exams.accommodations import Terms, give_accommodation
from examhall.scoring.conclude import Concluded, NotOver, conclude_by_hand, conclude_due
from examhall.scoring.glance import standing_of
from examhall.scoring.results import find_result
from examhall.standings.exam_standing import Viewer, find_standing
from tests.courses.rows import add_people
from tests.scoring.test_conclude import FOLLOW_UPS, add_past_exam, followed, mark, seats_closed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def late(conn):
    """Somebody who may have a window of their own."""
    return (await add_people(conn, "late"))[0]


async def own_window(conn, exam_id, person_id, *, ends_in):
    cursor = await conn.execute("SELECT statement_timestamp()")
    closes_at = (await cursor.fetchone())[0] + ends_in
    return await give_accommodation(
        conn, Terms(closes_at=closes_at), by=None, exam_id=exam_id, person_id=person_id
    )


async def ends(conn, given, *, ago):
    await conn.execute("UPDATE accommodations SET closes_at = now() - %s WHERE id = %s", (ago, given.id))


async def test_it_is_concluded_after_the_last_window(conn, late):
    exam_id = await add_past_exam(conn)
    await mark(conn, await seats_closed(conn, exam_id))
    given = await own_window(conn, exam_id, late, ends_in=timedelta(hours=1))
    assert await conclude_due(conn, FOLLOW_UPS) == []
    with pytest.raises(NotOver):
        await conclude_by_hand(conn, FOLLOW_UPS, exam_id=exam_id)
    assert (await standing_of(conn, exam_id)).state == "open"
    await ends(conn, given, ago=timedelta(seconds=40))
    assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 1)]
    assert (await standing_of(conn, exam_id)).state == "over"


async def test_a_window_given_after_the_conclusion_has_it_concluded_again(conn, late):
    exam_id = await add_past_exam(conn)
    await mark(conn, await seats_closed(conn, exam_id))
    await conclude_due(conn, FOLLOW_UPS)
    await conn.execute("UPDATE conclusions SET concluded_at = now() - interval '50 seconds'")
    given = await own_window(conn, exam_id, late, ends_in=timedelta(hours=1))
    assert await conclude_due(conn, FOLLOW_UPS) == []
    await ends(conn, given, ago=timedelta(seconds=40))
    assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 1)]
    assert await conclude_due(conn, FOLLOW_UPS) == []
    assert len(await followed(conn)) == 2 * len(FOLLOW_UPS)


async def test_a_window_that_ended_before_the_exams_changes_nothing(conn, late):
    exam_id = await add_past_exam(conn)
    await mark(conn, await seats_closed(conn, exam_id))
    await conn.execute("UPDATE exams SET opens_at = now() - interval '9 days' WHERE id = %s", (exam_id,))
    given = await own_window(conn, exam_id, late, ends_in=timedelta(hours=1))
    await ends(conn, given, ago=timedelta(days=2))
    assert await conclude_due(conn, FOLLOW_UPS) == [Concluded(exam_id, 1)]
    assert await conclude_due(conn, FOLLOW_UPS) == []


async def test_the_right_answers_are_shown_after_the_last_window(conn, late):
    exam_id = await add_past_exam(conn, show_key=True)
    [seat] = await seats_closed(conn, exam_id, [1])
    await mark(conn, [seat])

    async def keys():
        _, marked = await find_result(conn, sitting_id=seat.sitting_id, candidate_id=seat.candidate_id)
        return [each.key for each in marked]

    assert await keys() != [None]
    given = await own_window(conn, exam_id, late, ends_in=timedelta(hours=1))
    assert await keys() == [None]
    await ends(conn, given, ago=timedelta(seconds=40))
    assert await keys() != [None]


async def test_results_that_come_at_a_time_wait_for_the_last_window_and_who_still_sits(conn, late):
    exam_id = await add_past_exam(conn)
    await conn.execute(
        "UPDATE exams SET release = 'at_time', release_at = closes_at WHERE id = %s", (exam_id,)
    )

    async def are_out():
        cursor = await conn.execute("SELECT results_released(exams) FROM exams WHERE id = %s", (exam_id,))
        return (await cursor.fetchone())[0]

    assert await are_out()
    given = await own_window(conn, exam_id, late, ends_in=timedelta(hours=1))
    assert not await are_out()
    await ends(conn, given, ago=timedelta(seconds=40))
    assert await are_out()
    await conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                 closes_at)
           VALUES (%s, %s, 1, 1, now(), now() + interval '1 hour', now() + interval '1 hour')""",
        (late, exam_id),
    )
    assert not await are_out()


async def test_a_standing_that_stands_still_does_so_until_the_last_window_is_over(conn, late):
    exam_id = await add_past_exam(conn, live_standing=True, freeze_minutes=10)
    await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (exam_id, late))
    given = await own_window(conn, exam_id, late, ends_in=timedelta(hours=1))
    found = await find_standing(conn, exam_id=exam_id, viewer=Viewer(late))
    assert found.state == "frozen"
    assert found.closes_at == given.closes_at
