"""A calibration's files: what other programs read is what is stored, and nothing in them is a formula."""

import csv
import json
from io import BytesIO, StringIO

import numpy as np
import pytest
from arro3.io import read_parquet

from examhall.base.db import Database
from examhall.scoring.calibrate import calibrate_exam
from examhall.scoring.calibration_files import (
    ITEM_NAMES,
    OF_PERSON,
    as_csv,
    as_json,
    as_parquet,
    item_records,
    items_with_details,
    person_records,
)
from tests.scoring.marked import add_marked_exam, simulated
from tests.scoring.test_calibrate import DIFFICULTY, stored

pytestmark = pytest.mark.anyio


async def calibrated(database: Database) -> int:
    marks = simulated(30, DIFFICULTY)
    marks[:, 2] = 1
    async with database.transaction() as conn:
        exam_id = await add_marked_exam(conn, marks)
        await conn.execute(
            """INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE
               SELECT n, 'candidate' || n, CASE n WHEN 1 THEN '=1+1' ELSE 'Alice' END
                 FROM generate_series(1, 30) AS n"""
        )
    await calibrate_exam(database, exam_id=exam_id)
    return exam_id


async def test_items_say_the_same_in_all_three(database: Database) -> None:
    calibration, items, _ = await stored(database, await calibrated(database))
    records = item_records(calibration, items)
    rows = list(csv.DictReader(StringIO(as_csv(records).decode())))
    read = json.loads(as_json(calibration, items=items_with_details(calibration, items)))
    table = read_parquet(BytesIO(as_parquet(records, ITEM_NAMES))).read_all()
    assert tuple(table.column_names) == ITEM_NAMES == tuple(records[0])
    for number, item in enumerate(items):
        assert rows[number]["difficulty"] == ("" if item.difficulty is None else str(item.difficulty))
        assert read["items"][number]["difficulty"] == item.difficulty
        assert table.column("difficulty")[number].as_py() == item.difficulty
        assert table.column("item")[number].as_py() == item.label
    assert items[2].difficulty is None
    assert read["summary"]["problems"][0] == {"kind": "everybody_right", "items": ["3"], "persons": 0}
    assert len(read["items"][0]["options"]) == 5


async def test_a_name_does_not_become_a_formula(database: Database) -> None:
    _, _, persons = await stored(database, await calibrated(database))
    records = person_records(persons)
    rows = list(csv.DictReader(StringIO(as_csv(records).decode())))
    assert rows[0]["full_name"] == "'=1+1"
    assert rows[1]["full_name"] == "Alice"
    negative = next(n for n, person in enumerate(persons) if person.theta is not None and person.theta < 0)
    assert float(rows[negative]["theta"]) == persons[negative].theta
    table = read_parquet(BytesIO(as_parquet(records, OF_PERSON))).read_all()
    assert table.column("full_name")[0].as_py() == "=1+1"


async def test_an_exam_that_nobody_sat_has_files_too(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_marked_exam(conn, np.empty((0, 2), np.int8))
    await calibrate_exam(database, exam_id=exam_id)
    calibration, items, persons = await stored(database, exam_id)
    assert json.loads(as_json(calibration, items=items_with_details(calibration, items)))["items"]
    assert as_csv(person_records(persons)) == b""
    assert read_parquet(BytesIO(as_parquet([], OF_PERSON))).read_all().num_rows == 0
