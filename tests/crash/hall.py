"""A real server to be hurt: `examhall serve` with its own durable PostgreSQL and two web workers."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from examhall.accounts.tokens import Signer

ROOT = Path(__file__).parents[2]
PAUSE_S = 0.02
PATIENCE_S = 60


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    json: Any


class Hall:
    def __init__(self, data: Path) -> None:
        self.data = data
        self.start()

    def start(self) -> None:
        self._log = self.data / f"server-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "examhall.cli", "serve"],
                cwd=ROOT,
                env={
                    **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
                    # Its candidates save without a pause.
                    "EXAMHALL_RATE_LIMIT_SAVES": "off",
                    "EXAMHALL_DATA": str(self.data),
                    "EXAMHALL_PORT": "0",
                    "EXAMHALL_WORKERS": "2",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            eventually(lambda: self._address() or self.process.poll() is not None)
            found = self._address()
            assert found, self.said
        except AssertionError:
            self.kill()
            raise
        self.host, self.port = found[1], int(found[2])
        self.signer = Signer((self.data / "secret").read_text(encoding="ascii").strip())

    def _address(self) -> re.Match[str] | None:
        return re.search(r"answers on http://([^:\s]+):(\d+)", self.said)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def dsn(self) -> str:
        return (self.data / "connection").read_text(encoding="utf-8")

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.dsn, autocommit=True)

    def token(self, person_id: int) -> str:
        return self.signer.access_token(person_id, uuid4(), ["candidate"])

    def get(self, path: str, person_id: int) -> "Reply":
        return self._ask("GET", path, person_id)

    def post(self, path: str, person_id: int, body: object = None) -> "Reply":
        return self._ask("POST", path, person_id, json.dumps(body) if body is not None else None)

    def _ask(self, method: str, path: str, person_id: int, body: str | None = None) -> "Reply":
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {self.token(person_id)}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            found = connection.getresponse()
            return Reply(found.status, found.headers, json.loads(found.read()))
        finally:
            connection.close()

    def web_workers(self) -> set[int]:
        return {pid for pid in tree_of(self.process.pid) if b"examhall.child\0web" in command_of(pid)}

    def job_worker(self) -> int:
        found = [pid for pid in tree_of(self.process.pid) if b"examhall.child\0jobs" in command_of(pid)]
        return found[0] if found else 0

    def postgres(self) -> list[int]:
        """The postmaster, then its backends."""
        return postgres_under(self.process.pid)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """Everything at once, as if the power had gone: frozen first, so that nobody sees another die."""
        everything = tree_of(self.process.pid)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            send(everything, number)
        self.process.wait(PATIENCE_S)
        eventually(lambda: not any(map(is_running, everything)))


def send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            # A backend that ended meanwhile.
            continue


def postgres_under(pid: int) -> list[int]:
    return [each for each in tree_of(pid) if each != pid and b"postgres" in command_of(each)]


def tree_of(pid: int) -> list[int]:
    """A process and all that descend from it, parents first."""
    children: dict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = status.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        children[int(parent)].append(int(status.parent.name))
    found = [pid]
    for each in found:
        found += children[each]
    return found


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_running(pid: int) -> bool:
    """A zombie that nobody reaps runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(true: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_at, "never came true"
        time.sleep(PAUSE_S)
