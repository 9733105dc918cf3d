"""A key corrected after thousands sat: `python -m benchmarks.corrections`.

How long the preview takes, the correction itself, and until the server has marked everybody again.
"""

import argparse
import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter

from benchmarks import after_the_bell
from benchmarks.after_the_bell import SQL as BELL
from benchmarks.after_the_bell import fall_due, fill, wait
from benchmarks.servers import make_data_folder, start_hall
from benchmarks.stock import add_exam
from examhall.base.db import BACKGROUND_LIMIT_S, Database
from examhall.base.sqlfile import beside
from examhall.exams.correcting import find_standing
from examhall.exams.correction import Correction
from examhall.scoring.glance import pace_of, results_of, standing_of
from examhall.scoring.key_table import key_table
from examhall.scoring.preview import preview_correction
from examhall.scoring.rescore import apply_correction

SQL = beside(__file__)

# The demo's exam: 45 questions, 55 answers.
QUESTIONS = [*range(1, 36)]
IN_PARTS = [(number, part) for number in range(36, 46) for part in "ab"]
ONE_KEY = [{"change": "key", "question_number": 1, "answer": ["A", "B", "C"]}]
EVERY_ITEM = [
    *({"change": "points", "question_number": number, "points": 2} for number in QUESTIONS),
    *(
        {"change": "points", "question_number": number, "sub_part": part, "points": 2}
        for number, part in IN_PARTS
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corrections", description=__doc__)
    parser.add_argument("--sittings", type=int, default=after_the_bell.SITTINGS)
    sittings = parser.parse_args().sittings
    data = make_data_folder(None)
    hall = start_hall(data)
    try:
        exam_id = add_exam(hall)
        with hall.admin() as conn:
            fill(conn, exam_id, sittings)
            fall_due(conn, exam_id)
            wait(conn, BELL.unmarked, exam_id)
            wait(conn, BELL.jobs_left, exam_id)
            print(f"{sittings:,} sittings of 55 answers, seconds:", flush=True)
            asyncio.run(_look(hall.dsn, exam_id))
            begin = time.perf_counter()
            asyncio.run(_correct(hall.dsn, exam_id))
            _say("correction, committed", begin)
            wait(conn, SQL.marked_by_an_older_key, exam_id)
            _say("everybody marked again", begin)
            wait(conn, BELL.jobs_left, exam_id)
            _say("all that follows is done", begin)
    finally:
        hall.stop()
    home = (data / "postgres").resolve()
    shutil.rmtree(data)
    shutil.rmtree(home, ignore_errors=True)


def _say(what: str, begin: float) -> None:
    print(f"  {what:44} {time.perf_counter() - begin:7.2f}", flush=True)


def _correction(changes: list[dict[str, Any]]) -> Correction:
    return TypeAdapter(Correction).validate_python({"reason": "A benchmark", "changes": changes})


async def _look(dsn: str, exam_id: int) -> None:
    database = Database(dsn, limit_s=BACKGROUND_LIMIT_S)
    await database.open()
    looks: dict[str, Callable[[Any], Awaitable[object]]] = {
        "preview: one key": lambda conn: preview_correction(
            conn, exam_id=exam_id, correction=_correction(ONE_KEY)
        ),
        "preview: all 55 items": lambda conn: preview_correction(
            conn, exam_id=exam_id, correction=_correction(EVERY_ITEM)
        ),
        "the key with facility and wrong answers": lambda conn: key_table(conn, exam_id),
        "overview: standing": lambda conn: standing_of(conn, exam_id),
        "overview: results": lambda conn: results_of(conn, exam_id),
        "overview: coming and handing in": lambda conn: pace_of(conn, exam_id),
    }
    try:
        for what, look in looks.items():
            async with database.transaction() as conn:
                begin = time.perf_counter()
                await look(conn)
                _say(what, begin)
    finally:
        await database.close()


async def _correct(dsn: str, exam_id: int) -> None:
    database = Database(dsn, limit_s=BACKGROUND_LIMIT_S)
    await database.open()
    try:
        async with database.transaction() as conn:
            version = (await find_standing(conn, exam_id)).version
            await apply_correction(
                conn, exam_id=exam_id, version=version, correction=_correction(ONE_KEY), corrected_by=1
            )
    finally:
        await database.close()


if __name__ == "__main__":
    main()
