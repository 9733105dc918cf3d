"""PostgreSQL of our own: made once, started as our child, recovered, stopped.

It listens on a socket in its own folder and on no port. `DATA/connection` holds the address of the
running server, for whoever may read the data folder.
"""

import ctypes
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from examhall.base.embedded_home import CannotStart, Identity, find_binaries, find_home

__all__ = ["CannotStart", "Postgres", "write_private"]

# The kernel allows 107 bytes for a socket's path; "/.s.PGSQL.5432" takes 14 of them.
LONGEST_SOCKET_FOLDER = 90
LOG_LIMIT_BYTES = 10_000_000
# How long a predecessor may take to shut down or its backends to notice its death.
PREDECESSOR_S = 60.0
PR_SET_PDEATHSIG = 1

CONFIGURATION = """\
# Written by Examhall at every start. Changes belong in postgresql.auto.conf (ALTER SYSTEM).
listen_addresses = ''
unix_socket_permissions = 0700
shared_buffers = 128MB
max_wal_size = 2GB
min_wal_size = 256MB
checkpoint_timeout = 15min
synchronous_commit = on
jit = off
max_worker_processes = 4
max_parallel_workers_per_gather = 0
idle_in_transaction_session_timeout = 60s
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
log_line_prefix = '%m [%p] '
lc_messages = 'C'
"""
DURABLE = "fsync = on\nfull_page_writes = on\n"
# For tests that count no losses. Whoever goes away while signing in holds up a DROP DATABASE that long.
FORGETFUL = "fsync = off\nfull_page_writes = off\nautovacuum = off\nauthentication_timeout = 5s\n"

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def write_private(path: Path, text: str) -> None:
    """Replace *path* in one step, readable for its owner alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    Path(name).replace(path)


class Postgres:
    """One data folder's server. `start` it from a thread that outlives it: it is told when that ends."""

    def __init__(
        self, data: Path, *, binaries: Path | None = None, durable: bool = True, connections: int = 40
    ) -> None:
        self.data = data.resolve()
        self.durable = durable
        self.connections = connections
        self.process: subprocess.Popen[bytes] | None = None
        self._binaries_setting = binaries
        self._lock: IO[str] | None = None
        self._socket: Path | None = None

    def start(self, give_up: Callable[[], bool] = lambda: False) -> str:
        """Start and wait until it answers; give its DSN.

        A predecessor that outlived its supervisor is stopped first. Recovery after a crash may take as
        long as it needs; `give_up` is asked while we wait. Raises `CannotStart`.
        """
        # As root, PostgreSQL's user must be able to walk through; each file in it has its own protection.
        self.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        self._take_lock()
        self._identity = Identity.choose()
        self._binaries = find_binaries(self._binaries_setting, self._identity)
        self._home = find_home(self.data, self._identity)
        self._cluster = self._home / "data"
        self._log = self.data / "postgres.log"
        if not self._cluster.exists():
            self._create()
        self._refuse_other_major()
        self._configure()
        self._end_predecessor()
        self._launch()
        give_up_at = time.monotonic() + PREDECESSOR_S
        while not self._answers():
            if give_up():
                self.stop()
                raise CannotStart("stopped while PostgreSQL was starting")
            if self.poll() is not None:
                said = self._said_since_launch()
                held = "pre-existing shared memory block" in said or "lock file" in said
                if not held or time.monotonic() > give_up_at:
                    raise CannotStart(f"PostgreSQL ended while starting; {self._log} says:\n{said[-2000:]}")
                # Backends of a killed predecessor notice within moments that it is gone.
                time.sleep(0.2)
                self._launch()
            time.sleep(0.02)
        write_private(self.data / "connection", self.dsn())
        return self.dsn()

    def dsn(self, database: str = "examhall", user: str = "examhall") -> str:
        """How to reach a database as the owner of the tables, or as the superuser `postgres`."""
        password = (self.data / "postgres.password").read_text(encoding="utf-8")
        return f"postgresql://{user}:{password}@/{database}?host={quote(str(self._socket), safe='')}"

    def poll(self) -> int | None:
        """The exit code once it has ended."""
        return self.process.poll() if self.process else 0

    def stop(self, *, quick: bool = False) -> None:
        """End every session, write everything down, leave nothing running. Quick: recover at next start."""
        (self.data / "connection").unlink(missing_ok=True)
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT if quick else signal.SIGINT)
            try:
                self.process.wait(PREDECESSOR_S)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        self.process = None
        if self._socket is not None and not self._socket.is_relative_to(self._home):
            shutil.rmtree(self._socket, ignore_errors=True)
        self._socket = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def trim_log(self) -> None:
        """Keep the log and one predecessor of it, each of at most LOG_LIMIT_BYTES or so."""
        if self._log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(self._log, self._log.with_suffix(".log.1"))
            # PostgreSQL holds the file open for appending: it goes on at the new end.
            os.truncate(self._log, 0)

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self.data / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise CannotStart(
                f"another Examhall (process {holder}) already uses the data folder {self.data}"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _create(self) -> None:
        """Make the cluster aside and move it into place: an interrupted start leaves no half of one."""
        fresh = self._home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = secrets.token_urlsafe(24)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(password)
            file.flush()
            self._identity.own(Path(file.name))
            locale = (
                ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
                if self._major() >= 17
                else ["--locale=C.UTF-8"]
            )
            self._run(
                "initdb", "--pgdata", str(fresh), "--username=postgres", "--encoding=UTF8",
                "--auth=scram-sha-256", "--data-checksums", f"--pwfile={file.name}", *locale,
            )  # fmt: skip
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("include_if_exists 'examhall.conf'\n")
        # Single-user mode reads one statement per line.
        self._run(
            "postgres", "--single", "-D", str(fresh), "postgres",
            said=f"CREATE ROLE examhall LOGIN CREATEDB PASSWORD '{password}'\n"
            "CREATE DATABASE examhall OWNER examhall\n",
        )  # fmt: skip
        write_private(self.data / "postgres.password", password)
        fresh.rename(self._cluster)

    def _run(self, program: str, *arguments: str, said: str = "") -> None:
        done = subprocess.run(
            [str(self._binaries / program), *arguments],
            input=said.encode(),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._home,
            env={"LC_ALL": "C"},
            **self._identity.popen(),
        )
        if done.returncode != 0 or b"ERROR:" in done.stdout:
            raise CannotStart(f"{program} failed:\n{done.stdout.decode(errors='replace')[-2000:]}")

    def _major(self) -> int:
        said = subprocess.run(
            [str(self._binaries / "postgres"), "--version"], check=True, capture_output=True, text=True
        ).stdout
        return int(said.split()[-1 if "(" not in said else 2].split(".")[0])

    def _refuse_other_major(self) -> None:
        made_by, have = int((self._cluster / "PG_VERSION").read_text()), self._major()
        if made_by != have:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {made_by}, and this is {have}: dump it with the old "
                "one and restore it with this one (docs/operators.md), or set EXAMHALL_POSTGRES_BIN to the "
                "old one"
            )
        if not (self.data / "postgres.password").exists():
            raise CannotStart(f"{self.data / 'postgres.password'} is gone; without it nobody can sign in")

    def _configure(self) -> None:
        text = CONFIGURATION + (DURABLE if self.durable else FORGETFUL)
        text += f"max_connections = {self.connections}\n"
        if self._major() >= 18:
            # One process fewer per I/O worker; our working set is in memory.
            text += "io_method = sync\n"
        path = self._cluster / "examhall.conf"
        path.write_text(text, encoding="utf-8")
        self._identity.own(path)

    def _end_predecessor(self) -> None:
        """Stop a postmaster whose supervisor was killed, and clear away the lock file of a dead one."""
        lock_file = self._cluster / "postmaster.pid"
        give_up_at = time.monotonic() + PREDECESSOR_S
        told = False
        while True:
            try:
                pid = int(lock_file.read_text(encoding="utf-8").split("\n", 1)[0])
            except (FileNotFoundError, ValueError):
                return
            if str(self._cluster) not in _command_of(pid):
                # Dead, a zombie that nobody reaps, or a stranger who was given its number. PostgreSQL
                # would refuse to start for the latter two. Backends that still run are found by the
                # shared memory they hold, which is looked up by the folder's inode, not by this file.
                lock_file.unlink(missing_ok=True)
                return
            if not told:
                os.kill(pid, signal.SIGINT)
                told = True
            if time.monotonic() > give_up_at:
                raise CannotStart(f"PostgreSQL of an earlier run (process {pid}) does not stop")
            time.sleep(0.05)

    def _launch(self) -> None:
        if self._socket is None:
            self._socket = self._home / "socket"
            if len(str(self._socket).encode()) > LONGEST_SOCKET_FOLDER:
                self._socket = Path(tempfile.mkdtemp(prefix="examhall-", dir="/tmp"))
            self._socket.mkdir(mode=0o700, exist_ok=True)
            self._identity.own(self._socket)
        with self._log.open("ab") as log:
            self._log.chmod(0o600)
            self._log_start = log.tell()
            self.process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", str(self._cluster), "-k", str(self._socket)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
                env={"LC_ALL": "C", "PGTZ": "UTC"},
                # A Ctrl-C at the terminal is for us; we decide when PostgreSQL stops.
                start_new_session=True,
                preexec_fn=_end_with_parent if _libc else None,
                **self._identity.popen(),
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise CannotStart(
                    f"{self.data / 'postgres.password'} does not belong to this database"
                ) from error
            return False
        return True

    def _said_since_launch(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")


def _end_with_parent() -> None:
    """In the child, after it changed its user (which would undo this) and before it becomes PostgreSQL."""
    assert _libc is not None
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _command_of(pid: int) -> str:
    """The command line of a living process; '' of a dead one or a zombie."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    found = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return found.stdout
