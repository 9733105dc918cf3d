"""Making a scenario official: what it would do to everybody, what of it cannot be, and the decision."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.analyses.adopting import (
    Adoption,
    NotOfScenario,
    OfficialAlready,
    adopt_scenario,
    made_official,
    plan_adoption,
)
from examhall.analyses.calculate import find_calculation
from examhall.analyses.scenarios import find_scenario
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.exams.correcting import keyed_items
from examhall.exams.correction import REASON_CHARS, BadCorrection, CorrectedSince, NothingToCorrect
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import text_of
from examhall.web.staff.item_charts import Words
from examhall.web.staff.key import bands_chart, change_view, shown_item


async def official_page(request: Request) -> Response:
    """GET /staff/calculations/{calculation_id}/official"""
    me = await page_person(request)
    require_role(me, "author")
    return await _page(request, me)


async def _page(
    request: Request, me: Person, refusal: Refusal | None = None, reason: str = "", exam: int | None = None
) -> Response:
    _ = gettext_of(request)
    wanted = exam or _number(request.query_params.get("exam"))
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await find_calculation(conn, id_of(request, "calculation_id"), me.id)
        saved = await find_scenario(conn, found.scenario_id, me.id, version=found.scenario_version)
        exam_id = wanted or saved.scenario.exams[0]
        plan: Adoption | None = None
        try:
            plan = await plan_adoption(conn, saved.scenario, exam_id)
        except (BadCorrection, NothingToCorrect, CorrectedSince) as wrong:
            refusal = refusal or wrong
        items = await keyed_items(conn, exam_id)
        official = await made_official(conn, saved.id, saved.version)
    used = {each["id"]: each for each in found.inputs["exams"]}
    shown = {(item.question_number, item.sub_part): shown_item(item, exam_id) for item in items}
    return framed(
        request,
        me,
        account,
        "staff/adoption.html",
        200 if refusal is None else refusal.status,
        calculation=found,
        scenario=saved,
        exam_id=exam_id,
        plan=plan,
        preview=plan.preview if plan else None,
        key_moved=plan is not None and used[exam_id]["key_version"] != plan.key_version,
        changes=[change_view(edit.as_json(), shown) for edit in plan.preview.edits]
        if plan and plan.preview
        else [],
        spec=bands_chart(request, plan.preview) if plan and plan.preview else None,
        left_out=[left_out_in_words(name, _) for name in plan.left_out] if plan else [],
        # Grades and scales are other names for the same results.
        differs=plan is not None and not {*plan.left_out} <= {"grade_bands", "scale"},
        official=[one for one in official if one.exam_id == exam_id],
        reason=reason,
        reason_chars=REASON_CHARS,
        problems=_problems(refusal, _),
    )


async def post_official(request: Request) -> Response:
    """POST /staff/calculations/{calculation_id}/official"""
    me = await page_person(request)
    require_role(me, "author")
    form = await request.form()
    reason = text_of(form, "reason", REASON_CHARS)
    exam_id, version = _number(form.get("exam")), _number(form.get("version"))
    if exam_id is None:
        raise NotOfScenario
    try:
        if version is None or not reason:
            raise BadCorrection
        async with request.app.state.database.transaction() as conn:
            found = await find_calculation(conn, id_of(request, "calculation_id"), me.id)
            saved = await find_scenario(conn, found.scenario_id, me.id, version=found.scenario_version)
            await adopt_scenario(conn, saved, exam_id=exam_id, version=version, reason=reason, by=me)
    except (SomebodyWasFaster, BadCorrection, OfficialAlready, NothingToCorrect) as refusal:
        return await _page(request, me, refusal, reason, exam_id)
    return RedirectResponse(f"/staff/exams/{exam_id}/key#corrections", SEE_OTHER)


def left_out_in_words(name: str, _: Words) -> str:
    return {
        "exclude_sittings": _("Sittings left out: everybody who handed in has a result."),
        "exclude_below_minutes": _("Short sittings left out: everybody who handed in has a result."),
        "weights": _("Weights of topics: change the points of their questions instead."),
        "negative_marking": _("Points off for wrong answers: no exam is marked so here."),
        "curve": _("The curve: an exam's points are those of its answers."),
        "grade_bands": _("Grades: an exam has points and a pass mark."),
        "scale": _("The scale: an exam's own follows from its calibration."),
        "pass_mark": _("The pass mark of several exams together: set each exam's own."),
    }[name]


def _number(said: object) -> int | None:
    text = str(said or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _problems(refusal: Refusal | None, _: Words) -> list[str]:
    if refusal is None:
        return []
    fields: Any = refusal.details.get("fields", [])
    return [_(refusal.detail), *(_(field["message"]) for field in fields)]


routes = [
    Route("/staff/calculations/{calculation_id:int}/official", official_page),
    Route("/staff/calculations/{calculation_id:int}/official", post_official, methods=["POST"]),
]
