"""Results over the API: bytes to values and back."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from examhall.accounts.access import Person, SignedIn, Staff
from examhall.base.clock import rfc3339
from examhall.base.wire import Db, Id
from examhall.scoring.results import (
    MarkedItem,
    Result,
    ResultsNotReady,
    find_result,
    look_up_result,
    release_results,
)
from examhall.sittings.admission import require_ticket_for_sitting
from examhall.sittings.close import submit_sitting

router = APIRouter(tags=["Exams and sessions"])
sessions_router = APIRouter(tags=["Exams and sessions"])
tests_router = APIRouter(tags=["Tests"])


def result_json(result: Result, marked: list[MarkedItem]) -> dict[str, Any]:
    assert result.closed_at is not None
    assert result.points is not None
    assert result.max_points is not None
    return {
        "session_id": result.session_id,
        "attempt_id": result.session_id,
        "exam_id": result.exam_id,
        "title": result.title,
        "attempt_number": result.attempt_number,
        "status": "submitted",
        "submitted_at": rfc3339(result.closed_at),
        "closed_by": result.closed_by,
        "score": float(result.points),
        "max_score": float(result.max_points),
        "percent": round(100 * float(result.points) / float(result.max_points), 1)
        if result.max_points
        else 0.0,
        "unmarked": result.unmarked,
        "breakdown": [
            {
                "question_number": each.question_number,
                "sub_part": each.sub_part,
                "answer": each.answer,
                "verdict": each.verdict,
                "points": None if each.points is None else float(each.points),
                "max_points": float(each.max_points),
            }
            for each in marked
        ],
        "server_time": rfc3339(result.server_time),
    }


@sessions_router.get("/sessions/{session_id}/results", summary="Score and breakdown, when released")
async def get_results(session_id: Id, me: SignedIn, db: Db) -> dict[str, Any]:
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, session_id)
        return result_json(*await find_result(conn, sitting_id=session_id, candidate_id=me.id))


@router.post("/exams/{exam_id}/results/release", status_code=204, summary="Release results held back by hand")
async def post_release(exam_id: Id, me: Annotated[Person, Staff("author", "admin")], db: Db) -> Response:
    async with db.transaction() as conn:
        await release_results(conn, exam_id=exam_id)
    return Response(status_code=204)


@tests_router.post("/tests/attempts/{attempt_id}/complete", summary="Hand in an attempt")
async def post_complete(attempt_id: Id, me: SignedIn, db: Db, response: Response) -> dict[str, Any]:
    """200 with the result if it is there already, else 202 with where it will be."""
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, attempt_id)
        await submit_sitting(conn, sitting_id=attempt_id, candidate_id=me.id)
    return await _status(attempt_id, me, db, response)


@tests_router.get("/tests/attempts/{attempt_id}", summary="Status and result of an attempt")
async def get_attempt(attempt_id: Id, me: SignedIn, db: Db, response: Response) -> dict[str, Any]:
    return await _status(attempt_id, me, db, response)


async def _status(attempt_id: int, me: Person, db: Db, response: Response) -> dict[str, Any]:
    async with db.transaction() as conn:
        await require_ticket_for_sitting(conn, me, attempt_id)
        found = await look_up_result(conn, sitting_id=attempt_id, candidate_id=me.id)
        if found.is_released and found.marked_at is not None and found.closed_at is not None:
            return result_json(*await find_result(conn, sitting_id=attempt_id, candidate_id=me.id))
    if found.closed_at is not None:
        response.status_code = 202
    return {
        "attempt_id": attempt_id,
        "attempt_number": found.attempt_number,
        "status": "in_progress" if found.closed_at is None else "submitted",
        "reason": None
        if found.closed_at is None
        else (ResultsNotReady().code if found.is_released else "results_not_released"),
        "result_url": f"/api/v1/tests/attempts/{attempt_id}",
        "server_time": rfc3339(found.server_time),
    }
