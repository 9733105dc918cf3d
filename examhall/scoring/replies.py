"""What the API says of results: the shapes of its replies."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.scoring.by_hand_told import Feedback
from examhall.scoring.calibrations import SittingAbility
from examhall.scoring.rescore import ChangedResult
from examhall.scoring.results import MarkedItem, Result, ResultsNotReady, ResultsNotReleased


class CriterionOut(BaseModel):
    name: str
    points: float
    max_points: float
    words: str


class FeedbackOut(BaseModel):
    criteria: Sequence[CriterionOut]
    comments: Sequence[str]

    @classmethod
    def of(cls, said: Feedback) -> "FeedbackOut":
        return cls(
            criteria=[
                CriterionOut(
                    name=each.name,
                    points=round(float(each.points), 3),
                    max_points=float(each.most),
                    words=each.words,
                )
                for each in said.criteria
            ],
            comments=said.comments,
        )


class MarkOut(BaseModel):
    question_number: int
    sub_part: str
    answer: Any
    verdict: str = Field(
        description="right, partly, wrong, blank, void (worth nothing), unmarked (waits for a person)."
    )
    points: float | None
    max_points: float
    key: dict[str, Any] | None = Field(
        description="The right answer, if the exam shows it: after its window, with released results."
    )
    feedback: FeedbackOut | None = Field(None, description="Of the people who marked it by hand.")

    @classmethod
    def of(cls, item: MarkedItem, said: Feedback | None = None) -> "MarkOut":
        return cls(
            question_number=item.question_number,
            sub_part=item.sub_part,
            answer=item.answer,
            verdict=item.verdict,
            points=None if item.points is None else float(item.points),
            max_points=float(item.max_points),
            key=item.key,
            feedback=FeedbackOut.of(said) if said else None,
        )


class AbilityOut(BaseModel):
    theta: float = Field(description="Logits, by Warm's weighted likelihood.")
    se: float = Field(description="Its standard error, logits.")
    scaled: float | None = Field(description="On the exam's scale; null if it has none.")
    scaled_se: float | None

    @classmethod
    def of(cls, ability: SittingAbility) -> "AbilityOut":
        return cls(theta=ability.theta, se=ability.se, scaled=ability.scaled, scaled_se=ability.scaled_se)


class CorrectedOut(BaseModel):
    question_numbers: list[int]
    reasons: list[str]
    corrected_at: str
    score_before: float | None = Field(
        description="null if the result was not released before it was corrected."
    )
    max_score_before: float | None
    score_after: float
    max_score_after: float

    @classmethod
    def of(cls, change: ChangedResult) -> "CorrectedOut":
        return cls(
            question_numbers=change.question_numbers,
            reasons=change.reasons,
            corrected_at=rfc3339(change.corrected_at),
            score_before=float(change.points) if change.was_released else None,
            max_score_before=float(change.max_points) if change.was_released else None,
            score_after=float(change.new_points),
            max_score_after=float(change.new_max_points),
        )


class ResultOut(BaseModel):
    session_id: int
    attempt_id: int = Field(description="The same, by its other name.")
    exam_id: int
    title: str
    attempt_number: int
    status: str = "submitted"
    submitted_at: str
    closed_by: str | None
    score: float
    max_score: float
    percent: float
    unmarked: int | None = Field(description="How many items wait for a person to mark them.")
    breakdown: Sequence[MarkOut]
    ability: AbilityOut | None = Field(description="null until the exam is over and calibrated.")
    corrections: Sequence[CorrectedOut] = Field(
        description="What corrections of the key did to this result, newest first."
    )
    server_time: str

    @classmethod
    def of(
        cls,
        result: Result,
        marked: Sequence[MarkedItem],
        changes: Sequence[ChangedResult],
        ability: SittingAbility | None,
        feedback: Mapping[tuple[int, str], Feedback],
    ) -> "ResultOut":
        """Of a result that `find_result` gave: handed in, released and marked."""
        assert result.closed_at is not None
        assert result.points is not None
        assert result.max_points is not None
        score, max_score = float(result.points), float(result.max_points)
        return cls(
            session_id=result.session_id,
            attempt_id=result.session_id,
            exam_id=result.exam_id,
            title=result.title,
            attempt_number=result.attempt_number,
            submitted_at=rfc3339(result.closed_at),
            closed_by=result.closed_by,
            score=score,
            max_score=max_score,
            percent=round(100 * score / max_score, 1) if max_score else 0.0,
            unmarked=result.unmarked,
            breakdown=[
                MarkOut.of(item, feedback.get((item.question_number, item.sub_part))) for item in marked
            ],
            ability=AbilityOut.of(ability) if ability else None,
            corrections=[CorrectedOut.of(change) for change in changes],
            server_time=rfc3339(result.server_time),
        )


class AttemptStatusOut(BaseModel):
    attempt_id: int
    attempt_number: int
    status: str = Field(description="in_progress or submitted")
    reason: str | None = Field(description="Why a submitted attempt has no result yet, as a stable word.")
    result_url: str
    server_time: str

    @classmethod
    def of(cls, result: Result) -> "AttemptStatusOut":
        is_open = result.closed_at is None
        missing = ResultsNotReady if result.is_released else ResultsNotReleased
        return cls(
            attempt_id=result.session_id,
            attempt_number=result.attempt_number,
            status="in_progress" if is_open else "submitted",
            reason=None if is_open else missing.word(),
            result_url=f"/api/v1/tests/attempts/{result.session_id}",
            server_time=rfc3339(result.server_time),
        )
