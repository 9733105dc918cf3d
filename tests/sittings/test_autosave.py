"""What becomes of a save. Promises 2, 3, 5, 7 and 8 of docs/reliability.md, each with a control."""

from itertools import permutations

import anyio
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examhall.base import clock
from examhall.base.db import Connection
from examhall.sittings import autosave
from examhall.sittings.autosave import (
    AlreadySubmitted,
    Answer,
    Save,
    Saved,
    SessionNotFound,
    TimeExpired,
    save_batch,
)

from .saving import Unguarded, history, save, stored
from .seats import MALLORY, Seat, add_seat

pytestmark = pytest.mark.anyio

REVISION_GUARD = "WHERE stored.revision <= excluded.revision OR excluded.revision = 0"


async def test_saves_the_first_answer(conn: Connection, alices_seat: Seat) -> None:
    [outcome] = await save_batch(conn, [save(alices_seat, "B")])
    assert isinstance(outcome, Saved)
    assert await stored(conn, alices_seat) == ("B", 1)


async def test_a_late_retry_does_not_overwrite_a_newer_answer(conn: Connection, alices_seat: Seat) -> None:
    await save_batch(conn, [save(alices_seat, "B", 2)])
    [outcome] = await save_batch(conn, [save(alices_seat, "A", 1)])
    assert isinstance(outcome, Saved)
    assert await stored(conn, alices_seat) == ("B", 2)


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
async def test_the_highest_revision_wins_within_one_batch_too(
    conn: Connection, alices_seat: Seat, order: tuple[int, ...]
) -> None:
    await save_batch(conn, [save(alices_seat, f"r{revision}", revision) for revision in order])
    assert await stored(conn, alices_seat) == ("r3", 3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=4))
def test_the_highest_revision_wins_however_saves_are_cut_into_batches(
    shared_dsn: str, batches: list[list[int]]
) -> None:
    async def run() -> None:
        async with await psycopg.AsyncConnection.connect(shared_dsn) as conn:
            seat = await add_seat(conn)
            for batch in batches:
                await save_batch(conn, [save(seat, f"r{revision}", revision) for revision in batch])
            best = max(max(batch) for batch in batches)
            assert await stored(conn, seat) == (f"r{best}", best)
            assert len(await history(conn, seat)) == sum(map(len, batches))
            await conn.rollback()

    anyio.run(run)


async def test_control_without_the_revision_guard_a_late_retry_overwrites(
    conn: Connection, alices_seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "SQL", Unguarded(REVISION_GUARD, ""))
    await save_batch(conn, [save(alices_seat, "B", 2)])
    await save_batch(conn, [save(alices_seat, "A", 1)])
    assert await stored(conn, alices_seat) == ("A", 1)


async def _is_written_again(dsn: str, seat: Seat) -> bool:
    """Whether a repeat makes a new version of the row, which a commit then has to flush and replicate."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        versions = []
        for _ in range(2):
            await save_batch(conn, [save(seat, "B", 5)])
            cursor = await conn.execute(
                "SELECT xmin::text FROM answers WHERE sitting_id = %s", (seat.sitting_id,)
            )
            versions.append(await cursor.fetchone())
    return versions[0] != versions[1]


async def test_a_repeat_writes_before_it_is_acknowledged(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        seat = await add_seat(conn)
    assert await _is_written_again(dsn, seat)


async def test_control_with_do_nothing_a_repeat_does_not_write(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        seat = await add_seat(conn)
    monkeypatch.setattr(
        autosave, "SQL", Unguarded(REVISION_GUARD, "WHERE stored.revision < excluded.revision")
    )
    assert not await _is_written_again(dsn, seat)


async def test_without_revisions_the_last_to_arrive_wins(conn: Connection, alices_seat: Seat) -> None:
    for answer in ("A", "B", "A"):
        await save_batch(conn, [save(alices_seat, answer, autosave.IN_ORDER_OF_ARRIVAL)])
    assert (await stored(conn, alices_seat) or ("",))[0] == "A"
    await save_batch(
        conn, [save(alices_seat, "B", 100), save(alices_seat, "C", autosave.IN_ORDER_OF_ARRIVAL)]
    )
    assert (await stored(conn, alices_seat) or ("",))[0] == "C"
    await save_batch(conn, [save(alices_seat, "D", autosave.IN_ORDER_OF_ARRIVAL)])
    assert (await stored(conn, alices_seat) or ("",))[0] == "D"


async def test_the_last_moment_is_still_in_time(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=60)
    [outcome] = await save_batch(conn, [save(seat)])
    assert isinstance(outcome, Saved)


async def test_what_comes_after_the_grace_is_refused_and_changes_nothing(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=-0.001)
    [outcome] = await save_batch(conn, [save(seat)])
    assert isinstance(outcome, TimeExpired)
    assert await stored(conn, seat) is None
    assert await history(conn, seat) == []


async def test_waiting_in_our_queue_never_makes_an_answer_late(conn: Connection) -> None:
    seat = await add_seat(conn, closes_in_s=-60)
    [early, late] = await save_batch(conn, [save(seat, "A", 1, age_s=120), save(seat, "B", 2, age_s=1)])
    assert isinstance(early, Saved)
    assert isinstance(late, TimeExpired)
    assert await stored(conn, seat) == ("A", 1)


async def test_control_judged_by_when_it_is_written_a_waiting_answer_is_late(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "SQL", Unguarded("age_us * interval", "0 * interval"))
    seat = await add_seat(conn, closes_in_s=-60)
    [outcome] = await save_batch(conn, [save(seat, age_s=120)])
    assert isinstance(outcome, TimeExpired)


async def test_a_wrong_clock_of_the_application_changes_nothing(
    conn: Connection, alices_seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_ahead = clock.now().replace(year=2099)
    monkeypatch.setattr(clock, "now", lambda: far_ahead)
    [outcome] = await save_batch(conn, [save(alices_seat)])
    assert isinstance(outcome, Saved)
    assert outcome.saved_at < far_ahead


async def test_every_accepted_change_is_in_the_history(conn: Connection, alices_seat: Seat) -> None:
    await save_batch(conn, [save(alices_seat, "A", 1), save(alices_seat, "C", 3)])
    await save_batch(conn, [save(alices_seat, "B", 2)])
    assert sorted(await history(conn, alices_seat)) == [("A", 1), ("B", 2), ("C", 3)]
    assert await stored(conn, alices_seat) == ("C", 3)


async def test_control_without_the_history_a_newer_answer_hides_a_lost_one(
    conn: Connection, alices_seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = autosave.SQL.save_batch.text
    kept = text[text.index("),\nkept AS") : text.index(")\nSELECT refusal")]
    monkeypatch.setattr(autosave, "SQL", Unguarded(kept, ""))
    await save_batch(conn, [save(alices_seat, "A", 1)])
    assert await stored(conn, alices_seat) == ("A", 1)
    assert await history(conn, alices_seat) == []


async def test_somebody_elses_sitting_does_not_exist(conn: Connection, alices_seat: Seat) -> None:
    theft = Save(MALLORY, alices_seat.sitting_id, [Answer(1, "", b'"B"', 9)])
    [outcome] = await save_batch(conn, [theft])
    assert isinstance(outcome, SessionNotFound)
    assert await stored(conn, alices_seat) is None


async def test_one_refused_request_leaves_its_neighbours_in_the_batch_alone(conn: Connection) -> None:
    mine, closed, expired = [await add_seat(conn, candidate_id=each) for each in (1, 2, 3)]
    await conn.execute(
        "UPDATE sittings SET closed_at = now(), closed_by = 'candidate' WHERE id = %s", (closed.sitting_id,)
    )
    await conn.execute(
        "UPDATE sittings SET closes_at = now() - interval '1 s' WHERE id = %s", (expired.sitting_id,)
    )
    outcomes = await save_batch(conn, [save(closed), save(mine), save(expired)])
    assert [type(outcome) for outcome in outcomes] == [AlreadySubmitted, Saved, TimeExpired]


async def test_many_answers_of_one_request_are_stored_together(conn: Connection, alices_seat: Seat) -> None:
    answers = [Answer(number, part, b'"7"', 1) for number in (36, 37) for part in ("a", "b")]
    [outcome] = await save_batch(conn, [Save(alices_seat.candidate_id, alices_seat.sitting_id, answers)])
    assert isinstance(outcome, Saved)
    assert [await stored(conn, alices_seat, number, part) for number in (36, 37) for part in ("a", "b")] == [
        ("7", 1)
    ] * 4


@pytest.mark.parametrize("text", ["ответ", "oʻzbek", "𝔘𝔫𝔦", 'say \\"hi\\"', "'; DROP TABLE answers; --"])
async def test_any_text_comes_back_as_it_was_sent(conn: Connection, alices_seat: Seat, text: str) -> None:
    await save_batch(conn, [save(alices_seat, text)])
    assert (await stored(conn, alices_seat) or ("",))[0] == text.replace('\\"', '"')
