"""Scenarios of a project: saved in versions that stay, copied, compared, put away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from examhall.analyses.checking import plan_scenario
from examhall.analyses.differences import Difference, differences
from examhall.analyses.document import Scenario, read_scenario
from examhall.analyses.projects import NAME_CHARS, OnlyLooking, Role, find_project, require_project_role
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class NoSuchScenario(NotFound):
    """There is no such scenario, or you are not in its project."""


@dataclass(frozen=True)
class ListedScenario:
    id: int
    name: str
    description: str
    version: int
    exams: list[int]
    document_hash: str
    saved_by: str | None
    saved_at: datetime


@dataclass(frozen=True)
class SavedScenario:
    """One version of a scenario; `newest` is the version that it is at."""

    id: int
    project_id: int
    project_name: str
    # Of whoever looks.
    role: str
    name: str
    description: str
    document: dict[str, Any]
    document_hash: str
    version: int
    newest: int
    copied_from: int | None
    created_at: datetime
    saved_by: str | None
    saved_at: datetime
    archived_at: datetime | None
    project_archived_at: datetime | None

    @property
    def scenario(self) -> Scenario:
        """The document, read; what was stored was held to the form before."""
        return read_scenario(self.document)

    @property
    def may_edit(self) -> bool:
        return (
            self.role in ("owner", "editor") and self.archived_at is None and self.project_archived_at is None
        )


@dataclass(frozen=True)
class ScenarioVersion:
    version: int
    name: str
    document_hash: str
    saved_by: str | None
    saved_at: datetime


@dataclass(frozen=True)
class _Id:
    id: int


async def create_scenario(
    conn: Connection,
    project_id: int,
    *,
    by: int,
    name: str,
    description: str,
    scenario: Scenario,
    copied_from: int | None = None,
) -> int:
    """Add a scenario to a project; its id. Raises BadScenario with all that is wrong with it."""
    project = await find_project(conn, project_id, by, needs="editor")
    if not project.may_edit:
        raise OnlyLooking
    await plan_scenario(conn, scenario)
    created = await one(
        conn,
        SQL.create_scenario,
        _Id,
        project_id=project_id,
        name=name,
        description=description,
        document=Jsonb(scenario.as_document()),
        document_hash=scenario.digest(),
        copied_from=copied_from,
        by=by,
    )
    return created.id


async def find_scenario(
    conn: Connection, scenario_id: int, person_id: int, *, version: int | None = None, needs: Role = "viewer"
) -> SavedScenario:
    """The newest version, or another, if this person is in its project with such a role.

    Raises NoSuchScenario for everybody else, OnlyLooking for members who may not. One that is put away is
    found: calculations refer to it.
    """
    found = await maybe(
        conn,
        SQL.find_scenario,
        SavedScenario,
        scenario_id=scenario_id,
        person_id=person_id,
        version=version,
    )
    if found is None:
        raise NoSuchScenario
    require_project_role(found.role, needs)
    if needs != "viewer" and not found.may_edit:
        raise OnlyLooking
    return found


async def list_scenarios(
    conn: Connection, project_id: int, *, before_id: int, limit: int, archived: bool = False
) -> list[ListedScenario]:
    """The newest first; the caller has found the project. Whatever is in it, one query."""
    return await many(
        conn,
        SQL.list_scenarios,
        ListedScenario,
        project_id=project_id,
        before_id=before_id,
        limit=limit,
        archived=archived,
    )


async def list_versions(conn: Connection, scenario_id: int) -> list[ScenarioVersion]:
    """The newest first; the caller has found the scenario."""
    return await many(conn, SQL.list_versions, ScenarioVersion, scenario_id=scenario_id)


async def save_scenario(
    conn: Connection,
    scenario_id: int,
    *,
    by: int,
    version: int,
    name: str,
    description: str,
    scenario: Scenario,
) -> None:
    """Make the next version of a scenario. Of any number who saw the same version one succeeds.

    The others get SomebodyWasFaster with what the document says now and what is different from the version
    that they saw; so does who sends the same again. Earlier versions stay.
    """
    await find_scenario(conn, scenario_id, by, needs="editor")
    # Claims the version: the second waits here and finds no such version.
    if not await run(conn, SQL.take_version, scenario_id=scenario_id, version=version):
        raise await _was_faster(conn, scenario_id, by, version)
    await plan_scenario(conn, scenario)
    await run(
        conn,
        SQL.insert_version,
        scenario_id=scenario_id,
        version=version + 1,
        name=name,
        description=description,
        document=Jsonb(scenario.as_document()),
        document_hash=scenario.digest(),
        by=by,
    )


async def copy_scenario(
    conn: Connection, scenario_id: int, *, by: int, name: str | None = None, project_id: int | None = None
) -> int:
    """Add a scenario with the same document to its project, or to another; its id. Whoever sees it may."""
    found = await find_scenario(conn, scenario_id, by)
    return await create_scenario(
        conn,
        project_id or found.project_id,
        by=by,
        name=name or f"Copy of {found.name}"[:NAME_CHARS],
        description=found.description,
        scenario=found.scenario,
        copied_from=found.id,
    )


async def archive_scenario(conn: Connection, scenario_id: int, *, by: int) -> None:
    """Take a scenario out of sight. It is kept, with its versions; doing it again changes nothing."""
    found = await find_scenario(conn, scenario_id, by)
    require_project_role(found.role, "editor")
    await run(conn, SQL.archive_scenario, scenario_id=scenario_id)


async def restore_scenario(conn: Connection, scenario_id: int, *, by: int) -> None:
    """Bring a scenario back that was put away; doing it again changes nothing."""
    found = await find_scenario(conn, scenario_id, by)
    require_project_role(found.role, "editor")
    await run(conn, SQL.restore_scenario, scenario_id=scenario_id)


async def compare_scenarios(
    conn: Connection, scenario_id: int, other_id: int, *, person_id: int
) -> tuple[SavedScenario, SavedScenario, list[Difference]]:
    """Two scenarios, of one project or of two that this person is in, and what is different."""
    here = await find_scenario(conn, scenario_id, person_id)
    there = await find_scenario(conn, other_id, person_id)
    return here, there, differences(here.scenario, there.scenario)


async def _was_faster(conn: Connection, scenario_id: int, person_id: int, seen: int) -> SomebodyWasFaster:
    now = await find_scenario(conn, scenario_id, person_id)
    before = now
    if 1 <= seen < now.version:
        before = await find_scenario(conn, scenario_id, person_id, version=seen)
    return SomebodyWasFaster(
        version=now.version,
        saved_by=now.saved_by,
        current={"name": now.name, "description": now.description, "document": now.document},
        changes=[each._asdict() for each in differences(before.scenario, now.scenario)],
    )
