"""The key of an exam for the office: what candidates answered beside it, corrections, and what they did."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound, Refusal, SomebodyWasFaster
from examhall.exams.correcting import find_standing, keyed_items, list_corrections
from examhall.exams.correction import BadCorrection, CorrectedSince, KeyedItem, NothingToCorrect
from examhall.exams.markdown import to_html, to_inline_html
from examhall.scoring.key_table import KeyRow, key_table
from examhall.scoring.preview import BANDS, Preview, preview_correction
from examhall.scoring.rescore import apply_correction, progress_of, results_changed
from examhall.web.breakdown import given, right_answers
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.exam_tabs import tabs_for
from examhall.web.staff.key_form import changes_of_form, read_correction

LABEL = re.compile(r"([1-9][0-9]{0,4})([a-z]?)")
# A preview asks for no reason yet.
NO_REASON = "-"
# Wrong answers shown beside an item in the table.
MOST_WRONG = 2


async def key_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/key"""
    me = await page_person(request)
    require_role(me, "author", "analyst")
    return await _key_page(request, me)


async def _key_page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_standing(conn, exam_id)
        rows = await key_table(conn, exam_id)
        made = await list_corrections(conn, exam_id)
        changed = await results_changed(conn, exam_id)
        progress = await progress_of(conn, exam_id)
    shown = {(row.item.question_number, row.item.sub_part): shown_item(row.item, exam_id) for row in rows}
    return framed(
        request,
        me,
        account,
        "staff/key.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        rows=[_row_view(row, exam_id) for row in rows],
        corrections=[
            {
                "made": each,
                "changed": changed.get(each.key_version),
                "changes": [change_view(change, shown) for change in each.changes],
            }
            for each in made
        ],
        progress=progress,
        may_correct=has_role(me, "author"),
        problems=_problems(request, refusal),
    )


async def item_page(request: Request) -> Response:
    """GET /staff/exams/{exam_id}/key/{item}"""
    me = await page_person(request)
    require_role(me, "author")
    return await _item_page(request, me)


async def _item_page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    exam_id = id_of(request, "exam_id")
    number, part = _slot(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        exam = await find_standing(conn, exam_id)
        rows = await key_table(conn, exam_id, only=(number, part))
        parts = sum(item.question_number == number for item in await keyed_items(conn, exam_id))
    if not rows:
        raise NotFound
    view = _row_view(rows[0], exam_id)
    return framed(
        request,
        me,
        account,
        "staff/key_item.html",
        200 if refusal is None else refusal.status,
        exam=exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        row=view,
        prompt_html=to_html(rows[0].prompt, exam_id=exam_id),
        answers=[_answer_view(view["shown"], rows[0], each) for each in rows[0].answers],
        parts=parts,
        problems=_problems(request, refusal),
    )


async def post_preview(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/key/preview and /staff/exams/{exam_id}/key/{item}"""
    me = await page_person(request)
    require_role(me, "author")
    try:
        return await _preview(request, me)
    except (BadCorrection, NothingToCorrect, CorrectedSince) as refusal:
        if "item" in request.path_params:
            return await _item_page(request, me, refusal)
        if isinstance(refusal, BadCorrection):
            raise
        return await _key_page(request, me, refusal)


async def _preview(
    request: Request, me: Person, refusal: Refusal | None = None, reason: str = ""
) -> Response:
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        items = await keyed_items(conn, exam_id)
        item = None
        if "item" in request.path_params:
            slot = _slot(request)
            item = next((each for each in items if (each.question_number, each.sub_part) == slot), None)
        changes = changes_of_form(form, item)
        correction = read_correction(changes, NO_REASON)
        found = await preview_correction(conn, exam_id=exam_id, correction=correction)
        account = await find_account(conn, me.id)
    shown = {(each.question_number, each.sub_part): shown_item(each, exam_id) for each in items}
    return framed(
        request,
        me,
        account,
        "staff/correction.html",
        200 if refusal is None else refusal.status,
        exam=found.exam,
        exam_id=exam_id,
        tabs=tabs_for(me),
        preview=found,
        same=found.sittings - found.up - found.down,
        changes=[change_view(edit.as_json(), shown) for edit in found.edits],
        document=changes,
        spec=bands_chart(request, found),
        reason=reason,
        problems=_problems(request, refusal),
    )


async def post_correction(request: Request) -> Response:
    """POST /staff/exams/{exam_id}/key/corrections"""
    me = await page_person(request)
    require_role(me, "author")
    exam_id = id_of(request, "exam_id")
    form = await request.form()
    reason, version = str(form.get("reason", "")).strip(), str(form.get("version", ""))
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise BadCorrection
    try:
        correction = read_correction(changes_of_form(form, None), reason)
        async with request.app.state.database.transaction() as conn:
            await apply_correction(
                conn, exam_id=exam_id, version=int(version), correction=correction, corrected_by=me.id
            )
    except (SomebodyWasFaster, BadCorrection) as refusal:
        return await _preview(request, me, refusal, reason)
    return RedirectResponse(f"/staff/exams/{exam_id}/key#corrections", SEE_OTHER)


def shown_item(item: KeyedItem, exam_id: int) -> dict[str, Any]:
    """The item as `given` takes it, its options as HTML."""
    columns = {
        name: [{**each, "html": to_inline_html(each["text"], exam_id=exam_id)} for each in choices]
        for name, choices in item.presented.items()
        if name in ("options", "left", "right")
    }
    return {"kind": item.kind, **columns}


def _slot(request: Request) -> tuple[int, str]:
    found = LABEL.fullmatch(request.path_params["item"])
    if found is None or int(found[1]) > 32_767:
        raise NotFound
    return int(found[1]), found[2]


def _problems(request: Request, refusal: Refusal | None) -> list[str]:
    if refusal is None:
        return []
    fields: Any = refusal.details.get("fields", [])
    _ = gettext_of(request)
    return [_(refusal.detail), *(_(field["message"]) for field in fields)]


def _row_view(row: KeyRow, exam_id: int) -> dict[str, Any]:
    shown = shown_item(row.item, exam_id)
    first_line = row.prompt.strip().partition("\n")[0]
    return {
        "label": f"{row.item.question_number}{row.item.sub_part}",
        "item": row.item,
        "shown": shown,
        "gist_html": to_inline_html(first_line, exam_id=exam_id),
        "right": right_answers(shown, row.item.key),
        "for_everybody": bool(row.item.key.get("everybody")),
        "facility": row.facility,
        "presented": row.presented,
        "wrong": [_answer_view(shown, row, each) for each in row.wrong[:MOST_WRONG]],
    }


def _answer_view(shown: Mapping[str, Any], row: KeyRow, each: Any) -> dict[str, Any]:
    """An answer that somebody gave, and the change that would accept it."""
    is_wrong = each in row.wrong
    accept = {
        "change": "accept",
        "question_number": row.item.question_number,
        "sub_part": row.item.sub_part,
        "answer": each.answer,
    }
    return {
        "lines": given(shown, each.answer),
        "times": each.times,
        "percent": 100 * each.share,
        "points": each.points,
        "accept": [accept] if is_wrong else None,
    }


def change_view(change: Mapping[str, Any], shown: Mapping[tuple[int, str], Any]) -> dict[str, Any]:
    item = shown[change["question_number"], change["sub_part"]]

    def side(name: str) -> dict[str, Any]:
        key = change[name]["key"]
        return {
            "right": right_answers(item, key),
            "for_everybody": bool(key.get("everybody")),
            "points": float(change[name]["points"]),
        }

    return {
        "label": f"{change['question_number']}{change['sub_part']}",
        "kind": item["kind"],
        "before": side("from"),
        "after": side("to"),
        "key_changed": change["from"]["key"] != change["to"]["key"],
        "points_changed": change["from"]["points"] != change["to"]["points"],
    }


def bands_chart(request: Request, found: Preview) -> dict[str, Any] | None:
    _ = gettext_of(request)
    if found.before is None or found.after is None:
        return None
    width = 100 // BANDS
    return {
        "x": {
            "label": _("Percent of all points"),
            "labels": [f"{band * width}–{(band + 1) * width}" for band in range(BANDS)],
        },
        "y": {"label": _("Candidates")},
        # What was stands behind, wider and fainter.
        "series": [
            {"name": _("Before"), "values": found.before.bands, "style": "bars", "colour": 6}
            | {"full": True, "faint": True},
            {"name": _("After"), "values": found.after.bands, "style": "bars", "colour": 1},
        ],
    }


routes = [
    Route("/staff/exams/{exam_id:int}/key", key_page),
    Route("/staff/exams/{exam_id:int}/key/preview", post_preview, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/key/corrections", post_correction, methods=["POST"]),
    Route("/staff/exams/{exam_id:int}/key/{item}", item_page),
    Route("/staff/exams/{exam_id:int}/key/{item}", post_preview, methods=["POST"]),
]
