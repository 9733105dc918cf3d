"""The page of a calculation: how far it is, and then what the scenario makes of everybody's result."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person
from examhall.accounts.people import Account, find_account
from examhall.analyses.adopting import made_official
from examhall.analyses.calculate import Calculation, cancel_calculation, find_calculation
from examhall.analyses.projects import require_analyst
from examhall.analyses.results import may_see_candidates, named_people, outcome_of
from examhall.analyses.results_file import MEDIA_TYPES, download
from examhall.analyses.scenarios import SavedScenario, find_scenario
from examhall.base.errors import NotFound
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.outcome_charts import distribution_chart, grade_moves, grades_chart
from examhall.web.staff.outcome_words import (
    dif_in_words,
    headline,
    sentences,
    stage_in_words,
    uneven_items,
    why_in_words,
)


async def calculation_page(request: Request) -> Response:
    """GET /staff/calculations/{calculation_id}"""
    me = await page_person(request)
    require_analyst(me)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await find_calculation(conn, id_of(request, "calculation_id"), me.id)
        scenario = await find_scenario(conn, found.scenario_id, me.id, version=found.scenario_version)
        told = (await outcome_of(conn, found))[0] if found.status == "done" else None
        movers = told["moves"]["largest"] if told and may_see_candidates(me) else []
        people = await named_people(conn, [mover["candidate_id"] for mover in movers])
        official = await made_official(conn, found.scenario_id, found.scenario_version)
    if told is None:
        return _under_way(request, me, account, found, scenario)
    _ = gettext_of(request)
    return framed(
        request,
        me,
        account,
        "staff/calculation.html",
        calculation=found,
        scenario=scenario,
        told=told,
        headline=headline(told, _),
        said=sentences(told, _),
        distribution=distribution_chart(told, _),
        grades=grades_chart(told, _),
        moves=grade_moves(told),
        movers=[{**mover, "named": people.get(mover["candidate_id"])} for mover in movers],
        groups=[_group_view(group, _) for group in (told["groups"] or {"groups": []})["groups"]],
        sees_candidates=may_see_candidates(me),
        may_adopt=has_role(me, "author"),
        official=official,
    )


def _under_way(
    request: Request, me: Person, account: Account, found: Calculation, scenario: SavedScenario
) -> Response:
    _ = gettext_of(request)
    return framed(
        request,
        me,
        account,
        "staff/calculation_waiting.html",
        calculation=found,
        scenario=scenario,
        stage=stage_in_words(found.stage, _),
        stages={stage: stage_in_words(stage, _) for stage in STAGES},
        may_cancel=not found.is_over and (found.person_id == me.id or scenario.role != "viewer"),
    )


STAGES = (
    "queued", "reading", "taking_in", "marking", "totalling", "comparing", "by_group", "packing",
)  # fmt: skip


def _group_view(group: Mapping[str, Any], _: Any) -> dict[str, Any]:
    return {
        **group,
        "uneven": uneven_items(group),
        "items": [
            {
                **each,
                "label": f"{each['question_number']}{each['sub_part']}",
                "words": dif_in_words(each["size"], _),
                "why_words": why_in_words(each["why"], _),
            }
            for each in group["dif"] or []
        ],
    }


async def post_cancel(request: Request) -> Response:
    """POST /staff/calculations/{calculation_id}/cancel"""
    me = await page_person(request)
    require_analyst(me)
    calculation_id = id_of(request, "calculation_id")
    async with request.app.state.database.transaction() as conn:
        await cancel_calculation(conn, calculation_id, person_id=me.id)
    return RedirectResponse(f"/staff/calculations/{calculation_id}", SEE_OTHER)


async def candidates_file(request: Request) -> Response:
    """GET /staff/calculations/{calculation_id}/results.{form}"""
    me = await page_person(request)
    require_analyst(me)
    form = request.path_params["form"]
    if form not in MEDIA_TYPES:
        raise NotFound
    return await download(request.app.state.database, id_of(request, "calculation_id"), form, me)


routes = [
    Route("/staff/calculations/{calculation_id:int}", calculation_page),
    Route("/staff/calculations/{calculation_id:int}/cancel", post_cancel, methods=["POST"]),
    Route("/staff/calculations/{calculation_id:int}/results.{form}", candidates_file),
]
