"""The JSON API of who is to come to an exam, and of time owed to those who sit it already."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.clock import rfc3339
from examhall.base.wire import LARGEST_ID, After, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.candidates import Candidate, count_candidates, list_candidates
from examhall.sittings.extending import apply_owed, find_owed
from examhall.sittings.interventions import NobodySitsIt

router = APIRouter(tags=["Accommodations and assignments"])

Reader = Annotated[Person, Staff("author", "analyst", "invigilator")]
Giver = Annotated[Person, Staff("author", "invigilator")]
SITTINGS_AT_ONCE = 5_000


class CandidateOut(BaseModel):
    person_id: int
    username: str
    full_name: str
    active: bool
    is_expected: bool
    is_assigned: bool
    ticket_id: UUID | None
    opens_at: str | None = Field(description="Their own.")
    closes_at: str | None
    duration_s: int
    extra_s: int
    through_groups: list[str] = Field(description="By which they have time or a window, if not by name.")
    session_id: int | None
    submitted_at: str | None

    @classmethod
    def of(cls, each: Candidate) -> "CandidateOut":
        return cls(
            person_id=each.person_id,
            username=each.username,
            full_name=each.full_name,
            active=each.active,
            is_expected=each.is_expected,
            is_assigned=each.is_assigned,
            ticket_id=each.ticket_id,
            opens_at=rfc3339(each.opens_at) if each.opens_at else None,
            closes_at=rfc3339(each.closes_at) if each.closes_at else None,
            duration_s=each.duration_s,
            extra_s=each.extra_s,
            through_groups=each.through_groups,
            session_id=each.sitting_id,
            submitted_at=rfc3339(each.closed_at) if each.closed_at else None,
        )


class OwedOut(BaseModel):
    session_id: int
    full_name: str
    username: str
    deadline_at: str
    owed_s: int = Field(description="More than their deadline has, by the accommodations as they are now.")


class ApplyIn(Body):
    sessions: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_ID)]], Field(min_length=1, max_length=SITTINGS_AT_ONCE)
    ]
    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class AppliedOut(BaseModel):
    interventions: list[int]
    reached: int


@router.get("/exams/{exam_id}/candidates", summary="Who is to come", responses=STAFF | refusals(ExamNotFound))
async def get_candidates(
    exam_id: Id,
    _me: Reader,
    db: Db,
    limit: Limit = 50,
    cursor: After = 0,
    q: Annotated[Text, Query(max_length=100)] = "",
) -> Page[CandidateOut]:
    """In the order of their names: who is expected, and who has a ticket or has sat besides."""
    async with db.transaction() as conn:
        await count_candidates(conn, exam_id)
        found = await list_candidates(conn, exam_id, after=cursor, limit=limit + 1, search=q.strip())
    return page_of(found, limit, CandidateOut.of, cursor=lambda each: each.person_id)


@router.get("/exams/{exam_id}/owed-time", summary="Who sits with less time than is theirs", responses=STAFF)
async def get_owed(exam_id: Id, _me: Reader, db: Db) -> list[OwedOut]:
    """Those whose accommodation was given or raised after they had started."""
    async with db.transaction() as conn:
        found = await find_owed(conn, exam_id=exam_id)
    return [
        OwedOut(
            session_id=each.sitting_id,
            full_name=each.full_name,
            username=each.username,
            deadline_at=rfc3339(each.deadline_at),
            owed_s=each.owed_s,
        )
        for each in found
    ]


@router.post(
    "/exams/{exam_id}/owed-time",
    summary="Give them what they are owed",
    responses=STAFF | refusals(CrossSite, NobodySitsIt),
)
async def post_owed(exam_id: Id, body: ApplyIn, me: Giver, db: Db) -> AppliedOut:
    """As any time that is given: logged, and on their pages at once. However often, it is given once."""
    async with db.transaction() as conn:
        given = await apply_owed(
            conn, exam_id=exam_id, sitting_ids=body.sessions, by=me.id, reason=body.reason
        )
    return AppliedOut(interventions=[each.id for each in given], reached=sum(each.reached for each in given))
