"""The client of the calculation service, as it is, with the real Locust against the demo: nothing may fail.

`python -m benchmarks.analyses --only client` plays it in full: 200 users, all signed in as one person.
"""

import csv
import subprocess
import sys
from pathlib import Path

from .test_k6 import demo as demo

SCRIPT = Path(__file__).with_name("locust_calculations.py")
PATIENCE_S = 90


def test_the_calculations_client_runs_unchanged_and_no_request_fails(demo: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(SCRIPT), "--headless", "--only-summary", "--host", demo,
         "--users", "12", "--spawn-rate", "6", "--run-time", "10s", "--stop-timeout", "30",
         "--csv", str(tmp_path / "found")],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "found_stats.csv").open(newline="", encoding="utf-8") as file:
        found = {row["Name"]: row for row in csv.DictReader(file)}
    assert {name: int(row["Failure Count"]) for name, row in found.items()} == dict.fromkeys(found, 0)
    # The client went all its ways: a result was waited for.
    assert {
        "/api/v1/auth/login",
        "/api/v1/projects",
        "/api/v1/projects/:id/scenarios",
        "/api/v1/master-data",
        "/api/v1/scenarios/:id/calculate",
        "/api/v1/calculations/:id",
    } <= set(found)
