"""What came of calculations, for who may see it: each candidate, and scenarios beside each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from examhall.accounts.access import Person, has_role
from examhall.analyses.calculate import Calculation, read_outcome
from examhall.analyses.candidates import Candidate, Candidates, unpack
from examhall.base.db import Connection, many
from examhall.base.errors import Conflict, Forbidden
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class NotCalculated(Conflict):
    """This calculation is not finished; it has no results."""


class CandidatesUnseen(Forbidden):
    """Results of candidates one by one are for analysts."""


@dataclass(frozen=True)
class Compared:
    """A scenario, with its newest finished calculation if there is one."""

    scenario_id: int
    name: str
    version: int
    calculation_id: int | None
    # The version that was calculated.
    calculated_version: int | None
    finished_at: datetime | None
    result: dict[str, Any] | None


@dataclass(frozen=True)
class Named:
    person_id: int
    username: str
    full_name: str


class Row(NamedTuple):
    candidate: Candidate
    # None: the person is there no more.
    named: Named | None


def may_see_candidates(me: Person) -> bool:
    """As with an exam's own abilities, analysts. Authors see what is about nobody in particular."""
    return has_role(me, "analyst")


async def outcome_of(conn: Connection, calculation: Calculation) -> tuple[dict[str, Any], bytes]:
    """The result and the packed candidates. Raises NotCalculated."""
    if calculation.status != "done":
        raise NotCalculated
    return await read_outcome(conn, calculation.id)


async def candidates_of(conn: Connection, calculation: Calculation, me: Person) -> Candidates:
    """Every candidate's part of a finished calculation. Raises CandidatesUnseen or NotCalculated."""
    if not may_see_candidates(me):
        raise CandidatesUnseen
    return unpack((await outcome_of(conn, calculation))[1])


async def named_people(conn: Connection, person_ids: Sequence[int]) -> dict[int, Named]:
    found = await many(conn, SQL.named_people, Named, person_ids=list(person_ids))
    return {each.person_id: each for each in found}


def rows_of(candidates: Candidates, people: Mapping[int, Named], start: int, stop: int) -> Iterator[Row]:
    """So many of them, with their names."""
    for place in range(start, min(stop, len(candidates))):
        candidate = candidates[place]
        yield Row(candidate, people.get(candidate.candidate_id))


async def compared_scenarios(
    conn: Connection, project_id: int, scenario_ids: Sequence[int]
) -> list[Compared]:
    """Scenarios of a project in the order asked for; those of others are left out."""
    found = await many(conn, SQL.compared, Compared, project_id=project_id, scenario_ids=list(scenario_ids))
    place = {scenario_id: number for number, scenario_id in enumerate(scenario_ids)}
    return sorted(found, key=lambda each: place[each.scenario_id])
