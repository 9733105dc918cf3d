"""The certificates' client of the earlier system, unchanged: `python -m benchmarks.clients`.

500 users look at the demo's public templates, its gallery and /health, for two minutes.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.machine import Peak, describe
from benchmarks.peak import Measuring
from benchmarks.report import Report
from benchmarks.servers import ROOT

CERTIFICATES = ROOT / "tests" / "clients" / "locust_certificates.py"
USERS = 500
# What was promised for what comes from the cache.
CACHED = ("/api/certificates/templates", "/api/certificates/public")
LIMIT_MS = 200


def measure_certificates(measuring: Measuring) -> None:
    hall = measuring.hall("demo")
    peak = Peak()
    peak.watch(hall)
    seconds = "15s" if measuring.quick else "120s"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "locust", "-f", str(CERTIFICATES), "--headless", "--only-summary",
             "--host", f"http://{hall.address.host}:{hall.address.port}", "--users", str(USERS),
             "--spawn-rate", "100", "--run-time", seconds, "--stop-timeout", "10",
             "--csv", f"{folder}/found"],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with (Path(folder) / "found_stats.csv").open(newline="", encoding="utf-8") as file:
            found = {row["Name"]: row for row in csv.DictReader(file)}
    peak.close()
    report = measuring.report
    for name, row in found.items():
        report.facts[f"the certificates' client: {name}"] = (
            f"{row['Request Count']} requests, {float(row['Requests/s']):.0f} a second, "
            f"median {row['Median Response Time']} ms, p95 {row['95%']} ms, p99 {row['99%']} ms, "
            f"{row['Failure Count']} failed"
        )
    failed = int(found["Aggregated"]["Failure Count"])
    report.at_most("failed requests of the certificates' client", failed, 0, "{:.0f}")
    for name in CACHED:
        report.below(f"p99 of {name}", float(found[name]["99%"]), LIMIT_MS, "{:.0f} ms")
    report.below("database connections under it", max(peak.most.values()), 20, "{:.0f}")


MEASUREMENTS: dict[str, Callable[[Measuring], None]] = {"certificates": measure_certificates}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: no figures to keep")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="this part alone")
    parser.add_argument("--data", type=Path, help="where to put the databases; the system's /tmp by default")
    options = parser.parse_args()
    with ExitStack() as running:
        measuring = Measuring(Report({}, {}), options.quick, running, options.data)
        measuring.report.machine.update(describe(measuring.hall()))
        # It was only asked what it is.
        running.close()
        for name, measurement in MEASUREMENTS.items():
            if not options.only or name in options.only:
                print(f"Measuring {name}", flush=True)
                with ExitStack() as measuring.running:
                    measurement(measuring)
    if not options.quick:
        measuring.report.save("clients")
    print(f"\n{measuring.report.markdown()}")


if __name__ == "__main__":
    main()
