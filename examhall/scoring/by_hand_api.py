"""Marking by hand over the API: bytes to values and back."""

import re
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole, has_role
from examhall.accounts.tokens import TokenInvalid
from examhall.base.db import Connection
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.base.wire import Db, Id, refusals
from examhall.scoring.by_hand import (
    MarkFinished,
    NoSuchTask,
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
    NotFinished,
    TooManyPoints,
    finish_task,
    reopen_task,
)
from examhall.scoring.by_hand_progress import agreement_of, my_work, progress_of_items
from examhall.scoring.by_hand_replies import (
    FinishedOut,
    ItemOut,
    MarkerOut,
    MarkersIn,
    MarkingOut,
    MyWorkOut,
    ReasonIn,
    SavedOut,
    SchemeIn,
    SchemeOut,
    SheetIn,
    TaskOut,
    Which,
    WorkOut,
)
from examhall.scoring.by_hand_schemes import (
    AUTHOR,
    MARKER,
    CannotMark,
    MarkingHasBegun,
    NotAmongMarkers,
    NotByHand,
    RubricDoesNotAddUp,
    dismiss_marker,
    exam_to_mark,
    find_scheme,
    list_markers,
    list_schemes,
    name_markers,
    save_scheme,
)

router = APIRouter(tags=["Marking by hand"])

ASKED = (NotSignedIn, TokenInvalid, WrongRole)
CHANGED = (*ASKED, CrossSite)
ETAG = re.compile(r'"?([0-9]{1,9})"?')

Marks = Annotated[Person, Staff(AUTHOR, MARKER)]
Author = Annotated[Person, Staff(AUTHOR)]


class SchemeVersionMissing(Refusal):
    """Say which version of the marking scheme this replaces: If-Match with the version that was read, 0 for
    the first."""

    status = 428


@router.get("/marking", summary="What there is for me to mark", responses=refusals(*ASKED))
async def get_work(me: Marks, db: Db) -> MyWorkOut:
    async with db.transaction() as conn:
        return MyWorkOut(items=[WorkOut.of(work) for work in await my_work(conn, me)])


@router.post(
    "/exams/{exam_id}/marking/next",
    summary="Take the next answer to mark",
    responses=refusals(*CHANGED, NotAmongMarkers) | {204: {"description": "Nothing is left for you."}},
    response_model=TaskOut,
)
async def post_next(exam_id: Id, me: Marks, db: Db, which: Which | None = None) -> TaskOut | Response:
    """The one in hand, or a free one that is yours from now on. Asking again gives the same."""
    slot = (which.question_number, which.sub_part) if which else None
    async with db.transaction() as conn:
        await exam_to_mark(conn, exam_id, me)
        task_id = await take_next(conn, exam_id=exam_id, marker_id=me.id, slot=slot)
        return Response(status_code=204) if task_id is None else await _task(conn, task_id, me)


@router.get(
    "/marking/tasks/{task_id}", summary="An answer in my hand", responses=refusals(*ASKED, NoSuchTask)
)
async def get_task(task_id: Id, me: Marks, db: Db) -> TaskOut:
    async with db.transaction() as conn:
        await _refuse_dismissed(conn, task_id, me)
        return await _task(conn, task_id, me)


@router.put(
    "/marking/tasks/{task_id}/sheet",
    summary="Keep what I wrote so far",
    responses=refusals(*CHANGED, NoSuchTask, TaskTaken, MarkFinished),
)
async def put_sheet(task_id: Id, sheet: SheetIn, me: Marks, db: Db) -> SavedOut:
    async with db.transaction() as conn:
        saved = await save_sheet(conn, task_id, me.id, sheet.sheet())
    return SavedOut.of(saved)


@router.post(
    "/marking/tasks/{task_id}/finish",
    summary="Finish a mark",
    responses=refusals(*CHANGED, NoSuchTask, TaskTaken, NewerSheet, NotComplete, TooManyPoints, NotByHand),
)
async def post_finish(task_id: Id, sheet: SheetIn, me: Marks, db: Db) -> FinishedOut:
    """Sending it again changes nothing, and is told the same."""
    async with db.transaction() as conn:
        await _refuse_dismissed(conn, task_id, me)
        finished = await finish_task(conn, task_id, me.id, sheet.sheet())
    return FinishedOut.of(finished)


@router.post(
    "/marking/tasks/{task_id}/skip",
    status_code=204,
    summary="Give an answer back to the others",
    responses=refusals(*CHANGED, NoSuchTask),
)
async def post_skip(task_id: Id, me: Marks, db: Db) -> Response:
    async with db.transaction() as conn:
        await skip_task(conn, task_id, me.id)
    return Response(status_code=204)


@router.post(
    "/marking/tasks/{task_id}/reopen",
    status_code=204,
    summary="Reopen a finished mark",
    responses=refusals(*CHANGED, NoSuchTask, NotFinished),
)
async def post_reopen(task_id: Id, why: ReasonIn, me: Marks, db: Db) -> Response:
    """Whoever gave it changes it: a marker their own until results are final, an author any."""
    async with db.transaction() as conn:
        await _refuse_dismissed(conn, task_id, me)
        await reopen_task(conn, task_id, by=me.id, is_author=has_role(me, AUTHOR), reason=why.reason)
    return Response(status_code=204)


@router.get(
    "/exams/{exam_id}/marking",
    summary="How far marking by hand is, and how markers agree",
    responses=refusals(*ASKED, NotAmongMarkers),
)
async def get_marking(exam_id: Id, me: Author, db: Db) -> MarkingOut:
    async with db.transaction() as conn:
        await exam_to_mark(conn, exam_id, me)
        schemes = [scheme for scheme in await list_schemes(conn, exam_id) if scheme.by_hand]
        progress = {
            (each.question_number, each.sub_part): each for each in await progress_of_items(conn, exam_id)
        }
        agreement, leans = await agreement_of(conn, exam_id, reader_id=me.id)
        markers = await list_markers(conn, exam_id)
    by_person = {lean.person_id: lean for lean in leans}
    slots = [(scheme.question_number, scheme.sub_part) for scheme in schemes]
    return MarkingOut(
        items=[
            ItemOut.of(scheme, progress.get(slot), agreement.get(slot))
            for scheme, slot in zip(schemes, slots, strict=True)
        ],
        markers=[MarkerOut.of(marker, by_person.get(marker.person_id)) for marker in markers],
    )


@router.put(
    "/exams/{exam_id}/marking/schemes/{question_number}",
    summary="Say how an item is marked",
    responses=refusals(
        *CHANGED, NotAmongMarkers, NotByHand, MarkingHasBegun, RubricDoesNotAddUp, SomebodyWasFaster,
        SchemeVersionMissing,
    ),
)  # fmt: skip
async def put_scheme(
    exam_id: Id,
    question_number: Id,
    scheme: SchemeIn,
    _me: Author,
    db: Db,
    response: Response,
    sub_part: str = "",
    if_match: Annotated[str | None, Header(description="The scheme's version, 0 for none yet.")] = None,
) -> SchemeOut:
    version = ETAG.fullmatch(if_match or "")
    if version is None:
        raise SchemeVersionMissing
    async with db.transaction() as conn:
        await save_scheme(
            conn,
            exam_id=exam_id,
            question_number=question_number,
            sub_part=sub_part,
            scheme=scheme,
            seen=int(version[1]),
        )
        saved = await find_scheme(conn, exam_id, question_number, sub_part)
    response.headers["ETag"] = f'"{saved.version}"'
    return SchemeOut.of(saved)


@router.post(
    "/exams/{exam_id}/marking/markers",
    status_code=204,
    summary="Name markers of an exam",
    responses=refusals(*CHANGED, NotAmongMarkers, CannotMark),
)
async def post_markers(exam_id: Id, named: MarkersIn, me: Author, db: Db) -> Response:
    async with db.transaction() as conn:
        await exam_to_mark(conn, exam_id, me)
        await name_markers(conn, exam_id=exam_id, usernames=named.usernames, named_by=me.id)
    return Response(status_code=204)


@router.delete(
    "/exams/{exam_id}/marking/markers/{person_id}",
    status_code=204,
    summary="Somebody marks this exam no longer",
    responses=refusals(*CHANGED, NotAmongMarkers),
)
async def delete_marker(exam_id: Id, person_id: Id, me: Author, db: Db) -> Response:
    async with db.transaction() as conn:
        await exam_to_mark(conn, exam_id, me)
        await dismiss_marker(conn, exam_id=exam_id, person_id=person_id)
    return Response(status_code=204)


async def _refuse_dismissed(conn: Connection, task_id: int, me: Person) -> None:
    if not has_role(me, AUTHOR):
        await refuse_dismissed(conn, task_id, me.id)


async def _task(conn: Connection, task_id: int, me: Person) -> TaskOut:
    task = await find_task(conn, task_id, me.id)
    return TaskOut.of(task, await find_scheme(conn, task.exam_id, task.question_number, task.sub_part))
