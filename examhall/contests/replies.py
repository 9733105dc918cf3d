"""What the API says of contests: the shapes of its bodies and replies."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from examhall.base.clock import rfc3339
from examhall.base.said import said
from examhall.base.wire import LARGEST_ID, Body, Text
from examhall.contests.bulk import ContestStats, MySubmission

# Half of what a body may have, as identifiers of seven digits.
STUDENTS_AT_ONCE = 50_000
ANSWERS_AT_MOST = 500

AnId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class ContestOut(BaseModel):
    contest_id: int
    title: str
    course_id: int
    course_code: str
    course_title: str
    status: str = Field(description="upcoming, open or closed, by its window")
    opens_at: str | None
    closes_at: str | None
    duration_s: int
    questions: int
    points: float


class ContestsOut(BaseModel):
    items: Sequence[ContestOut]
    next_cursor: str | None
    server_time: str


class AnswerIn(Body):
    question_number: int
    sub_part: Text = ""
    answer: Any
    revision: int | None = Field(None, description="Not needed here; the whole paper is handed in at once.")


class SubmissionIn(Body):
    """The whole paper: what is not in it is not answered."""

    answers: Annotated[list[AnswerIn], Field(max_length=ANSWERS_AT_MOST)]


class SubmissionOut(BaseModel):
    submission_id: int
    contest_id: int
    status: str = "submitted"
    submitted_at: str
    results_url: str


class StudentsIn(Body):
    """Of a contest, or of any exam of a course."""

    contest_id: AnId | None = None
    course_id: AnId | None = None
    student_ids: Annotated[list[AnId], Field(min_length=1, max_length=STUDENTS_AT_ONCE)]

    @model_validator(mode="after")
    def _says_of_what(self) -> "StudentsIn":
        if self.contest_id is None and self.course_id is None:
            raise ValueError(said("say of which contest_id or course_id"))
        return self


class InvalidStudent(BaseModel):
    student_id: int
    reason: str = Field(
        description="unknown_student, account_closed, course_inactive, not_enrolled, enrolment_inactive "
        "or not_assigned"
    )


class ValidatedOut(BaseModel):
    """Each student in one of the three."""

    valid: Sequence[int]
    invalid: Sequence[InvalidStudent]
    already_submitted: Sequence[int]


class StatsOut(BaseModel):
    contest_id: int
    enrolled: int
    started: int
    submitted: int
    average: float | None
    median: float | None
    highest: float | None
    lowest: float | None
    max_points: float | None

    @classmethod
    def of(cls, stats: ContestStats) -> "StatsOut":
        return cls(**{name: _plain(value) for name, value in vars(stats).items()})


class AllStatsOut(BaseModel):
    items: Sequence[StatsOut]


class MySubmissionOut(BaseModel):
    contest_id: int
    submission_id: int
    status: str = Field(description="in_progress or submitted")
    started_at: str
    submitted_at: str | None
    points: float | None = Field(description="Once the results are released.")
    max_points: float | None
    results_url: str

    @classmethod
    def of(cls, mine: MySubmission) -> "MySubmissionOut":
        return cls(
            contest_id=mine.contest_id,
            submission_id=mine.submission_id,
            status=mine.status,
            started_at=rfc3339(mine.started_at),
            submitted_at=rfc3339(mine.submitted_at) if mine.submitted_at else None,
            points=_plain(mine.points),
            max_points=_plain(mine.max_points),
            results_url=results_url(mine.submission_id),
        )


class MySubmissionsOut(BaseModel):
    items: Sequence[MySubmissionOut]


class WarmIn(Body):
    contest_id: AnId


class WarmedOut(BaseModel):
    warmed: int = Field(description="How many things this process now has in memory; the others follow.")


def results_url(submission_id: int) -> str:
    """A submission is a session by another name."""
    return f"/api/v1/sessions/{submission_id}/results"


def _plain(value: Any) -> Any:
    return round(float(value), 3) if isinstance(value, Decimal) else value
