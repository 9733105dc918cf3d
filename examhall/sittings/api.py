"""The sessions of the API and, by another name, the attempts at tests: bytes to values and back."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from msgspec.json import encode
from starlette.responses import Response

from examhall.accounts.access import Person, SignedIn
from examhall.base.clock import rfc3339
from examhall.base.db import Connection
from examhall.base.pieces import accepts_gzip, gzipped
from examhall.base.wire import LARGEST_ID, Body, Db, Id, Limit, Text
from examhall.exams.contents import Contents
from examhall.sittings.autosave import exam_of_sitting
from examhall.sittings.availability import (
    AttemptInProgress,
    Availability,
    ExamNotFound,
    availability_of_exam,
    exam_of_test_type,
    my_exams,
)
from examhall.sittings.close import submit_sitting
from examhall.sittings.start import Sitting, Starts, StoredAnswer, answers_so_far, find_sitting

router = APIRouter(tags=["Exams and sessions"])
sessions_router = APIRouter(tags=["Exams and sessions"])
tests_router = APIRouter(tags=["Tests"])

TestType = Annotated[Text, Query(min_length=1, max_length=100)]


class StartAttempt(Body):
    test_type: Text


def require_ticket_for(me: Person, exam_id: int) -> None:
    """Who came with a ticket is here for that exam alone; any other does not exist for them."""
    if me.exam_id is not None and me.exam_id != exam_id:
        raise ExamNotFound


async def require_ticket_for_sitting(conn: Connection, me: Person, sitting_id: int) -> None:
    """The same, asked of one of the person's sittings before anything is done to it."""
    if me.exam_id is not None:
        require_ticket_for(me, await exam_of_sitting(conn, sitting_id=sitting_id, candidate_id=me.id))


def starts_of(request: Request) -> Starts:
    starts: Starts = request.app.state.starts
    return starts


async def session_pieces(request: Request, sitting: Sitting, answers: list[StoredAnswer]) -> list[bytes]:
    """What an exam page needs to begin, or to go on elsewhere. No key is in it.

    In pieces, of which the questions are the same for all who sit an unshuffled exam.
    """
    contents: Contents = request.app.state.contents
    content = await contents.of(sitting.exam_id)
    stored = [
        {
            "question_number": each.question_number,
            "sub_part": each.sub_part,
            "answer": each.answer,
            "revision": each.revision,
            "saved_at": rfc3339(each.saved_at),
        }
        for each in answers
    ]
    facts = session_facts(sitting) | {"title": content.title, "kind": content.kind, "answers": stored}
    return [encode(facts)[:-1] + b',"questions":', content.questions_json(sitting.seed), b"}"]


def session_facts(sitting: Sitting) -> dict[str, Any]:
    return {
        "session_id": sitting.id,
        "exam_id": sitting.exam_id,
        "attempt_number": sitting.attempt_number,
        "status": sitting.status,
        "started_at": rfc3339(sitting.started_at),
        "deadline_at": rfc3339(sitting.deadline_at),
        "closes_at": rfc3339(sitting.closes_at),
        "submitted_at": rfc3339(sitting.closed_at) if sitting.closed_at else None,
        "server_time": rfc3339(sitting.server_time),
    }


def _reply(request: Request, pieces: list[bytes]) -> Response:
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(gzipped(*pieces), 200, headers, "application/json")
    return Response(b"".join(pieces), 200, headers, "application/json")


@router.post("/exams/{exam_id}/sessions", summary="Start, or resume the session in progress")
async def post_session(exam_id: Id, request: Request, me: SignedIn, db: Db) -> Response:
    require_ticket_for(me, exam_id)
    started = await starts_of(request).start(exam_id=exam_id, candidate_id=me.id)
    answers = []
    if not started.is_new:
        async with db.connection() as conn:
            answers = await answers_so_far(conn, started.sitting)
    return _reply(request, await session_pieces(request, started.sitting, answers))


@sessions_router.get("/sessions/{session_id}", summary="The session as it stands, to resume elsewhere")
async def get_session(session_id: Id, request: Request, me: SignedIn, db: Db) -> Response:
    async with db.transaction() as conn:
        sitting = await find_sitting(conn, sitting_id=session_id, candidate_id=me.id)
        require_ticket_for(me, sitting.exam_id)
        answers = await answers_so_far(conn, sitting)
    return _reply(request, await session_pieces(request, sitting, answers))


@sessions_router.post("/sessions/{session_id}/submit", summary="Hand in; repeating it is harmless")
async def post_submit(session_id: Id, me: SignedIn, db: Db) -> dict[str, Any]:
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, session_id)
        sitting = await submit_sitting(conn, sitting_id=session_id, candidate_id=me.id)
    return session_facts(sitting)


def _availability(found: Availability) -> dict[str, Any]:
    return {
        "exam_id": found.exam_id,
        "title": found.title,
        "kind": found.kind,
        "test_type": found.test_type,
        "can_start": found.can_start,
        "reason": found.reason,
        "attempts_used": found.attempts_used,
        "attempts_allowed": found.attempts_allowed,
        "attempt_in_progress": found.open_sitting_id is not None,
        "session_id": found.open_sitting_id,
        "duration_s": found.duration_s,
        "opens_at": rfc3339(found.opens_at) if found.opens_at else None,
        "closes_at": rfc3339(found.closes_at) if found.closes_at else None,
        "server_time": rfc3339(found.server_time),
    }


@router.get("/exams", summary="The exams that I may sit, with window and status")
async def get_exams(
    me: SignedIn,
    db: Db,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=1, le=LARGEST_ID)] = LARGEST_ID,
) -> dict[str, Any]:
    async with db.connection() as conn:
        found = await my_exams(
            conn, candidate_id=me.id, only_exam_id=me.exam_id, before_id=cursor, limit=limit + 1
        )
    return {
        "items": [_availability(each) for each in found[:limit]],
        "next_cursor": str(found[limit - 1].exam_id) if len(found) > limit else None,
    }


@router.get("/exams/{exam_id}", summary="One exam that I may sit")
async def get_exam(exam_id: Id, me: SignedIn, db: Db) -> dict[str, Any]:
    require_ticket_for(me, exam_id)
    async with db.connection() as conn:
        return _availability(await availability_of_exam(conn, exam_id=exam_id, candidate_id=me.id))


@tests_router.get("/tests/availability", summary="May I start this test now, and if not, why not?")
async def get_availability(test_type: TestType, me: SignedIn, db: Db) -> dict[str, Any]:
    async with db.connection() as conn:
        exam_id = await exam_of_test_type(
            conn, test_type=test_type, candidate_id=me.id, only_exam_id=me.exam_id
        )
        return _availability(await availability_of_exam(conn, exam_id=exam_id, candidate_id=me.id))


@tests_router.post("/tests/attempts/start", summary="Start an attempt; 409 while one is in progress")
async def post_attempt(body: StartAttempt, request: Request, me: SignedIn, db: Db) -> Response:
    async with db.connection() as conn:
        exam_id = await exam_of_test_type(
            conn, test_type=body.test_type, candidate_id=me.id, only_exam_id=me.exam_id
        )
    started = await starts_of(request).start(exam_id=exam_id, candidate_id=me.id)
    if not started.is_new:
        raise AttemptInProgress(attempt_id=started.sitting.id)
    sitting = started.sitting
    facts = {
        "attempt_id": sitting.id,
        "attempt_number": sitting.attempt_number,
        "deadline_at": rfc3339(sitting.deadline_at),
        "server_time": rfc3339(sitting.server_time),
    }
    session = await session_pieces(request, sitting, [])
    return _reply(request, [encode(facts)[:-1] + b',"session":', *session, b"}"])
