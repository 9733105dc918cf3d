"""The office's exams: the list, and each at a glance."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base import clock
from examhall.events.sealed import use_of_sealed
from examhall.exams.sealing import key_releases, sealed_papers_of
from examhall.scoring.calibrations import Calibration, ItemCalibration, find_calibration, list_items
from examhall.scoring.glance import (
    SCORE_BANDS,
    STATES,
    TIME_BANDS,
    Pace,
    Results,
    Standing,
    list_exams,
    next_page,
    pace_of,
    results_of,
    standing_of,
)
from examhall.scoring.item_warnings import SERIOUS, warnings_of
from examhall.scoring.releasing import publish_results
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for

Words: TypeAlias = Callable[[str], str]

PER_PAGE = 25
LONGEST_SEARCH = 100
EVERYONE = ("author", "analyst", "invigilator")
# Items named in one sentence.
MOST_NAMED = 8


async def exams_page(request: Request) -> Response:
    """GET /staff/exams"""
    me = await page_person(request)
    require_role(me, *EVERYONE)
    search = request.query_params.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    state = request.query_params.get("state")
    cursor = request.query_params.get("cursor", "")
    before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else None
    known = state if state in STATES else None
    mine = bool(request.query_params.get("mine"))
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exams = await list_exams(
            conn,
            search=search,
            state=known,
            before=before,
            made_by=me.id if mine else None,
            limit=PER_PAGE,
        )
    below = next_page(exams, PER_PAGE)
    asked = {
        name: value for name, value in (("q", search), ("state", known), ("mine", mine and "1")) if value
    }
    return framed(
        request,
        me,
        account,
        "staff/exams.html",
        exams=exams,
        search=search,
        state=known,
        mine=mine,
        may_author=has_role(me, "author"),
        older=None if below is None else urlencode({**asked, "cursor": below}),
        newest=urlencode(asked) if before is not None else None,
        may_see_results=_may_see_results(me.roles),
    )


async def exam_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}"""
    me = await page_person(request)
    require_role(me, *EVERYONE)
    exam_id = id_of(request, "exam_id")
    _ = gettext_of(request)
    figures: dict[str, Any] = {"results": None, "sealed": None}
    from_at = (await sealed_papers_of(request).setting(exam_id)).from_at
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await standing_of(conn, exam_id)
        if from_at is not None:
            figures["sealed"] = {
                "from_at": from_at,
                "now": clock.now(),
                "use": await use_of_sealed(conn, exam_id=exam_id, since=from_at),
                "releases": await key_releases(conn, exam_id=exam_id),
            }
        if _may_see_results(me.roles):
            results = await results_of(conn, exam_id)
            pace = await pace_of(conn, exam_id)
            calibration = await find_calibration(conn, exam_id)
            items = await list_items(conn, calibration) if calibration else []
            figures |= {
                "results": results,
                "pace": pace,
                "calibration": calibration,
                "score_chart": score_chart(exam, results, _),
                "pace_chart": pace_chart(exam, pace, _),
                "time_chart": time_chart(pace, _),
                "attention": attention(exam, results, calibration, items, _),
            }
    return framed(
        request,
        me,
        account,
        "staff/exam.html",
        exam=exam,
        tabs=tabs_for(me),
        may_release=has_role(me, "author"),
        **figures,
    )


async def post_release(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/release"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        await publish_results(conn, exam_id)
    return RedirectResponse(f"/staff/exams/{exam_id}", SEE_OTHER)


def _may_see_results(roles: Sequence[str]) -> bool:
    return bool({"author", "analyst", "admin"} & {*roles})


def score_chart(exam: Standing, results: Results, _: Words) -> dict[str, Any] | None:
    """How many results lie in each twentieth of all points."""
    if not results.marked:
        return None
    width = 100 // SCORE_BANDS
    chart: dict[str, Any] = {
        "x": {
            "label": _("Percent of all points"),
            "labels": [f"{band * width}" for band in range(SCORE_BANDS)],
        },
        "y": {"label": _("Candidates")},
        "series": [{"name": _("Candidates"), "values": results.bands, "style": "bars", "full": True}],
        "marks": [],
    }
    if exam.pass_percent is not None:
        # Bars stand around their number: a band begins half a bar to the left of it.
        at = float(exam.pass_percent) / width - 0.5
        chart["marks"] = [{"x": at, "text": _("pass mark")}]
    return chart


def pace_chart(exam: Standing, pace: Pace, _: Words) -> dict[str, Any] | None:
    if not pace.at:
        return None
    return {
        "x": {"values": [round(at.timestamp()) for at in pace.at], "time": True},
        "y": {"label": _("Candidates")},
        "series": [
            {"name": _("Started"), "values": pace.came, "style": "steps", "colour": 6},
            {"name": _("Handed in"), "values": pace.handed_in, "style": "area"},
        ],
        "marks": [{"x": exam.closes_at.timestamp(), "text": _("window closes")}] if exam.closes_at else [],
    }


def time_chart(pace: Pace, _: Words) -> dict[str, Any] | None:
    if not any(pace.time_bands):
        return None
    width = 100 // TIME_BANDS
    return {
        "x": {
            "label": _("Percent of the time they had"),
            "labels": [f"{band * width}–{(band + 1) * width}" for band in range(TIME_BANDS)],
        },
        "y": {"label": _("Candidates")},
        "series": [
            {"name": _("Candidates"), "values": pace.time_bands, "style": "bars", "colour": 3},
        ],
    }


def attention(
    exam: Standing,
    results: Results,
    calibration: Calibration | None,
    items: Sequence[ItemCalibration],
    _: Words,
) -> list[dict[str, str]]:
    """What a person should look at, in sentences; the gravest first, with where to go."""
    found = []

    def say(tone: str, text: str, path: str = "") -> None:
        found.append({"tone": tone, "text": text, "path": path})

    if results.unmarked_items:
        say(
            "wait",
            _("Answers that wait for a person to mark them: {answers}.").format(
                answers=results.unmarked_items
            ),
            "/marking",
        )
    if calibration is not None:
        bad = [
            item.label
            for item in items
            if item.points and SERIOUS & {*warnings_of(item, too_few=calibration.too_few)}
        ]
        if bad:
            named = ", ".join(bad[:MOST_NAMED]) + (" …" if len(bad) > MOST_NAMED else "")
            say(
                "bad",
                _("Items that need a look before results count: {items}.").format(items=named),
                "/items",
            )
        if calibration.key_version < exam.key_version:
            say("wait", _("The key was corrected since the items were analysed."), "/items")
    if results.waiting:
        say("wait", _("Sittings that are being marked: {count}.").format(count=results.waiting), "/key")
    if exam.release == "by_hand" and not exam.is_released and results.marked and not exam.in_now:
        say("wait", _("Results are marked and not released."))
    if exam.not_come and exam.state == "over":
        say(
            "", _("{absent} of {expected} did not come.").format(absent=exam.not_come, expected=exam.expected)
        )
    return found


routes = [
    Route("/staff/exams", exams_page),
    Route("/staff/exams/{exam_id:int}", exam_page),
    Route("/staff/exams/{exam_id:int}/release", post_release, methods=["POST"]),
]
