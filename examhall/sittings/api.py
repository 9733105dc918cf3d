"""The sessions of the API and, by another name, the attempts at tests: bytes to values and back."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from msgspec.json import encode
from starlette.responses import Response

from examhall.accounts.access import CrossSite, NotSignedIn, SignedIn
from examhall.accounts.tokens import TokenInvalid
from examhall.base.noting import note
from examhall.base.pieces import accepts_gzip, gzipped
from examhall.base.shared_transaction import Crowded
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.exams.content import Content
from examhall.exams.contents import Contents
from examhall.exams.sealing import SealedPaper, sealed_papers_of
from examhall.sittings.admission import require_ticket_for, require_ticket_for_sitting
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.availabilities import availabilities_of
from examhall.sittings.availability import (
    AttemptInProgress,
    ExamNotFound,
    NoAttemptsLeft,
    NotYetOpen,
    WindowClosed,
    exam_of_test_type,
    my_exams,
)
from examhall.sittings.close import submit_sitting
from examhall.sittings.replies import (
    AnswerOut,
    AttemptOut,
    AvailabilityOut,
    SealedSessionOut,
    SessionOut,
    SittingOut,
)
from examhall.sittings.start import Sitting, Started, Starts, StoredAnswer, answers_so_far, find_sitting

router = APIRouter(tags=["Exams and sessions"])
sessions_router = APIRouter(tags=["Exams and sessions"])
tests_router = APIRouter(tags=["Tests"])

SIGNED_IN = refusals(NotSignedIn, TokenInvalid)
OF_EXAM = SIGNED_IN | refusals(ExamNotFound)
OF_SESSION = SIGNED_IN | refusals(SessionNotFound, ExamNotFound)

TestType = Annotated[Text, Query(min_length=1, max_length=100)]


class StartAttempt(Body):
    test_type: Text


async def _start(request: Request, *, exam_id: int, candidate_id: int) -> Started:
    starts: Starts = request.app.state.starts
    started = await starts.start(exam_id=exam_id, candidate_id=candidate_id)
    note(request, started.noted_as, person_id=candidate_id, exam_id=exam_id, sitting_id=started.sitting.id)
    return started


async def _content(request: Request, sitting: Sitting) -> Content:
    contents: Contents = request.app.state.contents
    return await contents.of(sitting.exam_id)


def _facts(content: Content, sitting: Sitting, answers: Sequence[StoredAnswer]) -> dict[str, Any]:
    return vars(SittingOut.of(sitting)) | {
        "title": content.title,
        "kind": content.kind,
        "answers": [vars(AnswerOut.of(each)) for each in answers],
        "sections": [section.as_json() for section in content.sections],
    }


async def _session(request: Request, sitting: Sitting, answers: Sequence[StoredAnswer]) -> list[bytes]:
    """A `SessionOut` in pieces, of which the questions are the same for all who sit an unshuffled exam."""
    content = await _content(request, sitting)
    facts = encode(_facts(content, sitting, answers))
    return [facts[:-1] + b',"questions":', content.questions_json(sitting.seed, sitting.drawn), b"}"]


async def _sealed_session(
    request: Request, sitting: Sitting, answers: Sequence[StoredAnswer], paper: SealedPaper
) -> list[bytes]:
    """A `SealedSessionOut`: instead of the questions what opens and arranges those that the browser has."""
    content = await _content(request, sitting)
    order = content.order(sitting.seed, sitting.drawn)
    sealed = {"version": paper.version, "key": paper.key_text, "order": order}
    return [encode(_facts(content, sitting, answers) | {"sealed": sealed})]


def _reply(request: Request, pieces: Sequence[bytes]) -> Response:
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(gzipped(*pieces), 200, headers, "application/json")
    return Response(b"".join(pieces), 200, headers, "application/json")


@router.post(
    "/exams/{exam_id}/sessions",
    summary="Start, or resume the session in progress",
    response_model=SessionOut | SealedSessionOut,
    responses=OF_EXAM | refusals(CrossSite, NotYetOpen, WindowClosed, NoAttemptsLeft, Crowded),
)
async def post_session(
    exam_id: Id,
    request: Request,
    me: SignedIn,
    db: Db,
    sealed: Annotated[
        str | None,
        Query(
            max_length=64, description="The version of the sealed paper that you have: the key comes with it."
        ),
    ] = None,
) -> Response:
    """With `sealed` comes the key of that version instead of the questions, if it is the valid one."""
    require_ticket_for(me, exam_id)
    started = await _start(request, exam_id=exam_id, candidate_id=me.id)
    answers: Sequence[StoredAnswer] = ()
    if not started.is_new:
        async with db.connection() as conn:
            answers = await answers_so_far(conn, started.sitting)
    # Only here, behind the start, does a key leave for a candidate.
    paper = await sealed_papers_of(request).opened_by(exam_id, sealed) if sealed is not None else None
    if paper is None:
        return _reply(request, await _session(request, started.sitting, answers))
    note(request, "sealed_opened", person_id=me.id, exam_id=exam_id, sitting_id=started.sitting.id)
    return _reply(request, await _sealed_session(request, started.sitting, answers, paper))


@sessions_router.get(
    "/sessions/{session_id}",
    summary="The session as it stands, to resume elsewhere",
    response_model=SessionOut,
    responses=OF_SESSION,
)
async def get_session(
    session_id: Id,
    request: Request,
    me: SignedIn,
    db: Db,
    questions: Annotated[
        Literal["all", "none"], Query(description="`none` to learn only of time and answers.")
    ] = "all",
) -> Response:
    async with db.transaction() as conn:
        sitting = await find_sitting(conn, sitting_id=session_id, candidate_id=me.id)
        require_ticket_for(me, sitting.exam_id)
        answers = await answers_so_far(conn, sitting)
    pieces = await _session(request, sitting, answers)
    if questions == "none":
        pieces[1] = b"[]"
    return _reply(request, pieces)


@sessions_router.post(
    "/sessions/{session_id}/submit",
    summary="Hand in; repeating it is harmless",
    responses=OF_SESSION | refusals(CrossSite),
)
async def post_submit(session_id: Id, request: Request, me: SignedIn, db: Db) -> SittingOut:
    async with db.transaction(says_who=False) as conn:
        await require_ticket_for_sitting(conn, me, session_id)
        sitting = await submit_sitting(conn, sitting_id=session_id, candidate_id=me.id)
    availabilities_of(request).drop(exam_id=sitting.exam_id, candidate_id=me.id)
    note(request, "submitted", person_id=me.id, exam_id=sitting.exam_id, sitting_id=session_id)
    return SittingOut.of(sitting)


@router.get("/exams", summary="The exams that I may sit, with window and status", responses=SIGNED_IN)
async def get_exams(
    me: SignedIn,
    db: Db,
    limit: Limit = 50,
    cursor: Before = LARGEST_ID,
) -> Page[AvailabilityOut]:
    async with db.connection() as conn:
        found = await my_exams(
            conn, candidate_id=me.id, only_exam_id=me.exam_id, before_id=cursor, limit=limit + 1
        )
    return page_of(found, limit, AvailabilityOut.of, cursor=lambda each: each.exam_id)


@router.get("/exams/{exam_id}", summary="One exam that I may sit", responses=OF_EXAM | refusals(Crowded))
async def get_exam(exam_id: Id, request: Request, me: SignedIn) -> AvailabilityOut:
    require_ticket_for(me, exam_id)
    found = await availabilities_of(request).of_exam(exam_id=exam_id, candidate_id=me.id)
    note(request, "lobby_opened", person_id=me.id, exam_id=exam_id)
    return AvailabilityOut.of(found.now())


@tests_router.get(
    "/tests/availability",
    summary="May I start this test now, and if not, why not?",
    responses=OF_EXAM | refusals(Crowded),
)
async def get_availability(test_type: TestType, request: Request, me: SignedIn) -> AvailabilityOut:
    found = await availabilities_of(request).of_test_type(
        test_type=test_type, candidate_id=me.id, only_exam_id=me.exam_id
    )
    note(request, "lobby_opened", person_id=me.id, exam_id=found.exam_id)
    return AvailabilityOut.of(found.now())


@tests_router.post(
    "/tests/attempts/start",
    summary="Start an attempt; 409 while one is in progress",
    response_model=AttemptOut,
    responses=OF_EXAM
    | refusals(CrossSite, NotYetOpen, WindowClosed, NoAttemptsLeft, AttemptInProgress, Crowded),
)
async def post_attempt(body: StartAttempt, request: Request, me: SignedIn, db: Db) -> Response:
    async with db.connection() as conn:
        exam_id = await exam_of_test_type(
            conn, test_type=body.test_type, candidate_id=me.id, only_exam_id=me.exam_id
        )
    started = await _start(request, exam_id=exam_id, candidate_id=me.id)
    sitting = started.sitting
    if not started.is_new:
        raise AttemptInProgress(attempt_id=sitting.id)
    session = SittingOut.of(sitting)
    facts = {
        "attempt_id": session.session_id,
        "attempt_number": session.attempt_number,
        "deadline_at": session.deadline_at,
        "server_time": session.server_time,
    }
    pieces = await _session(request, sitting, ())
    return _reply(request, [encode(facts)[:-1] + b',"session":', *pieces, b"}"])
