"""A candidate's report: the page, and the PDF that was made for them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person
from examhall.accounts.people import find_account
from examhall.base.attachment import download_headers
from examhall.reports.facts import BINS, Facts
from examhall.reports.reports import pdf_of, report_of
from examhall.reports.sheets import sheets_of
from examhall.sittings.admission import require_ticket_for_sitting
from examhall.web.dashboard import topic_bar
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of, language_of


async def report_page(request: Request) -> Response:
    """GET /sittings/{sitting_id}/report"""
    me = await page_person(request)
    sitting_id = id_of(request, "sitting_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        await require_ticket_for_sitting(conn, me, sitting_id)
        report = await report_of(
            conn, sitting_id=sitting_id, candidate_id=me.id, language=language_of(request)
        )
    return framed(
        request,
        me,
        account,
        "report.html",
        sitting_id=sitting_id,
        report=report,
        facts=report.facts,
        topics=[topic_bar(topic) for topic in report.facts.topics],
        spread_chart=_spread_chart(request, report.facts),
    )


def _spread_chart(request: Request, facts: Facts) -> dict[str, Any]:
    _ = gettext_of(request)
    width = 100 // BINS
    mine: list[int | None] = [None] * BINS
    mine[facts.bin] = facts.spread[facts.bin]
    others: list[int | None] = [None if at == facts.bin else people for at, people in enumerate(facts.spread)]
    return {
        "x": {
            "label": _("Percent of the points"),
            "labels": [f"{width * at}–{width * (at + 1)}" for at in range(BINS)],
        },
        "y": {"label": _("Candidates")},
        "series": [
            {
                "name": _("Others"),
                "values": others,
                "style": "bars",
                "full": True,
                "faint": True,
                "colour": 1,
            },
            {"name": _("Where I am"), "values": mine, "style": "bars", "full": True, "colour": 1},
        ],
    }


async def report_pdf(request: Request) -> Response:
    """GET /sittings/{sitting_id}/report.pdf"""
    me = await page_person(request)
    language = language_of(request)
    sitting_id = id_of(request, "sitting_id")
    async with request.app.state.database.transaction() as conn:
        await require_ticket_for_sitting(conn, me, sitting_id)
        report = await pdf_of(conn, sitting_id=sitting_id, candidate_id=me.id, language=language)
    pdf = await sheets_of(request).pdf(report, language)
    return Response(pdf, headers=download_headers(f"{report.title}.pdf"), media_type="application/pdf")


routes = [
    Route("/sittings/{sitting_id:int}/report", report_page),
    Route("/sittings/{sitting_id:int}/report.pdf", report_pdf),
]
