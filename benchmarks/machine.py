"""What the figures were measured on, and what our processes take of it."""

import os
import platform
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.servers import ROOT, Hall
from benchmarks.stock import SQL
from examhall.ops.rehearse.machine import tree_of

SAMPLE_EVERY_S = 0.25
FLUSHES = 100


def describe(hall: Hall) -> dict[str, str]:
    with hall.admin() as conn:
        version = conn.execute("SHOW server_version").fetchone()
    commit = _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit or "unknown",
        "processor": f"{os.cpu_count()} x {_processor()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": str(version[0]).split()[0] if version else "unknown",
        "wrk": _said("wrk", "-v").split(" [")[0].removeprefix("wrk ") or "unknown",
        "a flush to disk": f"{flush_ms(hall.data):.1f} ms",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _said(*command: str) -> str:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip().split("\n", 1)[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def flush_ms(folder: Path) -> float:
    """What it takes to have 8 kB on disk for certain, in the median: what a commit waits for."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(FLUSHES):
            os.write(file.fileno(), bytes(8192))
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def memory_mb(hall: Hall) -> dict[str, float]:
    """Proportional set size by kind of process: memory that several share is counted once in the sum."""
    sizes: dict[str, float] = defaultdict(float)
    for pid in tree_of(hall.process.pid):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pss_kb = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        sizes[_kind(command)] += pss_kb / 1024
    return dict(sizes)


def _kind(command: bytes) -> str:
    if b"examhall.child\0web" in command:
        return "web workers"
    if b"examhall.child\0jobs" in command:
        return "job worker"
    return "PostgreSQL" if b"postgres" in command else "supervisor"


class Peak:
    """Watches, until it is closed, how many connections the servers have to their databases."""

    def __init__(self) -> None:
        self.most: Counter[Hall] = Counter()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def watch(self, hall: Hall) -> None:
        thread = threading.Thread(target=self._watch, args=(hall,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch(self, hall: Hall) -> None:
        # A server that is stopped is watched no longer.
        with suppress(psycopg.OperationalError), hall.admin() as conn:
            while not self._closing.wait(SAMPLE_EVERY_S):
                row = conn.execute(SQL.connections.text).fetchone()
                assert row is not None
                self.most[hall] = max(self.most[hall], int(row[0]))

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()
