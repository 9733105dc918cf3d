"""From the deadline to published results: `python -m benchmarks.after_the_bell`.

Thousands of sittings of 55 answers are due at one instant. The server as people run it closes, marks,
concludes and calibrates them; how long each takes is counted from that instant.
"""

import argparse
import shutil
import time
from datetime import datetime
from typing import Any

import psycopg

from benchmarks.servers import make_data_folder, start_hall
from benchmarks.stock import add_exam, settle
from examhall.base.sqlfile import Query, beside

SQL = beside(__file__)

SITTINGS = 10_000
# Time to put all of them in place, after which nobody writes but the server.
DUE_IN_S = 6.0
LOOK_EVERY_S = 0.02
PATIENCE_S = 600.0
CLOSING_MARK_S, PUBLISHED_MARK_S = 1.0, 30.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.after_the_bell", description=__doc__)
    parser.add_argument("--sittings", type=int, default=SITTINGS)
    sittings = parser.parse_args().sittings
    data = make_data_folder(None)
    hall = start_hall(data)
    try:
        exam_id = add_exam(hall)
        with hall.admin() as conn:
            fill(conn, exam_id, sittings)
            due_at = fall_due(conn, exam_id)
            print(f"{sittings:,} sittings of 55 answers due at one instant; seconds after it:", flush=True)
            for name, query, mark in (
                ("closed", SQL.still_open, f"mark {CLOSING_MARK_S:g}"),
                ("marked: results are published", SQL.unmarked, f"mark {PUBLISHED_MARK_S:g}"),
                ("concluded", SQL.not_concluded, ""),
                ("calibrated", SQL.not_calibrated, f"mark {PUBLISHED_MARK_S:g}"),
                ("all that follows is done", SQL.jobs_left, ""),
            ):
                after_s = (wait(conn, query, exam_id) - due_at).total_seconds()
                print(f"  {name:32} {after_s:7.2f}  {mark}", flush=True)
            row = conn.execute(SQL.figures.text, {"exam_id": exam_id}).fetchone()
            assert row is not None
            print(f"Calibration of {row[0]:,} x {row[1]}: reading {row[2]:.2f} s, computing {row[3]:.2f} s")
    finally:
        hall.stop()
    home = (data / "postgres").resolve()
    shutil.rmtree(data)
    shutil.rmtree(home, ignore_errors=True)


def fill(conn: psycopg.Connection[tuple[Any, ...]], exam_id: int, sittings: int) -> None:
    conn.execute("UPDATE exams SET closes_at = now() + interval '1 day' WHERE id = %s", (exam_id,))
    conn.execute(SQL.add_people.text, {"people": sittings})
    conn.execute(SQL.add_due_sittings.text, {"exam_id": exam_id})
    conn.execute(SQL.add_answers.text, {"exam_id": exam_id})
    settle(conn)


def fall_due(conn: psycopg.Connection[tuple[Any, ...]], exam_id: int) -> datetime:
    row = conn.execute(SQL.fall_due.text, {"exam_id": exam_id, "due_in_s": DUE_IN_S}).fetchone()
    assert row is not None
    due_at: datetime = row[0]
    return due_at


def wait(conn: psycopg.Connection[tuple[Any, ...]], query: Query, exam_id: int) -> datetime:
    """When the query first counted nothing left, by the database's clock."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        row = conn.execute(query.text, {"exam_id": exam_id}).fetchone()
        assert row is not None
        if row[0] == 0:
            at: datetime = row[1]
            return at
        time.sleep(LOOK_EVERY_S)
    raise SystemExit(f"{query.name}: not done after {PATIENCE_S:g} s")


if __name__ == "__main__":
    main()
