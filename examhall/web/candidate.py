"""The candidate's pages: my exams, the lobby, the exam room, the result."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import csrf_token, page_person, renew_cookie
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound
from examhall.base.noting import note
from examhall.exams.content import Content, arrange
from examhall.exams.sealing import Setting, sealed_papers_of
from examhall.reports.reports import has_report
from examhall.scoring.by_hand_told import Feedback, feedback_on
from examhall.scoring.calibrations import SittingAbility, find_ability
from examhall.scoring.rescore import ChangedResult, changes_of_result
from examhall.scoring.results import MarkedItem, Result, find_result, look_up_result
from examhall.sittings.admission import require_ticket_for
from examhall.sittings.availability import (
    Availability,
    NoAttemptsLeft,
    NotYetOpen,
    WindowClosed,
    availability_of_exam,
)
from examhall.sittings.papers import readable_paper
from examhall.sittings.start import answers_so_far, find_sitting
from examhall.standings.outcome import Outcome, outcome_of
from examhall.web.breakdown import break_down, count_verdicts
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of, language_of
from examhall.web.overview import Size, find_picture, list_my_exams, size_of_exam
from examhall.web.pages import as_json, render_around
from examhall.web.paper import paper_html, pdf_of
from examhall.web.picture_reply import picture_reply
from examhall.web.public import SEE_OTHER, is_secure
from examhall.web.words import lobby_words, result_words, room_words

# Why a browser could not use the sealed paper, as it tells with the start: not what was asked for, not opened
# by the key (somebody between us changed it), or opened and not understood.
SEALED_FAILURES = frozenset(("hash", "tag", "page"))


async def exams_page(request: Request) -> Response:
    """GET /exams"""
    me = await page_person(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exams, done = await list_my_exams(conn, me)
    return framed(
        request,
        me,
        account,
        "exams.html",
        open=[exam for exam in exams if exam.is_open],
        coming=[exam for exam in exams if not exam.is_open],
        done=done,
    )


async def lobby_page(request: Request) -> Response:
    """GET /exams/{exam_id}"""
    me = await page_person(request)
    exam_id = id_of(request, "exam_id")
    require_ticket_for(me, exam_id)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        availability = await availability_of_exam(conn, exam_id=exam_id, candidate_id=me.id)
        size = await size_of_exam(conn, exam_id)
    content: Content = await request.app.state.contents.of(exam_id)
    sealing = await sealed_papers_of(request).setting(exam_id)
    note(request, "lobby_opened", person_id=me.id, exam_id=exam_id)
    return framed(
        request,
        me,
        account,
        "lobby.html",
        **_lobby_view(request, availability, content, size, sealing),
    )


def _lobby_view(
    request: Request, availability: Availability, content: Content, size: Size, sealing: Setting
) -> dict[str, Any]:
    _ = gettext_of(request)
    kinds = {"mock_exam": _("Exam"), "contest": _("Contest"), "test": _("Test")}
    waiting = availability.reason == "not_yet_open"
    # Who comes when it is open gets the questions themselves, as fast.
    sealed_from = sealing.from_for(availability.opens_at) if waiting else None
    return {
        "exam": availability,
        "size": size,
        "instructions_html": content.instructions_html,
        "kind_name": kinds[availability.kind],
        "waiting": waiting,
        "sealed": sealed_from is not None,
        "pdf": content.paper_version is not None,
        "why_not": "" if availability.can_start else _(availability.refusal().detail),
        "boot": {
            "server_time": availability.server_time,
            "opens_at": availability.opens_at,
            "sealed": sealed_from and {"exam": availability.exam_id, "from": sealed_from},
            "words": lobby_words(language_of(request)),
        },
    }


async def post_start(request: Request) -> Response:
    """POST /exams/{exam_id}/start"""
    me = await page_person(request)
    exam_id = id_of(request, "exam_id")
    require_ticket_for(me, exam_id)
    try:
        started = await request.app.state.starts.start(exam_id=exam_id, candidate_id=me.id)
    except (NotYetOpen, WindowClosed, NoAttemptsLeft) as refusal:
        note(request, "refused", detail=refusal.code, person_id=me.id, exam_id=exam_id)
        # The lobby says why.
        return RedirectResponse(f"/exams/{exam_id}", SEE_OTHER)
    note(request, started.noted_as, person_id=me.id, exam_id=exam_id, sitting_id=started.sitting.id)
    if (failure := (await request.form()).get("sealed")) in SEALED_FAILURES:
        note(request, "sealed_failed", detail=str(failure), person_id=me.id, exam_id=exam_id)
    return RedirectResponse(f"/sittings/{started.sitting.id}", SEE_OTHER)


async def room_page(request: Request) -> Response:
    """GET /sittings/{sitting_id}"""
    me = await page_person(request)
    # Two statements without a transaction around them: the answers may be newer than the sitting, no harm.
    async with request.app.state.database.connection() as conn:
        sitting = await find_sitting(conn, sitting_id=id_of(request, "sitting_id"), candidate_id=me.id)
        require_ticket_for(me, sitting.exam_id)
        answers = await answers_so_far(conn, sitting)
    if sitting.closed_at is not None:
        return RedirectResponse(f"/sittings/{sitting.id}/result", SEE_OTHER)
    content: Content = await request.app.state.contents.of(sitting.exam_id)
    page = render_around(
        request,
        "room.html",
        own={
            "paper": paper_html(content, sitting.seed, language_of(request), sitting.drawn),
            "csrf_token": csrf_token(request, me),
            "session_id": str(sitting.id),
            "boot": as_json(
                {
                    "sitting": sitting.id,
                    "deadline_at": sitting.deadline_at,
                    "server_time": sitting.server_time,
                    "answers": [vars(answer) for answer in answers],
                    "words": room_words(language_of(request)),
                    "paper": pdf_of(content, language_of(request)),
                }
            ),
        },
        pdf=content.paper_version,
        exam_id=sitting.exam_id,
        title=content.title,
        question_count=content.question_count if sitting.drawn is None else len(sitting.drawn),
    )
    renew_cookie(request, page, me, secure=is_secure(request))
    return page


async def result_page(request: Request) -> Response:
    """GET /sittings/{sitting_id}/result"""
    me = await page_person(request)
    sitting_id = id_of(request, "sitting_id")
    marked: list[MarkedItem] = []
    changes: Sequence[ChangedResult] = ()
    outcome: Outcome | None = None
    ability: SittingAbility | None = None
    reported = False
    feedback: dict[tuple[int, str], Feedback] = {}
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        result = await look_up_result(conn, sitting_id=sitting_id, candidate_id=me.id)
        require_ticket_for(me, result.exam_id)
        sitting = await find_sitting(conn, sitting_id=sitting_id, candidate_id=me.id)
        answers = await answers_so_far(conn, sitting)
        if result.closed_at is not None and result.is_released and result.marked_at is not None:
            result, marked = await find_result(conn, sitting_id=sitting_id, candidate_id=me.id)
            changes = await changes_of_result(conn, sitting_id=sitting_id, candidate_id=me.id)
            outcome = await outcome_of(conn, sitting_id=sitting_id, candidate_id=me.id)
            ability = await find_ability(conn, sitting_id=sitting_id, candidate_id=me.id)
            feedback = await feedback_on(conn, sitting_id=sitting_id, candidate_id=me.id)
            reported = await has_report(conn, sitting_id=sitting_id, candidate_id=me.id)
    if result.closed_at is None:
        return RedirectResponse(f"/sittings/{sitting_id}", SEE_OTHER)
    note(request, "result_seen", person_id=me.id, exam_id=result.exam_id, sitting_id=sitting_id)
    content: Content = await request.app.state.contents.of(result.exam_id)
    questions = arrange(content, sitting.seed, sitting.drawn)
    slots = [
        (f"{question['number']}{item['sub_part']}", f"{place}{item['sub_part']}")
        for place, question in enumerate(questions, 1)
        for item in question["items"]
    ]
    return framed(
        request,
        me,
        account,
        "result.html",
        **_result_view(result, marked),
        questions=break_down(questions, marked, exam_id=result.exam_id, feedback=feedback),
        outcome=outcome,
        changes=[_change_view(change, questions) for change in changes],
        ability=ability and _ability_view(ability),
        reported=reported,
        answered=sum(answer.answer is not None for answer in answers),
        items=len(slots),
        boot={
            "sitting": sitting_id,
            "waiting": result.is_released and not marked,
            "early": sitting.server_time < sitting.deadline_at,
            "labels": dict(slots),
            "revisions": [(f"{a.question_number}{a.sub_part}", a.revision) for a in answers],
            "words": result_words(language_of(request)),
        },
    )


def _result_view(result: Result, marked: list[MarkedItem]) -> dict[str, Any]:
    points, most = float(result.points or 0), float(result.max_points or 0)
    return {
        "result": result,
        "is_marked": bool(marked),
        "percent": round(100 * points / most, 2) if most else 0,
        "counts": count_verdicts(marked),
    }


def _ability_view(ability: SittingAbility) -> dict[str, Any] | None:
    """Where a candidate stands on the exam's scale, in percent of its length; None without a scale."""
    lowest, highest = ability.lowest, ability.highest
    if ability.scaled is None or lowest is None or highest is None:
        return None
    error = ability.scaled_se or 0.0

    def place(value: float) -> float:
        share = (value - lowest) / (highest - lowest)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    low, high = place(ability.scaled - error), place(ability.scaled + error)
    return {
        "scaled": round(ability.scaled),
        "error": round(error),
        "lowest": round(lowest),
        "highest": round(highest),
        "at": place(ability.scaled),
        "low": low,
        "wide": round(high - low, 2),
    }


def _change_view(change: ChangedResult, questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A correction and what it did, its questions numbered as this candidate had them."""
    places = {question["number"]: place for place, question in enumerate(questions, 1)}
    return {
        "change": change,
        "questions": sorted(places[number] for number in change.question_numbers if number in places),
        "moved": change.new_points - change.points or change.new_max_points - change.max_points,
    }


async def paper(request: Request) -> Response:
    """GET /exams/{exam_id}/paper"""
    me = await page_person(request)
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.connection() as conn:
        await readable_paper(conn, exam_id=exam_id, me=me)
    # Which asks again; there no page's compression stands in the way of its ranges.
    return RedirectResponse(f"/api/v1/exams/{exam_id}/paper")


async def picture(request: Request) -> Response:
    """GET /exams/{exam_id}/pictures/{name}"""
    me = await page_person(request)
    exam_id = id_of(request, "exam_id")
    require_ticket_for(me, exam_id)
    name = request.path_params["name"]
    async with request.app.state.database.transaction() as conn:
        found = await find_picture(conn, exam_id=exam_id, name=name, me=me)
    if found.drawn is not None:
        # With the connection given back: to read the content anew takes one.
        content: Content = await request.app.state.contents.of(exam_id)
        if not content.shows(name, found.drawn):
            raise NotFound
    return picture_reply(found.content, found.media_type)


routes = [
    Route("/exams", exams_page),
    Route("/exams/{exam_id:int}", lobby_page),
    Route("/exams/{exam_id:int}/start", post_start, methods=["POST"]),
    Route("/exams/{exam_id:int}/paper", paper),
    Route("/exams/{exam_id:int}/pictures/{name}", picture),
    Route("/sittings/{sitting_id:int}", room_page),
    Route("/sittings/{sitting_id:int}/result", result_page),
]
