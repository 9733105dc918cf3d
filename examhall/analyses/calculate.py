"""Asking for a calculation, looking at it, calling it off: the web's side. Nothing is worked out here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from examhall.analyses.announcing import announce, payload
from examhall.analyses.inputs import take_inputs
from examhall.analyses.projects import require_project_role
from examhall.analyses.scenarios import find_scenario
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class NoSuchCalculation(NotFound):
    """There is no such calculation, or you are not in its project."""


class OverAlready(Conflict):
    """This calculation is over; there is nothing to call off."""


@dataclass(frozen=True)
class Asked:
    id: int
    status: str


@dataclass(frozen=True)
class Calculation:
    """How a calculation stands; without its result."""

    id: int
    scenario_id: int
    scenario_version: int
    scenario_name: str
    project_id: int
    # Of whoever looks.
    role: str
    person_id: int
    asked_by: str
    status: str
    progress: float
    stage: str
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    tries: int
    # Of those that wait with it, how many were asked for before. Turns go by person: it may come sooner.
    before: int
    inputs: dict[str, Any]
    inputs_hash: str
    error_code: str | None
    error: str | None
    server_time: datetime

    @property
    def is_over(self) -> bool:
        return self.status in ("done", "failed", "cancelled")


@dataclass(frozen=True)
class ListedCalculation:
    id: int
    scenario_version: int
    asked_by: str
    status: str
    progress: float
    queued_at: datetime
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class _Result:
    result: str


@dataclass(frozen=True)
class _Outcome:
    result: dict[str, Any]
    candidates: bytes


@dataclass(frozen=True)
class _Cancelled:
    status: str


async def ask_for_calculation(conn: Connection, scenario_id: int, *, person_id: int) -> Asked:
    """Have the newest version of a scenario worked out, for those who may edit it.

    What was worked out before from the same inputs is there at once, whoever asked; what is under way for
    this scenario is given to whoever asks again. However many ask at once, it is worked out once. Raises
    BadScenario, with all that is wrong by its place, before anything is queued.
    """
    saved = await find_scenario(conn, scenario_id, person_id, needs="editor")
    inputs = await take_inputs(conn, saved.scenario)
    asked = {
        "scenario_id": saved.id,
        "scenario_version": saved.version,
        "inputs_hash": inputs.digest,
    }
    while True:
        found = await maybe(conn, SQL.same, Asked, **asked)
        if found is None:
            found = await maybe(conn, SQL.take_over, Asked, person_id=person_id, **asked)
        if found is None:
            # Of those who ask in the same instant one inserts; the others find that one in the next round.
            found = await maybe(
                conn, SQL.queue, Asked, person_id=person_id, inputs=Jsonb(inputs.kept), **asked
            )
        if found is not None:
            return found


async def find_calculation(conn: Connection, calculation_id: int, person_id: int) -> Calculation:
    """How it stands, if this person is in its project. Raises NoSuchCalculation for everybody else."""
    found = await maybe(
        conn, SQL.find_calculation, Calculation, calculation_id=calculation_id, person_id=person_id
    )
    if found is None:
        raise NoSuchCalculation
    return found


async def result_text(conn: Connection, calculation_id: int, *, with_candidates: bool) -> str:
    """The result's JSON as it is stored, of one that is done; the caller has found it."""
    found = await one(
        conn, SQL.result_text, _Result, calculation_id=calculation_id, with_candidates=with_candidates
    )
    return found.result


async def read_outcome(conn: Connection, calculation_id: int) -> tuple[dict[str, Any], bytes]:
    """The result and the packed candidates of one that is done; the caller has found it."""
    found = await one(conn, SQL.read_outcome, _Outcome, calculation_id=calculation_id)
    return found.result, bytes(found.candidates)


async def list_calculations(
    conn: Connection, scenario_id: int, *, before_id: int, limit: int
) -> list[ListedCalculation]:
    """The newest first; the caller has found the scenario."""
    return await many(
        conn,
        SQL.list_calculations,
        ListedCalculation,
        scenario_id=scenario_id,
        before_id=before_id,
        limit=limit,
    )


async def cancel_calculation(conn: Connection, calculation_id: int, *, person_id: int) -> None:
    """Call it off, for whoever asked for it or may edit the scenario: what is being worked out ends within a
    second. Doing it again changes nothing; of a cancel and a result in the same instant, one stands."""
    found = await find_calculation(conn, calculation_id, person_id)
    if found.person_id != person_id:
        require_project_role(found.role, "editor")
    if await run(conn, SQL.cancel, calculation_id=calculation_id):
        await announce(conn, payload(calculation_id, "cancelled", found.progress, "cancelled"))
        return
    status = (await one(conn, SQL.status, _Cancelled, calculation_id=calculation_id)).status
    if status != "cancelled":
        raise OverAlready(status=status)
