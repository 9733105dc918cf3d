"""The minute when all start: `python -m benchmarks.peak`, or a part of it by --only.

Candidates are those of `examhall rehearse`, which plays them against a copy beside the idle server that is
started here; reads are wrk's, in turns with the empty GET; the client is the earlier system's, by k6.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import requests
from benchmarks.load import Load, ask, file_of, require_wrk, wrk
from benchmarks.machine import Peak, describe
from benchmarks.report import Report, Row
from benchmarks.servers import ROOT, WORKERS, Hall, make_data_folder, start_empty, start_hall
from benchmarks.stock import add_exam
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

CONNECTIONS = 64
# They ask again and again: what is remembered for a second is what is measured.
PEOPLE = 100
CLIENT = ROOT / "tests" / "clients" / "k6_assessment.js"
SJT = ROOT / "examhall" / "demo" / "sjt.yaml"
# wrk asks more often than any person may; what limits cost is measured all the same.
UNLIMITED = {"EXAMHALL_RATE_LIMIT_PERSON": "off", "EXAMHALL_RATE_LIMIT_TRUSTED": "127.0.0.0/8"}


@dataclass
class Measuring:
    report: Report
    quick: bool
    running: ExitStack
    folder: Path | None

    def hall(self, command: str = "serve", **variables: str) -> Hall:
        data = make_data_folder(self.folder)
        hall = start_hall(data, command, **variables)
        self.running.callback(shutil.rmtree, data, ignore_errors=True)
        self.running.callback(shutil.rmtree, (data / "postgres").resolve(), ignore_errors=True)
        self.running.callback(hall.stop)
        return hall


def measure_reads(measuring: Measuring) -> None:
    """What is remembered, beside the GET that checks the token and does nothing."""
    require_wrk()
    hall = measuring.hall(**UNLIMITED)
    empty = start_empty(hall)
    measuring.running.callback(empty.stop)
    people = _add_people_and_exams(hall)
    rounds, seconds = (3, 2.0) if measuring.quick else (5, 6.0)
    made = requests.reads(hall, "/api/v1/tests/availability?test_type=SJT", people)
    ask(hall.address, made[0], expect=b'"can_start":true')
    ask(empty.address, made[0], expect=b'"ok"')
    nothing: list[Load] = []
    loads: list[Load] = []
    with file_of(made) as file:
        wrk(hall.address, file, connections=CONNECTIONS, seconds=1.0)
        for _ in range(rounds):
            nothing.append(wrk(empty.address, file, connections=CONNECTIONS, seconds=seconds))
            loads.append(wrk(hall.address, file, connections=CONNECTIONS, seconds=seconds))
    ratio = statistics.median(load.rate / none.rate for load, none in zip(loads, nothing, strict=True))
    measuring.report.rows += [
        Row.of("GET that checks the token and does nothing", CONNECTIONS, nothing),
        Row.of(f"GET availability, by {PEOPLE} people", CONNECTIONS, loads, ratio),
    ]
    measuring.report.at_least("availability of the empty GET", ratio, 0.60, "{:.0%}")


def _add_people_and_exams(hall: Hall) -> list[int]:
    async def add() -> None:
        async with await psycopg.AsyncConnection.connect(hall.dsn) as conn:
            await import_exam(conn, read_exam_file(SJT.read_bytes(), folder=SJT.parent), None)

    asyncio.run(add())
    with hall.admin() as conn:
        conn.execute(
            "INSERT INTO people (username, full_name) SELECT 'p' || n, 'P' FROM generate_series(1, %s) AS n",
            (PEOPLE,),
        )
        conn.execute("VACUUM ANALYZE")
        return [int(each[0]) for each in conn.execute("SELECT id FROM people ORDER BY id")]


def measure_client(measuring: Measuring) -> None:
    """The assessment client of the earlier system, unchanged: 200 users who sign in to one account."""
    k6 = Path(sys.executable).with_name("k6")
    hall = measuring.hall("demo")
    peak = Peak()
    peak.watch(hall)
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        short = ["--vus", "200", "--duration", "20s"] if measuring.quick else []
        subprocess.run(
            [
                str(k6),
                "run",
                "--no-usage-report",
                "--quiet",
                *short,
                "--summary-export",
                str(summary),
                str(CLIENT),
            ],
            env={**os.environ, "HOST": f"http://{hall.address.host}:{hall.address.port}"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        found = json.loads(summary.read_bytes())
    peak.close()
    checks = found["root_group"]["checks"]
    times = found["metrics"]["http_req_duration"]
    measuring.report.facts["the k6 client"] = (
        f"{found['metrics']['iterations']['rate']:.0f} rounds a second, a request "
        f"takes {times['med']:.0f} ms in the median and {times['p(95)']:.0f} ms at p95; "
        + ", ".join(
            f"{name}: {check['passes']} of {check['passes'] + check['fails']}"
            for name, check in checks.items()
        )
    )
    measuring.report.at_most(
        "failed checks of the k6 client", sum(each["fails"] for each in checks.values()), 0, "{:.0f}"
    )
    measuring.report.below("database connections under the k6 client", max(peak.most.values()), 20, "{:.0f}")


def _rehearse(measuring: Measuring, *options: str) -> dict[str, Any]:
    """One rehearsal beside an idle server of its own: its verdict."""
    hall = measuring.hall()
    exam_id = add_exam(hall)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXAMHALL_")}
    environment.pop("DATABASE_URL", None)
    environment |= {"EXAMHALL_DATA": str(hall.data), "EXAMHALL_WORKERS": str(WORKERS)}
    subprocess.run(
        [sys.executable, "-m", "examhall.cli", "rehearse", "--exam", str(exam_id), *options],
        env=environment,
        cwd=ROOT,
        check=False,
    )
    [document] = (hall.data / "rehearsals").glob("*.json")
    verdict: dict[str, Any] = json.loads(document.read_bytes())["verdict"]
    # Two servers would take the machine from each other in what comes next.
    hall.stop()
    return verdict


def _report(measuring: Measuring, name: str, verdict: dict[str, Any]) -> None:
    report, found = measuring.report, verdict["findings"]
    lost = len(found["lost"]) + len(found["behind"]) + len(found["strange"])
    failed = sum(sum(each["failures"].values()) for each in verdict["requests"])
    report.at_most(f"{name}: acknowledged answers that are not stored", lost, 0, "{:.0f}")
    report.at_most(f"{name}: requests that failed, and candidates left outside",
                   failed + verdict["candidates"] - verdict["in_room"], 0, "{:.0f}")  # fmt: skip
    report.below(f"{name}: database connections", verdict["most_connections"], 20, "{:.0f}")
    if verdict["memory_mb"]:
        report.below(f"{name}: memory in all", verdict["memory_mb"], 1024, "{:.0f} MB")
    for what in ("start", "save"):
        if times := verdict[what]:
            report.facts[f"{name}: {what}"] = (
                f"{times['count']:,}, median {times['p50']:.0f} ms, p95 {times['p95']:.0f} ms, "
                f"p99 {times['p99']:.0f} ms, slowest {times['most']:.0f} ms"
            )
    limited = "THE GENERATOR WAS THE LIMIT; " if verdict["generator_was_the_limit"] else ""
    report.facts[f"{name}: full first"] = (
        f"{limited}{verdict['saturated_first'] or 'nothing'}; {verdict['generator']}"
    )


def measure_together(measuring: Measuring) -> None:
    """All press the button within one second."""
    count = 200 if measuring.quick else 1000
    verdict = _rehearse(measuring, "--candidates", str(count), "--barrier", "--minutes", "0.5")
    name = f"{count:,} start in the same second"
    measuring.report.below(
        f"{name}: the slowest has the questions", verdict["start"]["most"] / 1000, 2, "{:.2f} s"
    )
    _report(measuring, name, verdict)


def measure_ramp(measuring: Measuring) -> None:
    count, seconds = (500, 10) if measuring.quick else (5000, 60)
    verdict = _rehearse(measuring, "--candidates", str(count), "--ramp", f"{seconds}s", "--minutes", "0.5")
    name = f"{count:,} start in {seconds} s"
    measuring.report.below(
        f"{name}: p99 until they have the questions", verdict["start"]["p99"] / 1000, 1, "{:.2f} s"
    )
    _report(measuring, name, verdict)


def measure_work(measuring: Measuring) -> None:
    """At human pace, for minutes."""
    count, minutes = (300, "0.5") if measuring.quick else (2000, "5")
    verdict = _rehearse(measuring, "--candidates", str(count), "--ramp", "20s", "--minutes", minutes)
    name = f"{count:,} at work for {minutes} minutes"
    measuring.report.below(f"{name}: p99 of a save", verdict["save"]["p99"], 100, "{:.0f} ms")
    _report(measuring, name, verdict)


MEASUREMENTS: dict[str, Callable[[Measuring], None]] = {
    "reads": measure_reads,
    "client": measure_client,
    "together": measure_together,
    "ramp": measure_ramp,
    "work": measure_work,
}


def main() -> None:
    options = _options()
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
    measuring.report.save("peak")
    print(f"\n{measuring.report.markdown()}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peak", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer candidates, for seconds: no figures to keep"
    )
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="this measurement alone; may be repeated"
    )
    parser.add_argument("--data", type=Path, help="where to put the databases; the system's /tmp by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
