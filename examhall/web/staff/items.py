"""The item-analysis page: how an exam's items did, which to look at first, and the figures as files."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.audit.noting import note
from examhall.base.errors import NotFound
from examhall.base.jobs import enqueue
from examhall.exams.markdown import to_html, to_inline_html
from examhall.scoring.calibration_files import (
    ITEM_NAMES,
    MEDIA_TYPES,
    OF_PERSON,
    as_csv,
    as_json,
    as_parquet,
    item_records,
    items_with_details,
    person_records,
)
from examhall.scoring.calibrations import (
    Calibration,
    ItemCalibration,
    Standing,
    find_calibration,
    find_standing,
    list_items,
    list_persons,
)
from examhall.scoring.item_warnings import ORDER, SERIOUS, warnings_of
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.pages import HEADERS
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.item_charts import (
    information_chart,
    item_chart,
    options_chart,
    score_chart,
    wright_map,
)
from examhall.web.staff.item_words import Advice, advise, summarise

# Named in the summary as what to look at first.
MOST_NAMED = 6


@dataclass(frozen=True)
class ItemView:
    item: ItemCalibration
    gist_html: str
    prompt_html: str
    advice: list[Advice]
    # By gravity, for sorting: 0 is fine.
    gravity: int
    chart: dict[str, Any] | None
    options_chart: dict[str, Any] | None
    option_texts: dict[str, str]


async def items_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/items"""
    me = await page_person(request)
    require_role(me, "analyst", "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        standing = await find_standing(conn, exam_id)
        calibration = await find_calibration(conn, exam_id)
        items = await list_items(conn, calibration) if calibration else []
    return framed(
        request,
        me,
        account,
        "staff/items.html",
        exam=standing,
        tabs=tabs_for(me),
        calibration=calibration,
        sees_persons=has_role(me, "analyst"),
        **(_view(request, calibration, items) if calibration else {}),
    )


def _view(request: Request, calibration: Calibration, items: list[ItemCalibration]) -> dict[str, Any]:
    _ = gettext_of(request)
    warnings = [warnings_of(item, too_few=calibration.too_few) for item in items]
    graves = sorted(
        (ORDER.index(words[0]), place)
        for place, words in enumerate(warnings)
        if words and words[0] in SERIOUS
    )
    named = [items[place].label for _gravity, place in graves[:MOST_NAMED]]
    return {
        "summary": summarise(calibration, [item.label for item in items], named, _),
        "views": [
            _item_view(calibration, item, words, _) for item, words in zip(items, warnings, strict=True)
        ],
        "levels": wright_map(calibration, items, warnings),
        "score_chart": score_chart(calibration, _),
        "information_chart": information_chart(calibration, items, _)
        if calibration.items_estimated
        else None,
    }


def _item_view(calibration: Calibration, item: ItemCalibration, words: list[str], _: Any) -> ItemView:
    exam_id = calibration.exam_id
    prompt = f"{item.prompt}\n\n{item.item_prompt}" if item.item_prompt else item.prompt
    return ItemView(
        item=item,
        gist_html=to_inline_html((item.item_prompt or item.prompt).split("\n", 1)[0], exam_id=exam_id),
        prompt_html=to_html(prompt, exam_id=exam_id),
        advice=advise(words, item, _),
        gravity=len(ORDER) - ORDER.index(words[0]) if words else 0,
        chart=item_chart(calibration, item, _),
        options_chart=options_chart(item, _),
        option_texts={
            option["key"]: to_inline_html(option["text"], exam_id=exam_id) for option in item.options or []
        }
        | {"true": _("True"), "false": _("False")},
    )


async def post_calibrate(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/items: calibrate again, or conclude an exam that does not end by itself."""
    me = await page_person(request)
    require_role(me, "analyst", "author")
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        standing = await find_standing(conn, exam_id)
        await _set_off(conn, standing)
    return RedirectResponse(f"/staff/exams/{exam_id}/items", SEE_OTHER)


async def _set_off(conn: Any, standing: Standing) -> None:
    if standing.is_coming:
        return
    concluded = standing.concluded_at is not None
    if not concluded and (standing.closes_at is None or standing.is_over):
        await enqueue(conn, "conclude_exam", [{"exam_id": standing.id}])
    else:
        arguments: dict[str, object] = {"exam_id": standing.id, "key_version": standing.key_version}
        await enqueue(conn, "calibrate_exam", [arguments])


async def items_file(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/items.{form}"""
    me = await page_person(request)
    require_role(me, "analyst", "author")
    form = request.path_params["form"]
    async with request.app.state.database.transaction() as conn:
        calibration = await _calibration(conn, id_of(request, "exam_id"), form)
        items = await list_items(conn, calibration)
    if form == "json":
        body = as_json(calibration, items=items_with_details(calibration, items))
    elif form == "csv":
        body = as_csv(item_records(calibration, items))
    else:
        body = as_parquet(item_records(calibration, items), ITEM_NAMES)
    return _file(calibration, "items", form, body)


async def persons_file(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/abilities.{form}"""
    me = await page_person(request)
    require_role(me, "analyst")
    form = request.path_params["form"]
    async with request.app.state.database.transaction() as conn:
        calibration = await _calibration(conn, id_of(request, "exam_id"), form)
        records = person_records(await list_persons(conn, calibration))
        await note(
            conn, "results_downloaded", kind="exams", thing=calibration.exam_id, exam_id=calibration.exam_id
        )
    if form == "json":
        body = as_json(calibration, persons=records)
    elif form == "csv":
        body = as_csv(records)
    else:
        body = as_parquet(records, OF_PERSON)
    return _file(calibration, "abilities", form, body)


async def _calibration(conn: Any, exam_id: int, form: str) -> Calibration:
    await find_standing(conn, exam_id)
    found = await find_calibration(conn, exam_id)
    if found is None or form not in MEDIA_TYPES:
        raise NotFound
    return found


def _file(calibration: Calibration, what: str, form: str, body: bytes) -> Response:
    name = f"exam-{calibration.exam_id}-{what}-v{calibration.key_version}.{form}"
    return Response(
        body,
        media_type=MEDIA_TYPES[form],
        headers={**HEADERS, "content-disposition": f'attachment; filename="{name}"'},
    )


routes = [
    Route("/staff/exams/{exam_id:int}/items", items_page),
    Route("/staff/exams/{exam_id:int}/items", post_calibrate, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/items.{form}", items_file),
    Route("/staff/exams/{exam_id:int}/abilities.{form}", persons_file),
]
