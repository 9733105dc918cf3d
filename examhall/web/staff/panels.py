"""Standard setting for analysts: an exam's panels, one panel with its judges, and what it found."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.analyses.panels import (
    DESCRIPTION_CHARS,
    MOST_ROUNDS,
    NAME_CHARS,
    CannotJudge,
    HasJudged,
    LastRound,
    NobodyJudged,
    NotCalibrated,
    NothingToJudge,
    Panel,
    PanelClosed,
    PanelFull,
    close_panel,
    dismiss_judge,
    edit_panel,
    find_panel,
    invite_judges,
    list_judges,
    list_panels,
    may_see_result,
    next_round,
    open_panel,
    panel_to_lead,
)
from examhall.analyses.projects import STAFF, list_projects
from examhall.analyses.scenarios import create_scenario
from examhall.analyses.standards import Found, cut_as_scenario, find_result
from examhall.base.db import Connection
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.base.wire import LARGEST_ID
from examhall.exams.correcting import find_standing
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.numbers import numbers_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.given import number_of, text_of, version_in
from examhall.web.staff.panel_words import cut_sentences, strips

SHOWN = 50
REFUSED_HERE = (
    SomebodyWasFaster, CannotJudge, PanelFull, PanelClosed, LastRound, NobodyJudged, HasJudged,
    NotCalibrated, NothingToJudge,
)  # fmt: skip


async def panels_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/standards"""
    me = await page_person(request)
    require_role(me, *STAFF)
    return await _panels_page(request, me)


async def _panels_page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_standing(conn, exam_id)
        found = await list_panels(conn, exam_id=exam_id, me=me, before_id=LARGEST_ID, limit=SHOWN)
    return framed(
        request,
        me,
        account,
        "staff/panels.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        panels=found,
        may_lead=has_role(me, "analyst"),
        name_chars=NAME_CHARS,
        description_chars=DESCRIPTION_CHARS,
        problems=_problems(request, refusal),
    )


async def post_panel(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/standards"""
    me = await page_person(request)
    require_role(me, "analyst")
    form = await request.form()
    try:
        async with request.app.state.database.transaction() as conn:
            panel_id = await open_panel(
                conn,
                exam_id=id_of(request, "exam_id"),
                method="bookmark" if form.get("method") == "bookmark" else "angoff",
                name=text_of(form, "name", NAME_CHARS) or gettext_of(request)("Pass mark"),
                description=text_of(form, "description", DESCRIPTION_CHARS),
                created_by=me.id,
            )
    except (NotCalibrated, NothingToJudge) as refusal:
        return await _panels_page(request, me, refusal)
    return RedirectResponse(f"/staff/panels/{panel_id}", SEE_OTHER)


async def panel_page(request: Request) -> Response:
    """GET /staff/panels/{panel_id}"""
    me = await page_person(request)
    require_role(me, *STAFF)
    return await _panel_page(request, me)


async def _panel_page(
    request: Request, me: Person, refusal: Refusal | None = None, typed: FormData | None = None
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        panel = await find_panel(conn, id_of(request, "panel_id"), me)
        judges = await list_judges(conn, panel.id)
        found = await find_result(conn, panel) if may_see_result(panel, me) else None
        projects = await list_projects(conn, me.id, before_id=LARGEST_ID, limit=SHOWN)
    return framed(
        request,
        me,
        account,
        "staff/panel.html",
        200 if refusal is None else refusal.status,
        panel=panel,
        judges=judges,
        may_lead=has_role(me, "analyst"),
        last_round=panel.round >= MOST_ROUNDS,
        projects=[project for project in projects if project.may_edit],
        name_chars=NAME_CHARS,
        description_chars=DESCRIPTION_CHARS,
        problems=_problems(request, refusal),
        typed=typed or {},
        **_result_view(request, panel, found),
    )


def _result_view(request: Request, panel: Panel, found: Found | None) -> dict[str, Any]:
    _ = gettext_of(request)
    if found is None:
        return {"found": None, "said": [], "strips": {}}
    return {"found": found, "said": cut_sentences(panel, found, _), "strips": strips(found)}


async def post_panel_change(request: Request) -> Response:
    """POST /staff/panels/{panel_id}/{change}"""
    me = await page_person(request)
    require_role(me, *STAFF)
    form = await request.form()
    change = request.path_params["change"]
    try:
        async with request.app.state.database.transaction() as conn:
            panel = await panel_to_lead(conn, id_of(request, "panel_id"), me)
            await _change(conn, panel, change, form)
    except REFUSED_HERE as refusal:
        return await _panel_page(request, me, refusal, form)
    return RedirectResponse(f"/staff/panels/{panel.id}", SEE_OTHER)


async def _change(conn: Connection, panel: Panel, change: str, form: FormData) -> None:
    version = version_in(str(form.get("version", "")))
    match change:
        case "edit":
            await edit_panel(
                conn,
                panel,
                version=version,
                name=text_of(form, "name", NAME_CHARS) or panel.name,
                description=text_of(form, "description", DESCRIPTION_CHARS),
            )
        case "round":
            await next_round(conn, panel, version=version)
        case "close":
            await close_panel(conn, panel, version=version)
        case "judges":
            names = text_of(form, "usernames", 20_000).replace(",", " ").split()
            if names:
                await invite_judges(conn, panel, names)
        case "dismiss":
            await dismiss_judge(conn, panel, number_of(form, "person"))


async def post_scenario(request: Request) -> Response:
    """POST /staff/panels/{panel_id}/scenario: the cut as the pass mark of a new scenario."""
    me = await page_person(request)
    require_role(me, *STAFF)
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        panel = await panel_to_lead(conn, id_of(request, "panel_id"), me)
        if not may_see_result(panel, me):
            return RedirectResponse(f"/staff/panels/{panel.id}", SEE_OTHER)
        found = await find_result(conn, panel)
        scenario = cut_as_scenario(panel, found)
        cut = numbers_of(request).percent(float(found.pass_percent or 0), None)
        scenario_id = await create_scenario(
            conn,
            number_of(form, "project"),
            by=me.id,
            name=f"{panel.name}: {cut}"[:NAME_CHARS],
            description=gettext_of(request)("The cut of a panel of {judges} judges.").format(
                judges=found.cut.judges
            ),
            scenario=scenario,
        )
    return RedirectResponse(f"/staff/scenarios/{scenario_id}", SEE_OTHER)


def _problems(request: Request, refusal: Refusal | None) -> list[str]:
    if refusal is None:
        return []
    fields: Any = refusal.details.get("fields", [])
    _ = gettext_of(request)
    return [_(refusal.detail), *(_(field["message"]) for field in fields)]


routes = [
    Route("/staff/exams/{exam_id:int}/standards", panels_page),
    Route("/staff/exams/{exam_id:int}/standards", post_panel, methods=["POST"]),
    Route("/staff/panels/{panel_id:int}", panel_page),
    Route("/staff/panels/{panel_id:int}/scenario", post_scenario, methods=["POST"]),
    Route("/staff/panels/{panel_id:int}/{change}", post_panel_change, methods=["POST"]),
]
