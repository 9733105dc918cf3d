"""What the API says of marking by hand, and takes: the shapes of its bodies and replies."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.base.wire import LARGEST_ID, Body, Text
from examhall.exams.markdown import to_html
from examhall.exams.marking_scheme import MOST_CRITERIA, NewScheme, Points
from examhall.scoring.by_hand import COMMENT_CHARS, Saved, Sheet, Task
from examhall.scoring.by_hand_finish import REASON_CHARS, Finished
from examhall.scoring.by_hand_progress import Agreement, Lean, Progress, Work
from examhall.scoring.by_hand_schemes import Marker, Scheme

LARGEST_NUMBER = 32_767


class Which(Body):
    """One item's answers alone."""

    question_number: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
    sub_part: Annotated[Text, Field(max_length=2)] = ""


class SheetIn(Body):
    levels: Annotated[dict[Annotated[str, Field(max_length=12)], Annotated[int, Field(ge=0, le=20)]],
                      Field(max_length=MOST_CRITERIA)] = Field(
        default_factory=dict, description="Of each criterion of the rubric which level, counted from 0."
    )  # fmt: skip
    points: Points | None = Field(None, description="Where there is no rubric.")
    comment: Annotated[Text, Field(max_length=COMMENT_CHARS)] = Field(
        "", description="For the candidate, with the released result."
    )
    note: Annotated[Text, Field(max_length=COMMENT_CHARS)] = Field("", description="For the office alone.")
    revision: Annotated[int, Field(ge=0, le=LARGEST_ID)] = Field(
        description="Grows with each change; of two saves the higher stays, in whatever order they arrive."
    )

    def sheet(self) -> Sheet:
        return Sheet(self.levels, self.points, self.comment, self.note, self.revision)


class ReasonIn(Body):
    reason: Annotated[Text, Field(min_length=1, max_length=REASON_CHARS)]


class MarkersIn(Body):
    usernames: Annotated[list[Annotated[Text, Field(max_length=200)]], Field(min_length=1, max_length=500)]


class SchemeOut(BaseModel):
    question_number: int
    sub_part: str
    points: float
    markers: int
    differ_above: float | None
    third_rule: str
    rubric: list[dict[str, Any]]
    guidance: str
    version: int = Field(description="What If-Match says when it is changed.")
    has_begun: bool = Field(description="Somebody has finished a mark: only the guidance can change.")

    @classmethod
    def of(cls, scheme: Scheme) -> "SchemeOut":
        return cls(**{name: getattr(scheme, name) for name in cls.model_fields} | _floats(scheme))


def _floats(scheme: Scheme) -> dict[str, Any]:
    return {"points": float(scheme.points), "differ_above": _float(scheme.differ_above)}


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


class SchemeIn(NewScheme):
    """As `NewScheme`."""


class TaskOut(BaseModel):
    task_id: int = Field(description="At random: it says nothing of who wrote the answer.")
    exam_id: int
    question_number: int
    sub_part: str
    kind: str
    prompt_html: str
    item_prompt_html: str
    presented: dict[str, Any]
    answer: Any
    max_points: float
    rubric: list[dict[str, Any]]
    guidance_html: str
    levels: dict[str, int]
    points: float | None
    comment: str
    note: str
    revision: int
    leased_until: str | None = Field(description="Each save makes it later; then others may take the answer.")
    finished_at: str | None

    @classmethod
    def of(cls, task: Task, scheme: Scheme) -> "TaskOut":
        return cls(
            task_id=task.id,
            exam_id=task.exam_id,
            question_number=task.question_number,
            sub_part=task.sub_part,
            kind=task.kind,
            prompt_html=to_html(task.prompt, exam_id=task.exam_id),
            item_prompt_html=to_html(task.item_prompt, exam_id=task.exam_id),
            presented=task.presented,
            answer=task.answer,
            max_points=float(task.max_points),
            rubric=scheme.rubric,
            guidance_html=to_html(scheme.guidance, exam_id=task.exam_id),
            levels=task.levels or {},
            points=_float(task.points),
            comment=task.comment or "",
            note=task.note or "",
            revision=task.revision or 0,
            leased_until=rfc3339(task.leased_until) if task.leased_until else None,
            finished_at=rfc3339(task.finished_at) if task.finished_at else None,
        )


class SavedOut(BaseModel):
    revision: int = Field(description="Of what is stored: higher than what was sent if something newer is.")
    saved_at: str
    leased_until: str

    @classmethod
    def of(cls, saved: Saved) -> "SavedOut":
        return cls(
            revision=saved.revision,
            saved_at=rfc3339(saved.saved_at),
            leased_until=rfc3339(saved.leased_until),
        )


class FinishedOut(BaseModel):
    task_id: int
    points: float

    @classmethod
    def of(cls, finished: Finished) -> "FinishedOut":
        return cls(task_id=finished.task_id, points=float(finished.points))


class WorkOut(BaseModel):
    exam_id: int
    exam_title: str
    question_number: int
    sub_part: str
    waiting: int
    in_hand: int
    done: int

    @classmethod
    def of(cls, work: Work) -> "WorkOut":
        return cls(**{name: getattr(work, name) for name in cls.model_fields})


class MyWorkOut(BaseModel):
    items: Sequence[WorkOut]


class AgreementOut(BaseModel):
    pairs: int
    kappa: float | None = Field(description="Cohen's, quadratic weights; null where it cannot be said.")
    exact: float
    adjacent: float
    apart: float = Field(description="Points between the two markers, on average.")
    step: float

    @classmethod
    def of(cls, found: Agreement) -> "AgreementOut":
        return cls(**found._asdict() | {"kappa": None if math.isnan(found.kappa) else found.kappa})


class ItemOut(BaseModel):
    scheme: SchemeOut
    answers: int
    settled: int
    opinions: int
    finished: int
    in_hand: int
    thirds_asked: int
    thirds_waiting: int
    agreement: AgreementOut | None

    @classmethod
    def of(cls, scheme: Scheme, progress: Progress | None, agreement: Agreement | None) -> "ItemOut":
        counts = ("answers", "settled", "opinions", "finished", "in_hand", "thirds_asked", "thirds_waiting")
        return cls(
            scheme=SchemeOut.of(scheme),
            agreement=AgreementOut.of(agreement) if agreement else None,
            **{name: getattr(progress, name) if progress else 0 for name in counts},
        )


class MarkerOut(BaseModel):
    person_id: int
    username: str
    full_name: str
    is_named: bool
    finished: int
    in_hand: int
    difference: float | None = Field(
        description="Points more than others gave to the same answers, on average; negative is stricter."
    )

    @classmethod
    def of(cls, marker: Marker, lean: Lean | None) -> "MarkerOut":
        return cls(**vars(marker), difference=lean.difference if lean else None)


class MarkingOut(BaseModel):
    items: Sequence[ItemOut]
    markers: Sequence[MarkerOut]
