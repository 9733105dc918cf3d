"""Candidates who save without a pause over plain sockets, and repeat each save until it is acknowledged."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from .hall import Hall
from .ledger import Change, Key, Ledger

QUESTIONS = 20
CANDIDATES = 48
# No reply within this is a server that hangs: 503 is an answer, silence is none.
HUNG_S = 15.0
# Tokens live for a quarter of an hour.
TOKEN_LIFE_S = 300.0
LONGEST_THOUGHT_S = 0.02
RETRY_S = 0.1
CHANGES_AT_ONCE = 3


@dataclass(frozen=True)
class Seat:
    candidate_id: int
    sitting_id: int


def seat_candidates(conn: psycopg.Connection[tuple[Any, ...]], candidates: int = CANDIDATES) -> list[Seat]:
    """An exam of short texts, and somebody at every desk."""
    row = conn.execute(
        """INSERT INTO exams (title, kind, duration_s) VALUES ('Crash course', 'mock_exam', 86400)
           RETURNING id"""
    ).fetchone()
    assert row is not None
    conn.execute(
        "INSERT INTO questions (exam_id, number, prompt) SELECT %s, n, '?' FROM generate_series(1, %s) AS n",
        (row[0], QUESTIONS),
    )
    conn.execute(
        """INSERT INTO items (exam_id, question_number, kind, key, points)
           SELECT exam_id, number, 'short_text', '{"accept": ["x"]}', 1 FROM questions WHERE exam_id = %s""",
        (row[0],),
    )
    rows = conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed,
                                 started_at, deadline_at, closes_at)
           SELECT n, %s, 1, 7, now(), now() + interval '1 day', now() + interval '1 day'
             FROM generate_series(1, %s) AS n
           RETURNING candidate_id, id""",
        (row[0], candidates),
    ).fetchall()
    return [Seat(*each) for each in rows]


class Room:
    """All of them together: started once, stopped once, whatever happens to the server meanwhile."""

    def __init__(self, hall: Hall, ledger: Ledger, seats: list[Seat], seed: int) -> None:
        self._hall = hall
        self._ledger = ledger
        self._seats = seats
        self._seed = seed
        self._stopping = False
        self._going_on = asyncio.Event()
        self._going_on.set()
        self._tasks: list[asyncio.Task[None]] = []
        self.replies: Counter[str] = Counter()
        self.unwelcome: list[str] = []

    async def __aenter__(self) -> "Room":
        self._tasks = [asyncio.create_task(self._sit(seat)) for seat in self._seats]
        return self

    async def __aexit__(self, *failure: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Nobody begins another save meanwhile: the books grow by what a round needs, and no more."""
        self._going_on.clear()
        yield
        self._going_on.set()

    async def finish(self) -> None:
        """Each gets the last change acknowledged that it has sent, and stops."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def saved(self, changes: int) -> None:
        """Wait until so many more are acknowledged: the service is there, or is there again."""
        wanted = self._ledger.count + changes
        while self._ledger.count < wanted:
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)

    async def _sit(self, seat: Seat) -> None:
        rng = random.Random(f"{self._seed} {seat.sitting_id}")
        desk = _Desk(self._hall, seat)
        try:
            while not self._stopping:
                await self._going_on.wait()
                await self._save_something(desk, seat, rng)
                await asyncio.sleep(rng.random() * LONGEST_THOUGHT_S)
        finally:
            desk.leave()

    async def _save_something(self, desk: "_Desk", seat: Seat, rng: random.Random) -> None:
        numbers = rng.sample(range(1, QUESTIONS + 1), rng.randint(1, CHANGES_AT_ONCE))
        changes = [
            self._ledger.send(Key(seat.candidate_id, seat.sitting_id, number, "")) for number in numbers
        ]
        while not await self._is_acknowledged(desk, changes):
            await asyncio.sleep(rng.random() * RETRY_S)
        for change in changes:
            self._ledger.acknowledge(change)

    async def _is_acknowledged(self, desk: "_Desk", changes: list[Change]) -> bool:
        try:
            async with asyncio.timeout(HUNG_S):
                status, head = await desk.save(changes)
        except TimeoutError:
            self.unwelcome.append(f"no reply within {HUNG_S} s")
            desk.leave()
            return False
        except (OSError, EOFError):
            # Whether it was stored, nobody knows. It is sent again.
            self.replies["connection lost"] += 1
            desk.leave()
            return False
        self.replies[status] += 1
        if status == "503" and "\r\nretry-after:" not in head:
            self.unwelcome.append("503 without Retry-After")
        elif status not in ("200", "503"):
            self.unwelcome.append(head)
        return status == "200"


class _Desk:
    """One candidate's connection, made anew when it was lost, to wherever the server is then."""

    def __init__(self, hall: Hall, seat: Seat) -> None:
        self._hall = hall
        self._seat = seat
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._token = ""
        self._token_made = 0.0

    async def save(self, changes: list[Change]) -> tuple[str, str]:
        """Status and head of the reply, once all of it is here."""
        body = json.dumps(
            {
                "answers": [
                    {
                        "question_number": change.key.question_number,
                        "answer": change.answer,
                        "revision": change.revision,
                    }
                    for change in changes
                ]
            }
        )
        if time.monotonic() > self._token_made + TOKEN_LIFE_S or not self._token:
            self._token = self._hall.token(self._seat.candidate_id)
            self._token_made = time.monotonic()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._hall.host, self._hall.port)
        reader, writer = self._streams
        writer.write(
            f"POST /api/v1/sessions/{self._seat.sitting_id}/answers/ HTTP/1.1\r\nHost: examhall\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.split("\r\ncontent-length:", 1)[1].split("\r\n", 1)[0])
        await reader.readexactly(length)
        return head[9:12], head

    def leave(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
