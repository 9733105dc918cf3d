"""The measurements. Whatever is compared is measured in turns, round after round: the machine is shared."""

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from benchmarks import requests
from benchmarks.load import Load, ask, each_once, file_of, wrk
from benchmarks.machine import Peak, memory_mb
from benchmarks.report import Report, Row
from benchmarks.servers import Hall, Server, baseline, make_data_folder, start_empty, start_hall
from benchmarks.stock import SQL, Seat, Stock, add_exam, fill, settle

FEW_CONNECTIONS, MANY_CONNECTIONS = 64, 512
BATCH = 10
STARTS = 1_000
DUE = 10_000
# Long enough to put their answers in first.
DUE_IN_S = 8.0
POLL_S = 0.005
SMALL_STOCK = 10_000
WARM_UP_S = 1.0


class Spoilt(SystemExit):
    """The run cannot be believed."""


@dataclass
class Bench:
    """One run: its servers, its settings and what it found."""

    hall: Hall
    stock: Stock
    report: Report
    rounds: int
    seconds: float
    large_stock: int
    folder: Path | None
    peak: Peak
    running: ExitStack
    halls: list[Hall] = field(default_factory=list)

    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def load(self, server: Server, file: Path, connections: int, seconds: float | None = None) -> Load:
        return wrk(server.address, file, connections=connections, seconds=seconds or self.seconds)

    def row(self, name: str, connections: int, loads: list[Load], of_empty: float | None = None) -> Row:
        row = Row.of(name, connections, loads, of_empty)
        self.report.rows.append(row)
        self.say(f"{name}, {connections} connections: {row.rate:,.0f}/s, p99 {row.p99:.1f} ms")
        return row


def measure_saves(bench: Bench) -> None:
    """Durable saves beside the POST that does nothing, and one request in the seed's stack beside them."""
    empty = start_empty(bench.hall)
    bench.running.callback(empty.stop)
    single = requests.saves(bench.hall, bench.stock)
    ask(empty.address, single[0], expect=b'"ok"')
    ask(bench.hall.address, single[0], expect=b'"saved"')
    acknowledged = 0
    with file_of(single) as file:
        for server in (empty, bench.hall):
            bench.load(server, file, MANY_CONNECTIONS, WARM_UP_S)
        stored_before = _history(bench.hall)
        for connections, least, slowest_ms in (
            (FEW_CONNECTIONS, 0.40, 60.0),
            (MANY_CONNECTIONS, 0.50, 120.0),
        ):
            nothing: list[Load] = []
            saves: list[Load] = []
            for _ in range(bench.rounds):
                nothing.append(bench.load(empty, file, connections))
                saves.append(bench.load(bench.hall, file, connections))
            acknowledged += sum(save.requests - save.errors for save in saves)
            ratio = statistics.median(
                save.rate / none.rate for save, none in zip(saves, nothing, strict=True)
            )
            bench.row("POST that checks the token and does nothing", connections, nothing)
            saved = bench.row("save of one answer, durable", connections, saves, ratio)
            bench.report.at_least(
                f"saves of the empty POST at {connections} connections", ratio, least, "{:.0%}"
            )
            bench.report.below(
                f"p99 of a save at {connections} connections", saved.p99, slowest_ms, "{:.0f} ms"
            )
    # Fast and forgetful would be easy: every save that was acknowledged to wrk is in the history.
    stored = _history(bench.hall) - stored_before
    if stored < acknowledged:
        raise Spoilt(f"{acknowledged} saves were acknowledged, but only {stored} are in the history")
    bench.report.facts["acknowledged saves, all found in the history"] = f"{acknowledged:,}"


def _history(hall: Hall) -> int:
    with hall.admin() as conn:
        row = conn.execute(SQL.counts.text).fetchone()
    assert row is not None
    return int(row[1])


def measure_baseline(bench: Bench) -> None:
    """The same save in the mock-exam seed's stack, on the same PostgreSQL server."""
    single = requests.saves(bench.hall, bench.stock)
    each = SMALL_STOCK // len(bench.stock.seats)
    with (
        baseline(bench.hall, students=len(bench.stock.seats), answers=each) as other,
        file_of(single) as file,
        file_of(requests.baseline_saves(other.sessions, bench.stock.items)) as other_file,
    ):
        bench.load(other, other_file, FEW_CONNECTIONS, WARM_UP_S)
        theirs: list[Load] = []
        ours: list[Load] = []
        for _ in range(bench.rounds):
            theirs.append(bench.load(other, other_file, FEW_CONNECTIONS))
            ours.append(bench.load(bench.hall, file, FEW_CONNECTIONS))
    bench.row("the same save in the seed's stack (Django REST Framework, gunicorn)", FEW_CONNECTIONS, theirs)
    times = statistics.median(our.rate / their.rate for our, their in zip(ours, theirs, strict=True))
    bench.report.at_least("saves against the seed's stack", times, 30, "{:.0f} times")


def measure_batches(bench: Bench) -> None:
    made = requests.saves(bench.hall, bench.stock, answers_each=BATCH)
    ask(bench.hall.address, made[0], expect=b'"saved"')
    with file_of(made) as file:
        loads = [bench.load(bench.hall, file, FEW_CONNECTIONS) for _ in range(bench.rounds)]
    row = bench.row(f"save of {BATCH} answers in one request", FEW_CONNECTIONS, loads)
    bench.report.facts[f"answers a second in requests of {BATCH}"] = f"{row.rate * BATCH:,.0f}"


def measure_starts(bench: Bench) -> None:
    """A thousand candidates start, each once; then each hands in."""
    with bench.hall.admin() as conn:
        people = [int(row[0]) for row in conn.execute(SQL.people.text, {"people": STARTS})]
    starts, submits = [], []
    for _ in range(bench.rounds):
        exam_id = add_exam(bench.hall)
        made = requests.starts(bench.hall, exam_id, people)
        starts.append(each_once(bench.hall.address, made, connections=FEW_CONNECTIONS))
        with bench.hall.admin() as conn:
            seats = [Seat(*row) for row in conn.execute(SQL.open_sittings.text, {"exam_id": exam_id})]
        if len(seats) != STARTS:
            raise Spoilt(f"{STARTS} candidates started, and {len(seats)} sittings are open")
        made = requests.submits(bench.hall, seats)
        submits.append(each_once(bench.hall.address, made, connections=FEW_CONNECTIONS))
        _wait_until_scored(bench, exam_id)
    row = bench.row(f"start, {STARTS:,} different candidates", FEW_CONNECTIONS, starts)
    bench.row(f"hand in, {STARTS:,} different candidates", FEW_CONNECTIONS, submits)
    bench.report.at_least("starts a second", row.rate, 1000, "{:,.0f}")


def measure_page(bench: Bench) -> None:
    pages = requests.exam_pages(bench.hall, bench.stock.seats)
    ask(bench.hall.address, pages[0], expect=b"<html")
    with file_of(pages) as file:
        loads = [bench.load(bench.hall, file, FEW_CONNECTIONS) for _ in range(bench.rounds)]
    bench.row("the exam page with its 45 questions", FEW_CONNECTIONS, loads)


def measure_closing(bench: Bench) -> None:
    """10,000 sittings, ten answers each, are due at the same instant: how long until all are closed?"""
    closed, scored = [], []
    for _ in range(bench.rounds):
        exam_id = add_exam(bench.hall)
        with bench.hall.admin() as conn:
            with conn.transaction():
                row = conn.execute(
                    SQL.add_due_sittings.text, {"exam_id": exam_id, "due_in_s": DUE_IN_S, "sittings": DUE}
                ).fetchone()
                conn.execute(SQL.add_answers_of_due.text, {"exam_id": exam_id})
            assert row is not None
            due_at = row[0]
            settle(conn)
            still = conn.execute(SQL.still_open.text, {"exam_id": exam_id}).fetchone()
            if still is None or still[0] != DUE or still[1] > due_at:
                raise Spoilt(f"the {DUE:,} sittings were not in place before they were due")
            while still[0]:
                time.sleep(POLL_S)
                still = conn.execute(SQL.still_open.text, {"exam_id": exam_id}).fetchone()
                assert still is not None
        closed.append((still[1] - due_at).total_seconds())
        scored.append((_wait_until_scored(bench, exam_id) - due_at).total_seconds())
        bench.say(f"{DUE:,} closed {closed[-1]:.2f} s after they were due, scored after {scored[-1]:.1f} s")
    bench.report.below(f"closing {DUE:,} that are due at once", statistics.median(closed), 1, "{:.2f} s")
    bench.report.facts[f"{DUE:,} due at once, all scored after"] = f"{statistics.median(scored):.1f} s"


def _wait_until_scored(bench: Bench, exam_id: int) -> datetime:
    with bench.hall.admin() as conn:
        while True:
            row = conn.execute(SQL.unscored.text, {"exam_id": exam_id}).fetchone()
            assert row is not None
            if not row[0]:
                return cast(datetime, row[1])
            time.sleep(POLL_S * 10)


def measure_stock(bench: Bench) -> None:
    """Saves beside very many stored answers, against saves beside few: two servers, in turns."""
    data = make_data_folder(bench.folder)
    large = start_hall(data)
    bench.running.callback(large.stop)
    bench.peak.watch(large)
    bench.halls.append(large)
    bench.say(f"filling a second database with {bench.large_stock:,} answers")
    stock = fill(large, answers=bench.large_stock)
    loads: dict[Hall, list[Load]] = {bench.hall: [], large: []}
    with (
        file_of(requests.saves(bench.hall, bench.stock)) as few,
        file_of(requests.saves(large, stock)) as many,
    ):
        for hall, file in ((bench.hall, few), (large, many)):
            bench.load(hall, file, FEW_CONNECTIONS, 2 * WARM_UP_S)
        for _ in range(bench.rounds):
            for hall, file in ((bench.hall, few), (large, many)):
                loads[hall].append(bench.load(hall, file, FEW_CONNECTIONS))
    bench.row(f"save beside {bench.stock.answers:,} stored answers", FEW_CONNECTIONS, loads[bench.hall])
    bench.row(f"save beside {stock.answers:,} stored answers", FEW_CONNECTIONS, loads[large])
    cost = statistics.median(
        few_load.rate / many_load.rate
        for few_load, many_load in zip(loads[bench.hall], loads[large], strict=True)
    )
    bench.report.at_most(f"cost of a save beside {stock.answers:,} answers", cost, 1.3, "{:.2f} times")


def measure_footprint(bench: Bench) -> None:
    """Memory after all of the load, and connections at its peak, of whichever server took more."""
    bench.peak.close()
    bench.report.below("database connections at the peak", max(bench.peak.most.values()), 20, "{:.0f}")
    if sys.platform != "linux":
        bench.report.facts["memory"] = "not measured: only Linux tells the share of each process"
        return
    sizes = max((memory_mb(hall) for hall in bench.halls), key=lambda each: sum(each.values()))
    bench.report.facts["memory (proportional set size)"] = ", ".join(
        f"{kind} {size:.0f} MB" for kind, size in sorted(sizes.items())
    )
    bench.report.below("memory of all our processes, PostgreSQL too", sum(sizes.values()), 600, "{:.0f} MB")


MEASUREMENTS: dict[str, Callable[[Bench], None]] = {
    "saves": measure_saves,
    "baseline": measure_baseline,
    "batches": measure_batches,
    "starts": measure_starts,
    "page": measure_page,
    "closing": measure_closing,
    "stock": measure_stock,
}
