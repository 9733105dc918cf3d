"""What invigilators do while an exam is sat, beside saves, starts, closes and each other."""

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.sittings.autosave import AlreadySubmitted, Saved, TimeExpired, save_batch
from examhall.sittings.availability import ExamNotFound, ExamPaused
from examhall.sittings.close import close_due, seconds_until_due, submit_sitting
from examhall.sittings.interventions import (
    AlreadyPaused,
    Intervention,
    NobodySitsIt,
    NotPaused,
    Order,
    RequestKeyUsed,
    announce,
    close,
    give_time,
    list_interventions,
    pause,
    pause_latecomers,
    resume,
)
from examhall.sittings.start import start_sitting
from tests.sittings.saving import history, save
from tests.sittings.seats import ALICE, Seat, add_exam, add_seat
from tests.sittings.test_close import jobs

pytestmark = pytest.mark.anyio


class Clock(NamedTuple):
    deadline_at: datetime
    closes_at: datetime
    granted_s: int
    paused_at: datetime | None


async def clock(conn: Connection, seat: Seat) -> Clock:
    cursor = await conn.execute(
        "SELECT deadline_at, closes_at, granted_s, paused_at FROM sittings WHERE id = %s", (seat.sitting_id,)
    )
    return Clock(*(await cursor.fetchone()))  # type: ignore[misc]


async def exam_of(conn: Connection, seat: Seat) -> int:
    cursor = await conn.execute("SELECT exam_id FROM sittings WHERE id = %s", (seat.sitting_id,))
    exam_id: int = (await cursor.fetchone())[0]  # type: ignore[index]
    return exam_id


async def add_olga(conn: Connection) -> int:
    cursor = await conn.execute("INSERT INTO people (username, full_name) VALUES ('olga', 'O') RETURNING id")
    person_id: int = (await cursor.fetchone())[0]  # type: ignore[index]
    return person_id


async def count(conn: Connection, table: str) -> int:
    cursor = await conn.execute(
        psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
    )
    found: int = (await cursor.fetchone())[0]  # type: ignore[index]
    return found


async def test_time_given_to_some_is_theirs_alone(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    seats = [await add_seat(conn, candidate_id=n, exam_id=exam_id) for n in range(1, 4)]
    before = [await clock(conn, seat) for seat in seats]
    order = Order(exam_id, None, "the projector failed", [seats[0].sitting_id, seats[2].sitting_id])
    done = await give_time(conn, order, seconds=300)
    after = [await clock(conn, seat) for seat in seats]
    assert done.reached == 2
    moved = [now.deadline_at - then.deadline_at for now, then in zip(after, before, strict=True)]
    assert moved == [timedelta(seconds=300), timedelta(0), timedelta(seconds=300)]
    assert [now.closes_at - then.closes_at for now, then in zip(after, before, strict=True)] == moved
    assert [each.granted_s for each in after] == [300, 0, 300]


async def test_time_given_to_all_reaches_who_sits_it_and_no_other_exam(conn: Connection) -> None:
    seat, other = await add_seat(conn), await add_seat(conn, candidate_id=2)
    closed = await add_seat(conn, candidate_id=3, exam_id=await exam_of(conn, seat))
    await submit_sitting(conn, sitting_id=closed.sitting_id, candidate_id=3)
    before = await clock(conn, other)
    assert (await give_time(conn, Order(await exam_of(conn, seat), None), seconds=60)).reached == 1
    assert (await clock(conn, seat)).granted_s == 60
    assert (await clock(conn, closed)).granted_s == 0
    assert await clock(conn, other) == before


async def test_given_time_makes_a_late_answer_timely(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=-0.1)
    assert [type(each) for each in await save_batch(conn, [save(seat)])] == [TimeExpired]
    await give_time(conn, Order(await exam_of(conn, seat), None), seconds=60)
    assert [type(each) for each in await save_batch(conn, [save(seat)])] == [Saved]


async def test_who_does_not_sit_it_is_given_nothing_and_nothing_is_recorded(database: Database) -> None:
    async with database.transaction() as conn:
        seat = await add_seat(conn)
        exam_id = await exam_of(conn, seat)
    for order in (Order(exam_id, None, "", [seat.sitting_id + 1]), Order(exam_id, None, "", [])):
        with pytest.raises(NobodySitsIt):
            async with database.transaction() as conn:
                await give_time(conn, order, seconds=60)
    async with database.connection() as conn:
        assert await count(conn, "interventions") == 0


async def test_an_exam_that_is_not_there_is_not_found(conn: Connection) -> None:
    with pytest.raises(ExamNotFound):
        await pause(conn, Order(4711, None))


async def test_a_repeat_with_the_same_key_does_nothing_more_however_many_at_once(database: Database) -> None:
    async with database.transaction() as conn:
        seat = await add_seat(conn)
        exam_id, olga = await exam_of(conn, seat), await add_olga(conn)

    async def give() -> Intervention:
        async with database.transaction() as conn:
            return await give_time(conn, Order(exam_id, olga, "fire alarm", request_key="k"), seconds=60)

    done = await asyncio.gather(*(give() for _ in range(30)))
    assert len({(each.id, each.reached) for each in done}) == 1
    async with database.connection() as conn:
        assert (await clock(conn, seat)).granted_s == 60
        assert await count(conn, "interventions") == 1
    with pytest.raises(RequestKeyUsed):
        async with database.transaction() as conn:
            await give_time(conn, Order(exam_id, olga, "fire alarm", request_key="k"), seconds=120)


async def test_a_pause_gives_back_exactly_the_time_it_took(database: Database) -> None:
    async with database.transaction() as conn:
        seat = await add_seat(conn)
        exam_id = await exam_of(conn, seat)
        before = await clock(conn, seat)
    async with database.transaction() as conn:
        await pause(conn, Order(exam_id, None))
        stands = await clock(conn, seat)
    assert stands.paused_at is not None
    async with database.transaction() as conn:
        await conn.execute("UPDATE sittings SET paused_at = paused_at - interval '10 minutes'")
        stood_since = (await clock(conn, seat)).paused_at
    async with database.transaction() as conn:
        done = await resume(conn, Order(exam_id, None))
        after = await clock(conn, seat)
        cursor = await conn.execute("SELECT statement_timestamp()")
        (now,) = await cursor.fetchone()  # type: ignore[misc]
    assert done.reached == 1
    assert after.paused_at is None
    given = after.deadline_at - before.deadline_at
    assert timedelta(minutes=10) < given <= now - stood_since  # type: ignore[operator]
    assert after.closes_at - before.closes_at == given


async def test_nothing_is_due_while_it_is_paused_and_what_comes_is_saved(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=0.2)
    exam_id = await exam_of(conn, seat)
    await pause(conn, Order(exam_id, None))
    await conn.execute("UPDATE sittings SET closes_at = now() - interval '1 hour'")
    assert await close_due(conn, margin_ms=0) == []
    assert await seconds_until_due(conn) is None
    [saved] = await save_batch(conn, [save(seat)])
    assert isinstance(saved, Saved)
    assert await history(conn, seat) == [("A", 1)]
    sitting = await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
    assert sitting.closed_by == "candidate"


async def test_whose_time_was_over_before_the_pause_is_closed_as_ever(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=-1)
    await pause(conn, Order(await exam_of(conn, seat), None))
    assert (await clock(conn, seat)).paused_at is None
    assert len(await close_due(conn)) == 1


async def test_nobody_starts_a_paused_exam(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await pause(conn, Order(exam_id, None))
    with pytest.raises(ExamPaused):
        await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    await resume(conn, Order(exam_id, None))
    assert (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).is_new


async def test_of_many_pauses_at_once_one_pauses(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await exam_of(conn, await add_seat(conn))

    async def attempt(act: object) -> str:
        try:
            async with database.transaction() as conn:
                await act(conn, Order(exam_id, None))  # type: ignore[operator]
        except (AlreadyPaused, NotPaused) as refusal:
            return refusal.code
        return "done"

    assert sorted(await asyncio.gather(*(attempt(pause) for _ in range(20)))) == ["already_paused"] * 19 + [
        "done"
    ]
    assert (
        sorted(await asyncio.gather(*(attempt(resume) for _ in range(20)))) == ["done"] + ["not_paused"] * 19
    )
    async with database.connection() as conn:
        assert await count(conn, "interventions") == 2


async def test_a_start_that_missed_the_pause_is_paused_too(dsn: str) -> None:
    """The start began before the pause was committed, and ends after it."""
    async with (
        await psycopg.AsyncConnection.connect(dsn) as starting,
        await psycopg.AsyncConnection.connect(dsn) as pausing,
    ):
        exam_id = await add_exam(pausing)
        await pausing.commit()
        started = await start_sitting(starting, exam_id=exam_id, candidate_id=ALICE)
        await pause(pausing, Order(exam_id, None))
        await pausing.commit()
        await starting.commit()
        seat = Seat(ALICE, started.sitting.id)
        assert (await clock(pausing, seat)).paused_at is None
        assert await pause_latecomers(pausing) == 1
        assert await pause_latecomers(pausing) == 0
        cursor = await pausing.execute("SELECT paused_at FROM pauses")
        (paused_at,) = await cursor.fetchone()  # type: ignore[misc]
        # Their clock stands still from the pause, not from a start before it.
        assert (await clock(pausing, seat)).paused_at == paused_at
        await pausing.commit()


async def test_a_latecomer_is_never_paused_after_the_exam_goes_on(dsn: str) -> None:
    """Resuming waits for whoever pauses latecomers, and then finds them paused."""
    async with (
        await psycopg.AsyncConnection.connect(dsn) as engine,
        await psycopg.AsyncConnection.connect(dsn) as office,
    ):
        exam_id = await add_exam(office)
        await pause(office, Order(exam_id, None))
        seat = await add_seat(office, exam_id=exam_id)
        await office.commit()
        assert await pause_latecomers(engine) == 1
        resuming = asyncio.create_task(resume(office, Order(exam_id, None)))
        await asyncio.sleep(0.2)
        assert not resuming.done()
        await engine.commit()
        assert (await resuming).reached == 1
        await office.commit()
        assert (await clock(office, seat)).paused_at is None


async def test_while_an_exam_is_being_resumed_nobody_waits_to_pause_its_latecomers(dsn: str) -> None:
    """The deadline engine would: every other exam's candidates would be closed late."""
    async with (
        await psycopg.AsyncConnection.connect(dsn) as engine,
        await psycopg.AsyncConnection.connect(dsn) as office,
    ):
        exam_id = await add_exam(office)
        await pause(office, Order(exam_id, None))
        seat = await add_seat(office, exam_id=exam_id)
        await office.commit()
        await resume(office, Order(exam_id, None))
        await engine.execute("SET lock_timeout = '5s'")
        assert await pause_latecomers(engine) == 0
        await office.rollback()
        assert await pause_latecomers(engine) == 1
        await engine.commit()
        assert (await clock(office, seat)).paused_at is not None


async def test_closing_all_hands_in_for_everybody_once(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    seats = [await add_seat(conn, candidate_id=n, exam_id=exam_id) for n in range(1, 4)]
    await submit_sitting(conn, sitting_id=seats[0].sitting_id, candidate_id=1)
    done = await close(conn, Order(exam_id, None, "the house is on fire"))
    assert done.reached == 2
    [refused] = await save_batch(conn, [save(seats[1])])
    assert isinstance(refused, AlreadySubmitted)
    assert [sorted(job) for job in await jobs(conn)] == [
        [[1, seats[0].sitting_id]],
        [[2, seats[1].sitting_id], [3, seats[2].sitting_id]],
    ]
    with pytest.raises(NobodySitsIt):
        await close(conn, Order(exam_id, None))


async def test_saves_race_pauses_grants_and_a_close_and_no_acknowledged_one_is_lost(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
        seats = [await add_seat(conn, candidate_id=n, exam_id=exam_id) for n in range(1, 41)]
    acknowledged: set[tuple[int, int]] = set()

    async def write(seat: Seat) -> None:
        for revision in range(1, 26):
            async with database.transaction() as conn:
                [outcome] = await save_batch(conn, [save(seat, revision=revision)])
            if not isinstance(outcome, Saved):
                assert isinstance(outcome, AlreadySubmitted)
                return
            acknowledged.add((seat.sitting_id, revision))

    async def meddle() -> None:
        for act in (pause, resume, pause, resume, close):
            await asyncio.sleep(0.15)
            async with database.transaction() as conn:
                if act is resume:
                    await give_time(conn, Order(exam_id, None), seconds=1)
                await act(conn, Order(exam_id, None))

    await asyncio.gather(meddle(), *(write(seat) for seat in seats))
    async with database.connection() as conn:
        cursor = await conn.execute("SELECT sitting_id, revision FROM answer_history")
        assert set(await cursor.fetchall()) == acknowledged
        cursor = await conn.execute(
            """SELECT count(*) FROM answer_history JOIN sittings ON sittings.id = sitting_id
                WHERE saved_at > closed_at"""
        )
        assert await cursor.fetchone() == (0,)
        cursor = await conn.execute("SELECT DISTINCT granted_s, paused_at, closed_by FROM sittings")
        assert await cursor.fetchall() == [(2, None, "staff")]


async def test_an_announcement_is_heard_with_its_commit(database: Database) -> None:
    async with database.transaction() as conn:
        seat = await add_seat(conn)
        exam_id = await exam_of(conn, seat)
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as hearing:
        await hearing.execute("LISTEN interventions")
        async with database.transaction() as conn:
            done = await announce(conn, Order(exam_id, None), message="Question 7: read 3 for 8.")
        [heard] = [each async for each in hearing.notifies(timeout=5, stop_after=1)]
    assert heard.payload == f"{exam_id} {done.id}"
    assert (done.message, done.reached) == ("Question 7: read 3 for 8.", 1)


async def test_what_was_done_is_listed_the_newest_first_with_who_and_why(conn: Connection) -> None:
    seat = await add_seat(conn)
    exam_id, olga = await exam_of(conn, seat), await add_olga(conn)
    await pause(conn, Order(exam_id, olga, "fire alarm"))
    await resume(conn, Order(exam_id, olga))
    await give_time(conn, Order(exam_id, olga, "fire alarm", [seat.sitting_id]), seconds=60)
    listed = await list_interventions(conn, exam_id=exam_id, before_id=2**62, limit=50)
    assert [(each.kind, each.full_name, each.reason, each.seconds) for each in listed] == [
        ("time", "O", "fire alarm", 60),
        ("resume", "O", "", None),
        ("pause", "O", "fire alarm", None),
    ]
    assert await list_interventions(conn, exam_id=exam_id, before_id=listed[0].id, limit=1) == [listed[1]]
