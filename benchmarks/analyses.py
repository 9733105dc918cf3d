"""What-if calculations: `python -m benchmarks.analyses`, or a part of it by --only.

A million answers worked out, from the request to the result; saves while eight calculations run and while
none does, in turns; and the earlier system's client, by Locust, with 200 users.
"""

import argparse
import asyncio
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks import requests
from benchmarks.load import Load, file_of, require_wrk, wrk
from benchmarks.machine import Peak, describe
from benchmarks.peak import Measuring
from benchmarks.report import Report, Row
from benchmarks.servers import ROOT, Hall
from benchmarks.stock import fill, settle
from examhall.analyses.document import read_scenario
from examhall.analyses.projects import create_project
from examhall.analyses.scenarios import create_scenario
from examhall.base.sqlfile import beside
from examhall.ops.rehearse.machine import tree_of

SQL = beside(__file__)

SITTINGS, ITEMS = 10_000, 100
AT_ONCE = 8
CONNECTIONS = 64
CLIENT = ROOT / "tests" / "clients" / "locust_calculations.py"
USERS = 200
LOOK_EVERY_S = 0.05
PATIENCE_S = 600.0
BANDS = {"code": "ects", "version": 1}
# Each of them asks once; limits are not what is measured.
UNLIMITED = {"EXAMHALL_RATE_LIMIT_CALCULATIONS": "off", "EXAMHALL_RATE_LIMIT_PERSON": "off"}


def add_million(hall: Hall, *, sittings: int = SITTINGS, items: int = ITEMS) -> int:
    """An exam that so many sat; its id."""
    with hall.admin() as conn:
        row = conn.execute(SQL.add_exam.text).fetchone()
        assert row is not None
        which = {"exam_id": row[0], "sittings": sittings, "items": items}
        for query in (
            SQL.add_questions, SQL.add_items, SQL.add_sittings, SQL.add_answers, SQL.add_marks,
            SQL.add_results,
        ):  # fmt: skip
            conn.execute(query.text, {name: which[name] for name in query.parameters})
        settle(conn)
        return int(row[0])


def add_scenarios(hall: Hall, exam_id: int, count: int) -> list[tuple[int, int]]:
    """So many analysts with a scenario each, no two the same; person and scenario."""

    async def add() -> list[tuple[int, int]]:
        async with await psycopg.AsyncConnection.connect(hall.dsn) as conn:
            cursor = await conn.execute(SQL.add_analysts.text, {"people": count})
            people = [int(row[0]) for row in await cursor.fetchall()]
            added = []
            for number, person in enumerate(people):
                project = await create_project(conn, name="Bench", description="", created_by=person)
                scenario = read_scenario(document(exam_id, number))
                added.append(
                    (person, await create_scenario(conn, project, by=person, name="What if", description="",
                                                   scenario=scenario))
                )  # fmt: skip
            return added

    return asyncio.run(add())


def document(exam_id: int, number: int) -> dict[str, Any]:
    """Every answer is needed: each wrong one costs something; a few keys are other ones."""
    return {
        "format": "examhall-scenario/1",
        "exams": [exam_id],
        "questions": [
            {"exam_id": exam_id, "change": "key", "question_number": each, "answer": "B"}
            for each in (1 + number, 20 + number)
        ],
        "weights": [{"exam_id": exam_id, "topic": "Algebra", "factor": 1.5}],
        "negative_marking": {"fraction": "1/3"},
        "curve": {"kind": "to_mean", "mean_percent": 60 + number / 10, "sd_percent": 15},
        "scale": {"code": "500-100", "version": 1},
        "grade_bands": BANDS,
    }


def call(hall: Hall, method: str, path: str, person: int) -> Any:
    token = hall.signer.access_token(person, uuid4(), ["analyst"])
    request = urllib.request.Request(
        f"http://{hall.address.host}:{hall.address.port}/api/v1{path}",
        data=b"{}" if method == "POST" else None,
        method=method,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        body = reply.read()
        return json.loads(body) if body else None


def calculate(hall: Hall, person: int, scenario_id: int) -> int:
    return int(call(hall, "POST", f"/scenarios/{scenario_id}/calculate", person)["calculation_id"])


def measure_million(measuring: Measuring) -> None:
    sittings = 1_000 if measuring.quick else SITTINGS
    hall = measuring.hall(**UNLIMITED)
    exam_id = add_million(hall, sittings=sittings)
    [(person, scenario_id)] = add_scenarios(hall, exam_id, 1)
    asked: list[float] = []
    begin = time.perf_counter()
    calculation = calculate(hall, person, scenario_id)
    asked.append(time.perf_counter() - begin)
    largest = 0.0
    while call(hall, "GET", f"/calculations/{calculation}", person)["status"] not in ("done", "failed"):
        largest = max([largest, *(_memory_mb(pid) for pid in _calculating(hall))])
        time.sleep(LOOK_EVERY_S)
    for _ in range(5):
        begin = time.perf_counter()
        calculate(hall, person, scenario_id)
        asked.append(time.perf_counter() - begin)
    with hall.admin() as conn:
        row = conn.execute(SQL.took.text, {"calculation_id": calculation}).fetchone()
    assert row is not None
    facts = measuring.report.facts
    facts[f"{sittings:,} x {ITEMS} answers, from the request to the result"] = f"{row[0]:.2f} s"
    facts["of it, since a worker took it"] = f"{row[1]:.2f} s"
    facts["memory of the process that computed"] = f"{largest:.0f} MB"
    facts["its result"] = f"{row[3]:,} bytes, and {row[2]:,} of candidates"
    facts["POST calculate, the first and in the median of five more"] = (
        f"{asked[0] * 1000:.0f} ms, {statistics.median(asked[1:]) * 1000:.0f} ms"
    )


def _calculating(hall: Hall) -> list[int]:
    return [
        pid for pid in tree_of(hall.process.pid)
        if b"examhall.analyses.calculating" in _read(Path(f"/proc/{pid}/cmdline"))
    ]  # fmt: skip


def _memory_mb(pid: int) -> float:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def measure_saves(measuring: Measuring) -> None:
    """In turns on one server: nothing else, and eight calculations of a million answers each."""
    require_wrk()
    hall = measuring.hall(**UNLIMITED, EXAMHALL_CALCULATIONS=str(AT_ONCE), EXAMHALL_RATE_LIMIT_SAVES="off")
    stock = fill(hall, answers=10_000)
    exam_id = add_million(hall, sittings=1_000 if measuring.quick else SITTINGS)
    scenarios = add_scenarios(hall, exam_id, AT_ONCE)
    rounds, seconds = (1, 3.0) if measuring.quick else (5, 8.0)
    without: list[Load] = []
    beside: list[Load] = []
    still = 0
    with file_of(requests.saves(hall, stock)) as file:
        wrk(hall.address, file, connections=CONNECTIONS, seconds=2.0)
        for _ in range(rounds):
            without.append(wrk(hall.address, file, connections=CONNECTIONS, seconds=seconds))
            asked = [(person, calculate(hall, person, scenario)) for person, scenario in scenarios]
            _wait_until_running(hall)
            beside.append(wrk(hall.address, file, connections=CONNECTIONS, seconds=seconds))
            with hall.admin() as conn:
                row = conn.execute(SQL.statuses.text).fetchone()
                assert row is not None
                still += int(row[0])
            for person, calculation in asked:
                _call_off(hall, calculation, person)
            with hall.admin() as conn:
                # What was finished meanwhile would be given again at once.
                conn.execute("DELETE FROM calculations")
    measuring.report.rows += [
        Row.of("save of one answer", CONNECTIONS, without),
        Row.of(f"the same, {AT_ONCE} calculations running", CONNECTIONS, beside),
    ]
    ratio = statistics.median(one.p99 / none.p99 for one, none in zip(beside, without, strict=True))
    measuring.report.at_most(
        f"p99 of saves beside {AT_ONCE} calculations, of that without", ratio, 1.2, "{:.2f}"
    )
    measuring.report.facts["calculations still running at the end of a round, in the mean"] = (
        f"{still / rounds:.1f} of {AT_ONCE}"
    )


def _wait_until_running(hall: Hall) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    with hall.admin() as conn:
        while time.monotonic() < give_up_at:
            row = conn.execute(SQL.statuses.text).fetchone()
            if row is not None and row[2] == 0:
                return
            time.sleep(LOOK_EVERY_S)
    raise SystemExit("the calculations were not begun")


def _call_off(hall: Hall, calculation: int, person: int) -> None:
    try:
        call(hall, "DELETE", f"/calculations/{calculation}", person)
    except urllib.error.HTTPError as error:
        # It was done before.
        if error.code != 409:
            raise


def measure_client(measuring: Measuring) -> None:
    """The earlier system's client, unchanged: 200 users who sign in as one person."""
    hall = measuring.hall("demo")
    peak = Peak()
    peak.watch(hall)
    seconds = "20s" if measuring.quick else "120s"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "locust", "-f", str(CLIENT), "--headless", "--only-summary",
             "--host", f"http://{hall.address.host}:{hall.address.port}", "--users", str(USERS),
             "--spawn-rate", "20", "--run-time", seconds, "--stop-timeout", "30", "--csv", f"{folder}/found"],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with (Path(folder) / "found_stats.csv").open(newline="", encoding="utf-8") as file:
            found = {row["Name"]: row for row in csv.DictReader(file)}
    peak.close()
    report = measuring.report
    for name, row in found.items():
        report.facts[f"the client: {name}"] = (
            f"{row['Request Count']} requests, median {row['Median Response Time']} ms, "
            f"p95 {row['95%']} ms, p99 {row['99%']} ms, {row['Failure Count']} failed"
        )
    failed = int(found["Aggregated"]["Failure Count"])
    report.at_most("failed requests of the client", failed, 0, "{:.0f}")
    for name in ("/api/v1/projects", "/api/v1/master-data", "/api/v1/calculations/:id"):
        if name in found:
            report.below(f"median of {name}", float(found[name]["Median Response Time"]), 50, "{:.0f} ms")
    report.below("database connections under the client", max(peak.most.values()), 20, "{:.0f}")


MEASUREMENTS: dict[str, Callable[[Measuring], None]] = {
    "million": measure_million,
    "saves": measure_saves,
    "client": measure_client,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analyses", description=__doc__)
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
        measuring.report.save("analyses")
    print(f"\n{measuring.report.markdown()}")


if __name__ == "__main__":
    main()
