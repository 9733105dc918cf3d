"""An author's pages of marking by hand: how an exam is marked, by whom, how far it is and how they agree."""

import math
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.db import Connection
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.exams.correction import REASON_CHARS, BadCorrection, ByHand, Correction, NothingToCorrect
from examhall.exams.marking_scheme import GUIDANCE_CHARS, NewScheme
from examhall.scoring.by_hand_finish import NotFinished, reopen_task
from examhall.scoring.by_hand_progress import Opinion, agreement_of, list_opinions, progress_of_items
from examhall.scoring.by_hand_schemes import (
    AUTHOR,
    CannotMark,
    MarkingHasBegun,
    NotByHand,
    RubricDoesNotAddUp,
    Scheme,
    dismiss_marker,
    exam_to_mark,
    find_scheme,
    list_markers,
    list_schemes,
    name_markers,
    save_scheme,
)
from examhall.scoring.rescore import apply_correction
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.given import number_of, text_of, version_in
from examhall.web.staff.marking import problems_of, slot_in
from examhall.web.staff.rubric_text import BadRubric, read_rubric, write_rubric

SHOWN = 50
NAMES_CHARS = 20_000
RUBRIC_CHARS = 60_000
REFUSED_HERE = (CannotMark, SomebodyWasFaster, BadCorrection, NothingToCorrect, NotFinished)


async def marking_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/marking"""
    me = await page_person(request)
    require_role(me, AUTHOR)
    return await _marking(request, me)


async def _marking(
    request: Request, me: Person, refusal: Refusal | None = None, said: FormData | None = None
) -> Response:
    exam_id = id_of(request, "exam_id")
    apart = "apart" in request.query_params
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await exam_to_mark(conn, exam_id, me)
        schemes = await list_schemes(conn, exam_id)
        progress = {
            (each.question_number, each.sub_part): each for each in await progress_of_items(conn, exam_id)
        }
        agreement, leans = await agreement_of(conn, exam_id, reader_id=me.id)
        markers = await list_markers(conn, exam_id)
        opinions = await list_opinions(conn, exam_id, reader_id=me.id, apart=apart, limit=SHOWN)
    slots = [(scheme, (scheme.question_number, scheme.sub_part)) for scheme in schemes]
    return framed(
        request,
        me,
        account,
        "staff/marking_exam.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        items=[
            {"scheme": scheme, "progress": progress.get(slot), "agreement": agreement.get(slot)}
            for scheme, slot in slots
            if scheme.by_hand
        ],
        others=[scheme for scheme in schemes if not scheme.by_hand],
        answers=sum(each.answers for each in progress.values()),
        settled=sum(each.settled for each in progress.values()),
        thirds=sum(each.thirds_waiting for each in progress.values()),
        markers=markers,
        leans={lean.person_id: lean for lean in leans},
        marked=[list(each) for _, each in groupby(opinions, key=_answer)],
        apart=apart,
        is_nan=math.isnan,
        names_chars=NAMES_CHARS,
        reason_chars=REASON_CHARS,
        problems=problems_of(request, refusal),
        said=said or {},
    )


def _answer(opinion: Opinion) -> int:
    return opinion.answer_id


async def post_change(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/marking"""
    me = await page_person(request)
    require_role(me, AUTHOR)
    form = await request.form()
    exam_id = id_of(request, "exam_id")
    try:
        async with request.app.state.database.transaction() as conn:
            await exam_to_mark(conn, exam_id, me)
            await _change(conn, exam_id, me, form)
    except REFUSED_HERE as refusal:
        return await _marking(request, me, refusal, form)
    return RedirectResponse(f"/staff/exams/{exam_id}/marking", SEE_OTHER)


async def _change(conn: Connection, exam_id: int, me: Person, form: FormData) -> None:
    match form.get("deed"):
        case "name":
            names = text_of(form, "usernames", NAMES_CHARS).replace(",", " ").split()
            if names:
                await name_markers(conn, exam_id=exam_id, usernames=names, named_by=me.id)
        case "dismiss":
            await dismiss_marker(conn, exam_id=exam_id, person_id=number_of(form, "person"))
        case "reopen":
            await reopen_task(
                conn,
                number_of(form, "task"),
                by=me.id,
                is_author=True,
                reason=text_of(form, "reason", REASON_CHARS) or "-",
            )
        case "by_hand":
            await _put(conn, exam_id, me, form)


async def _put(conn: Connection, exam_id: int, me: Person, form: FormData) -> None:
    """A question of another kind goes to people, or back to the machine, by a correction of the key."""
    number, part = slot_in(str(form.get("question", ""))) or (1, "-")
    change = ByHand(
        change="by_hand", question_number=number, sub_part=part, by_hand=form.get("by_hand") == "yes"
    )
    reason = text_of(form, "reason", REASON_CHARS) or "-"
    await apply_correction(
        conn,
        exam_id=exam_id,
        version=version_in(str(form.get("version", ""))),
        correction=Correction(reason=reason, changes=[change]),
        corrected_by=me.id,
    )


async def scheme_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/marking/{question}"""
    me = await page_person(request)
    require_role(me, AUTHOR)
    return await _scheme(request, me)


async def _scheme(
    request: Request, me: Person, problems: list[str] | None = None, said: FormData | None = None
) -> Response:
    exam_id = id_of(request, "exam_id")
    slot = slot_in(request.path_params["question"])
    if slot is None:
        raise NotByHand
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await exam_to_mark(conn, exam_id, me)
        scheme = await find_scheme(conn, exam_id, *slot)
    return framed(
        request,
        me,
        account,
        "staff/marking_scheme.html",
        422 if problems else 200,
        exam=exam,
        exam_id=exam_id,
        scheme=scheme,
        given=_given(scheme) if said is None else {name: str(said.get(name, "")) for name in _given(scheme)},
        guidance_chars=GUIDANCE_CHARS,
        rubric_chars=RUBRIC_CHARS,
        problems=problems or [],
    )


def _given(scheme: Scheme) -> dict[str, str]:
    differ = "" if scheme.differ_above is None else f"{scheme.differ_above.normalize():f}"
    return {
        "markers": str(scheme.markers),
        "differ_above": differ,
        "third_rule": scheme.third_rule,
        "rubric": write_rubric(scheme.rubric),
        "guidance": scheme.guidance,
        "version": str(scheme.version),
    }


async def post_scheme(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/marking/{question}"""
    me = await page_person(request)
    require_role(me, AUTHOR)
    _ = gettext_of(request)
    form = await request.form()
    exam_id = id_of(request, "exam_id")
    slot = slot_in(request.path_params["question"])
    if slot is None:
        raise NotByHand
    try:
        async with request.app.state.database.transaction() as conn:
            await exam_to_mark(conn, exam_id, me)
            found = await find_scheme(conn, exam_id, *slot)
            await save_scheme(
                conn,
                exam_id=exam_id,
                question_number=slot[0],
                sub_part=slot[1],
                scheme=_new_scheme(form, found),
                seen=version_in(str(form.get("version", ""))),
            )
    except BadRubric as error:
        sentence = _("Line {line} of the rubric is no level: begin it with its points.").format(
            line=error.line
        )
        whole = _("Each criterion has a name and at least two levels.")
        return await _scheme(request, me, [sentence if error.line else whole], form)
    except (ValidationError, InvalidOperation):
        return await _scheme(
            request, me, [_("One of the figures is not a number that can stand there.")], form
        )
    except (MarkingHasBegun, RubricDoesNotAddUp, SomebodyWasFaster) as refusal:
        return await _scheme(request, me, problems_of(request, refusal), form)
    return RedirectResponse(f"/staff/exams/{exam_id}/marking", SEE_OTHER)


def _new_scheme(form: FormData, found: Scheme) -> NewScheme:
    """Of fields that the page does not let change, what they were."""
    guidance = text_of(form, "guidance", GUIDANCE_CHARS)
    if found.has_begun:
        return NewScheme(
            markers=2 if found.markers > 1 else 1,
            differ_above=found.differ_above,
            third_rule=found.third_rule,  # type: ignore[arg-type]
            rubric=found.criteria,
            guidance=guidance,
        )
    differ: Any = str(form.get("differ_above", "")).strip().replace(",", ".")
    return NewScheme.model_validate(
        {
            "markers": 2 if form.get("markers") == "2" else 1,
            "differ_above": Decimal(differ) if differ else None,
            "third_rule": str(form.get("third_rule", "nearest")),
            "rubric": [each.model_dump() for each in read_rubric(text_of(form, "rubric", RUBRIC_CHARS))],
            "guidance": guidance,
        }
    )


routes = [
    Route("/staff/exams/{exam_id:int}/marking", marking_page),
    Route("/staff/exams/{exam_id:int}/marking", post_change, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/marking/{question}", scheme_page),
    Route("/staff/exams/{exam_id:int}/marking/{question}", post_scheme, methods=["POST"]),
]
