"""The marker's pages: what there is to mark, and the desk with one answer on it."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base import clock
from examhall.base.db import Connection
from examhall.base.errors import Refusal
from examhall.base.wire import LARGEST_ID
from examhall.exams.correction import KeyedItem
from examhall.exams.markdown import to_html
from examhall.scoring.by_hand import (
    COMMENT_CHARS,
    MarkFinished,
    Sheet,
    Task,
    TaskTaken,
    find_task,
    refuse_dismissed,
    save_sheet,
    skip_task,
    take_next,
)
from examhall.scoring.by_hand_finish import (
    NewerSheet,
    NotComplete,
    TooManyPoints,
    finish_task,
    reopen_task,
)
from examhall.scoring.by_hand_progress import my_work
from examhall.scoring.by_hand_replies import SheetIn
from examhall.scoring.by_hand_schemes import AUTHOR, MARKER, Scheme, exam_to_mark, find_scheme
from examhall.web.breakdown import given, right_answers
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import text_of
from examhall.web.staff.key import shown_item

SLOT = re.compile(r"([1-9][0-9]{0,4})([a-z]?)")
REFUSED_HERE = (NotComplete, TooManyPoints, NewerSheet, MarkFinished, TaskTaken)
# As in prompts: money is no formula, because a space or a digit stands where none may.
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(?! )([^$\n]{1,500}?)(?<! )\$(?![0-9])", re.DOTALL)
# A digit of the keyboard.
LARGEST_DIGIT = 9
REASON_CHARS = 500


async def work_page(request: Request) -> Response:
    """GET /staff/marking"""
    me = await page_person(request)
    require_role(me, AUTHOR, MARKER)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        work = await my_work(conn, me)
    exams = [
        {
            "id": exam_id,
            "title": questions[0].exam_title,
            "questions": questions,
            "waiting": sum(each.waiting for each in questions),
            "in_hand": sum(each.in_hand for each in questions),
            "done": sum(each.done for each in questions),
        }
        for exam_id, questions in (
            (exam_id, list(found))
            for exam_id, found in groupby(_by_exam(work), key=lambda each: each.exam_id)
        )
    ]
    return framed(
        request,
        me,
        account,
        "staff/marking.html",
        exams=exams,
        is_author=has_role(me, AUTHOR),
        nothing_left="nothing" in request.query_params,
    )


def _by_exam(work: list[Any]) -> list[Any]:
    """Those where something waits first, the questions of one exam together."""
    order: dict[int, int] = {}
    for each in work:
        order.setdefault(each.exam_id, len(order))
    return sorted(work, key=lambda each: (order[each.exam_id], each.question_number, each.sub_part))


async def post_next(request: Request) -> Response:
    """POST /staff/marking/next: the next answer of an exam, or of one of its questions."""
    me = await page_person(request)
    require_role(me, AUTHOR, MARKER)
    form = await request.form()
    exam_id = _whole(str(form.get("exam", "")))
    async with request.app.state.database.transaction() as conn:
        await exam_to_mark(conn, exam_id, me)
        task_id = await _next(conn, exam_id, me, slot_in(str(form.get("question", ""))))
    return _to(task_id)


async def _next(conn: Connection, exam_id: int, me: Person, slot: tuple[int, str] | None) -> int | None:
    """Of the question; when nothing of that is left, of the others."""
    task_id = await take_next(conn, exam_id=exam_id, marker_id=me.id, slot=slot)
    if task_id is None and slot is not None:
        task_id = await take_next(conn, exam_id=exam_id, marker_id=me.id)
    return task_id


def _to(task_id: int | None) -> Response:
    return RedirectResponse(
        "/staff/marking?nothing" if task_id is None else f"/staff/marking/{task_id}", SEE_OTHER
    )


async def desk_page(request: Request) -> Response:
    """GET /staff/marking/{task_id}"""
    me = await page_person(request)
    require_role(me, AUTHOR, MARKER)
    return await _desk(request, me)


async def _desk(
    request: Request, me: Person, refusal: Refusal | None = None, kept: Sheet | None = None
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        task = await _task(conn, id_of(request, "task_id"), me)
        scheme = await find_scheme(conn, task.exam_id, task.question_number, task.sub_part)
        work = await my_work(conn, me)
    of_item = [
        each
        for each in work
        if (each.exam_id, each.question_number, each.sub_part)
        == (task.exam_id, task.question_number, task.sub_part)
    ]
    return framed(
        request,
        me,
        account,
        "staff/marking_desk.html",
        200 if refusal is None else refusal.status,
        task=task,
        scheme=scheme,
        **_task_view(task, scheme),
        waiting=sum(each.waiting for each in of_item),
        done=sum(each.done for each in of_item),
        comment_chars=COMMENT_CHARS,
        reason_chars=REASON_CHARS,
        may_reopen=has_role(me, AUTHOR) or not task.is_concluded,
        problems=problems_of(request, refusal),
        sheet=kept
        or Sheet(task.levels or {}, task.points, task.comment or "", task.note or "", task.revision or 0),
    )


async def _task(conn: Connection, task_id: int, me: Person) -> Task:
    if not has_role(me, AUTHOR):
        await refuse_dismissed(conn, task_id, me.id)
    return await find_task(conn, task_id, me.id)


def _task_view(task: Task, scheme: Scheme) -> dict[str, Any]:
    keyed = KeyedItem(task.question_number, task.sub_part, task.kind, task.presented, task.key, Decimal(0))
    shown = shown_item(keyed, task.exam_id)
    is_text = isinstance(task.answer, str) and task.kind in ("essay", "short_text", "number")
    return {
        "prompt_html": to_html(task.prompt, exam_id=task.exam_id),
        "item_prompt_html": to_html(task.item_prompt, exam_id=task.exam_id),
        "guidance_html": to_html(scheme.guidance, exam_id=task.exam_id),
        "answer_html": written(task.answer) if is_text else None,
        "answer_lines": given(shown, task.answer),
        "words": len(task.answer.split()) if is_text else None,
        "characters": len(task.answer) if is_text else None,
        "options": shown.get("options", []),
        "right": right_answers(shown, task.key) if task.kind != "essay" else [],
        "criteria": [_criterion_view(each) for each in scheme.rubric],
        "most": sum((each.most for each in scheme.criteria), Decimal(0)) or task.max_points,
    }


def written(text: str) -> Markup:
    """A candidate's words exactly as they are, but for formulas between dollar signs, which are set."""
    found = Markup()
    end = 0
    for formula in FORMULA.finditer(text):
        display = formula[1] is not None
        found += escape(text[end : formula.start()]) + Markup(
            '<span class="math" data-display="{}">{}</span>'
        ).format("true" if display else "false", formula[1] if display else formula[2])
        end = formula.end()
    return found + escape(text[end:])


def _criterion_view(criterion: Mapping[str, Any]) -> dict[str, Any]:
    points = [Decimal(level["points"]) for level in criterion["levels"]]
    levels = [
        {"points": each, "words": level["words"], "digit": digit}
        for each, level, digit in zip(points, criterion["levels"], digits_of(points), strict=True)
    ]
    return {"key": criterion["key"], "name": criterion["name"], "levels": levels, "most": max(points)}


def digits_of(points: Sequence[Decimal]) -> list[int | None]:
    """The digit that chooses each level: its points, or the whole part of them where no level is worth that.

    None where two levels would share it, and from ten points on. No digit chooses a level by its
    place, for a marker who types 3 means three points.
    """
    whole = [each for each in points if each == int(each)]
    digits = [int(each) if each in whole or int(each) not in whole else None for each in points]
    return [
        each if each is not None and each <= LARGEST_DIGIT and digits.count(each) == 1 else None
        for each in digits
    ]


async def post_deed(request: Request) -> Response:
    """POST /staff/marking/{task_id}: save, finish, skip or reopen, where no script does it."""
    me = await page_person(request)
    require_role(me, AUTHOR, MARKER)
    form = await request.form()
    task_id = id_of(request, "task_id")
    deed = str(form.get("deed", "save"))
    sheet, is_whole = _sheet(form)
    try:
        if not is_whole:
            raise NotComplete
        async with request.app.state.database.transaction() as conn:
            task = await _task(conn, task_id, me)
            slot = (task.question_number, task.sub_part)
            if deed == "reopen":
                reason = text_of(form, "reason", REASON_CHARS) or "-"
                await reopen_task(conn, task_id, by=me.id, is_author=has_role(me, AUTHOR), reason=reason)
            elif deed == "skip":
                if task.finished_at is None:
                    await save_sheet(conn, task_id, me.id, sheet)
                await skip_task(conn, task_id, me.id)
                return _to(await _next(conn, task.exam_id, me, slot))
            elif deed == "finish":
                await finish_task(conn, task_id, me.id, sheet)
                return _to(await _next(conn, task.exam_id, me, slot))
            else:
                await save_sheet(conn, task_id, me.id, sheet)
    except REFUSED_HERE as refusal:
        return await _desk(request, me, refusal, sheet)
    return RedirectResponse(f"/staff/marking/{task_id}", SEE_OTHER)


def _sheet(form: FormData) -> tuple[Sheet, bool]:
    """What the form says, and whether a sheet can say all of it: what none can is left out."""
    levels = {
        name.removeprefix("level-"): int(str(value))
        for name, value in form.multi_items()
        if name.startswith("level-") and str(value).isascii() and str(value).isdigit() and len(str(value)) < 3
    }
    said = {
        "levels": levels,
        "points": str(form.get("points", "")).strip().replace(",", ".") or None,
        "comment": str(form.get("comment", ""))[:COMMENT_CHARS],
        "note": str(form.get("note", ""))[:COMMENT_CHARS],
        # A script on the same page counts in milliseconds as well: what was written later stays.
        "revision": int(clock.now().timestamp() * 1000),
    }
    try:
        return SheetIn.model_validate(said).sheet(), True
    except ValidationError as error:
        wrong = {each["loc"][0] for each in error.errors()}
        kept = {name: value for name, value in said.items() if name not in wrong}
        return SheetIn.model_validate(kept).sheet(), False


def slot_in(said: str) -> tuple[int, str] | None:
    """A question and part such as 36b; None for anything else."""
    found = SLOT.fullmatch(said)
    return (int(found[1]), found[2]) if found and int(found[1]) <= 32_767 else None


def _whole(said: str) -> int:
    """0, which no row has, for what is no number."""
    return min(int(said), LARGEST_ID) if said.isascii() and said.isdigit() and len(said) < 20 else 0


def problems_of(request: Request, refusal: Refusal | None) -> list[str]:
    if refusal is None:
        return []
    fields: Any = refusal.details.get("fields", [])
    return [gettext_of(request)(refusal.detail), *(gettext_of(request)(field["message"]) for field in fields)]


routes = [
    Route("/staff/marking", work_page),
    Route("/staff/marking/next", post_next, methods=["POST"]),
    Route("/staff/marking/{task_id:int}", desk_page),
    Route("/staff/marking/{task_id:int}", post_deed, methods=["POST"]),
]
