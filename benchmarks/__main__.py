"""`python -m benchmarks`: all measurements or some; a table to read, and JSON in benchmarks/results/."""

import argparse
import shutil
from contextlib import ExitStack
from pathlib import Path

from benchmarks.load import require_wrk
from benchmarks.machine import Peak, describe
from benchmarks.measure import MEASUREMENTS, SMALL_STOCK, Bench, measure_footprint
from benchmarks.report import LATEST, Report
from benchmarks.servers import WORKERS, make_data_folder, start_hall
from benchmarks.stock import fill


def main() -> None:
    options = _options()
    if options.write_docs:
        Report.latest().write_into_docs()
        return
    require_wrk()
    rounds, seconds, large_stock = (3, 2.0, 500_000) if options.quick else (5, 6.0, 5_000_000)
    with ExitStack() as running:
        data = make_data_folder(options.data)
        peak = Peak()
        hall = start_hall(data)
        running.callback(hall.stop)
        peak.watch(hall)
        report = Report(
            describe(hall),
            {
                "settings": f"{WORKERS} web workers, embedded PostgreSQL, synchronous_commit and fsync on, "
                f"{rounds} rounds of {seconds:g} s, medians"
            },
        )
        print(f"Measuring on {report.machine['processor']}, {rounds} rounds of {seconds:g} s", flush=True)
        bench = Bench(
            hall, fill(hall, answers=SMALL_STOCK), report, rounds, seconds, large_stock, options.data, peak,
            running, [hall],
        )  # fmt: skip
        for name, measurement in MEASUREMENTS.items():
            if not options.only or name in options.only:
                measurement(bench)
        measure_footprint(bench)
        report.save()
        print(f"\n{report.markdown()}\nAlso in {LATEST.parent}")
        folders = [each.data for each in bench.halls]
    # After a failure they stay, to be looked at.
    for folder in folders:
        home = (folder / "postgres").resolve()
        shutil.rmtree(folder)
        shutil.rmtree(home, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds and 500,000 stored answers")
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="this measurement alone; may be repeated"
    )
    parser.add_argument("--data", type=Path, help="where to put the databases; the system's /tmp by default")
    parser.add_argument(
        "--write-docs", action="store_true", help="no run: put the last results into docs/reliability.md"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
