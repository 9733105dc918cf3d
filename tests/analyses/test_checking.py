from decimal import Decimal
from typing import Any

import pytest

from examhall.accounts.people import create_person
from examhall.analyses.checking import plan_scenario
from examhall.analyses.document import FORMAT, BadScenario, read_scenario
from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.reference.catalog import change_entry
from tests.scoring.corrected import add_everything, answer

pytestmark = pytest.mark.anyio

TOPICS = """
title: With topics
duration: 1 h
questions:
  - {prompt: one, options: [w, x], answer: A, topic: Algebra}
  - {prompt: two, options: [w, x], answer: A, topic: Geometry}
"""


@pytest.fixture
async def exam_id(conn: Connection) -> int:
    return await add_everything(conn)


async def plan(conn: Connection, exam_id: int, **parts: Any) -> Any:
    return await plan_scenario(conn, read_scenario({"format": FORMAT, "exams": [exam_id], **parts}))


async def problems(conn: Connection, exam_id: int, **parts: Any) -> dict[str, str]:
    with pytest.raises(BadScenario) as refused:
        await plan(conn, exam_id, **parts)
    return {each["path"]: each["message"] for each in refused.value.problems}


async def test_a_scenario_that_changes_nothing_is_the_exam_as_it_is(conn: Connection, exam_id: int) -> None:
    found = await plan(conn, exam_id)
    [exam] = found.exams
    assert (exam.exam.id, exam.exam.title, exam.exam.key_version) == (exam_id, "Everything", 1)
    assert (len(exam.items), list(exam.edits), found.scale, found.bands) == (11, [], None, None)


async def test_changes_come_to_what_a_correction_would_make(conn: Connection, exam_id: int) -> None:
    found = await plan(
        conn,
        exam_id,
        questions=[
            {"exam_id": exam_id, "change": "key", "question_number": 1, "answer": "B"},
            {"exam_id": exam_id, "change": "drop", "question_number": 9, "award": "nobody"},
            {"exam_id": exam_id, "change": "points", "question_number": 10, "points": "2.5"},
        ],
    )
    edits = {edit.before.label: (edit.key, edit.points) for edit in found.exams[0].edits}
    assert edits["1"] == ({"correct": ["B"]}, Decimal(2))
    assert edits["9a"][1] == edits["9b"][1] == 0
    assert edits["10"][1] == Decimal("2.5")
    assert set(edits) == {"1", "9a", "9b", "10"}


async def test_a_change_that_the_key_has_already_is_no_mistake(conn: Connection, exam_id: int) -> None:
    same = {"exam_id": exam_id, "change": "key", "question_number": 1, "answer": "A"}
    assert list((await plan(conn, exam_id, questions=[same])).exams[0].edits) == []


async def test_wrong_changes_of_questions_are_told_where_they_stand(conn: Connection, exam_id: int) -> None:
    change = {"exam_id": exam_id, "question_number": 1}
    found = await problems(
        conn,
        exam_id,
        questions=[
            {**change, "change": "key", "answer": "B"},
            {**change, "change": "key", "answer": "Z"},
            {**change, "change": "drop", "award": "nobody", "question_number": 99},
            {**change, "change": "drop", "award": "nobody", "sub_part": "c", "question_number": 9},
            {**change, "change": "key", "answer": ["A", "B", "Q"], "question_number": 2},
            {**change, "change": "accept", "answer": "x", "question_number": 10},
            {**change, "change": "points", "points": "many"},
            {**change, "change": "key", "answer": "B", "tolerance": 1},
            {**change, "change": "drop", "award": "nobody", "exam_id": exam_id + 1},
        ],
    )
    assert set(found) == {
        "/questions/1/answer", "/questions/2", "/questions/3", "/questions/4/answer/2", "/questions/5",
        "/questions/6/points", "/questions/7/tolerance", "/questions/8/exam_id",
    }  # fmt: skip
    assert all(found.values())


async def test_everything_that_is_wrong_is_told_at_once(conn: Connection, exam_id: int) -> None:
    found = await problems(
        conn,
        exam_id,
        exams=[exam_id, 10**12, exam_id],
        questions=[{"exam_id": exam_id, "change": "drop", "question_number": 99, "award": "nobody"}],
        weights=[{"exam_id": exam_id, "topic": "Algebra", "factor": 2}],
        exclude_sittings=[10**12],
        scale={"code": "500-100", "version": 9},
        grade_bands=[{"name": "A", "from_percent": 80}, {"name": "B", "from_percent": 80}],
    )
    assert set(found) == {
        "/exams/1", "/exams/2", "/questions/0", "/weights/0/topic", "/exclude_sittings/0", "/scale",
        "/grade_bands/1",
    }  # fmt: skip


async def test_topics_are_those_of_the_exam(conn: Connection) -> None:
    exam_id = await import_exam(conn, read_exam_file(TOPICS), created_by=None)
    weight = {"exam_id": exam_id, "topic": "Algebra", "factor": 2}
    assert await plan(conn, exam_id, weights=[weight])
    found = await problems(conn, exam_id, weights=[weight, {**weight, "topic": "Geometri"}, weight])
    assert found["/weights/1/topic"].endswith("Did you mean `Geometry`?")
    assert set(found) == {"/weights/1/topic", "/weights/2"}


async def test_sittings_are_of_these_exams(conn: Connection, exam_id: int) -> None:
    candidate = await create_person(conn, username="c", full_name="C", roles=["candidate"])
    other = await add_everything(conn)
    _, mine = await answer(conn, exam_id, candidate)
    _, elsewhere = await answer(conn, other, candidate)
    assert await plan(conn, exam_id, exclude_sittings=[mine])
    assert set(await problems(conn, exam_id, exclude_sittings=[mine, elsewhere])) == {"/exclude_sittings/1"}


@pytest.mark.parametrize(
    ("bands", "path"),
    [
        ([("A", 80), ("B", 80), ("C", 0)], "/grade_bands/1"),
        ([("A", 80), ("A", 50), ("C", 0)], "/grade_bands/1"),
        ([("C", 0), ("A", 80)], "/grade_bands/1"),
        ([("A", 80), ("B", 50)], "/grade_bands/1"),
    ],
)
async def test_bands_fit_together(
    conn: Connection, exam_id: int, bands: list[tuple[str, int]], path: str
) -> None:
    said = [{"name": name, "from_percent": least} for name, least in bands]
    assert set(await problems(conn, exam_id, grade_bands=said)) == {path}


async def test_a_named_scale_is_the_version_that_was_named(conn: Connection, exam_id: int) -> None:
    ada = await create_person(conn, username="ada", full_name="Ada", roles=["admin"])
    await change_entry(
        conn,
        kind="scales",
        code="percent",
        version=1,
        name="Percent",
        value={"lowest": 0, "highest": 1000},
        active=False,
        saved_by=ada,
    )
    for version, highest in ((1, 100), (2, 1000)):
        found = await plan(conn, exam_id, scale={"code": "percent", "version": version})
        assert found.scale.highest == highest
    bands = (await plan(conn, exam_id, grade_bands={"code": "uz-2-5", "version": 1})).bands
    assert [band.name for band in bands] == ["5", "4", "3", "2"]
