"""What the API says of sittings and of exams to sit: the shapes of its replies."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.sittings.availability import Availability
from examhall.sittings.start import Sitting, StoredAnswer


class SittingOut(BaseModel):
    session_id: int
    exam_id: int
    attempt_number: int
    status: str = Field(description="in_progress or submitted")
    started_at: str
    deadline_at: str
    closes_at: str = Field(description="The deadline and the grace: what is received until then counts.")
    submitted_at: str | None
    paused_at: str | None = Field(description="Its clock stands still since then; it gets the time back.")
    server_time: str

    @classmethod
    def of(cls, sitting: Sitting) -> "SittingOut":
        return cls(
            session_id=sitting.id,
            exam_id=sitting.exam_id,
            attempt_number=sitting.attempt_number,
            status=sitting.status,
            started_at=rfc3339(sitting.started_at),
            deadline_at=rfc3339(sitting.deadline_at),
            closes_at=rfc3339(sitting.closes_at),
            submitted_at=rfc3339(sitting.closed_at) if sitting.closed_at else None,
            paused_at=rfc3339(sitting.paused_at) if sitting.paused_at else None,
            server_time=rfc3339(sitting.server_time),
        )


class AnswerOut(BaseModel):
    question_number: int
    sub_part: str
    answer: Any
    revision: int
    saved_at: str

    @classmethod
    def of(cls, stored: StoredAnswer) -> "AnswerOut":
        return cls(**vars(stored) | {"saved_at": rfc3339(stored.saved_at)})


class SectionOut(BaseModel):
    section: int = Field(description="Its place; questions of it have the same number under `section`.")
    title: str
    instructions_html: str
    questions: int = Field(description="How many of its questions each candidate has.")


class SessionOut(SittingOut):
    """What an exam page needs to begin, or to go on elsewhere. No key is in it."""

    title: str
    kind: str
    answers: Sequence[AnswerOut]
    sections: Sequence[SectionOut]
    questions: Sequence[dict[str, Any]] = Field(description="In this candidate's order.")


class OpenedOut(BaseModel):
    """What opens the sealed paper, and how this candidate's order comes from the one in it."""

    version: str
    key: str = Field(description="256 bits, base64url without padding: `k` of a JSON Web Key.")
    order: Sequence[tuple[int, Sequence[Sequence[int]]]] | None = Field(
        description="The numbers of the questions as they follow each other, each with the lists that are "
        "shuffled in it: of each part the `options`, or else the `right`; at each place, which entry of the "
        "author's (from 0). Questions that are not here were not drawn for this candidate. null: everybody "
        "has all of them in the author's order."
    )


class SealedSessionOut(SittingOut):
    """The same for whoever has the sealed paper already."""

    title: str
    kind: str
    answers: Sequence[AnswerOut]
    sections: Sequence[SectionOut]
    sealed: OpenedOut


class AttemptOut(BaseModel):
    attempt_id: int
    attempt_number: int
    deadline_at: str
    server_time: str
    session: SessionOut


class AvailabilityOut(BaseModel):
    exam_id: int
    title: str
    kind: str
    test_type: str | None
    can_start: bool
    reason: str | None = Field(description="Why not, as a stable word.")
    attempts_used: int
    attempts_allowed: int
    attempt_in_progress: bool
    session_id: int | None
    duration_s: int
    opens_at: str | None
    closes_at: str | None
    server_time: str

    @classmethod
    def of(cls, found: Availability) -> "AvailabilityOut":
        return cls(
            exam_id=found.exam_id,
            title=found.title,
            kind=found.kind,
            test_type=found.test_type,
            can_start=found.can_start,
            reason=found.reason,
            attempts_used=found.attempts_used,
            attempts_allowed=found.attempts_allowed,
            attempt_in_progress=found.open_sitting_id is not None,
            session_id=found.open_sitting_id,
            duration_s=found.duration_s,
            opens_at=rfc3339(found.opens_at) if found.opens_at else None,
            closes_at=rfc3339(found.closes_at) if found.closes_at else None,
            server_time=rfc3339(found.server_time),
        )
