"""The invigilator's page of an exam that is being sat: who is in, who is cut off, and what can be done."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person, require_role
from examhall.accounts.people import find_account
from examhall.sittings.monitor import read_overall
from examhall.web.frame import framed, id_of
from examhall.web.i18n import language_of
from examhall.web.pages import as_json
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.words import monitor_words


async def live_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/live"""
    me = await page_person(request)
    require_role(me, "invigilator")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.connection() as conn:
        account = await find_account(conn, me.id)
        exam = await read_overall(conn, exam_id)
    return framed(
        request,
        me,
        account,
        "staff/live.html",
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        words=as_json(monitor_words(language_of(request))),
    )


routes = [Route("/staff/exams/{exam_id:int}/live", live_page)]
