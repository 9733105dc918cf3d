"""A project with people in it and scenarios written for it: what tests of projects and scenarios share."""

from typing import Any

from examhall.accounts.people import create_person
from examhall.analyses.document import FORMAT, Scenario, read_scenario
from examhall.analyses.projects import Role, create_project, set_member
from examhall.analyses.scenarios import create_scenario
from examhall.base.db import Connection

DROP: dict[str, Any] = {"change": "drop", "question_number": 2, "award": "nobody"}


async def add_analyst(conn: Connection, username: str, *roles: str) -> int:
    return await create_person(
        conn, username=username, full_name=username.title(), roles=list(roles) or ["analyst"]
    )


async def add_project(conn: Connection, owner: int, **members: Role) -> int:
    project_id = await create_project(conn, name="Spring mock", description="", created_by=owner)
    for username, role in members.items():
        await set_member(conn, project_id, by=owner, username=username, role=role)
    return project_id


def dropping(exam_id: int, *numbers: int, **parts: Any) -> Scenario:
    """A scenario in which these questions count for nobody."""
    changes = [DROP | {"exam_id": exam_id, "question_number": number} for number in numbers]
    return read_scenario({"format": FORMAT, "exams": [exam_id], "questions": changes, **parts})


async def add_scenario(
    conn: Connection, project_id: int, by: int, scenario: Scenario, name: str = "Without question 2"
) -> int:
    return await create_scenario(conn, project_id, by=by, name=name, description="", scenario=scenario)
