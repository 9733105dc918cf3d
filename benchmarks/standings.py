"""A leaderboard of a million, and rating rounds of ten thousand: `python -m benchmarks.standings`.

On a server of its own, started as an operator would. Reads are timed one after the other, with and without
the page in memory; rounds with their parts, computing and writing apart.
"""

import argparse
import asyncio
import http.client
import json
import os
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks.servers import Hall, make_data_folder, start_hall
from examhall.base.db import Connection
from examhall.base.sqlfile import Query, beside
from examhall.standings import levels, ratings
from examhall.standings.leaderboard import Cursor, cursor_near, find_my_entry, list_leaders
from examhall.standings.levels import settle_rating_levels
from examhall.standings.ratings import rate_exam

SQL = beside(__file__)

PEOPLE = 1_000_000
FIELD = 10_000
ROUNDS = 200
READS = 2_000
REPLAYED = 10


def fill(hall: Hall, people: int, rounds: int, field: int) -> None:
    sizes = {"people": people, "rounds": rounds, "field": field}
    with hall.admin() as conn:
        for query in (
            SQL.add_people, SQL.add_exams, SQL.add_conclusions, SQL.add_standings, SQL.add_places,
            SQL.add_history, SQL.add_ratings,
        ):  # fmt: skip
            started = time.perf_counter()
            conn.execute(query.text, {name: sizes[name] for name in query.parameters})
            print(f"  {query.name:20}{time.perf_counter() - started:7.1f} s", flush=True)
        conn.execute("VACUUM (ANALYZE)")
        conn.execute("CHECKPOINT")


async def measure(hall: Hall, field: int) -> None:
    async with await psycopg.AsyncConnection.connect(hall.dsn) as conn:
        await conn.execute("SET synchronous_commit = on")
        started = time.perf_counter()
        await settle_rating_levels(conn)
        await conn.commit()
        cursor = await conn.execute("SELECT board, count(*) FROM rating_levels GROUP BY board")
        counts = ", ".join(f"{count:,} of {board}" for board, count in await cursor.fetchall())
        print(f"levels of all, written anew: {1000 * (time.perf_counter() - started):.0f} ms ({counts})")
        await read(conn)
        await show_plans(conn)
        exam_id = await next_round(conn, field)
        await timed_round(conn, f"a round of {field:,}", exam_id, 1)
        await conn.commit()
        for ago in (0, REPLAYED - 1):
            exam_id, key_version = await corrected(conn, ago)
            await timed_round(conn, f"corrected, {ago + 1} played again", exam_id, key_version)
            await conn.commit()


async def read(conn: Connection) -> None:
    rows = await (await conn.execute(SQL.some_people.text, {"people": READS})).fetchall()
    anywhere = [Cursor(rating, person_id) for person_id, rating in rows]
    people = [person_id for person_id, _ in rows]

    async def page(number: int) -> object:
        return await list_leaders(conn, "top_rated", after=anywhere[number], limit=50)

    async def top(number: int) -> object:
        return await list_leaders(conn, "top_rated", after=Cursor(), limit=50)

    async def improved(number: int) -> object:
        return await list_leaders(conn, "most_improved", after=Cursor(), limit=50)

    async def mine(number: int) -> object:
        return await find_my_entry(conn, "top_rated", people[number])

    async def near(number: int) -> object:
        found = await find_my_entry(conn, "top_rated", people[number])
        assert found is not None
        return await cursor_near(conn, "top_rated", found)

    for name, action in (
        ("the first page, from the database", top),
        ("a page anywhere, from the database", page),
        ("most improved, the first page", improved),
        ("my entry", mine),
        ("my entry, and the page that it is on", near),
    ):
        await timed(conn, name, action)


class Cpu:
    """What this process and the connection's server process computed: on a busy machine the honest figure."""

    def __init__(self, conn: Connection) -> None:
        self._stat = Path(f"/proc/{conn.info.backend_pid}/stat")
        self._before = self._now()

    def _now(self) -> tuple[float, float]:
        # utime and stime, in ticks, behind the name in parentheses.
        fields = self._stat.read_text(encoding="ascii").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return time.process_time(), ticks / os.sysconf("SC_CLK_TCK")

    def per(self, count: int) -> str:
        ours, theirs = (1000 * (b - a) / count for a, b in zip(self._before, self._now(), strict=True))
        return f"CPU {ours:.2f} ms here, {theirs:.2f} ms in PostgreSQL"


async def timed(conn: Connection, name: str, action: Callable[[int], Awaitable[object]]) -> None:
    taken = []
    cpu = Cpu(conn)
    for number in range(READS):
        started = time.perf_counter()
        await action(number)
        taken.append(time.perf_counter() - started)
    say(name, taken, cpu.per(READS))


def say(name: str, taken: list[float], more: str = "") -> None:
    median, p99, worst = 1000 * np.percentile(taken, [50, 99, 100])
    print(f"{name:44}{median:8.2f} ms{p99:8.2f} ms p99{worst:8.2f} ms worst  {more}", flush=True)


def over_http(hall: Hall) -> None:
    """Whole replies of the server, one connection, each time somebody else's."""
    with hall.admin() as conn:
        rows = conn.execute(SQL.some_people.text, {"people": READS}).fetchall()
    server = http.client.HTTPConnection(hall.address.host, hall.address.port)
    for name, cursors in (
        ("GET, the first page and my entry", False),
        ("GET, a page anywhere and my entry", True),
    ):
        taken, inside = [], []
        for person_id, rating in rows:
            path = "/api/v1/leaderboard" + (f"?cursor={Cursor(rating, person_id)}" if cursors else "")
            headers = {"Authorization": f"Bearer {hall.access_token(person_id)}"}
            started = time.perf_counter()
            server.request("GET", path, headers=headers)
            reply = server.getresponse()
            body = reply.read()
            taken.append(time.perf_counter() - started)
            inside.append(float(reply.headers["X-Process-Time"]))
            assert reply.status == 200
            assert json.loads(body)["my_entry"]["rank"]
        say(name, taken)
        say("  of which in the server", inside)


async def show_plans(conn: Connection) -> None:
    """What PostgreSQL does for a page, so that a rank that is counted would be seen."""
    from examhall.standings.leaderboard import SQL as BOARD

    [(person_id, rating)] = await (await conn.execute(SQL.some_people.text, {"people": 1})).fetchall()
    for query, given in (
        (BOARD.top_rated, {"level": rating, "person_id": person_id, "limit": 51}),
        (BOARD.my_entry, {"person_id": person_id}),
    ):
        cursor = await conn.execute(b"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + query.text.encode(), given)
        print(f"\n{query.name}")
        print("\n".join(f"  {line}" for (line,) in await cursor.fetchall()))
    print()


async def next_round(conn: Connection, field: int) -> int:
    cursor = await conn.execute(SQL.add_exam_to_rate.text)
    [(exam_id,)] = await cursor.fetchall()
    await conn.execute(SQL.sit_it.text, {"exam_id": exam_id, "field": field})
    await conn.commit()
    return int(exam_id)


async def corrected(conn: Connection, ago: int) -> tuple[int, int]:
    [(exam_id,)] = await (await conn.execute(SQL.old_exam.text, {"ago": ago})).fetchall()
    if ago:
        await conn.execute(SQL.sit_an_old_one.text, {"exam_id": exam_id})
        await conn.execute(SQL.mark_an_old_one.text, {"exam_id": exam_id})
    [(key_version,)] = await (await conn.execute(SQL.correct.text, {"exam_id": exam_id})).fetchall()
    await conn.commit()
    return int(exam_id), int(key_version)


async def timed_round(conn: Connection, name: str, exam_id: int, key_version: int) -> None:
    """The operation as it is, its statements and its computing timed from outside."""
    parts: dict[str, float] = defaultdict(float)

    def watched(act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watch(conn: Connection, query: Query, *args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return await act(conn, query, *args, **kwargs)
            finally:
                parts[query.name] += time.perf_counter() - started

        return watch

    play = ratings.play_round

    def playing(*args: Any) -> Any:
        started = time.perf_counter()
        try:
            return play(*args)
        finally:
            parts["COMPUTING"] += time.perf_counter() - started

    replaced = {
        (module, function): getattr(module, function)
        for module in (ratings, levels)
        for function in ("run", "many", "maybe", "read_columns", "write_columns")
        if hasattr(module, function)
    }
    for (module, function), act in replaced.items():
        setattr(module, function, watched(act))
    ratings.play_round = playing
    cpu = Cpu(conn)
    try:
        started = time.perf_counter()
        await rate_exam(conn, exam_id=exam_id, key_version=key_version)
        before_commit = time.perf_counter()
        await conn.commit()
        total = time.perf_counter() - started
    finally:
        ratings.play_round = play
        for (module, function), act in replaced.items():
            setattr(module, function, act)
    parts["commit"] = time.perf_counter() - before_commit
    print(f"{name}: {1000 * total:.0f} ms, {cpu.per(1)}")
    for part, taken in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"  {part:24}{1000 * taken:8.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.standings", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--field", type=int, default=FIELD)
    options = parser.parse_args()
    random.seed(1)
    data = make_data_folder(None)
    hall = start_hall(data)
    try:
        print(f"{options.people:,} people, {options.rounds} rounds of {options.field:,}", flush=True)
        fill(hall, options.people, options.rounds, options.field)
        asyncio.run(measure(hall, options.field))
        over_http(hall)
    finally:
        hall.stop()
        home = (data / "postgres").resolve()
        shutil.rmtree(data)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
