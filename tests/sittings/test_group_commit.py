"""The queue before the database: promises 1, 4, 6, 7 and 9, on real connections, each with a control."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.base.errors import Refusal
from examhall.base.group_commit import BATCH_BYTES, GroupCommit, OutcomeUnknown, QueueFull, Unstorable
from examhall.sittings import autosave
from examhall.sittings.autosave import AlreadySubmitted, Answer, Save, Saved, save_batch
from examhall.sittings.close import submit_sitting

from .saving import Unguarded, history, save, stored
from .seats import ALICE, Seat, add_seat

pytestmark = pytest.mark.anyio

Saves: TypeAlias = GroupCommit[Save, Saved | Refusal]
BODY = 100
# Long enough for what should not happen to happen; what should is awaited without a limit.
A_WHILE_S = 0.3


@asynccontextmanager
async def lane(dsn: str, **limits: Any) -> AsyncIterator[Saves]:
    saves: Saves = GroupCommit(dsn, save_batch, **limits)
    saves.open()
    yield saves
    await saves.close()


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Connection]:
    """A connection beside the lanes': what it sees is committed."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        yield conn


@pytest.fixture
async def seat(other: Connection) -> Seat:
    return await add_seat(other)


@asynccontextmanager
async def held(dsn: str, seat: Seat) -> AsyncIterator[Connection]:
    """While inside, somebody has locked the sitting: saves of it wait."""
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        await conn.execute("SELECT FROM sittings WHERE id = %s FOR UPDATE", (seat.sitting_id,))
        yield conn
        await conn.rollback()


async def waits_for_a_lock(conn: Connection) -> None:
    """Until some connection of this database is blocked by another."""
    while True:
        cursor = await conn.execute(
            """SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"""
        )
        if (await cursor.fetchone())[0]:  # type: ignore[index]
            return
        await asyncio.sleep(0.01)


async def test_what_is_acknowledged_is_committed(dsn: str, other: Connection, seat: Seat) -> None:
    async with lane(dsn) as saves:
        for revision in range(1, 51):
            await saves.submit(save(seat, f"r{revision}", revision), BODY)
            assert await stored(other, seat) == (f"r{revision}", revision)


async def test_control_answered_before_the_commit_others_do_not_see_it(
    dsn: str, other: Connection, seat: Seat
) -> None:
    async def write_without_commit(conn: Connection, batch: Sequence[Save]) -> Sequence[Saved | Refusal]:
        await conn.execute("BEGIN")
        return await save_batch(conn, batch)

    saves: Saves = GroupCommit(dsn, write_without_commit)
    saves.open()
    await saves.submit(save(seat), BODY)
    assert await stored(other, seat) is None
    await saves.close()


async def test_a_commit_is_flushed_whatever_the_database_is_set_to(dsn: str, other: Connection) -> None:
    await other.execute("ALTER ROLE examhall SET synchronous_commit = off")
    try:
        seen: list[str] = []

        async def look(conn: Connection, batch: Sequence[Save]) -> Sequence[Saved | Refusal]:
            cursor = await conn.execute("SHOW synchronous_commit")
            seen.extend(await cursor.fetchone() or ())
            return await save_batch(conn, batch)

        saves: Saves = GroupCommit(dsn, look)
        saves.open()
        await saves.submit(save(await add_seat(other)), BODY)
        await saves.close()
        assert seen == ["on"]
    finally:
        await other.execute("ALTER ROLE examhall RESET synchronous_commit")


async def test_a_close_waits_for_a_save_that_is_under_way(dsn: str, other: Connection, seat: Seat) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as saving:
        await save_batch(saving, [save(seat)])
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as closing:
            close = asyncio.create_task(
                submit_sitting(closing, sitting_id=seat.sitting_id, candidate_id=ALICE)
            )
            await waits_for_a_lock(other)
            assert not close.done()
            await saving.commit()
            closed = await close
    cursor = await other.execute("SELECT max(saved_at) FROM answer_history")
    [last_save] = await cursor.fetchone() or ()
    assert closed.closed_at is not None
    assert last_save < closed.closed_at


async def _save_while_a_close_is_under_way(dsn: str, other: Connection, seat: Seat) -> Saved | Refusal:
    async with await psycopg.AsyncConnection.connect(dsn) as closing, lane(dsn) as saves:
        await submit_sitting(closing, sitting_id=seat.sitting_id, candidate_id=ALICE)
        saved = saves.submit(save(seat), BODY)
        done, _ = await asyncio.wait({saved}, timeout=A_WHILE_S)
        if not done:
            await closing.commit()
        return await saved


async def test_a_save_waits_for_a_close_that_is_under_way_and_is_refused(
    dsn: str, other: Connection, seat: Seat
) -> None:
    assert isinstance(await _save_while_a_close_is_under_way(dsn, other, seat), AlreadySubmitted)
    assert await stored(other, seat) is None


async def test_control_without_the_hold_a_save_slips_past_a_close(
    dsn: str, other: Connection, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "SQL", Unguarded("FOR SHARE\n)", ")"))
    assert isinstance(await _save_while_a_close_is_under_way(dsn, other, seat), Saved)


async def test_2000_saves_racing_a_close_are_stored_or_refused(dsn: str, other: Connection) -> None:
    """None is acknowledged and lost, none accepted after the close, whichever lane it went through."""
    seat = await add_seat(other)
    closed = asyncio.Event()
    acknowledged: list[int] = []
    too_late: list[int] = []
    async with lane(dsn) as one, lane(dsn) as two, lane(dsn) as three:

        async def send(lane_: Saves, revision: int) -> None:
            after_the_close = closed.is_set()
            outcome = await lane_.submit(save(seat, f"r{revision}", revision, number=revision % 45 + 1), BODY)
            if isinstance(outcome, Saved):
                acknowledged.append(revision)
                if after_the_close:
                    too_late.append(revision)
            else:
                assert isinstance(outcome, AlreadySubmitted)

        async def close() -> None:
            async with await psycopg.AsyncConnection.connect(dsn) as conn:
                await submit_sitting(conn, sitting_id=seat.sitting_id, candidate_id=ALICE)
            closed.set()

        sends = []
        for revision in range(1, 2001):
            sends.append(asyncio.create_task(send((one, two, three)[revision % 3], revision)))
            if revision == 700:
                sends.append(asyncio.create_task(close()))
            if revision % 20 == 0:
                await asyncio.sleep(0.001)
        await asyncio.gather(*sends)

    assert too_late == []
    assert 0 < len(acknowledged) < 2000
    assert sorted(revision for _, revision in await history(other, seat)) == sorted(acknowledged)
    cursor = await other.execute(
        "SELECT max(h.saved_at) < max(s.closed_at) FROM answer_history AS h, sittings AS s"
    )
    assert await cursor.fetchone() == (True,)


async def test_a_full_queue_refuses_at_once_and_loses_nothing_it_took(
    dsn: str, other: Connection, seat: Seat
) -> None:
    async with lane(dsn, queue_limit=10, wait_limit_s=60) as saves:
        async with held(dsn, seat):
            first = saves.submit(save(seat, "r1", 1), BODY)
            await waits_for_a_lock(other)
            taken = [saves.submit(save(seat, f"r{n}", n), BODY) for n in range(2, 12)]
            with pytest.raises(QueueFull) as refused:
                saves.submit(save(seat, "r12", 12), BODY)
            assert refused.value.status == 503
            assert refused.value.retry_after_s
        assert all(isinstance(outcome, Saved) for outcome in await asyncio.gather(first, *taken))
    assert len(await history(other, seat)) == 11


async def test_a_queue_full_of_large_bodies_refuses_too(dsn: str, other: Connection, seat: Seat) -> None:
    async with lane(dsn, wait_limit_s=60) as saves:
        async with held(dsn, seat):
            first = saves.submit(save(seat), BODY)
            await waits_for_a_lock(other)
            large = [saves.submit(save(seat), 1_000_000) for _ in range(64)]
            with pytest.raises(QueueFull):
                saves.submit(save(seat), 10_000_000)
        await asyncio.gather(first, *large)


async def test_control_without_a_bound_the_queue_takes_everything(
    dsn: str, other: Connection, seat: Seat
) -> None:
    async with lane(dsn, queue_limit=10**9, wait_limit_s=60) as saves:
        async with held(dsn, seat):
            first = saves.submit(save(seat), BODY)
            await waits_for_a_lock(other)
            taken = [saves.submit(save(seat, f"r{n}", n), BODY) for n in range(2, 500)]
            assert saves.depth == len(taken)
        await asyncio.gather(first, *taken)


def poison(seat: Seat) -> Save:
    """What jsonb cannot hold. The route refuses it; here it got past."""
    return Save(seat.candidate_id, seat.sitting_id, [Answer(9, "", b'"\\u0000"', 1)])


async def test_a_poisoned_row_fails_alone(dsn: str, other: Connection, seat: Seat) -> None:
    bob = await add_seat(other, candidate_id=2)
    async with lane(dsn, wait_limit_s=60) as saves:
        async with held(dsn, seat):
            first = saves.submit(save(seat, "r1", 1), BODY)
            await waits_for_a_lock(other)
            # These wait together, and so they go together.
            poisoned = saves.submit(poison(seat), BODY)
            good = [saves.submit(save(bob, f"r{n}", n), BODY) for n in range(1, 31)]
        outcomes = await asyncio.gather(first, *good)
        with pytest.raises(Unstorable):
            await poisoned
    assert all(isinstance(outcome, Saved) for outcome in outcomes)
    assert await stored(other, bob) == ("r30", 30)
    assert await stored(other, seat, 9) is None


async def test_control_written_together_a_poisoned_row_takes_its_neighbours_with_it(
    other: Connection, seat: Seat
) -> None:
    with pytest.raises(psycopg.DataError):
        await save_batch(other, [save(seat), poison(seat)])
    assert await stored(other, seat) is None


async def test_a_bug_that_one_entry_meets_fails_it_alone(dsn: str, other: Connection, seat: Seat) -> None:
    async def write(conn: Connection, batch: Sequence[Save]) -> Sequence[Saved | Refusal]:
        if any(answer.revision == 13 for save in batch for answer in save.answers):
            raise LookupError("a bug")
        return await save_batch(conn, batch)

    saves: Saves = GroupCommit(dsn, write)
    saves.open()
    unlucky, *others = [saves.submit(save(seat, f"r{n}", n), BODY) for n in (13, 14, 15, 16)]
    with pytest.raises(LookupError):
        await unlucky
    assert all(isinstance(outcome, Saved) for outcome in await asyncio.gather(*others))
    assert isinstance(await saves.submit(save(seat, "later", 17), BODY), Saved)
    await saves.close()


async def test_full_requests_are_not_written_all_at_once(dsn: str, seat: Seat) -> None:
    """A statement of 256,000 rows takes longer than a write may."""
    saves: Saves = GroupCommit(dsn, save_batch)
    taken = [saves.submit(save(seat, f"r{n}", n), BATCH_BYTES // 4) for n in range(1, 9)]
    larger = saves.submit(save(seat, "r9", 9), BATCH_BYTES * 2)
    saves.open()
    await asyncio.gather(*taken, larger)
    assert saves.batches == 3
    await saves.close()


async def test_a_server_that_has_become_a_standby_is_left(dsn: str, other: Connection, seat: Seat) -> None:
    pids: list[int] = []

    async def write(conn: Connection, batch: Sequence[Save]) -> Sequence[Saved | Refusal]:
        if not pids:
            # What a standby says: 25006, on a connection that stays open.
            await conn.execute("SET default_transaction_read_only = on")
        pids.append(conn.info.backend_pid)
        return await save_batch(conn, batch)

    saves: Saves = GroupCommit(dsn, write)
    saves.open()
    with pytest.raises(OutcomeUnknown):
        await saves.submit(save(seat), BODY)
    assert isinstance(await saves.submit(save(seat), BODY), Saved)
    await saves.close()
    assert len(set(pids)) == 2


async def test_a_write_that_hangs_is_of_unknown_outcome_and_its_connection_is_never_used_again(
    dsn: str, other: Connection, seat: Seat
) -> None:
    pids: list[int] = []

    async def write(conn: Connection, batch: Sequence[Save]) -> Sequence[Saved | Refusal]:
        pids.append(conn.info.backend_pid)
        return await save_batch(conn, batch)

    saves: Saves = GroupCommit(dsn, write, write_limit_s=0.1)
    saves.open()
    async with held(dsn, seat):
        with pytest.raises(OutcomeUnknown) as refused:
            await saves.submit(save(seat), BODY)
        assert refused.value.status == 503
    # The caller repeats with the same revision: it is written again, and this time known.
    assert isinstance(await saves.submit(save(seat), BODY), Saved)
    await saves.close()
    assert await stored(other, seat) == ("A", 1)
    assert len(set(pids)) == 2


async def test_control_without_a_limit_a_hanging_write_keeps_its_caller_waiting(dsn: str, seat: Seat) -> None:
    async with lane(dsn, write_limit_s=3600, wait_limit_s=3600) as saves:
        async with held(dsn, seat):
            waiting = saves.submit(save(seat), BODY)
            done, _ = await asyncio.wait({waiting}, timeout=A_WHILE_S)
            assert not done
        await waiting


async def test_those_behind_a_hanging_write_are_told_in_time(dsn: str, other: Connection, seat: Seat) -> None:
    async with lane(dsn, wait_limit_s=0.1) as saves:
        async with held(dsn, seat):
            first = saves.submit(save(seat, "r1", 1), BODY)
            await waits_for_a_lock(other)
            behind = saves.submit(save(seat, "r2", 2), BODY)
            with pytest.raises(Refusal) as refused:
                await behind
            assert refused.value.status == 503
        assert isinstance(await first, Saved)
    assert await stored(other, seat) == ("r1", 1)


async def test_a_killed_backend_is_survived(dsn: str, other: Connection, seat: Seat) -> None:
    async with lane(dsn) as saves:
        await saves.submit(save(seat, "r1", 1), BODY)
        for revision in range(2, 6):
            await other.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
            while True:
                try:
                    await saves.submit(save(seat, f"r{revision}", revision), BODY)
                except OutcomeUnknown:
                    continue
                break
            assert await stored(other, seat) == (f"r{revision}", revision)


async def test_closing_writes_what_is_waiting_and_takes_no_more(
    dsn: str, other: Connection, seat: Seat
) -> None:
    saves: Saves = GroupCommit(dsn, save_batch)
    saves.open()
    taken = [saves.submit(save(seat, f"r{n}", n), BODY) for n in range(1, 1200)]
    await saves.close()
    assert all(isinstance(outcome, Saved) for outcome in await asyncio.gather(*taken))
    with pytest.raises(Refusal):
        saves.submit(save(seat), BODY)
