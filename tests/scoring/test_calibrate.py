"""Calibration from the database: the numbers of the maths, whatever the exam was like."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from examhall.base.db import Database
from examhall.base.jobs import enqueue
from examhall.psychometrics.analysis import analyse
from examhall.scoring.calibrate import Calibrated, calibrate_exam
from examhall.scoring.calibrations import (
    Calibration,
    ItemCalibration,
    PersonCalibration,
    find_ability,
    find_calibration,
    list_items,
    list_persons,
)
from examhall.scoring.export import NoSuchExam
from examhall.scoring.item_warnings import warnings_of
from examhall.settings import Settings
from examhall.worker import create_jobs
from tests.scoring.marked import add_marked_exam, add_marks, simulated

pytestmark = pytest.mark.anyio

DIFFICULTY = np.linspace(-1.5, 1.5, 9)


async def stored(
    database: Database, exam_id: int
) -> tuple[Calibration, list[ItemCalibration], list[PersonCalibration]]:
    async with database.transaction() as conn:
        calibration = await find_calibration(conn, exam_id)
        assert calibration is not None
        return (
            calibration,
            await list_items(conn, calibration),
            await list_persons(conn, calibration),
        )


async def added(database: Database, marks: Any, **columns: Any) -> int:
    async with database.transaction() as conn:
        return await add_marked_exam(conn, np.asarray(marks, np.int8), **columns)


async def test_the_database_gives_the_numbers_of_the_matrix(database: Database) -> None:
    marks = simulated(60, DIFFICULTY)
    exam_id = await added(database, marks)
    done = await calibrate_exam(database, exam_id=exam_id)
    assert done is not None
    assert (done.persons, done.items, done.key_version) == (60, 9, 1)
    calibration, items, persons = await stored(database, exam_id)
    expected = analyse(marks)
    assert [item.difficulty for item in items] == expected.calibration.difficulty.tolist()
    assert [item.outfit_t for item in items] == expected.item_fit.outfit_t.tolist()
    assert [person.theta for person in persons] == expected.ability.theta.tolist()
    assert [person.score for person in persons] == marks.sum(axis=1).tolist()
    fit = [None if np.isnan(value) else value for value in expected.person_fit.infit]
    assert [person.infit for person in persons] == fit
    assert calibration.kr20 == expected.classical.kr20
    assert calibration.separation == expected.separation
    assert sum(calibration.found["scores"]) == sum(calibration.found["abilities"]["persons"]) == 60


async def test_simulated_truth_is_found_within_its_errors(database: Database) -> None:
    truth = np.linspace(-2, 2, 12)
    exam_id = await added(database, simulated(500, truth, seed=3))
    await calibrate_exam(database, exam_id=exam_id)
    _, items, _ = await stored(database, exam_id)
    z = [((item.difficulty or 0) - b) / (item.se or 1) for item, b in zip(items, truth, strict=True)]
    assert np.abs(z).max() < 3.5
    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.6


async def test_calibrating_again_changes_no_digit(database: Database) -> None:
    exam_id = await added(database, simulated(40, DIFFICULTY))
    seen = []
    for _ in range(2):
        await calibrate_exam(database, exam_id=exam_id)
        calibration, items, persons = await stored(database, exam_id)
        seen.append(
            (
                replace(calibration, calibrated_at=calibration.calibrated_at.min, read_s=0, compute_s=0),
                items,
                persons,
            )
        )
    assert seen[0] == seen[1]


async def test_first_attempts_count_and_no_others(database: Database) -> None:
    marks = simulated(30, DIFFICULTY)
    exam_id = await added(database, marks)
    async with database.transaction() as conn:
        await add_marks(conn, exam_id, 1 - marks, attempt=2)
    await calibrate_exam(database, exam_id=exam_id)
    _, _, persons = await stored(database, exam_id)
    assert [person.score for person in persons] == marks.sum(axis=1).tolist()


async def test_part_of_the_points_is_not_right_but_is_told(database: Database) -> None:
    marks = simulated(30, DIFFICULTY)
    exam_id = await added(database, marks)
    async with database.transaction() as conn:
        await conn.execute("UPDATE marks SET points = 0.5 WHERE question_number = 1 AND points = 0")
    await calibrate_exam(database, exam_id=exam_id)
    _, items, _ = await stored(database, exam_id)
    right = int(marks[:, 0].sum())
    assert items[0].facility == right / 30
    assert items[0].mean_share == pytest.approx((right + 0.5 * (30 - right)) / 30, abs=0.006)
    assert items[0].details["shares"] == {"50": 30 - right, "100": right}
    assert "shares" not in items[1].details


async def test_who_chose_what_is_counted_for_every_kind_of_choice(database: Database) -> None:
    marks = simulated(24, DIFFICULTY)
    exam_id = await added(database, marks)
    changes = {
        "multiple_choice": (2, '{"correct": ["A", "C"]}', '["A", "C"]', '["C"]'),
        "true_false": (3, '{"correct": true}', '"true"', "null"),
        "number": (4, '{"value": "1"}', '"1"', '"2"'),
    }
    async with database.transaction() as conn:
        for kind, (number, key, right_answer, wrong_answer) in changes.items():
            await conn.execute(
                """UPDATE items SET kind = %s, key = %s,
                          presented = CASE WHEN %s THEN presented ELSE '{}' END WHERE question_number = %s""",
                (kind, key, kind == "multiple_choice", number),
            )
            await conn.execute(
                """UPDATE answers SET answer = CASE answer #>> '{}' WHEN 'A' THEN %s::jsonb ELSE %s::jsonb END
                    WHERE question_number = %s""",
                (right_answer, wrong_answer, number),
            )
    await calibrate_exam(database, exam_id=exam_id)
    _, items, _ = await stored(database, exam_id)
    counted = [
        {o["key"]: (o["chosen"], o["right"]) for o in item.details.get("options", [])} for item in items
    ]
    right = marks.sum(axis=0).tolist()
    nobody = (0, False)
    assert counted[0] == {
        "A": (right[0], True),
        "B": (24 - right[0], False),
        "C": nobody,
        "D": nobody,
        None: nobody,
    }
    assert counted[1]["A"] == (right[1], True)
    assert counted[1]["C"] == (24, True)
    assert counted[2] == {"true": (right[2], True), "false": nobody, None: (24 - right[2], False)}
    assert counted[3] == {}
    [key, other] = items[0].details["options"][:2]
    assert key["discrimination"] == pytest.approx(items[0].discrimination)
    assert other["discrimination"] == pytest.approx(-key["discrimination"])


async def test_a_wrong_key_is_found(database: Database) -> None:
    marks = simulated(200, DIFFICULTY)
    marks[:, 4] = 1 - marks[:, 4]
    exam_id = await added(database, marks)
    await calibrate_exam(database, exam_id=exam_id)
    _, items, _ = await stored(database, exam_id)
    found = [warnings_of(item, too_few=False) for item in items]
    assert found[4][:3] == ["distractor_beats_key", "negative_discrimination", "erratic"]
    assert not any(
        {"distractor_beats_key", "negative_discrimination", "erratic"} & {*w} for w in found[:4] + found[5:]
    )


async def test_a_calibration_asked_for_by_an_old_key_does_nothing(database: Database) -> None:
    exam_id = await added(database, simulated(20, DIFFICULTY), key_version=2)
    assert await calibrate_exam(database, exam_id=exam_id, key_version=1) is None
    async with database.transaction() as conn:
        assert await find_calibration(conn, exam_id) is None


async def test_a_key_corrected_meanwhile_wins(database: Database) -> None:
    """What was computed from the old marks is not stored under any version."""
    exam_id = await added(database, simulated(20, DIFFICULTY))
    async with await psycopg.AsyncConnection.connect(database.dsn) as correcting:
        await correcting.execute("UPDATE exams SET key_version = 2 WHERE id = %s", (exam_id,))
        calibrating = asyncio.create_task(calibrate_exam(database, exam_id=exam_id, key_version=1))
        await asyncio.sleep(0.5)
        assert not calibrating.done()
        await correcting.commit()
        assert await calibrating is None
    async with database.transaction() as conn:
        assert await find_calibration(conn, exam_id) is None


async def test_many_at_once_leave_one_calibration(database: Database) -> None:
    exam_id = await added(database, simulated(20, DIFFICULTY))
    done = await asyncio.gather(*(calibrate_exam(database, exam_id=exam_id) for _ in range(4)))
    assert all(isinstance(each, Calibrated) for each in done)
    calibration, items, persons = await stored(database, exam_id)
    assert (len(items), len(persons)) == (9, 20)
    assert calibration.items_estimated == 9


async def test_results_of_an_older_key_do_not_count(database: Database) -> None:
    marks = simulated(20, DIFFICULTY)
    exam_id = await added(database, marks)
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET key_version = 2")
        await conn.execute("UPDATE results SET key_version = 2 WHERE candidate_id <= 15")
    await calibrate_exam(database, exam_id=exam_id)
    _, _, persons = await stored(database, exam_id)
    assert len(persons) == 15


async def test_an_exam_that_nobody_sat(database: Database) -> None:
    exam_id = await added(database, np.empty((0, 3)))
    await calibrate_exam(database, exam_id=exam_id)
    calibration, items, persons = await stored(database, exam_id)
    assert calibration.too_few
    assert (calibration.persons, len(items), persons) == (0, 3, [])
    assert [item.facility for item in items] == [None] * 3
    with pytest.raises(NoSuchExam):
        await calibrate_exam(database, exam_id=exam_id + 1)


async def test_fewer_than_ten_are_counted_but_not_calibrated(database: Database) -> None:
    marks = simulated(9, DIFFICULTY)
    exam_id = await added(database, marks)
    await calibrate_exam(database, exam_id=exam_id)
    calibration, items, persons = await stored(database, exam_id)
    assert calibration.too_few
    assert calibration.found["problems"] == [{"kind": "few_persons", "items": [], "persons": 9}]
    assert [item.facility for item in items] == (marks.sum(axis=0) / 9).tolist()
    assert {item.difficulty for item in items} == {person.theta for person in persons} == {None}


async def test_an_exam_that_everybody_got_right(database: Database) -> None:
    exam_id = await added(database, np.ones((12, 4)))
    await calibrate_exam(database, exam_id=exam_id)
    calibration, items, persons = await stored(database, exam_id)
    kinds = [problem["kind"] for problem in calibration.found["problems"]]
    assert kinds[0] == "everybody_right"
    assert calibration.found["problems"][0]["items"] == ["1", "2", "3", "4"]
    assert calibration.items_estimated == 0
    assert {item.difficulty for item in items} == {person.scaled for person in persons} == {None}
    assert calibration.found["scale"]["problem"] == "no_spread"


async def test_an_exam_of_one_item(database: Database) -> None:
    exam_id = await added(database, [[n % 2] for n in range(12)])
    await calibrate_exam(database, exam_id=exam_id)
    calibration, [item], _ = await stored(database, exam_id)
    assert item.facility == 0.5
    assert item.difficulty is None
    assert calibration.items_estimated == 0
    assert calibration.found["problems"]


async def test_booklets_without_a_common_item_are_named(database: Database) -> None:
    marks = np.full((40, 8), -1, np.int8)
    marks[:24, :5] = simulated(24, np.linspace(-1, 1, 5))
    marks[24:, 5:] = simulated(16, np.linspace(-1, 1, 3), seed=2)
    exam_id = await added(database, marks)
    await calibrate_exam(database, exam_id=exam_id)
    calibration, items, persons = await stored(database, exam_id)
    problems = {problem["kind"]: problem["items"] for problem in calibration.found["problems"]}
    assert "not_connected" in problems
    assert sorted(label for labels in problems.values() for label in labels) == ["6", "7", "8"]
    assert [item.difficulty is None for item in items] == [False] * 5 + [True] * 3
    assert [item.presented for item in items] == [24] * 5 + [16] * 3
    assert [person.theta is None for person in persons] == [False] * 24 + [True] * 16


async def test_a_question_that_was_dropped_is_no_item_any_more(database: Database) -> None:
    exam_id = await added(database, simulated(20, DIFFICULTY))
    async with database.transaction() as conn:
        await conn.execute("UPDATE items SET points = 0 WHERE question_number = 3")
        await conn.execute("UPDATE marks SET points = 0 WHERE question_number = 3")
    await calibrate_exam(database, exam_id=exam_id)
    _, items, _ = await stored(database, exam_id)
    assert [item.question_number for item in items] == [1, 2, 4, 5, 6, 7, 8, 9]


async def test_scaled_scores_have_the_mean_and_spread_of_the_exam(database: Database) -> None:
    exam_id = await added(database, simulated(80, DIFFICULTY), scale_mean=50, scale_sd=10)
    await calibrate_exam(database, exam_id=exam_id)
    calibration, _, persons = await stored(database, exam_id)
    scaled = np.array([person.scaled for person in persons], float)
    assert (calibration.lowest, calibration.highest) == (20, 80)
    assert scaled.mean() == pytest.approx(50, abs=0.5)
    assert scaled.std(ddof=1) == pytest.approx(10, abs=0.5)
    assert set(scaled) == set(np.rint(scaled))


async def test_an_exam_linked_to_an_earlier_one_is_on_its_scale(database: Database) -> None:
    """The same questions: whoever knows more than last time scores higher, whatever their year's mean."""
    marks = simulated(300, DIFFICULTY)
    earlier = await added(database, marks)
    prompts = [*(f"Question {n}" for n in range(1, 7)), "New 7", "New 8", "New 9"]
    later = await added(
        database, simulated(300, DIFFICULTY - 0.8, seed=9), prompts=prompts, scale_linked_to=earlier
    )
    for _ in range(2):
        await calibrate_exam(database, exam_id=later)
        calibration, _, persons = await stored(database, later)
        if calibration.slope is None:
            assert calibration.found["scale"]["problem"] == "earlier_not_calibrated"
            await calibrate_exam(database, exam_id=earlier)
    then, _, _ = await stored(database, earlier)
    assert set(calibration.found["scale"]["shifts"]) == {"1", "2", "3", "4", "5", "6"}
    assert calibration.slope == then.slope
    scaled = np.array([person.scaled for person in persons], float)
    assert scaled.mean() == pytest.approx(580, abs=25)


async def test_an_exam_linked_to_one_without_a_common_item_says_so(database: Database) -> None:
    earlier = await added(database, simulated(20, DIFFICULTY))
    await calibrate_exam(database, exam_id=earlier)
    prompts = [f"New {n}" for n in range(1, 10)]
    later = await added(database, simulated(20, DIFFICULTY), prompts=prompts, scale_linked_to=earlier)
    await calibrate_exam(database, exam_id=later)
    calibration, _, _ = await stored(database, later)
    assert calibration.found["scale"]["problem"] == "no_common_item"


async def test_a_candidates_ability_is_that_of_the_newest_key_or_none(database: Database) -> None:
    exam_id = await added(database, simulated(20, DIFFICULTY))
    await calibrate_exam(database, exam_id=exam_id)
    _, _, persons = await stored(database, exam_id)
    async with database.transaction() as conn:
        mine = await find_ability(conn, sitting_id=persons[4].sitting_id, candidate_id=5)
        assert mine is not None
        assert (mine.theta, mine.scaled) == (persons[4].theta, persons[4].scaled)
        assert await find_ability(conn, sitting_id=persons[4].sitting_id, candidate_id=6) is None
        await conn.execute("UPDATE exams SET key_version = 2")
        assert await find_ability(conn, sitting_id=persons[4].sitting_id, candidate_id=5) is None


async def test_the_worker_calibrates_what_was_concluded(database: Database, tmp_path: Path) -> None:
    exam_id = await added(database, simulated(20, DIFFICULTY))
    async with database.transaction() as conn:
        await enqueue(conn, "conclude_exam", [{"exam_id": exam_id}])
    jobs = create_jobs(replace(Settings(data=tmp_path), database_url=database.dsn), database)
    async with jobs.open_async():
        await jobs.run_worker_async(queues=["default"], wait=False, install_signal_handlers=False)
    calibration, _, _ = await stored(database, exam_id)
    assert calibration.persons == 20
