"""What the API takes and gives of an exam in its authors' hands."""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.base.wire import LARGEST_ID, Body, Moment, Text
from examhall.exams.authored import ListedExam
from examhall.exams.authoring import Authored
from examhall.exams.editing import Change
from examhall.exams.exam_file import GRACE_S, INSTRUCTIONS_CHARS, TITLE_CHARS
from examhall.exams.readiness import Readiness
from examhall.exams.settings import Settings

Whole = Annotated[int, Field(ge=0, le=2**31 - 1)]
Ident = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class SettingsIn(Body):
    """The settings of an exam, all of them: what is not said is as a new exam has it."""

    title: Annotated[Text, Field(max_length=TITLE_CHARS)]
    duration_s: Whole
    kind: Literal["mock_exam", "contest", "test"] = "mock_exam"
    test_type: Annotated[Text, Field(max_length=40)] | None = None
    instructions: Annotated[Text, Field(max_length=INSTRUCTIONS_CHARS)] = Field("", description="Markdown.")
    timezone: Annotated[Text, Field(max_length=60)] = "UTC"
    opens_at: Moment | None = Field(None, description="null: as soon as it is no draft.")
    closes_at: Moment | None = Field(None, description="null: never.")
    grace_s: Whole = GRACE_S
    attempts_allowed: Whole = 1
    shuffle_questions: bool = False
    shuffle_options: bool = False
    release: Literal["at_once", "at_time", "by_hand"] = "at_once"
    release_at: Moment | None = None
    show_key: bool = False
    pass_percent: Annotated[Decimal, Field(max_digits=7)] | None = Field(
        None, description="In percent of all points."
    )
    course_id: Ident | None = None
    series: Annotated[Text, Field(max_length=TITLE_CHARS)] | None = Field(
        None, description="By its name; it is made with its first exam."
    )
    rated: bool = False
    live_standing: bool = False
    freeze_minutes: Whole | None = None
    reports: bool = False
    scale_mean: Whole | None = None
    scale_sd: Whole | None = None
    scale_linked_to: Ident | None = Field(None, description="The exam on whose scale scores are.")
    sealed_before_s: Whole | None = Field(
        None, description="How long before it opens its sealed paper is offered; null: it is not sealed."
    )

    def settings(self) -> Settings:
        return Settings(**{field.name: getattr(self, field.name) for field in fields(Settings)})


class ChangedSettings(SettingsIn):
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="The version that you saw, if not as If-Match."
    )
    reason: Annotated[Text, Field(max_length=500)] = Field(
        "", description="Told to those who sit the exam and get time by this."
    )


class AuthoredOut(BaseModel):
    id: int
    version: int = Field(description="Of the settings: their ETag.")
    exam_version: int = Field(description="Grows with every change of anything in the exam.")
    is_draft: bool
    has_started: bool = Field(
        description="It has opened, or somebody has started: only what is safe changes."
    )
    running: int = Field(description="How many sit it now.")
    questions: int
    settings: dict[str, Any]

    @classmethod
    def of(cls, exam: Authored) -> Self:
        return cls(
            id=exam.id,
            version=exam.settings_version,
            exam_version=exam.version,
            is_draft=exam.is_draft,
            has_started=exam.has_started,
            running=exam.running,
            questions=exam.questions,
            settings=exam.settings.as_json(),
        )


class RetimedOut(AuthoredOut):
    given: int = Field(description="How many who sit it got more time by this.")


class ListedExamOut(BaseModel):
    id: int
    title: str
    kind: str
    is_draft: bool
    opens_at: str | None
    closes_at: str | None
    questions: int
    version: int
    created_by: str | None
    created_at: str

    @classmethod
    def of(cls, exam: ListedExam) -> Self:
        instants = {
            name: rfc3339(value) if isinstance(value, datetime) else None
            for name in ("opens_at", "closes_at", "created_at")
            for value in [getattr(exam, name)]
        }
        return cls(**vars(exam) | instants)


class ReadinessOut(BaseModel):
    missing: list[dict[str, Any]] = Field(description="path and message of each; none: it can be published.")
    notes: list[str]

    @classmethod
    def of(cls, readiness: Readiness) -> Self:
        missing = [{"path": each.field, "message": each.message} for each in readiness.missing]
        return cls(missing=missing, notes=list(readiness.notes))


class EditOut(BaseModel):
    version: int
    part: str
    edited_by: str | None
    edited_at: str
    before: Any
    after: Any

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(**change.as_json())
