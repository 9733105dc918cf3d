"""The client of the certificate service, as it is, with the real Locust against the demo: nothing may fail.

`python -m benchmarks.clients` plays it in full: 500 users.
"""

import csv
import subprocess
import sys
from pathlib import Path

from .test_k6 import demo as demo

SCRIPT = Path(__file__).with_name("locust_certificates.py")
PATIENCE_S = 90


def test_the_certificates_client_runs_unchanged_and_no_request_fails(demo: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(SCRIPT), "--headless", "--only-summary", "--host", demo,
         "--users", "20", "--spawn-rate", "20", "--run-time", "6s", "--stop-timeout", "10",
         "--csv", str(tmp_path / "found")],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "found_stats.csv").open(newline="", encoding="utf-8") as file:
        found = {row["Name"]: row for row in csv.DictReader(file)}
    assert {name: int(row["Failure Count"]) for name, row in found.items()} == dict.fromkeys(found, 0)
    assert {"/api/certificates/templates", "/api/certificates/public", "/health"} <= set(found)
