"""The whole paper as a candidate sees it, before any candidate does: it starts nothing and stores nothing."""

import secrets
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person, require_role
from examhall.accounts.people import find_account
from examhall.exams.content import Content, load_content, shuffled
from examhall.exams.questions import find_exam
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of, language_of
from examhall.web.pages import as_json, render
from examhall.web.paper import paper_html
from examhall.web.staff.frames import for_a_frame, showing_frames
from examhall.web.staff.given import version_in
from examhall.web.words import room_words

# Of the label of a draw; the orders within a paper are labelled by what they order.
POOL = -1


async def preview_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/preview"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    seed = version_in(request.query_params.get("seed", "")) or 1
    device = "phone" if request.query_params.get("device") == "phone" else "wide"
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_exam(conn, exam_id)
        content = await load_content(conn, exam_id)
    page = framed(
        request,
        me,
        account,
        "staff/preview.html",
        exam=exam,
        exam_id=exam_id,
        device=device,
        seed=seed,
        is_empty=not content.questions,
        is_shuffled=content.is_shuffled,
        paper=f"/staff/exams/{exam_id}/preview/paper?{urlencode({'seed': seed})}",
        again=urlencode({"seed": secrets.randbelow(900_000_000) + 1, "device": device}),
    )
    return showing_frames(page)


async def paper_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/preview/paper: what stands in the frame"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    seed = version_in(request.query_params.get("seed", "")) or 1
    async with request.app.state.database.transaction() as conn:
        exam = await find_exam(conn, exam_id)
        content = await load_content(conn, exam_id)
    drawn, language, _ = a_draw(content, seed), language_of(request), gettext_of(request)
    page = render(
        request,
        "staff/preview_room.html",
        paper=Markup(paper_html(content, seed, language, drawn).decode()),  # noqa: S704
        title=content.title,
        pdf=None,
        exam_id=exam_id,
        session_id="0",
        question_count=content.question_count,
        boot=as_json(
            {
                "duration_s": exam.duration_s,
                "words": {
                    **room_words(language),
                    "preview": _("Preview: nothing is stored"),
                    "no_hand_in": _("This is a preview: there is nothing to hand in."),
                },
            }
        ),
    )
    return for_a_frame(page)


def a_draw(content: Content, seed: int) -> list[int] | None:
    """Question numbers that a candidate might get of the exam's pools; None where everybody gets all."""
    if all(section.draw is None for section in content.sections):
        return None
    numbers = [number for number, _ in content.questions]
    drawn = [number for number in numbers if number not in content.section_of]
    for section in content.sections:
        pool = [number for number in numbers if content.section_of.get(number) == section.place]
        drawn += shuffled(pool, seed, POOL, section.place)[: section.given]
    return sorted(drawn)


routes = [
    Route("/staff/exams/{exam_id:int}/preview", preview_page),
    Route("/staff/exams/{exam_id:int}/preview/paper", paper_page),
]
