"""The leaderboard: who is ahead, for everybody to see; names in full for those who are signed in."""

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, refuse_tickets, visitor_of
from examhall.accounts.people import Account, find_account
from examhall.accounts.visibility import set_hidden_from_standings
from examhall.base.errors import NotFound
from examhall.scoring.conclude import announce_results
from examhall.standings.boards import NO_EXAM
from examhall.standings.exam_standing import LatestStanding, StandingNotShown, list_latest
from examhall.standings.leaderboard import Entry
from examhall.standings.replies import EntryOut
from examhall.standings.scale import NEWCOMER, TIERS
from examhall.standings.view import AnyTab, View, look, viewer_for
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER, here

ROWS = 50
# On the podium of a first page.
WINNERS = 3


async def leaderboard_page(request: Request) -> Response:
    """GET /leaderboard"""
    me = visitor_of(request)
    tab, exam_id = _tab_of(request), _exam_of(request)
    account, exams = await _frame(request, me, tab)
    if tab == "exam" and exam_id is None and exams:
        exam_id = exams[0].exam_id
    view, why_not = None, ""
    if tab != "exam" or exam_id is not None:
        try:
            view = await look(
                request.app.state.database,
                request.app.state.boards,
                me=me,
                tab=tab,
                exam_id=exam_id,
                cursor=request.query_params.get("cursor"),
                limit=ROWS,
            )
        except StandingNotShown as refusal:
            why_not = gettext_of(request)(refusal.detail)
    context = {
        "tab": tab,
        "exam_id": exam_id,
        "exams": exams,
        "why_not": why_not,
        "tiers": {tier.word: tier for tier in (NEWCOMER, *TIERS)},
        "is_first": "cursor" not in request.query_params,
        **_lines(view),
    }
    if me is None or account is None:
        return render(request, "leaderboard.html", **context)
    return framed(request, me, account, "leaderboard.html", **context)


def _tab_of(request: Request) -> AnyTab:
    asked = request.query_params.get("tab", "top_rated")
    for tab in get_args(AnyTab):
        if tab == asked:
            return tab  # type: ignore[no-any-return]
    raise NotFound


def _exam_of(request: Request) -> int | None:
    asked = request.query_params.get("exam_id", "")
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 18 or not int(asked):
        raise NotFound
    return int(asked)


async def _frame(
    request: Request, me: Person | None, tab: AnyTab
) -> tuple[Account | None, list[LatestStanding]]:
    """Whoever looks, and the exams to choose from."""
    account: Account | None = None
    exams: list[LatestStanding] = []
    if me is None and tab != "exam":
        return account, exams
    async with request.app.state.database.connection() as conn:
        if me is not None:
            account = await find_account(conn, me.id)
        if tab == "exam":
            exams = await list_latest(conn, viewer_for(me))
    return account, exams


def _lines(view: View | None) -> dict[str, Any]:
    if view is None:
        return {"rows": [], "mine": None, "my_cursor": "", "people": 0, "standing": None, "next_cursor": None}
    mine = view.mine

    def line(entry: Entry) -> EntryOut:
        is_me = mine is not None and entry.person_id == mine.person_id
        return EntryOut.of(entry, in_full=view.in_full or is_me, is_me=is_me)

    return {
        "rows": [line(entry) for entry in view.listing.entries],
        "mine": line(mine) if mine else None,
        "hidden": mine is not None and mine.hidden,
        "my_cursor": view.my_cursor,
        "people": view.listing.people,
        "standing": view.standing,
        "next_cursor": view.listing.next_cursor,
        "winners": WINNERS,
    }


async def post_visibility(request: Request) -> Response:
    """POST /leaderboard/visibility"""
    me = await page_person(request)
    refuse_tickets(me)
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        hidden = form.get("hidden") == "yes"
        if await set_hidden_from_standings(conn, person_id=me.id, hidden=hidden):
            await announce_results(conn, NO_EXAM)
    back = here(str(form.get("back", "")))
    return RedirectResponse(back if back and back.startswith("/leaderboard") else "/leaderboard", SEE_OTHER)


routes = [
    Route("/leaderboard", leaderboard_page),
    Route("/leaderboard/visibility", post_visibility, methods=["POST"]),
]
