"""The servers that are measured, each started as an operator would, on a port that the kernel chose."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import psycopg

from examhall.accounts.tokens import Signer

ROOT = Path(__file__).parents[1]
BASELINE = ROOT / "benchmarks" / "baseline"
BASELINE_VENV = ROOT / ".setup" / "baseline"
BASELINE_LOCK = ROOT / "requirements" / "baseline.txt"
WORKERS = 2
EMPTY = """
import os, sys
from examhall.serving import serve
from examhall.settings import Settings
sys.exit(serve(Settings.read(os.environ), app="benchmarks.empty:create_app", jobs="benchmarks.empty:idle"))
"""


@dataclass(frozen=True)
class Address:
    host: str
    port: int


class Server:
    """A running process that answers on `address`, and whatever it started."""

    def __init__(self, process: subprocess.Popen[bytes], address: Address) -> None:
        self.process = process
        self.address = address

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Hall(Server):
    """`examhall serve` with an embedded PostgreSQL of its own."""

    def __init__(self, process: subprocess.Popen[bytes], address: Address, data: Path) -> None:
        super().__init__(process, address)
        self.data = data

    @property
    def dsn(self) -> str:
        return (self.data / "connection").read_text(encoding="utf-8")

    def admin(self, database: str = "examhall") -> psycopg.Connection[tuple[Any, ...]]:
        """A connection as the superuser: one that the server's own limit on connections does not count."""
        password = (self.data / "postgres.password").read_text(encoding="utf-8")
        return psycopg.connect(self.dsn, user="postgres", password=password, dbname=database, autocommit=True)

    @cached_property
    def signer(self) -> Signer:
        return Signer((self.data / "secret").read_text(encoding="ascii").strip())

    def access_token(self, person_id: int) -> str:
        return self.signer.access_token(person_id, uuid4(), ["candidate"])

    def cookie_token(self, person_id: int) -> str:
        return self.signer.cookie_token(person_id, uuid4(), ["candidate"])


def make_data_folder(parent: Path | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="examhall-bench-", dir=parent))
    # Started by root, PostgreSQL runs as somebody else, who must be able to walk through.
    folder.chmod(0o711)
    return folder


def start_hall(data: Path, command: str = "serve", **variables: str) -> Hall:
    environment = {"EXAMHALL_DATA": str(data), **variables}
    program = [sys.executable, "-m", "examhall.cli", command]
    process, address = _start(program, environment, data / "server.log")
    return Hall(process, address, data)


def start_empty(beside: Hall) -> Server:
    """The yardstick, with the same number of workers, the same settings and the same secret."""
    data = beside.data / "empty"
    data.mkdir()
    environment = {
        "PYTHONPATH": str(ROOT),
        "EXAMHALL_DATA": str(data),
        "DATABASE_URL": beside.dsn,
        "EXAMHALL_SECRET": (beside.data / "secret").read_text(encoding="ascii").strip(),
    }
    return Server(*_start([sys.executable, "-c", EMPTY], environment, data / "server.log"))


def _start(
    command: list[str], variables: dict[str, str], log: Path
) -> tuple[subprocess.Popen[bytes], Address]:
    """Start a server of ours and wait until it says where it answers."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EXAMHALL_") and name != "DATABASE_URL"
    }
    environment |= {"EXAMHALL_PORT": "0", "EXAMHALL_WORKERS": str(WORKERS), **variables}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    while process.poll() is None:
        if found := re.search(r"answers on http://([^:\s]+):(\d+)", log.read_text(encoding="utf-8")):
            return process, Address(found[1], int(found[2]))
        time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


# The baseline ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    id: str
    token: str


class Baseline(Server):
    def __init__(self, process: subprocess.Popen[bytes], address: Address, sessions: list[Session]) -> None:
        super().__init__(process, address)
        self.sessions = sessions


def install_baseline() -> None:
    """The baseline's locked packages, in a venv of their own; done again when the lock has changed."""
    stamp = BASELINE_VENV / "installed.txt"
    lock = BASELINE_LOCK.read_bytes()
    if stamp.exists() and stamp.read_bytes() == lock:
        return
    print("Installing the baseline's packages into .setup/baseline", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(BASELINE_VENV)], check=True)
    subprocess.run(
        [str(BASELINE_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet",
         "--disable-pip-version-check", "--require-hashes", "-r", str(BASELINE_LOCK)],
        check=True,
    )  # fmt: skip
    stamp.write_bytes(lock)


@contextmanager
def baseline(hall: Hall, *, students: int, answers: int) -> Iterator[Baseline]:
    """The seed's stack on the hall's PostgreSQL server, with a database of its own."""
    install_baseline()
    with hall.admin() as conn:
        conn.execute("CREATE DATABASE baseline OWNER examhall")
    dsn = urlsplit(hall.dsn)
    environment = {
        **os.environ,
        "PYTHONPATH": str(BASELINE),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DB_NAME": "baseline",
        "DB_USER": dsn.username or "",
        "DB_PASSWORD": dsn.password or "",
        "DB_HOST": unquote(dsn.query.removeprefix("host=")),
    }
    python = BASELINE_VENV / "bin" / "python"
    said = subprocess.run(
        [str(python), str(BASELINE / "fill.py"), str(students), str(answers)],
        check=True, env=environment, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    sessions = [Session(*line.split()) for line in said.splitlines()]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        fd = listening.fileno()
        with (hall.data / "baseline.log").open("wb") as log:
            process = subprocess.Popen(
                [str(python), "-m", "gunicorn", "config.wsgi:application",
                 "-c", str(BASELINE / "gunicorn.conf.py")],
                env={**environment, "BASELINE_FD": str(fd)}, pass_fds=[fd], stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        server = Baseline(process, Address("127.0.0.1", listening.getsockname()[1]), sessions)
    try:
        yield server
    finally:
        server.stop()
