"""Letting somebody in again, over the API."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from examhall.base.wire import Body, Db, Id, refusals
from examhall.scoring.readmission import ResultsAreFinal, let_in_again
from examhall.sittings.intervention_replies import (
    DAY_S,
    REFUSED,
    InterventionOut,
    Invigilator,
    Reason,
    RequestKey,
    Sessions,
)
from examhall.sittings.interventions import NobodyToLetIn, Order, SitsItAgain

router = APIRouter(tags=["Invigilation"])


class ReadmissionIn(Body):
    seconds: Annotated[int, Field(ge=1, le=DAY_S, description="What they have from now on.")]
    reason: Reason
    sessions: Sessions


@router.post(
    "/exams/{exam_id}/readmissions",
    summary="Let some who have handed in go on",
    responses=REFUSED | refusals(NobodyToLetIn, SitsItAgain, ResultsAreFinal),
)
async def post_readmission(
    exam_id: Id, body: ReadmissionIn, me: Invigilator, db: Db, key: RequestKey = None
) -> InterventionOut:
    """Their answers are as they left them, and they are marked when they hand in again.

    Not once the exam's results are final: some seconds after its window, when everybody has handed in and is
    marked.
    """
    order = Order(exam_id, me.id, body.reason, body.sessions, key)
    async with db.transaction() as conn:
        return InterventionOut.of(await let_in_again(conn, order, seconds=body.seconds))
