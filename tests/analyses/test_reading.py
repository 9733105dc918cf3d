"""What is read for a calculation, and that it comes to what a correction of the key really does."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examhall.analyses.candidates import unpack
from examhall.analyses.document import read_scenario
from examhall.analyses.inputs import Inputs
from examhall.analyses.outcome import Outcome
from examhall.analyses.reading import read_inputs
from examhall.analyses.spool import Read
from examhall.analyses.what_if import what_if
from examhall.base.db import Connection, Database
from examhall.exams.correcting import find_standing
from examhall.scoring.rescore import apply_correction
from examhall.scoring.results import score_sittings
from tests.scoring.corrected import add_everything, correction, rescore_all, sat_by
from tests.sittings.seats import add_seat

pytestmark = pytest.mark.anyio


async def calculated(conn: Connection, exams: Sequence[int], **document: Any) -> tuple[Outcome, Inputs]:
    scenario = read_scenario({"format": "examhall-scenario/1", "exams": list(exams), **document})
    file = io.BytesIO()
    inputs = await read_inputs(conn, scenario, file, lambda share: None)
    file.seek(0)
    read = Read(file)
    return what_if(read.document, read.exams, read.membership, lambda stage, share: None), inputs


@pytest.fixture
async def exam_id(database: Database) -> int:
    """Forty candidates sat an exam with every kind of item; some of its essays are marked."""
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        sittings = await sat_by(conn, exam_id, 40)
        await conn.execute(
            """UPDATE marks SET points = 4, by_hand = 4
                WHERE question_number = 10 AND sitting_id % 2 = 0 AND points IS NULL"""
        )
        await score_sittings(conn, sittings)
    return exam_id


async def results(conn: Connection) -> list[tuple[int, float, float]]:
    cursor = await conn.execute(
        "SELECT sitting_id, points::float, max_points::float FROM results ORDER BY sitting_id"
    )
    return await cursor.fetchall()


async def test_without_changes_everybody_has_the_official_result(database: Database, exam_id: int) -> None:
    async with database.transaction() as conn:
        found, _ = await calculated(conn, [exam_id])
    async with database.transaction() as conn:
        official = await results(conn)
    told = [(each.sitting_id, each.new_points, each.new_max_points) for each in unpack(found.candidates)]
    assert told == official
    assert found.document["official"] == found.document["new"]
    assert found.told.candidates == 40


CHANGES: list[dict[str, Any]] = [
    {"change": "key", "question_number": 1, "answer": "B"},
    {"change": "accept", "question_number": 2, "answer": ["A", "B"]},
    {"change": "drop", "question_number": 3, "award": "everybody"},
    {"change": "key", "question_number": 4, "answer": "12.6", "tolerance": "0.01"},
    {"change": "accept", "question_number": 5, "answer": "Lutetia"},
    {"change": "drop", "question_number": 6, "award": "nobody"},
    {"change": "points", "question_number": 7, "points": "2.5"},
    {"change": "key", "question_number": 8, "answer": {"best": "A", "worst": "B"}},
    {"change": "points", "question_number": 9, "sub_part": "a", "points": "0.335"},
    {"change": "points", "question_number": 10, "points": "3"},
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, len(CHANGES) - 1), min_size=1))
async def test_a_scenarios_changes_come_to_what_the_correction_makes(
    database: Database, exam_id: int, chosen: set[int]
) -> None:
    """The real correction, the real marking again; then it is taken back."""
    changes = [CHANGES[each] for each in sorted(chosen)]
    async with database.transaction() as conn:
        said = [{**change, "exam_id": exam_id} for change in changes]
        found, _ = await calculated(conn, [exam_id], questions=said)
    async with database.transaction() as conn:
        version = (await find_standing(conn, exam_id)).version
        standing = await apply_correction(
            conn, exam_id=exam_id, version=version, correction=correction(*changes), corrected_by=None
        )  # fmt: skip
        await rescore_all(conn, exam_id, standing.key_version)
        real = await results(conn)
        await conn.rollback()
    told = [(each.sitting_id, each.new_points, each.new_max_points) for each in unpack(found.candidates)]
    assert told == real


async def test_who_is_not_marked_by_the_key_as_it_is_waits(database: Database, exam_id: int) -> None:
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET key_version = 2 WHERE id = %s", (exam_id,))
        await conn.execute("UPDATE results SET key_version = 2 WHERE sitting_id % 4 = 0")
    async with database.transaction() as conn:
        found, inputs = await calculated(conn, [exam_id])
    assert (found.told.exams[0].sittings, found.told.exams[0].waiting) == (10, 30)
    assert inputs.kept["exams"][0] | {"marked_at": None} == {
        "id": exam_id, "version": 1, "key_version": 2, "handed_in": 40, "marked": 10, "marked_at": None,
    }  # fmt: skip


async def test_wrong_answers_are_known_from_no_answers(database: Database, exam_id: int) -> None:
    async with database.transaction() as conn:
        costs = {"fraction": 1, "kinds": ["single_choice"]}
        found, _ = await calculated(conn, [exam_id], negative_marking=costs)
        cursor = await conn.execute(
            """SELECT results.sitting_id,
                      greatest(points - CASE WHEN answer NOT IN ('"A"', 'null') THEN 2 ELSE 0 END, 0)::float
                 FROM results
                 LEFT JOIN answers ON answers.sitting_id = results.sitting_id AND answers.question_number = 1
                ORDER BY 1"""
        )
        expected = await cursor.fetchall()
    assert [(each.sitting_id, each.new_points) for each in unpack(found.candidates)] == expected


async def test_groups_are_read_by_course_and_by_organisation(database: Database, exam_id: int) -> None:
    async with database.transaction() as conn:
        for statement in (
            "INSERT INTO people (username, full_name) SELECT n, n FROM generate_series(1, 40) AS n",
            "INSERT INTO courses (code, title) VALUES ('ALG', 'Algebra'), ('GEO', 'Geometry')",
            "INSERT INTO enrolments (course_id, person_id, active) SELECT 1, n, n % 2 = 0"
            " FROM generate_series(1, 30) AS n",
            "INSERT INTO organisations (code, name, kind) VALUES ('TC-1', 'Centre', 'school')",
            "INSERT INTO organisation_members (organisation_id, person_id) VALUES (1, 7), (1, 40)",
        ):
            await conn.execute(statement.encode())
    async with database.transaction() as conn:
        by_course, first = await calculated(conn, [exam_id], subgroups={"by": "course"})
    async with database.transaction() as conn:
        by_organisation, _ = await calculated(conn, [exam_id], subgroups={"by": "organisation"})
        await conn.rollback()
        await conn.execute("DELETE FROM enrolments WHERE person_id = 1")
    async with database.transaction() as conn:
        _, second = await calculated(conn, [exam_id], subgroups={"by": "course"})
    assert by_course.told.groups is not None
    assert by_organisation.told.groups is not None
    assert [(each.code, each.candidates) for each in by_course.told.groups.groups] == [("ALG", 30)]
    assert [(each.name, each.candidates) for each in by_organisation.told.groups.groups] == [("Centre", 2)]
    assert by_course.told.groups.candidates_in_none == 10
    assert first.digest != second.digest


async def test_two_exams_are_read_in_one_snapshot_and_combined(database: Database, exam_id: int) -> None:
    async with database.transaction() as conn:
        other = await add_everything(conn)
        await sat_by(conn, other, 25)
    async with database.transaction() as conn:
        found, inputs = await calculated(conn, [other, exam_id])
        cursor = await conn.execute(
            """SELECT candidate_id, sum(points)::float FROM results GROUP BY candidate_id
                HAVING count(*) = 2 ORDER BY candidate_id"""
        )
        official = await cursor.fetchall()
    told = sorted((each.candidate_id, each.official_points) for each in unpack(found.candidates))
    assert told == official
    assert all(each.new_points == each.official_points for each in unpack(found.candidates))
    assert (found.told.candidates, found.told.incomplete) == (25, 15)
    assert [exam["id"] for exam in inputs.kept["exams"]] == [exam_id, other]


async def test_the_versions_of_the_master_data_are_inputs(database: Database, exam_id: int) -> None:
    named = {"scale": {"code": "t-score", "version": 1}, "grade_bands": {"code": "ects", "version": 1}}
    async with database.transaction() as conn:
        found, inputs = await calculated(conn, [exam_id], **named)
    assert inputs.kept["master_data"] == [
        {"kind": "grade_bands", "code": "ects", "version": 1},
        {"kind": "scales", "code": "t-score", "version": 1},
    ]
    assert inputs.document["scale"]["mean"] == 50
    assert found.told.scale is not None
    assert found.told.new.mean_scaled == pytest.approx(50, abs=1)
    assert found.told.bands is not None
    assert [band["name"] for band in found.told.bands][:2] == ["A", "B"]


async def test_while_somebody_sits_reading_rests_and_comes_to_the_same(
    database: Database, exam_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"negative_marking": {"fraction": 1}}
    async with database.transaction() as conn:
        quiet, _ = await calculated(conn, [exam_id], **costs)
    rested: list[float] = []

    async def rest(seconds: float) -> None:
        rested.append(seconds)

    async with database.transaction() as conn:
        await add_seat(conn, candidate_id=999)
    monkeypatch.setattr("examhall.analyses.reading.asyncio.sleep", rest)
    async with database.transaction() as conn:
        busy, _ = await calculated(conn, [exam_id], **costs)
    assert rested
    assert busy.candidates == quiet.candidates
