"""Starting: who may, how often, until when; and that exactly one of many starts wins."""

import asyncio
from datetime import timedelta

import pytest

from examhall.base.db import Connection, Database
from examhall.sittings.autosave import SessionNotFound, save_batch
from examhall.sittings.availability import (
    ExamNotFound,
    NoAttemptsLeft,
    NotYetOpen,
    WindowClosed,
    availability_of_exam,
    exam_of_test_type,
    my_exams,
)
from examhall.sittings.close import submit_sitting
from examhall.sittings.start import (
    Starts,
    Wanted,
    answers_so_far,
    find_sitting,
    start_sitting,
    start_sittings,
)

from .saving import save
from .seats import ALICE, MALLORY, Seat, add_exam

pytestmark = pytest.mark.anyio


async def test_1000_starts_at_once_open_one_sitting(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn, attempts_allowed=5)

    # As three processes would: whoever arrives together shares a commit, and three commits race.
    doors = [Starts(database) for _ in range(3)]
    starts = await asyncio.gather(
        *(doors[n % 3].start(exam_id=exam_id, candidate_id=ALICE) for n in range(1000))
    )
    assert len({started.sitting.id for started in starts}) == 1
    assert sum(started.is_new for started in starts) == 1


async def test_1000_candidates_start_at_once_each_their_own(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
    doors = [Starts(database) for _ in range(2)]
    starts = await asyncio.gather(
        *(doors[n % 2].start(exam_id=exam_id, candidate_id=n // 2) for n in range(2, 2002))
    )
    assert len({started.sitting.id for started in starts}) == 1000
    assert sum(started.is_new for started in starts) == 1000
    assert all(started.sitting.candidate_id == n // 2 for n, started in enumerate(starts, start=2))


async def test_who_may_not_start_is_told_why_and_delays_nobody(database: Database) -> None:
    async with database.transaction() as conn:
        open_exam, closed_exam = await add_exam(conn), await _window(conn, "-2 h", "-1 h")
    starts = Starts(database)
    outcomes = await asyncio.gather(
        *(
            starts.start(exam_id=exam_id, candidate_id=n)
            for n in range(50)
            for exam_id in (open_exam, closed_exam)
        ),
        starts.start(exam_id=10**9, candidate_id=1),
        return_exceptions=True,
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["Started", "WindowClosed"] * 50 + [
        "ExamNotFound"
    ]


async def test_an_exam_that_an_author_holds_delays_nobody_who_starts_another(database: Database) -> None:
    async with database.transaction() as conn:
        held, free = await add_exam(conn), await add_exam(conn)
    starts = Starts(database)
    async with database.transaction() as author:
        await author.execute("SELECT FROM exams WHERE id = %s FOR UPDATE", (held,))
        waiting = [asyncio.create_task(starts.start(exam_id=held, candidate_id=n)) for n in range(1, 51)]
        await asyncio.sleep(0)
        started = await asyncio.wait_for(
            asyncio.gather(*(starts.start(exam_id=free, candidate_id=n) for n in range(1, 51))), 5
        )
        assert len({each.sitting.id for each in started}) == 50
        assert not any(each.done() for each in waiting)
    assert len({each.sitting.id for each in await asyncio.gather(*waiting)}) == 50


async def test_of_two_starts_in_one_batch_one_is_new(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    first, second = await start_sittings(conn, [Wanted(ALICE, exam_id)] * 2)
    assert first is not None
    assert second is not None
    assert (first.is_new, second.is_new) == (True, False)
    assert first.sitting == second.sitting


async def test_control_without_the_index_several_starts_win(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn, attempts_allowed=500)
        await conn.execute("DROP INDEX one_open_sitting")
        await conn.execute("ALTER TABLE sittings DROP CONSTRAINT sittings_attempt")

    async def start() -> int:
        async with database.transaction() as conn:
            return (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting.id

    assert len(set(await asyncio.gather(*(start() for _ in range(50))))) > 1


async def test_the_deadline_is_the_duration_from_the_start(conn: Connection) -> None:
    exam_id = await add_exam(conn, duration_s=600, grace_s=30)
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting
    assert sitting.deadline_at - sitting.started_at == timedelta(seconds=600)
    assert sitting.closes_at - sitting.deadline_at == timedelta(seconds=30)


async def test_who_starts_late_has_what_is_left_of_the_window(conn: Connection) -> None:
    cursor = await conn.execute("SELECT now() + interval '5 min'")
    [ends] = await cursor.fetchone() or ()
    exam_id = await add_exam(conn, duration_s=3600, closes_at=ends)
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting
    assert sitting.deadline_at == ends


async def _window(conn: Connection, opens_in: str, closes_in: str) -> int:
    exam_id = await add_exam(conn)
    await conn.execute(
        "UPDATE exams SET opens_at = now() + %s::interval, closes_at = now() + %s::interval WHERE id = %s",
        (opens_in, closes_in, exam_id),
    )
    return exam_id


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "refusal"),
    [("1 min", "1 hour", NotYetOpen), ("-1 hour", "-1 min", WindowClosed)],
)
async def test_outside_the_window_nobody_starts_and_is_told_why(
    conn: Connection, opens_in: str, closes_in: str, refusal: type[Exception]
) -> None:
    exam_id = await _window(conn, opens_in, closes_in)
    with pytest.raises(refusal):
        await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    availability = await availability_of_exam(conn, exam_id=exam_id, candidate_id=ALICE)
    assert availability.reason == refusal().code  # type: ignore[attr-defined]
    assert not availability.can_start


async def test_attempts_are_numbered_and_no_more_than_allowed(conn: Connection) -> None:
    exam_id = await add_exam(conn, attempts_allowed=2)
    for number in (1, 2):
        sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting
        assert sitting.attempt_number == number
        await submit_sitting(conn, sitting_id=sitting.id, candidate_id=ALICE)
    with pytest.raises(NoAttemptsLeft):
        await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)


async def test_an_exam_assigned_to_others_does_not_exist(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    await conn.execute("INSERT INTO people (username, full_name) VALUES ('bob', 'Bob')")
    await conn.execute("INSERT INTO assignments SELECT %s, id FROM people WHERE username = 'bob'", (exam_id,))
    cursor = await conn.execute("SELECT id FROM people WHERE username = 'bob'")
    [bob] = await cursor.fetchone() or ()
    with pytest.raises(ExamNotFound):
        await start_sitting(conn, exam_id=exam_id, candidate_id=MALLORY)
    assert (await start_sitting(conn, exam_id=exam_id, candidate_id=bob)).is_new

    def seen(found: list[object]) -> set[int]:
        return {each.exam_id for each in found}  # type: ignore[attr-defined]

    page = {"only_exam_id": None, "before_id": 2**62, "limit": 200}
    assert exam_id in seen(await my_exams(conn, candidate_id=bob, **page))  # type: ignore[arg-type]
    assert exam_id not in seen(await my_exams(conn, candidate_id=MALLORY, **page))  # type: ignore[arg-type]


async def test_resuming_gives_the_same_sitting_and_the_answers_so_far(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    first = (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting
    await save_batch(conn, [save(Seat(ALICE, first.id), "B", 4)])
    again = await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    assert not again.is_new
    assert again.sitting.id == first.id
    assert again.sitting.deadline_at == first.deadline_at
    assert again.sitting.seed == first.seed
    [answer] = await answers_so_far(conn, again.sitting)
    assert (answer.question_number, answer.answer, answer.revision) == (1, "B", 4)


async def test_somebody_elses_sitting_does_not_exist(conn: Connection, alices_seat: Seat) -> None:
    with pytest.raises(SessionNotFound):
        await find_sitting(conn, sitting_id=alices_seat.sitting_id, candidate_id=MALLORY)


async def test_a_test_type_means_the_exam_open_now_else_the_next_else_the_last(conn: Connection) -> None:
    async def meant(*windows: tuple[str, str]) -> str:
        names = {}
        for opens_in, closes_in in windows:
            exam_id = await _window(conn, opens_in, closes_in)
            names[exam_id] = opens_in
            await conn.execute("UPDATE exams SET kind = 'test', test_type = 'SJT' WHERE id = %s", (exam_id,))
        found = await exam_of_test_type(conn, test_type="SJT", candidate_id=ALICE, only_exam_id=None)
        await conn.execute("DELETE FROM exams")
        return names[found]

    over = [("-9 h", "-8 h"), ("-3 h", "-2 h"), ("-6 h", "-5 h")]
    coming = [("5 h", "6 h"), ("1 h", "2 h"), ("3 h", "4 h")]
    assert await meant(*over) == "-3 h"
    assert await meant(*over, *coming) == "1 h"
    assert await meant(*over, *coming, ("-1 h", "7 h")) == "-1 h"
