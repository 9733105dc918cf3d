"""The page on which a judge judges: items with their right answers, rated; or the booklet and a bookmark."""

import re
from decimal import Decimal
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import page_person, require_role
from examhall.accounts.people import find_account
from examhall.analyses.judging import (
    JudgedItem,
    NewRating,
    NotAJudge,
    booklet_of,
    judged_items,
    own_bookmark,
    own_ratings,
    place_bookmark,
    rate_items,
)
from examhall.analyses.panels import NoSuchPanel, Panel, find_panel
from examhall.analyses.projects import STAFF
from examhall.analyses.standards import Found, find_result
from examhall.base import clock
from examhall.base.db import Connection
from examhall.exams.correction import KeyedItem
from examhall.exams.markdown import to_html
from examhall.web.breakdown import right_answers
from examhall.web.frame import framed, id_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.key import shown_item
from examhall.web.staff.panel_words import strips

RATED = re.compile(r"rating-([1-9][0-9]{0,4})([a-z]?)")


async def judge_page(request: Request) -> Response:
    """GET /staff/panels/{panel_id}/judge"""
    me = await page_person(request)
    require_role(me, *STAFF)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        panel = await _judged(conn, request, me)
        items = await judged_items(conn, panel)
        # What the last round ended with, for this one to look at; of nobody's alone.
        before = await find_result(conn, panel, round=panel.round - 1) if panel.round > 1 else None
        mine = {
            (rating.question_number, rating.sub_part): rating.percent
            for rating in await own_ratings(conn, panel, me.id)
        }
        placed = await own_bookmark(conn, panel, me.id)
    if panel.method == "bookmark":
        items = [items[place] for place in booklet_of(panel, items).order]
    return framed(
        request,
        me,
        account,
        "staff/judging.html",
        panel=panel,
        items=[_item_view(panel, item, mine.get((item.question_number, item.sub_part))) for item in items],
        page=placed.page if placed else None,
        feedback=_feedback(before),
    )


def _feedback(before: Found | None) -> dict[str, Any] | None:
    if before is None:
        return None
    return {
        "cut": before.cut,
        "strips": strips(before),
        "bookmarks": {item.label: item.bookmarks for item in before.items},
        "impact": before.impact,
    }


def _item_view(panel: Panel, item: JudgedItem, percent: int | None) -> dict[str, Any]:
    prompt = f"{item.prompt}\n\n{item.item_prompt}" if item.item_prompt else item.prompt
    keyed = KeyedItem(item.question_number, item.sub_part, item.kind, item.presented, item.key, Decimal(0))
    shown = shown_item(keyed, panel.exam_id)
    return {
        "label": item.label,
        "kind": item.kind,
        "points": item.points,
        "topic": item.topic,
        "prompt_html": to_html(prompt, exam_id=panel.exam_id),
        "shown": shown,
        "right": right_answers(shown, item.key) if item.kind != "essay" else [],
        "right_keys": item.key.get("correct", [])
        if item.kind in ("single_choice", "multiple_choice")
        else [],
        "percent": percent,
        "difficulty": item.difficulty,
    }


async def post_judged(request: Request) -> Response:
    """POST /staff/panels/{panel_id}/judge: everything at once, where no script saves as one goes."""
    me = await page_person(request)
    require_role(me, *STAFF)
    form = await request.form()
    # A script on the same page counts in milliseconds as well: what was sent later stays.
    revision = int(clock.now().timestamp() * 1000)
    round = _whole(str(form.get("round", ""))) or 0
    async with request.app.state.database.transaction() as conn:
        panel = await _judged(conn, request, me)
        if panel.method == "angoff":
            ratings = _ratings(form, revision)
            if ratings:
                await rate_items(conn, panel.id, person_id=me.id, round=round, ratings=ratings)
        else:
            page = _whole(str(form.get("page", "")))
            await place_bookmark(
                conn, panel, person_id=me.id, round=round, page=page or None, revision=revision
            )
    return RedirectResponse(f"/staff/panels/{panel.id}/judge?saved", SEE_OTHER)


async def _judged(conn: Connection, request: Request, me: Any) -> Panel:
    try:
        panel = await find_panel(conn, id_of(request, "panel_id"), me)
    except NoSuchPanel as error:
        raise NotAJudge from error
    if not panel.is_judge:
        raise NotAJudge
    return panel


def _ratings(form: FormData, revision: int) -> list[NewRating]:
    found = []
    for name, value in form.multi_items():
        slot = RATED.fullmatch(name)
        if slot is None or int(slot[1]) > 32_767:
            continue
        percent = _whole(str(value))
        if percent is None or percent <= 100:
            found.append(NewRating(int(slot[1]), slot[2], percent, revision))
    return found


def _whole(said: str) -> int | None:
    said = said.strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else None


routes = [
    Route("/staff/panels/{panel_id:int}/judge", judge_page),
    Route("/staff/panels/{panel_id:int}/judge", post_judged, methods=["POST"]),
]
