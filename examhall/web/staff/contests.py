"""The office's page of one contest: who came when, who handed in, and what marks were given."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person, require_role
from examhall.accounts.people import find_account
from examhall.contests.bulk import ContestStats, stats_of
from examhall.contests.contests import find_contest
from examhall.contests.statistics import (
    Mark,
    Moment,
    arrivals_of,
    distribution_of,
    students_csv,
    students_of,
)
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.numbers import Numbers, numbers_of

READERS = ("author", "analyst")
STUDENTS_SHOWN = 500


async def contest_page(request: Request) -> Response:
    """GET /staff/contests/{contest_id}"""
    me = await page_person(request)
    require_role(me, *READERS)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        contest = await find_contest(conn, id_of(request, "contest_id"))
        [stats] = await stats_of(conn, [contest.id])
        marks = await distribution_of(conn, contest.id, max_points=contest.points)
        moments = await arrivals_of(conn, contest.id)
        students = await students_of(conn, contest.id, limit=STUDENTS_SHOWN + 1)
    _ = gettext_of(request)
    is_marked = any(mark.students for mark in marks)
    return framed(
        request,
        me,
        account,
        "staff/contest.html",
        contest=contest,
        state=contest.status(contest.server_time),
        stats=stats,
        share=round(100 * stats.submitted / stats.enrolled) if stats.enrolled else None,
        marks_chart=_marks_chart(_, marks, numbers_of(request)) if is_marked else None,
        arrivals_chart=_arrivals_chart(_, moments, stats) if moments else None,
        students=students[:STUDENTS_SHOWN],
        are_more=len(students) > STUDENTS_SHOWN,
    )


def _marks_chart(_: Callable[[str], str], marks: Sequence[Mark], write: Numbers) -> dict[str, Any]:
    # A bar is all results from its mark up to the next one's; the last is full marks alone.
    labels = [write.points(mark.low) for mark in marks]
    if len(marks) > 1 and marks[1].low != 1:
        labels = [f"{low}–{high}" for low, high in pairwise(labels)] + labels[-1:]
    return {
        "x": {"label": _("Points"), "labels": labels},
        "y": {"label": _("Students"), "min": 0},
        "series": [
            {
                "name": _("Students"),
                "values": [mark.students for mark in marks],
                "style": "bars",
                "full": True,
            }
        ],
    }


def _arrivals_chart(
    _: Callable[[str], str], moments: Sequence[Moment], stats: ContestStats
) -> dict[str, Any]:
    return {
        "x": {"label": _("Time"), "values": [moment.at.timestamp() for moment in moments], "time": True},
        "y": {"label": _("Students"), "min": 0},
        "series": [
            {"name": _("Begun"), "values": [moment.begun for moment in moments], "style": "area"},
            {"name": _("Handed in"), "values": [moment.handed_in for moment in moments], "colour": 3},
            {
                "name": _("Enrolled"),
                "values": [stats.enrolled for _moment in moments],
                "dashed": True,
                "colour": 6,
            },
        ],
    }


async def export(request: Request) -> Response:
    """GET /staff/contests/{contest_id}/students.csv"""
    me = await page_person(request)
    require_role(me, *READERS)
    async with request.app.state.database.transaction() as conn:
        contest = await find_contest(conn, id_of(request, "contest_id"))
        students = await students_of(conn, contest.id)
    name = f'attachment; filename="contest-{contest.id}-students.csv"'
    return Response(students_csv(students), media_type="text/csv", headers={"Content-Disposition": name})


routes = [
    Route("/staff/contests/{contest_id:int}", contest_page),
    Route("/staff/contests/{contest_id:int}/students.csv", export),
]
