import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
PAUSE_S = 0.05
START = """
import os
from examhall.serving import serve
from examhall.settings import Settings
raise SystemExit(serve(Settings.read(os.environ), app="tests.standin:create_app", jobs="tests.standin:run"))
"""


class Running:
    """A server with the stand-in application, and everything it started."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", START],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "EXAMHALL_DATA": str(data),
                "EXAMHALL_PORT": "0",
                "EXAMHALL_WORKERS": "2",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if "answers on" in line:
                self.address = line.split()[-1]
                break
        else:
            raise AssertionError("".join(self.lines))
        # Read on, lest a full pipe holds the server up.
        self._reader = threading.Thread(target=self.lines.extend, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def get(self, path: str) -> object:
        with urllib.request.urlopen(self.address + path, timeout=10) as reply:
            return json.load(reply)

    def get_or_none(self, path: str) -> object:
        try:
            return self.get(path)
        except (OSError, urllib.error.HTTPError):
            return None

    def web_workers(self) -> set[int]:
        found: set[int] = set()
        # Which of the two accepts is the kernel's choice.
        eventually(lambda: len(found.add(self.get("/pid")) or found) == 2)  # type: ignore[func-returns-value, arg-type]
        return found

    def everything(self) -> set[int]:
        """The process numbers of all that the supervisor started."""
        postmaster = (self.data / "postgres").resolve() / "data" / "postmaster.pid"
        job_worker = (self.data / "job-worker").read_text()
        return {*self.web_workers(), int(postmaster.read_text().split()[0]), int(job_worker)}

    def finish(self) -> int:
        code = self.process.wait(60)
        self._reader.join()
        return code


@pytest.fixture
def running() -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="examhall-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        running = Running(Path(name) / "data")
        yield running
        if running.process.poll() is None:
            running.process.terminate()
            running.finish()
        assert running.process.stdout is not None
        running.process.stdout.close()


def eventually(true: Callable[[], object]) -> None:
    for _ in range(int(60 / PAUSE_S)):
        if true():
            return
        time.sleep(PAUSE_S)
    raise AssertionError("never came true")


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_killed_web_worker_comes_back(running: Running) -> None:
    before = running.web_workers()
    victim = before.pop()
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not runs(victim))
    after = running.web_workers()
    assert victim not in after
    assert before <= after


def test_a_killed_job_worker_comes_back(running: Running) -> None:
    note = running.data / "job-worker"
    eventually(note.exists)
    victim = note.read_text()
    os.kill(int(victim), signal.SIGKILL)
    eventually(lambda: note.read_text() not in ("", victim))


def test_killed_postgresql_comes_back_and_the_web_workers_live_on(running: Running) -> None:
    before = running.web_workers()
    eventually((running.data / "job-worker").exists)
    with psycopg.connect((running.data / "connection").read_text()) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postmaster = (running.data / "postgres").resolve() / "data" / "postmaster.pid"
    victim = int(postmaster.read_text().split()[0])
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: not runs(victim))
    eventually(lambda: running.get_or_none("/postgres"))
    assert running.web_workers() == before
    with psycopg.connect((running.data / "connection").read_text()) as conn:
        assert conn.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_sigterm_answers_what_is_in_flight_and_leaves_nothing_running(running: Running) -> None:
    eventually((running.data / "job-worker").exists)
    everything = running.everything()
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(running.get("/slow")))
    asking.start()
    eventually((running.data / "slow-began").exists)
    running.process.terminate()
    assert running.finish() == 0
    asking.join()
    assert answers == ["answered"]
    assert [pid for pid in everything if runs(pid)] == []
    assert running.get_or_none("/pid") is None


def test_sigterm_ends_a_stream_in_order(running: Running) -> None:
    """Not when the patience with requests in flight is over: then it would be cut off amid its reply."""
    with urllib.request.urlopen(running.address + "/stream", timeout=60) as reply:
        assert reply.readline().startswith(b"retry: ")
        running.process.terminate()
        assert reply.read() == b"\n"
    assert running.finish() == 0


def test_a_second_signal_ends_its_patience(running: Running) -> None:
    eventually((running.data / "job-worker").exists)
    everything = running.everything()
    asking = threading.Thread(target=running.get_or_none, args=("/slow",))
    asking.start()
    eventually((running.data / "slow-began").exists)
    running.process.send_signal(signal.SIGINT)
    eventually(lambda: any("Stopping" in line for line in running.lines))
    running.process.send_signal(signal.SIGINT)
    assert running.finish() == 0
    asking.join()
    assert [pid for pid in everything if runs(pid)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells PostgreSQL that its parent died")
def test_a_killed_supervisor_leaves_nothing_running_and_the_data_survive(running: Running) -> None:
    eventually((running.data / "job-worker").exists)
    everything = running.everything()
    with psycopg.connect((running.data / "connection").read_text()) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    running.process.kill()
    running.finish()
    eventually(lambda: not any(map(runs, everything)))
    again = Running(running.data)
    with psycopg.connect((again.data / "connection").read_text()) as conn:
        assert conn.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.process.terminate()
    assert again.finish() == 0
    assert again.process.stdout is not None
    again.process.stdout.close()


def test_a_taken_port_is_known_before_anything_starts(running: Running) -> None:
    port = running.address.rsplit(":", 1)[1]
    own = {"PYTHONPATH": str(ROOT), "EXAMHALL_DATA": str(running.data / "2"), "EXAMHALL_PORT": port}
    second = subprocess.run(
        [sys.executable, "-c", START], env={**os.environ, **own}, check=False, capture_output=True, text=True
    )
    assert second.returncode == 1
    assert f"port {port} is taken" in second.stderr
