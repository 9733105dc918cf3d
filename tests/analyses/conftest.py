"""An exam that forty candidates sat, and Ann's scenario on it."""

from dataclasses import dataclass

import pytest

from examhall.base.db import Database
from tests.scoring.corrected import add_everything, sat_by

from .rows import add_person, add_project, add_scenario

BANDS = [
    {"name": "A", "from_percent": 80},
    {"name": "B", "from_percent": 50},
    {"name": "C", "from_percent": 0},
]
CHANGES = {"grade_bands": BANDS, "pass_mark": {"percent": 45}}


@dataclass(frozen=True)
class Office:
    """Ann owns the project, Ed may edit, Vic may look; Mallory is an analyst with no business in it."""

    exam_id: int
    project_id: int
    scenario_id: int
    ann: int
    ed: int
    vic: int
    mallory: int


@pytest.fixture
async def office(database: Database) -> Office:
    async with database.transaction() as conn:
        exam_id = await add_everything(conn)
        await sat_by(conn, exam_id, 40)
        people = [await add_person(conn, name) for name in ("ann", "ed", "vic", "mallory")]
        project_id = await add_project(conn, people[0], ed="editor", vic="viewer")
        drop = [{"exam_id": exam_id, "change": "drop", "question_number": 1, "award": "nobody"}]
        scenario_id = await add_scenario(conn, project_id, people[0], exam_id, questions=drop, **CHANGES)
    return Office(exam_id, project_id, scenario_id, *people)
