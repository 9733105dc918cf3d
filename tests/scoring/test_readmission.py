"""Letting somebody in again, beside markings, conclusions, and itself."""

import asyncio

import pytest

from examhall.base.db import Connection, Database
from examhall.scoring.conclude import StillSitting, conclude_by_hand, conclude_due
from examhall.scoring.readmission import ResultsAreFinal, let_in_again
from examhall.scoring.results import score_sittings
from examhall.sittings.autosave import save_batch
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.close import close_due, submit_sitting
from examhall.sittings.interventions import NobodyToLetIn, Order, RequestKeyUsed, SitsItAgain, pause
from tests.scoring.test_conclude import add_past_exam, mark, seats_closed
from tests.sittings.saving import save
from tests.sittings.seats import ALICE, Seat, add_exam, add_seat
from tests.sittings.test_interventions import add_olga, exam_of

pytestmark = pytest.mark.anyio


async def handed_in(conn: Connection, exam_id: int | None = None) -> Seat:
    seat = await add_seat(conn, exam_id=exam_id)
    await save_batch(conn, [save(seat, "B", 1)])
    await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
    await score_sittings(conn, [(ALICE, seat.sitting_id)])
    return seat


async def points(conn: Connection) -> list[float]:
    cursor = await conn.execute("SELECT points FROM results ORDER BY sitting_id")
    return [float(row[0]) for row in await cursor.fetchall()]


def order(exam_id: int, *seats: Seat, key: str | None = None, reason: str = "By mistake") -> Order:
    return Order(exam_id, None, reason, [seat.sitting_id for seat in seats], key)


async def test_who_is_let_in_again_goes_on_and_is_marked_anew(conn: Connection) -> None:
    seat = await handed_in(conn)
    exam_id = await exam_of(conn, seat)
    assert await points(conn) == [0]
    done = await let_in_again(conn, order(exam_id, seat), seconds=600)
    assert (done.kind, done.reached, done.seconds) == ("readmit", 1, 600)
    cursor = await conn.execute(
        "SELECT closed_at, closed_by, deadline_at - statement_timestamp() > interval '590 s' FROM sittings"
    )
    assert await cursor.fetchall() == [(None, None, True)]
    assert await points(conn) == []
    await save_batch(conn, [save(seat, "A", 2)])
    await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
    await score_sittings(conn, [(ALICE, seat.sitting_id)])
    assert await points(conn) == [1]


async def test_the_deadline_closes_them_again(conn: Connection) -> None:
    seat = await handed_in(conn)
    await let_in_again(conn, order(await exam_of(conn, seat), seat), seconds=600)
    await conn.execute("UPDATE sittings SET closes_at = now() - interval '1 minute'")
    assert [closed.id for closed in await close_due(conn)] == [seat.sitting_id]


async def test_time_beyond_the_old_deadline_counts_as_given(conn: Connection) -> None:
    seat = await handed_in(conn)
    await conn.execute("UPDATE sittings SET deadline_at = statement_timestamp() + interval '100 s'")
    await let_in_again(conn, order(await exam_of(conn, seat), seat), seconds=700)
    cursor = await conn.execute("SELECT granted_s BETWEEN 600 AND 602 FROM sittings")
    assert await cursor.fetchone() == (True,)


async def test_in_a_paused_exam_their_clock_stands_still(conn: Connection) -> None:
    seat = await handed_in(conn)
    exam_id = await exam_of(conn, seat)
    await pause(conn, Order(exam_id, None, "Fire alarm"))
    await let_in_again(conn, order(exam_id, seat), seconds=600)
    cursor = await conn.execute("SELECT deadline_at - paused_at FROM sittings")
    [stood] = await cursor.fetchone() or [None]
    assert stood.total_seconds() == 600


async def test_nobody_is_let_in_who_has_not_handed_in_or_sits_it_again(conn: Connection) -> None:
    exam_id = await add_exam(conn, attempts_allowed=2)
    first = await handed_in(conn, exam_id)
    await conn.execute("UPDATE sittings SET attempt_number = 1")
    second = await add_seat(conn, exam_id=exam_id)
    elsewhere = await handed_in(conn)
    for seats, refusal in (([second], NobodyToLetIn), ([elsewhere], NobodyToLetIn), ([first], SitsItAgain)):
        with pytest.raises(refusal):
            async with conn.transaction():
                await let_in_again(conn, order(exam_id, *seats), seconds=600)
    with pytest.raises(ExamNotFound):
        await let_in_again(conn, order(0, first), seconds=600)


async def test_a_repeat_lets_nobody_in_twice_and_keeps_the_new_result(conn: Connection) -> None:
    seat = await handed_in(conn)
    exam_id = await exam_of(conn, seat)
    olga = await add_olga(conn)
    by_olga = Order(exam_id, olga, "By mistake", [seat.sitting_id], "k")
    first = await let_in_again(conn, by_olga, seconds=600)
    await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
    await score_sittings(conn, [(ALICE, seat.sitting_id)])
    again = await let_in_again(conn, by_olga, seconds=600)
    assert again == first
    assert len(await points(conn)) == 1
    with pytest.raises(RequestKeyUsed):
        await let_in_again(conn, by_olga, seconds=601)


async def test_nobody_is_let_in_once_results_are_final(conn: Connection) -> None:
    exam_id = await add_past_exam(conn)
    seats = await seats_closed(conn, exam_id)
    await mark(conn, seats)
    assert await conclude_due(conn, ())
    with pytest.raises(ResultsAreFinal):
        await let_in_again(conn, order(exam_id, seats[0]), seconds=600)


async def test_of_a_conclusion_and_letting_in_one_comes_first(database: Database) -> None:
    """The conclusion has looked already when somebody is let in; and the other way round."""
    for _ in range(10):
        async with database.transaction() as conn:
            exam_id = await add_past_exam(conn)
            seats = await seats_closed(conn, exam_id)
            await mark(conn, seats)

        async def conclude() -> int:
            async with database.transaction() as conn:
                return len(await conclude_due(conn, ()))

        async def let_in(exam_id: int = exam_id, seat: Seat = seats[0]) -> str:
            try:
                async with database.transaction() as conn:
                    await let_in_again(conn, order(exam_id, seat), seconds=600)
            except ResultsAreFinal:
                return "final"
            return "in"

        concluded, outcome = await asyncio.gather(conclude(), let_in())
        async with database.transaction() as conn:
            cursor = await conn.execute(
                """SELECT (SELECT count(*) FROM sittings WHERE exam_id = %(exam_id)s AND closed_at IS NULL),
                          (SELECT count(*) FROM conclusions WHERE exam_id = %(exam_id)s)""",
                {"exam_id": exam_id},
            )
            assert await cursor.fetchone() == ((1, 0) if outcome == "in" else (0, 1))
        assert concluded == (outcome == "final")


async def test_a_conclusion_that_looked_before_is_taken_back(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_past_exam(conn)
        seats = await seats_closed(conn, exam_id)
        await mark(conn, seats)
    async with database.transaction() as letting:
        await let_in_again(letting, order(exam_id, seats[0]), seconds=600)

        async def conclude() -> list[object]:
            async with database.transaction() as conn:
                return [*await conclude_due(conn, ("rate_exam",))]

        concluding = asyncio.create_task(conclude())
        await waits(letting)
    assert await concluding == []
    async with database.transaction() as conn:
        assert await (await conn.execute("SELECT count(*) FROM conclusions")).fetchone() == (0,)


async def test_a_conclusion_by_hand_waits_for_who_is_let_in(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_past_exam(conn)
        seats = await seats_closed(conn, exam_id)
        await mark(conn, seats)
    async with database.transaction() as letting:
        await let_in_again(letting, order(exam_id, seats[0]), seconds=600)

        async def conclude() -> None:
            async with database.transaction() as conn:
                await conclude_by_hand(conn, (), exam_id=exam_id)

        concluding = asyncio.create_task(conclude())
        await waits(letting)
    with pytest.raises(StillSitting):
        await concluding


async def test_a_marking_that_is_under_way_leaves_no_result_behind(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        seat = await add_seat(conn, exam_id=exam_id)
        await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
    async with database.transaction() as letting:
        await let_in_again(letting, order(exam_id, seat), seconds=600)

        async def score() -> int:
            async with database.transaction() as conn:
                return await score_sittings(conn, [(ALICE, seat.sitting_id)])

        scoring = asyncio.create_task(score())
        await waits(letting)
    assert await scoring == 0
    async with database.transaction() as conn:
        assert await points(conn) == []


async def waits(conn: Connection) -> None:
    """Until somebody waits for what this transaction holds."""
    for _ in range(500):
        cursor = await conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        if await cursor.fetchone() != (0,):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
