"""The history of a sitting for programs of the office."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from examhall.accounts.access import NotSignedIn, Person, Staff, WrongRole, has_role
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import rfc3339
from examhall.base.wire import Db, Id, Page, refusals
from examhall.events.evidence import (
    MARKING,
    Evidence,
    NoSuchSitting,
    Step,
    note_reading,
    read_evidence,
    without_answers,
)

router = APIRouter(tags=["Evidence"])

Office = Annotated[Person, Staff("author", "analyst", "invigilator")]


class StepOut(BaseModel):
    number: int
    at: str = Field(description="Of a save, when it was stored.")
    what: str = Field(description="started, saved, closed, cut_off, back_again, time, pause, marked, ...")
    by: str | None = Field(description="Who of the staff did it.")
    details: dict[str, Any]
    question_number: int | None = None
    sub_part: str | None = None
    answer: Any = Field(default=None, description="null for invigilators.")
    revision: int | None = None
    received_at: str | None = None
    effect: str | None = Field(
        default=None, description="changed, repeated, or late: a newer one stood there."
    )

    @classmethod
    def of(cls, step: Step) -> "StepOut":
        line = cls(
            number=step.number,
            at=rfc3339(step.at),
            what=step.what,
            by=step.full_name,
            details={name: value for name, value in step.details.items() if value is not None},
        )
        if step.change is not None:
            line.question_number = step.change.question_number
            line.sub_part = step.change.sub_part
            line.answer = step.change.answer
            line.revision = step.change.revision
            line.received_at = rfc3339(step.change.received_at)
            line.effect = step.effect
        return line


class EvidenceOut(BaseModel):
    session_id: int
    exam_id: int
    title: str
    candidate_id: int
    full_name: str | None
    started_at: str
    deadline_at: str
    closed_at: str | None
    closed_by: str | None
    granted_s: int
    items: int
    answered: int
    changes: int = Field(description="Every save that was accepted, repeats included.")
    changes_are_cut: bool
    steps: Page[StepOut]


@router.get(
    "/sessions/{session_id}/evidence",
    summary="The whole history of a sitting; to have read it is on record",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchSitting),
)
async def get_evidence(
    session_id: Id,
    me: Office,
    db: Db,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    after: Annotated[int, Query(alias="cursor", ge=0, le=10_000_000)] = 0,
) -> EvidenceOut:
    with_answers = has_role(me, "author", "analyst")
    async with db.transaction() as conn:
        evidence = await read_evidence(conn, session_id, marks=me.id if has_role(me, *MARKING) else None)
        await note_reading(conn, evidence, "evidence_read", with_answers=with_answers)
    return _told(evidence if with_answers else without_answers(evidence), after, limit)


def _told(evidence: Evidence, after: int, limit: int) -> EvidenceOut:
    sitting = evidence.sitting
    shown = evidence.steps[after : after + limit]
    more = after + limit < len(evidence.steps)
    return EvidenceOut(
        session_id=sitting.id,
        exam_id=sitting.exam_id,
        title=sitting.title,
        candidate_id=sitting.candidate_id,
        full_name=sitting.full_name,
        started_at=rfc3339(sitting.started_at),
        deadline_at=rfc3339(sitting.deadline_at),
        closed_at=rfc3339(sitting.closed_at) if sitting.closed_at else None,
        closed_by=sitting.closed_by,
        granted_s=sitting.granted_s,
        items=len(evidence.items),
        answered=evidence.answered,
        changes=evidence.changes,
        changes_are_cut=evidence.is_cut,
        steps=Page(
            items=[StepOut.of(step) for step in shown], next_cursor=str(after + limit) if more else None
        ),
    )
