"""Results over the API: bytes to values and back."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from examhall.accounts.access import CrossSite, NotSignedIn, Person, SignedIn, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.db import Connection
from examhall.base.noting import note
from examhall.base.wire import Db, Id, refusals
from examhall.exams.release import NotReleasedByHand
from examhall.scoring.by_hand_told import feedback_on
from examhall.scoring.calibrations import find_ability
from examhall.scoring.releasing import publish_results
from examhall.scoring.replies import AttemptStatusOut, ResultOut
from examhall.scoring.rescore import changes_of_result
from examhall.scoring.results import (
    ResultsNotReady,
    ResultsNotReleased,
    StillInProgress,
    find_result,
    look_up_result,
)
from examhall.sittings.admission import require_ticket_for_sitting
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.availabilities import availabilities_of
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.close import submit_sitting

router = APIRouter(tags=["Exams and sessions"])
sessions_router = APIRouter(tags=["Exams and sessions"])
tests_router = APIRouter(tags=["Tests"])

OF_SESSION = refusals(NotSignedIn, TokenInvalid, SessionNotFound, ExamNotFound)


@sessions_router.get(
    "/sessions/{session_id}/results",
    summary="Score and breakdown, when released",
    responses=OF_SESSION | refusals(StillInProgress, ResultsNotReady, ResultsNotReleased),
)
async def get_results(session_id: Id, request: Request, me: SignedIn, db: Db) -> ResultOut:
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, session_id)
        result = await _result(conn, session_id, me)
    note(request, "result_seen", person_id=me.id, exam_id=result.exam_id, sitting_id=session_id)
    return result


@router.post(
    "/exams/{exam_id}/results/release",
    status_code=204,
    summary="Release results held back by hand",
    responses=refusals(NotSignedIn, TokenInvalid, CrossSite, WrongRole, NotReleasedByHand),
)
async def post_release(exam_id: Id, _me: Annotated[Person, Staff("author")], db: Db) -> Response:
    async with db.transaction() as conn:
        await publish_results(conn, exam_id)
    return Response(status_code=204)


@tests_router.post(
    "/tests/attempts/{attempt_id}/complete",
    summary="Hand in an attempt",
    responses=OF_SESSION | refusals(CrossSite) | {202: {"model": AttemptStatusOut}},
)
async def post_complete(
    attempt_id: Id, request: Request, me: SignedIn, db: Db, response: Response
) -> ResultOut | AttemptStatusOut:
    """200 with the result if it is there already, else 202 with where it will be."""
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, attempt_id)
        sitting = await submit_sitting(conn, sitting_id=attempt_id, candidate_id=me.id)
    availabilities_of(request).drop(exam_id=sitting.exam_id, candidate_id=me.id)
    note(request, "submitted", person_id=me.id, exam_id=sitting.exam_id, sitting_id=attempt_id)
    return await _status(attempt_id, me, db, response)


@tests_router.get(
    "/tests/attempts/{attempt_id}",
    summary="Status and result of an attempt",
    responses=OF_SESSION | {202: {"model": AttemptStatusOut}},
)
async def get_attempt(
    attempt_id: Id, me: SignedIn, db: Db, response: Response
) -> ResultOut | AttemptStatusOut:
    """202 when it is handed in and its result is not there yet, else 200."""
    return await _status(attempt_id, me, db, response)


async def _status(attempt_id: int, me: Person, db: Db, response: Response) -> ResultOut | AttemptStatusOut:
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, attempt_id)
        found = await look_up_result(conn, sitting_id=attempt_id, candidate_id=me.id)
        if found.is_released and found.marked_at is not None and found.closed_at is not None:
            return await _result(conn, attempt_id, me)
    if found.closed_at is not None:
        response.status_code = 202
    return AttemptStatusOut.of(found)


async def _result(conn: Connection, sitting_id: int, me: Person) -> ResultOut:
    result, marked = await find_result(conn, sitting_id=sitting_id, candidate_id=me.id)
    changes = await changes_of_result(conn, sitting_id=sitting_id, candidate_id=me.id)
    ability = await find_ability(conn, sitting_id=sitting_id, candidate_id=me.id)
    feedback = await feedback_on(conn, sitting_id=sitting_id, candidate_id=me.id)
    return ResultOut.of(result, marked, changes, ability, feedback)
