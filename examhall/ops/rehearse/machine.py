"""What a rehearsal takes of the machine, each second: cores by kind of process, connections, the disk."""

import os
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside

SQL = beside(__file__)

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = 8192
LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Sample:
    """One second. Cores are cores: 1.5 means one and a half of them; None where this system does not tell."""

    at: float
    # Of all the cores there are, by everybody: 0 to 1.
    machine: float | None
    web: float | None
    # The busiest of the web workers: at 1 it can do no more.
    busiest_web: float | None
    jobs: float | None
    # Backends of the rehearsal, and the helpers of the whole PostgreSQL server. 0 when it runs elsewhere.
    database: float | None
    # A small write until it is on disk for certain.
    flush_ms: float
    connections: int
    busy_connections: int


@dataclass(frozen=True)
class _Backend:
    pid: int
    is_ours: bool
    is_busy: bool


class Machine:
    """Watches the processes under `server_pid` and the backends of `conn`'s database."""

    def __init__(self, conn: Connection, server_pid: int | None, folder: Path) -> None:
        self._conn = conn
        self._server_pid = server_pid
        self._folder = folder
        self._ticks: dict[int, int] = {}
        self._machine = (0, 0)
        self._at = time.monotonic()
        # PostgreSQL's, as they were at the last look.
        self.pids: list[int] = []

    async def look(self) -> Sample:
        """Since the last look; the first one only notes where the counters stand."""
        backends = await many(self._conn, SQL.processes, _Backend)
        self.pids = [each.pid for each in backends]
        web, jobs = self._children()
        now = time.monotonic()
        passed, self._at = max(now - self._at, 0.001), now
        used = self._used([*web, *jobs, *(each.pid for each in backends)], passed)
        return Sample(
            time.time(),
            self._of_machine(),
            sum(used.get(pid, 0) for pid in web) if LINUX else None,
            max((used.get(pid, 0) for pid in web), default=0) if LINUX else None,
            sum(used.get(pid, 0) for pid in jobs) if LINUX else None,
            sum(used.get(each.pid, 0) for each in backends) if LINUX else None,
            flush_ms(self._folder),
            sum(each.is_ours for each in backends),
            sum(each.is_busy and each.is_ours for each in backends),
        )

    def _used(self, pids: list[int], passed_s: float) -> dict[int, float]:
        before = self._ticks
        self._ticks = {pid: ticks for pid in pids if (ticks := ticks_of(pid)) is not None}
        return {
            pid: (ticks - before.get(pid, ticks)) / TICKS / passed_s for pid, ticks in self._ticks.items()
        }

    def _children(self) -> tuple[list[int], list[int]]:
        if self._server_pid is None:
            return [], []
        found = tree_of(self._server_pid)
        commands = {pid: command_of(pid) for pid in found}
        web = [pid for pid in found if b"examhall.child\0web" in commands[pid]]
        return web, [pid for pid in found if b"examhall.child\0jobs" in commands[pid]]

    def _of_machine(self) -> float | None:
        try:
            fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        except FileNotFoundError:
            return None
        # Idle and waiting for the disk are the fourth and fifth.
        busy, total = sum(fields) - fields[3] - fields[4], sum(fields)
        before, self._machine = self._machine, (busy, total)
        passed = total - before[1]
        return (busy - before[0]) / passed if before[1] and passed else 0.0


def ticks_of(pid: int) -> int | None:
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        )
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[11]) + int(fields[12])


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def tree_of(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The second field is the name in brackets; whatever it holds, the parent is two after it.
            parent = int(status.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children[parent].append(int(status.parent.name))
    found = [pid]
    for each in found:
        found += children[each]
    return found


def flush_ms(folder: Path) -> float:
    """What a small write takes until it is on disk for certain."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        file.write(bytes(PAGE_BYTES))
        file.flush()
        os.fsync(file.fileno())
        return (time.perf_counter() - began) * 1000


def memory_mb(pids: list[int]) -> float | None:
    """Proportional set size of all: what several share is counted once. None where nobody tells."""
    total_kb = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            continue
        except PermissionError:
            return None
        total_kb += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total_kb / 1024 if total_kb else None
