"""What the API's calls of invigilators take and give alike."""

from typing import Annotated, Any, Self

from fastapi import Header
from pydantic import BaseModel, Field

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import rfc3339
from examhall.base.wire import LARGEST_ID, Text, refusals
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.interventions import Intervention, Kind, RequestKeyUsed

Invigilator = Annotated[Person, Staff("invigilator")]
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="A repeat with the same key does nothing, and is told what the first did.",
    ),
]
Reason = Annotated[Text, Field(min_length=1, max_length=500)]
Sessions = Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_ID)]], Field(min_length=1, max_length=10_000)]
DAY_S = 86_400

REFUSED = refusals(NotSignedIn, TokenInvalid, WrongRole, CrossSite, ExamNotFound, RequestKeyUsed)


class InterventionOut(BaseModel):
    id: int
    kind: Kind
    done_at: str
    reached: int = Field(description="How many who sat the exam then.")
    sessions: list[int] | None
    seconds: int | None
    text: str
    reason: str

    @classmethod
    def of(cls, done: Intervention, **more: Any) -> Self:
        return cls(
            id=done.id,
            kind=done.kind,
            done_at=rfc3339(done.done_at),
            reached=done.reached,
            sessions=None if done.sitting_ids is None else list(done.sitting_ids),
            seconds=done.seconds,
            text=done.message,
            reason=done.reason,
            **more,
        )
