"""With a port of their own, /metrics and /health answer there alone; what a request logs carries its id."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from examhall.base.embedded import Postgres

MARK = "/metrics and /health answer on "


@pytest.fixture
def served(postgres: Postgres, tmp_path: Path) -> Iterator[tuple[int, int, list[str]]]:
    """The public port, the private one, and what the server says."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EXAMHALL_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "examhall.cli", "serve", "--port", "0", "--workers", "2"],
        env={
            **environment,
            "DATABASE_URL": postgres.dsn(name),
            "EXAMHALL_DATA": str(tmp_path),
            "EXAMHALL_METRICS_PORT": "0",
            "EXAMHALL_ACCESS_LOG": "yes",
            "EXAMHALL_LOG": "json",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with server:
        assert server.stdout is not None
        said: list[str] = []
        public = 0
        for line in server.stdout:
            said.append(line)
            if "Examhall answers on" in line:
                public = int(line.strip().rpartition(":")[2])
            if MARK in line:
                private = int(line.split(MARK)[1].split()[0].rpartition(":")[2])
                break
        else:
            pytest.fail("".join(said))
        reading = threading.Thread(target=said.extend, args=(server.stdout,), daemon=True)
        reading.start()
        yield public, private, said
        server.terminate()
        server.wait(60)
        reading.join()


def ask(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    reply = connection.getresponse()
    found = reply.status, reply.read().decode()
    connection.close()
    return found


def test_figures_answer_at_their_port_alone_and_nothing_else_does(served: tuple[int, int, list[str]]) -> None:
    public, private, said = served
    assert ask(public, "/metrics")[0] == ask(public, "/health")[0] == 404
    assert ask(private, "/health")[0] == 200
    assert ask(private, "/sign-in")[0] == ask(private, "/api/v1/time")[0] == 404
    assert ask(public, "/sign-in", X_Request_Id="my-own-id")[0] == 200
    # Of both web workers and the job worker, whichever answers, as soon as they are all there.
    wanted = [
        f'examhall_process_start_time_seconds{{process="{each}"}}' for each in ("web-1", "web-2", "jobs")
    ]
    for _ in range(600):
        status, text = ask(private, "/metrics")
        assert status == 200
        if all(each in text for each in wanted):
            break
        time.sleep(0.1)
    else:
        pytest.fail(text)
    logged = [json.loads(line) for line in said if '"event": "request"' in line]
    [mine] = [line for line in logged if line.get("request_id") == "my-own-id"]
    assert (mine["method"], mine["path"], mine["status"]) == ("GET", "/sign-in", 200)
