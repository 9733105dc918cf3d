"""Event streams that stay open: `python -m benchmarks.streams`.

What thousands of candidates cost who hear of time and announcements: the memory of our processes with and
without them, the processor while nothing happens, how soon all hear of an announcement, and how soon a stop
ends them.
"""

import argparse
import asyncio
import http.client
import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from benchmarks.machine import describe
from benchmarks.report import Report
from benchmarks.servers import Hall, make_data_folder, start_hall
from benchmarks.stock import SQL, add_exam
from examhall.ops.rehearse.machine import tree_of

STREAMS = 5_000
# Opened at the same time; a thousand rooms spread themselves over three seconds.
TOGETHER = 200
QUIET_S = 20.0
MOST_MB = 500
MOST_MB_IN_ALL = 600


@dataclass
class Listener:
    """One candidate's stream: what came in last, and when it ended."""

    heard: dict[bytes, float] = field(default_factory=dict)
    ended_at: float | None = None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--data", type=Path, help="where to put the database; the system's /tmp by default")
    options = parser.parse_args()
    data = make_data_folder(options.data)
    hall = start_hall(data)
    report = Report(describe(hall), {"settings": f"{options.streams} streams, two web processes"})
    try:
        exam_id = add_exam(hall)
        asyncio.run(measure(hall, report, exam_id, options.streams))
    finally:
        hall.stop()
    home = (data / "postgres").resolve()
    shutil.rmtree(data)
    shutil.rmtree(home, ignore_errors=True)
    report.save("streams")
    print(f"\n{report.markdown()}")


async def measure(hall: Hall, report: Report, exam_id: int, count: int) -> None:
    with hall.admin() as conn:
        conn.execute(SQL.add_people.text, {"people": count})
        conn.execute(SQL.add_due_sittings.text, {"exam_id": exam_id, "due_in_s": 86_400, "sittings": count})
        seats = conn.execute(SQL.open_sittings.text, {"exam_id": exam_id}).fetchall()
        [invigilator] = conn.execute(
            """INSERT INTO people (username, full_name, roles) VALUES ('olga', 'Olga', '{invigilator}')
               RETURNING id"""
        ).fetchone() or [0]
    before = ours(hall)
    began = time.monotonic()
    gate = asyncio.Semaphore(TOGETHER)
    listeners = [Listener() for _ in seats]
    reading = [
        asyncio.create_task(listen(hall, candidate_id, sitting_id, listener, gate))
        for (candidate_id, sitting_id), listener in zip(seats, listeners, strict=True)
    ]
    await until(lambda: all(b"time" in each.heard for each in listeners), reading)
    opened_s = time.monotonic() - began
    await asyncio.sleep(5)
    with_them, busy = ours(hall), processor_s(hall)
    await asyncio.sleep(QUIET_S)
    quiet_share = (processor_s(hall) - busy) / QUIET_S
    said_at = time.monotonic()
    await asyncio.to_thread(announce, hall, exam_id, invigilator)
    await until(lambda: all(b"announcement" in each.heard for each in listeners), reading)
    last_heard_s = max(each.heard[b"announcement"] for each in listeners) - said_at
    peak, with_postgres = ours(hall), proportional(tree_of(hall.process.pid))
    stopping_at = time.monotonic()
    await asyncio.to_thread(hall.stop)
    stopped_s = time.monotonic() - stopping_at
    await asyncio.wait_for(asyncio.gather(*reading), 30)
    ended_s = max(each.ended_at or 0.0 for each in listeners) - stopping_at
    report.at_most("MB for all streams", (peak - before) / 1e6, MOST_MB, "{:,.0f}")
    report.at_most("MB of our processes in all", peak / 1e6, MOST_MB, "{:,.0f}")
    report.at_most("MB in all, PostgreSQL included", with_postgres / 1e6, MOST_MB_IN_ALL, "{:,.0f}")
    report.at_most("seconds until the last of them heard an announcement", last_heard_s, 1.0, "{:.2f}")
    report.at_most("seconds until a stop had ended all of them", ended_s, 5.0, "{:.1f}")
    report.facts |= {
        "open streams": f"{count:,}, all open after {opened_s:.1f} s",
        "memory": f"{before / 1e6:.0f} MB of our processes before, {with_them / 1e6:.0f} MB with them, "
        f"{(with_them - before) / count / 1e3:.0f} KB each",
        "processor used": f"{quiet_share:.2f} of one core while nothing happened: signs of life",
        "stop": f"the server had stopped after {stopped_s:.1f} s",
    }


async def listen(
    hall: Hall, candidate_id: int, sitting_id: int, listener: Listener, gate: asyncio.Semaphore
) -> None:
    async with gate:
        reader, writer = await asyncio.open_connection(hall.address.host, hall.address.port, limit=1 << 12)
        writer.write(
            f"GET /api/v1/sessions/{sitting_id}/events HTTP/1.1\r\nHost: {hall.address.host}\r\n"
            f"Authorization: Bearer {hall.access_token(candidate_id)}\r\n\r\n".encode()
        )
        status = await reader.readline()
        if b" 200 " not in status:
            raise SystemExit(f"a stream was refused: {status!r} {await reader.read(500)!r}")
        await line_of(reader, listener, b"time")
    while await line_of(reader, listener, None):
        pass
    listener.ended_at = time.monotonic()
    writer.close()


async def line_of(reader: asyncio.StreamReader, listener: Listener, wanted: bytes | None) -> bool:
    """Read until the wanted event, or the next one; False at the end."""
    while line := await reader.readline():
        if line.startswith(b"event: "):
            name = line[7:].strip()
            listener.heard[name] = time.monotonic()
            if wanted in (None, name):
                return True
    return False


async def until(holds: Callable[[], bool], reading: list[asyncio.Task[None]]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            for failed in reading:
                if failed.done() and failed.exception():
                    await failed
            await asyncio.sleep(0.05)


def announce(hall: Hall, exam_id: int, invigilator: int) -> None:
    token = hall.signer.access_token(invigilator, uuid4(), ["invigilator"])
    connection = http.client.HTTPConnection(hall.address.host, hall.address.port, timeout=30)
    connection.request(
        "POST", f"/api/v1/exams/{exam_id}/announcements", json.dumps({"text": "Ten minutes left"}),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )  # fmt: skip
    reply = connection.getresponse()
    if reply.status != 200:
        raise SystemExit(f"not announced: {reply.status} {reply.read()!r}")
    connection.close()


def ours(hall: Hall) -> int:
    """Bytes of memory of our processes, PostgreSQL's not counted."""
    return proportional(python_processes(hall))


def proportional(pids: list[int]) -> int:
    """Bytes of memory, what several processes share counted once."""
    total = 0
    for pid in pids:
        # A helper of PostgreSQL may have ended meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def processor_s(hall: Hall) -> float:
    ticks = 0
    for pid in python_processes(hall):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def python_processes(hall: Hall) -> list[int]:
    return [pid for pid in tree_of(hall.process.pid) if "python" in Path(f"/proc/{pid}/exe").resolve().name]


if __name__ == "__main__":
    main()
