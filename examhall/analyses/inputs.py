"""What a calculation is worked out from, with the version of each: equal inputs have equal results."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from examhall.analyses.checking import Plan, plan_scenario
from examhall.analyses.document import Named, Scenario
from examhall.analyses.outcome import ENGINE
from examhall.base.db import Connection, many, one
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class _Results:
    exam_id: int
    handed_in: int
    marked: int
    marked_at: datetime | None


@dataclass(frozen=True)
class _Members:
    members: int
    digest: str


@dataclass(frozen=True)
class Inputs:
    plan: Plan
    # The scenario with its bands and scale spelled out: nothing in it refers to what could change.
    document: dict[str, Any]
    # Everything, as it is kept; and the SHA-256 of it, in hexadecimal.
    kept: dict[str, Any]
    digest: str


async def take_inputs(conn: Connection, scenario: Scenario) -> Inputs:
    """The inputs as they are now; a few milliseconds for ten thousand sittings.

    Raises BadScenario with everything that is wrong, each by its place in the document.
    """
    plan = await plan_scenario(conn, scenario)
    document = json.loads(scenario.canonical())
    if plan.bands is not None:
        document["grade_bands"] = [band.model_dump(mode="json") for band in plan.bands]
    if plan.scale is not None:
        document["scale"] = plan.scale.model_dump(mode="json", exclude_none=True)
    exam_ids: list[int] = document["exams"]
    results = {each.exam_id: each for each in await many(conn, SQL.results, _Results, exam_ids=exam_ids)}
    exams = {planned.exam.id: planned.exam for planned in plan.exams}
    kept: dict[str, Any] = {
        "engine": ENGINE,
        "document": document,
        "exams": [
            {
                "id": exam_id,
                "version": exams[exam_id].version,
                "key_version": exams[exam_id].key_version,
                "handed_in": results[exam_id].handed_in,
                "marked": results[exam_id].marked,
                "marked_at": _instant(results[exam_id].marked_at),
            }
            for exam_id in exam_ids
        ],
        "master_data": [
            {"kind": kind, "code": named.code, "version": named.version}
            for kind, named in (("grade_bands", scenario.grade_bands), ("scales", scenario.scale))
            if isinstance(named, Named)
        ],
    }
    if scenario.subgroups is not None:
        query = SQL.course_members if scenario.subgroups.by == "course" else SQL.organisation_members
        kept["groups"] = vars(await one(conn, query, _Members, exam_ids=exam_ids))
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Inputs(plan, document, kept, hashlib.sha256(canonical.encode()).hexdigest())


def _instant(moment: datetime | None) -> str | None:
    # To the microsecond: two markings may be that close.
    return None if moment is None else moment.astimezone(UTC).isoformat()
