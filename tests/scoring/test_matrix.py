"""The matrix of an exam's marks, read by the thousand: each mark and each choice in its place."""

import json
from typing import Any

import numpy as np
import pytest

from examhall.base.db import Database
from examhall.scoring.matrix import Item, bits_chosen, read_matrix

from .marked import add_marked_exam, simulated

pytestmark = pytest.mark.anyio

PERSONS = 1_003


async def test_every_mark_and_choice_has_its_place_beyond_a_thousand_persons(database: Database) -> None:
    marks = simulated(PERSONS, np.linspace(-1, 1, 5))
    async with database.transaction() as conn:
        exam_id = await add_marked_exam(conn, marks)
        # The third is part b of the second, the fourth counts for nobody, the fifth has no options.
        for table in ("items", "marks", "answers"):
            await conn.execute(
                f"UPDATE {table} SET question_number = 2, sub_part = 'b' WHERE question_number = 3".encode()
            )
        await conn.execute("UPDATE items SET points = 0 WHERE question_number = 4")
        await conn.execute("UPDATE items SET kind = 'number', points = 3 WHERE question_number = 5")
        await conn.execute("UPDATE marks SET points = points * 0.999 + 1 WHERE question_number = 5")
        await conn.execute("UPDATE marks SET points = NULL WHERE question_number = 1 AND candidate_id = 1002")
    async with database.transaction() as conn:
        found = await read_matrix(conn, exam_id)
    assert [item.label for item in found.items] == ["1", "2", "2b", "5"]
    assert found.candidate_ids.tolist() == list(range(1, PERSONS + 1))
    expected = 100 * marks[:, [0, 1, 2, 4]].astype(int)
    expected[:, 3] = np.where(marks[:, 4] == 1, 66, 33)
    expected[1001, 0] = -1
    assert (found.shares == expected).all()
    assert (found.choices == np.where(marks[:, :3] == 1, 1, 2)).all()


@pytest.mark.parametrize(
    ("kind", "answer", "bits"),
    [
        ("single_choice", "C", 4),
        ("single_choice", "Z", 0),
        ("single_choice", ["A"], 0),
        ("multiple_choice", ["A", "C"], 5),
        ("multiple_choice", [], 0),
        ("multiple_choice", "B", 2),
        ("multiple_choice", None, 0),
    ],
)
def test_a_bit_for_each_option_chosen(kind: str, answer: Any, bits: int) -> None:
    assert bits_chosen(Item(1, "", kind, {}, 1.0, ["A", "B", "C"]), json.dumps(answer)) == bits


def test_truth_is_read_as_a_word_and_as_a_value() -> None:
    item = Item(1, "", "true_false", {}, 1.0, ["true", "false"])
    assert [bits_chosen(item, said) for said in ('"false"', "false", "true", "null")] == [2, 2, 1, 0]


def test_more_options_than_bits_are_not_counted() -> None:
    options = [f"O{number}" for number in range(16)]
    assert bits_chosen(Item(1, "", "single_choice", {}, 1.0, options), '"O1"') == 0
    assert bits_chosen(Item(1, "", "single_choice", {}, 1.0, options[:15]), '"O14"') == 1 << 14
