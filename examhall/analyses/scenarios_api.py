"""The JSON API of scenarios: documents that are saved, copied, compared and put away."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.analyses import scenarios
from examhall.analyses.document import BadScenario, json_schema, read_scenario
from examhall.analyses.projects import (
    DESCRIPTION_CHARS,
    NAME_CHARS,
    STAFF,
    NoSuchProject,
    OnlyLooking,
    find_project,
)
from examhall.analyses.scenarios import ListedScenario, NoSuchScenario, SavedScenario
from examhall.base.clock import rfc3339
from examhall.base.errors import SomebodyWasFaster
from examhall.base.made_once import KeyUsedForAnother, RequestKey, RequestKeyHeader, make_once
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals

router = APIRouter(tags=["Analyses"])
# At the root: what editors are told as "$schema".
schema_router = APIRouter(tags=["Analyses"])

Analyst = Annotated[Person, Staff(*STAFF)]
SEEN = refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchScenario)
WRITTEN = refusals(NotSignedIn, TokenInvalid, WrongRole, CrossSite, OnlyLooking)
Name = Annotated[Text, Field(min_length=1, max_length=NAME_CHARS)]
Description = Annotated[Text, Field(max_length=DESCRIPTION_CHARS)]
Archived = Annotated[bool, Query(description="Those that were put away, instead of the others.")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewScenario(Body):
    name: Name
    description: Description = ""
    document: dict[str, Any] = Field(description="As /scenario.schema.json says.")


class EditedScenario(NewScenario):
    version: Version | None = None


class Copy(Body):
    name: Name | None = Field(None, description="That of the original with something before it, if not said.")
    project_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(
        None, description="Another project, if not its own."
    )


class ListedOut(BaseModel):
    id: int
    name: str
    description: str
    version: int
    exams: list[int]
    document_hash: str
    saved_by: str | None
    saved_at: str

    @classmethod
    def of(cls, scenario: ListedScenario) -> "ListedOut":
        return cls(**vars(scenario) | {"saved_at": rfc3339(scenario.saved_at)})


class ScenarioOut(BaseModel):
    id: int
    project_id: int
    name: str
    description: str
    document: dict[str, Any]
    document_hash: str = Field(description="Equal for documents that mean the same.")
    version: int
    newest: int = Field(description="The version that it is at.")
    copied_from: int | None
    created_at: str
    saved_by: str | None
    saved_at: str
    archived_at: str | None

    @classmethod
    def of(cls, scenario: SavedScenario) -> "ScenarioOut":
        given = {name: value for name, value in vars(scenario).items() if name in cls.model_fields}
        return cls(
            **given
            | {
                # In the order of its parts, which the database does not keep.
                "document": scenario.scenario.as_document(),
                "created_at": rfc3339(scenario.created_at),
                "saved_at": rfc3339(scenario.saved_at),
                "archived_at": rfc3339(scenario.archived_at) if scenario.archived_at else None,
            }
        )


class VersionOut(BaseModel):
    version: int
    name: str
    document_hash: str
    saved_by: str | None
    saved_at: str


class VersionsOut(BaseModel):
    items: list[VersionOut] = Field(description="The newest first.")


class SideOut(BaseModel):
    id: int
    name: str
    version: int
    document_hash: str


class DifferenceOut(BaseModel):
    part: str = Field(description="Of the document: questions, weights, curve, ...")
    about: dict[str, Any] = Field(
        description="The exam's question, the topic or the sitting that it is about."
    )
    here: Any = Field(description="As the first scenario says it; null where it does not.")
    there: Any


class ComparedOut(BaseModel):
    here: SideOut
    there: SideOut
    same: bool = Field(description="Whether they mean the same, however they are written.")
    differences: list[DifferenceOut]


@router.get(
    "/projects/{project_id}/scenarios",
    summary="Scenarios of a project",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchProject),
)
async def get_scenarios(
    project_id: Id,
    me: Analyst,
    db: Db,
    limit: Limit = 50,
    cursor: Before = LARGEST_ID,
    archived: Archived = False,
) -> Page[ListedOut]:
    """The newest first, without their documents."""
    async with db.connection() as conn:
        await find_project(conn, project_id, me.id)
        found = await scenarios.list_scenarios(
            conn, project_id, before_id=cursor, limit=limit + 1, archived=archived
        )
    return page_of(found, limit, ListedOut.of, cursor=lambda scenario: scenario.id)


@router.post(
    "/projects/{project_id}/scenarios",
    status_code=201,
    summary="Add a scenario to a project",
    responses=WRITTEN | refusals(NoSuchProject, BadScenario, KeyUsedForAnother),
)
async def post_scenario(
    project_id: Id, body: NewScenario, me: Analyst, db: Db, response: Response, key: RequestKeyHeader = None
) -> ScenarioOut:
    """Mistakes are told all at once, each with its place in the document (a JSON Pointer)."""
    scenario = read_scenario(body.document)
    request = RequestKey.of(key, {"project": project_id, "scenario": body.model_dump(mode="json")})
    async with db.transaction() as conn:
        made = await make_once(
            conn,
            request,
            kind="scenario",
            by=me.id,
            make=lambda: scenarios.create_scenario(
                conn, project_id, by=me.id, name=body.name, description=body.description, scenario=scenario
            ),
        )
        saved = await scenarios.find_scenario(conn, made.id, me.id)
    if not made.is_new:
        response.status_code = 200
    response.headers["ETag"] = etag(saved.version)
    return ScenarioOut.of(saved)


@router.get("/scenarios/{scenario_id}", summary="One scenario with its document", responses=SEEN)
async def get_scenario(
    scenario_id: Id,
    me: Analyst,
    db: Db,
    response: Response,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="An earlier version.")] = None,
) -> ScenarioOut:
    async with db.connection() as conn:
        saved = await scenarios.find_scenario(conn, scenario_id, me.id, version=version)
    response.headers["ETag"] = etag(saved.version)
    return ScenarioOut.of(saved)


@router.get("/scenarios/{scenario_id}/versions", summary="Every version of a scenario", responses=SEEN)
async def get_versions(scenario_id: Id, me: Analyst, db: Db) -> VersionsOut:
    async with db.connection() as conn:
        await scenarios.find_scenario(conn, scenario_id, me.id)
        found = await scenarios.list_versions(conn, scenario_id)
    return VersionsOut(
        items=[VersionOut(**vars(each) | {"saved_at": rfc3339(each.saved_at)}) for each in found]
    )


@router.put(
    "/scenarios/{scenario_id}",
    summary="Change a scenario that nobody else has changed meanwhile",
    responses=WRITTEN | refusals(NoSuchScenario, BadScenario, SomebodyWasFaster, VersionRequired),
)
async def put_scenario(
    scenario_id: Id, body: EditedScenario, request: Request, me: Analyst, db: Db, response: Response
) -> ScenarioOut:
    """With the ETag as If-Match, or its `version`. 412 tells what the other changed; versions stay."""
    version = version_wanted(request, body.version)
    scenario = read_scenario(body.document)
    async with db.transaction() as conn:
        await scenarios.save_scenario(
            conn,
            scenario_id,
            by=me.id,
            version=version,
            name=body.name,
            description=body.description,
            scenario=scenario,
        )
        saved = await scenarios.find_scenario(conn, scenario_id, me.id)
    response.headers["ETag"] = etag(saved.version)
    return ScenarioOut.of(saved)


@router.delete(
    "/scenarios/{scenario_id}",
    status_code=204,
    summary="Put a scenario away",
    responses=WRITTEN | refusals(NoSuchScenario),
)
async def delete_scenario(scenario_id: Id, me: Analyst, db: Db) -> None:
    """Out of sight, but kept: calculations refer to it. The same again changes nothing."""
    async with db.transaction() as conn:
        await scenarios.archive_scenario(conn, scenario_id, by=me.id)


@router.post(
    "/scenarios/{scenario_id}/restore",
    summary="Bring a scenario back that was put away",
    responses=WRITTEN | refusals(NoSuchScenario),
)
async def post_restore(scenario_id: Id, me: Analyst, db: Db) -> ScenarioOut:
    async with db.transaction() as conn:
        await scenarios.restore_scenario(conn, scenario_id, by=me.id)
        return ScenarioOut.of(await scenarios.find_scenario(conn, scenario_id, me.id))


@router.post(
    "/scenarios/{scenario_id}/copy",
    status_code=201,
    summary="Copy a scenario",
    responses=WRITTEN | refusals(NoSuchScenario, NoSuchProject, BadScenario, KeyUsedForAnother),
)
async def post_copy(
    scenario_id: Id, body: Copy, me: Analyst, db: Db, response: Response, key: RequestKeyHeader = None
) -> ScenarioOut:
    """Into its own project or into another one of yours."""
    request = RequestKey.of(key, {"scenario": scenario_id, "copy": body.model_dump(mode="json")})
    async with db.transaction() as conn:
        made = await make_once(
            conn,
            request,
            kind="scenario",
            by=me.id,
            make=lambda: scenarios.copy_scenario(
                conn, scenario_id, by=me.id, name=body.name, project_id=body.project_id
            ),
        )
        saved = await scenarios.find_scenario(conn, made.id, me.id)
    if not made.is_new:
        response.status_code = 200
    response.headers["ETag"] = etag(saved.version)
    return ScenarioOut.of(saved)


@router.get(
    "/scenarios/{scenario_id}/compare",
    summary="What is different between two scenarios",
    responses=SEEN,
)
async def get_comparison(
    scenario_id: Id,
    me: Analyst,
    db: Db,
    with_id: Annotated[int, Query(alias="with", ge=1, le=LARGEST_ID, description="The other's id.")],
) -> ComparedOut:
    """Of their documents: by question, topic and part, whatever the order in which they are written."""
    async with db.transaction() as conn:
        here, there, found = await scenarios.compare_scenarios(conn, scenario_id, with_id, person_id=me.id)
    return ComparedOut(
        here=_side(here),
        there=_side(there),
        same=not found,
        differences=[DifferenceOut(**each._asdict()) for each in found],
    )


@schema_router.get("/scenario.schema.json", summary="The JSON Schema of a scenario")
async def get_schema() -> Response:
    return Response(SCHEMA, media_type="application/schema+json")


# As long as the program, it does not change.
SCHEMA = msgspec.json.encode(json_schema())


def _side(scenario: SavedScenario) -> SideOut:
    return SideOut(
        id=scenario.id,
        name=scenario.name,
        version=scenario.version,
        document_hash=scenario.document_hash,
    )
