"""The first promise: whatever is killed, what was acknowledged is stored.

`make crash ROUNDS=100` plays more rounds and prints what it counted.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.base.embedded import Postgres
from examhall.base.errors import Overloaded, Refusal
from examhall.base.group_commit import GroupCommit
from examhall.base.migrate import migrate
from examhall.sittings.autosave import Answer, Save, Saved, save_batch

from .candidates import QUESTIONS, Room, Seat, seat_candidates
from .hall import PATIENCE_S, Hall, eventually, is_running, send, tree_of
from .ledger import Findings, Key, Ledger

pytestmark = [
    pytest.mark.crash,
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes to kill in /proc"),
]

# How long PostgreSQL stays away or frozen.
AWAY_S = 1.5
FROZEN_S = 3.0
# Acknowledged before a fault, so that there is something to lose, and after it, to see that all is well.
ENOUGH = 100

Fault = Callable[[Hall, random.Random], Awaitable[None]]


async def kill_a_web_worker(hall: Hall, rng: random.Random) -> None:
    before = hall.web_workers()
    victim = rng.choice(sorted(before))
    os.kill(victim, signal.SIGKILL)
    await asyncio.to_thread(eventually, lambda: not is_running(victim) and len(hall.web_workers()) == 2)
    assert before - {victim} <= hall.web_workers(), "the other one was restarted too"


async def kill_postgresql(hall: Hall, rng: random.Random) -> None:
    """Postmaster and backends, and nobody there to start them again for a while."""
    before = hall.web_workers()
    hall.process.send_signal(signal.SIGSTOP)
    send(hall.postgres(), signal.SIGKILL)
    await asyncio.sleep(AWAY_S)
    hall.process.send_signal(signal.SIGCONT)
    await asyncio.to_thread(eventually, lambda: "PostgreSQL is back" in hall.said)
    assert hall.web_workers() == before, "the web workers were restarted"


async def freeze_postgresql(hall: Hall, rng: random.Random) -> None:
    before = hall.web_workers()
    frozen = hall.postgres()
    send(frozen, signal.SIGSTOP)
    await asyncio.sleep(FROZEN_S)
    send(frozen, signal.SIGCONT)
    assert hall.web_workers() == before, "the web workers were restarted"


async def stop_and_start(hall: Hall, rng: random.Random) -> None:
    assert await asyncio.to_thread(hall.stop) == 0
    await asyncio.to_thread(hall.start)


async def kill_everything(hall: Hall, rng: random.Random) -> None:
    await asyncio.to_thread(hall.kill)
    await asyncio.to_thread(hall.start)


FAULTS: Sequence[Fault] = (
    kill_a_web_worker,
    kill_postgresql,
    freeze_postgresql,
    stop_and_start,
    kill_everything,
)
# PostgreSQL is away in these, so somebody must have been told to come again.
WITHOUT_POSTGRESQL = (kill_postgresql,)
ROUNDS = int(os.environ.get("EXAMHALL_CRASH_ROUNDS", "0"))


async def test_what_was_acknowledged_is_stored_whatever_is_killed(
    hall: Hall, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def tell(line: str) -> None:
        if ROUNDS:
            with capsys.disabled():
                print(line, flush=True)

    tell(f"\nEXAMHALL_CRASH_SEED={seed}")
    rng = random.Random(seed)
    ledger = Ledger()
    played: Counter[str] = Counter()
    with hall.connect() as conn:
        seats = seat_candidates(conn)
    async with Room(hall, ledger, seats, seed) as room:
        for number, fault in enumerate(_order(rng), 1):
            began = time.monotonic()
            findings = await _survive(fault, rng, hall, room, ledger)
            played[fault.__name__] += 1
            tell(
                f"{number:4} {fault.__name__:18} {time.monotonic() - began:5.1f} s, acknowledged "
                f"{findings.acknowledged:8,}, stored {findings.stored:8,}, lost {len(findings.lost)}"
            )
        await room.finish()
    findings = await asyncio.to_thread(_compare, hall, ledger)
    assert findings.is_right, findings
    assert ledger.sent == ledger.acknowledged
    assert await asyncio.to_thread(_as_candidates_see_it, hall, seats) == ledger.acknowledged
    tell(f"{dict(played)}\nreplies: {dict(room.replies)}\n{ledger.count:,} acknowledged, 0 lost")


async def _survive(fault: Fault, rng: random.Random, hall: Hall, room: Room, ledger: Ledger) -> Findings:
    """One round: saves, the fault amid them, saves again; then the books are compared."""
    await room.saved(ENOUGH)
    refused = room.replies["503"]
    # In the middle of a batch, wherever that is.
    await asyncio.sleep(rng.random() * 0.05)
    await fault(hall, rng)
    await room.saved(ENOUGH)
    with room.at_rest():
        findings = await asyncio.to_thread(_compare, hall, ledger)
    assert findings.is_right, findings
    assert room.unwelcome == []
    if fault in WITHOUT_POSTGRESQL:
        assert room.replies["503"] > refused, "nobody was told that PostgreSQL is away"
    return findings


def _order(rng: random.Random) -> list[Fault]:
    """Every fault once; or, for `make crash`, so many rounds, no fault twice before all had their turn."""
    rounds: list[Fault] = []
    while len(rounds) < (ROUNDS or len(FAULTS)):
        rounds += rng.sample(FAULTS, len(FAULTS))
    return rounds[: ROUNDS or len(FAULTS)]


def _compare(hall: Hall, ledger: Ledger) -> Findings:
    with hall.connect() as conn:
        return ledger.compare(conn)


def _as_candidates_see_it(hall: Hall, seats: list[Seat]) -> dict[Key, int]:
    """The revision of every answer, as the API gives it to who resumes."""
    seen = {}
    for seat in seats:
        for each in _resume(hall, seat):
            key = Key(seat.candidate_id, seat.sitting_id, each["question_number"], each["sub_part"])
            seen[key] = each["revision"]
    return seen


def _resume(hall: Hall, seat: Seat) -> list[dict[str, Any]]:
    give_up_at = time.monotonic() + PATIENCE_S
    # The first to use a connection that died with PostgreSQL is told to come again.
    while (reply := hall.get(f"/api/v1/sessions/{seat.sitting_id}", seat.candidate_id)).status == 503:
        assert reply.headers["Retry-After"]
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
    assert reply.status == 200
    answers: list[dict[str, Any]] = reply.json["answers"]
    return answers


async def save_forgetfully(conn: Connection, batch: Sequence[Save]) -> list[Saved | Refusal]:
    """The save with one guard taken away. It must lose, or else the ledger is blind."""
    await conn.execute("SET synchronous_commit = off")
    return await save_batch(conn, batch)


async def test_the_save_queue_loses_nothing_when_postgresql_is_killed(folder: Path) -> None:
    findings = await _save_until_postgresql_is_killed(folder, save_batch)
    assert findings.is_right, findings


async def test_control_with_commits_that_are_not_flushed_acknowledged_answers_are_lost(folder: Path) -> None:
    findings = await _save_until_postgresql_is_killed(folder, save_forgetfully)
    assert findings.lost
    assert findings.never_sent == []


Write = Callable[[Connection, Sequence[Save]], Awaitable[list[Saved | Refusal]]]


async def _save_until_postgresql_is_killed(folder: Path, write: Write) -> Findings:
    postgres = Postgres(folder)
    dsn = postgres.start()
    migrate(dsn, lambda line: None)
    with psycopg.connect(postgres.dsn("postgres", "postgres"), autocommit=True) as admin:
        # What a commit does not flush itself, nobody flushes for it.
        admin.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        admin.execute("SELECT pg_reload_conf()")
    with psycopg.connect(dsn, autocommit=True) as conn:
        seats = seat_candidates(conn)
    ledger = Ledger()
    saves: GroupCommit[Save, Saved | Refusal] = GroupCommit(dsn, write)
    saves.open()
    writers = [asyncio.create_task(_save_on_and_on(saves, ledger, seat)) for seat in seats]
    while ledger.count < 20 * ENOUGH:
        await asyncio.sleep(0.01)
    # Nothing is awaited from here on: what the ledger has now is what was acknowledged before the kill.
    assert postgres.process is not None
    # This server alone: the other tests of this process have one of their own.
    send(tree_of(postgres.process.pid), signal.SIGKILL)
    await asyncio.gather(*writers)
    await saves.close()
    postgres.process.wait()
    with psycopg.connect(postgres.start(), autocommit=True) as conn:
        findings = ledger.compare(conn)
    postgres.stop(quick=True)
    return findings


async def _save_on_and_on(saves: GroupCommit[Save, Saved | Refusal], ledger: Ledger, seat: Seat) -> None:
    """Until the database is gone."""
    while True:
        for number in range(1, QUESTIONS + 1):
            change = ledger.send(Key(seat.candidate_id, seat.sitting_id, number, ""))
            answer = Answer(number, "", f'"{change.answer}"'.encode(), change.revision)
            try:
                outcome = await saves.submit(Save(seat.candidate_id, seat.sitting_id, [answer]), 100)
            except Overloaded:
                return
            assert isinstance(outcome, Saved)
            ledger.acknowledge(change)
