"""What went on in an exam, and in the whole house: arrivals, saves, hand-ins, time per question."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person, require_role
from examhall.accounts.people import find_account
from examhall.base import clock
from examhall.events.activity import (
    busiest_exams,
    counts_of,
    exam_activity,
    question_times_of,
    recent_counts,
)
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.staff.activity_charts import (
    arrivals_chart,
    hand_in_chart,
    house_chart,
    longest_question,
    presence_chart,
    questions_chart,
    saves_chart,
    sum_up,
)
from examhall.web.staff.exam_tabs import tabs_for

EVERYONE = ("author", "analyst", "invigilator")


async def exam_activity_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/activity"""
    me = await page_person(request)
    require_role(me, *EVERYONE)
    exam_id = id_of(request, "exam_id")
    _ = gettext_of(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await exam_activity(conn, exam_id=exam_id)
        counts = await counts_of(conn, exam_id=exam_id)
        questions = await question_times_of(conn, exam_id=exam_id)
    return framed(
        request,
        me,
        account,
        "staff/exam_activity.html",
        exam=exam,
        tabs=tabs_for(me),
        sums=sum_up(counts),
        longest_question=longest_question(questions, _),
        arrivals_chart=arrivals_chart(exam, counts, _),
        saves_chart=saves_chart(counts, _),
        presence_chart=presence_chart(counts, _),
        hand_in_chart=hand_in_chart(exam, counts, _),
        questions_chart=questions_chart(questions, _),
    )


async def activity_page(request: Request) -> Response:
    """GET /staff/activity"""
    me = await page_person(request)
    require_role(me, *EVERYONE)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exams = await busiest_exams(conn)
        recent = await recent_counts(conn)
    return framed(
        request,
        me,
        account,
        "staff/activity.html",
        exams=exams,
        house_chart=house_chart(recent, clock.now(), gettext_of(request)),
        computed_at=max((exam.computed_at for exam in exams), default=None),
    )


routes = [
    Route("/staff/activity", activity_page),
    Route("/staff/exams/{exam_id:int}/activity", exam_activity_page),
]
