"""What the API says of how somebody goes on: the shapes of its replies."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.standings.achievements import Achievement
from examhall.standings.dashboard import Dashboard, Rated, Recent, Upcoming
from examhall.standings.scale import tier_of, uncertainty
from examhall.standings.streaks import Streak
from examhall.standings.topics import TopicShare


class UpcomingOut(BaseModel):
    exam_id: int
    title: str
    opens_at: str | None
    closes_at: str | None
    duration_s: int
    session_id: int | None = Field(description="The one in progress.")

    @classmethod
    def of(cls, exam: Upcoming) -> "UpcomingOut":
        return cls(
            exam_id=exam.exam_id,
            title=exam.title,
            opens_at=rfc3339(exam.opens_at) if exam.opens_at else None,
            closes_at=rfc3339(exam.closes_at) if exam.closes_at else None,
            duration_s=exam.duration_s,
            session_id=exam.sitting_id,
        )


class RatedOut(BaseModel):
    exam_id: int
    title: str
    happened_at: str
    place: int
    participants: int
    rating_before: float
    rating: float
    uncertainty: float = Field(description="One standard deviation of the rating.")
    tier: str

    @classmethod
    def of(cls, rated: Rated) -> "RatedOut":
        return cls(
            exam_id=rated.exam_id,
            title=rated.title,
            happened_at=rfc3339(rated.happened_at),
            place=rated.place,
            participants=rated.participants,
            rating_before=rated.rating_before,
            rating=rated.rating,
            uncertainty=round(uncertainty(rated.sigma), 2),
            tier=tier_of(rated.rating, rated.number).word,
        )


class StreakOut(BaseModel):
    series_id: int
    series: str
    current: int = Field(description="Exams sat one after the other, up to the last.")
    longest: int
    sat: int
    scheduled: int

    @classmethod
    def of(cls, streak: Streak) -> "StreakOut":
        return cls(**vars(streak))


class AchievementOut(BaseModel):
    name: str = Field(description="A stable word.")
    title: str
    what_for: str
    icon: str
    given_at: str
    exam_id: int | None

    @classmethod
    def of(cls, given: Achievement) -> "AchievementOut":
        return cls(
            name=given.rule.name,
            title=given.rule.title,
            what_for=given.rule.what_for,
            icon=given.rule.icon,
            given_at=rfc3339(given.given_at),
            exam_id=given.exam_id,
        )


class TopicOut(BaseModel):
    topic: str
    share: float = Field(description="Of the points to be had.")
    low: float
    high: float = Field(description="The true share is between low and high nine times in ten.")
    mean_share: float | None = Field(description="Of everybody in the same exams.")
    verdict: str = Field(description="strength, weakness, usual, or open: too little is known.")

    @classmethod
    def of(cls, topic: TopicShare) -> "TopicOut":
        return cls(
            topic=topic.name,
            share=topic.share,
            low=topic.low,
            high=topic.high,
            mean_share=topic.mean_share,
            verdict=topic.verdict,
        )


class RecentOut(BaseModel):
    session_id: int
    exam_id: int
    title: str
    attempt_number: int
    submitted_at: str
    score: float | None = Field(description="null until it is there and released.")
    max_score: float | None
    place: int | None
    participants: int | None

    @classmethod
    def of(cls, recent: Recent) -> "RecentOut":
        return cls(
            session_id=recent.sitting_id,
            exam_id=recent.exam_id,
            title=recent.title,
            attempt_number=recent.attempt_number,
            submitted_at=rfc3339(recent.submitted_at),
            score=None if recent.points is None else float(recent.points),
            max_score=None if recent.max_points is None else float(recent.max_points),
            place=recent.place,
            participants=recent.participants,
        )


class DashboardOut(BaseModel):
    upcoming: Sequence[UpcomingOut]
    ratings: Sequence[RatedOut] = Field(description="Oldest first; the last is the rating as it is.")
    streaks: Sequence[StreakOut]
    achievements: Sequence[AchievementOut]
    topics: Sequence[TopicOut]
    recent: Sequence[RecentOut]

    @classmethod
    def of(cls, mine: Dashboard) -> "DashboardOut":
        return cls(
            upcoming=[UpcomingOut.of(each) for each in mine.upcoming],
            ratings=[RatedOut.of(each) for each in mine.ratings],
            streaks=[StreakOut.of(each) for each in mine.streaks],
            achievements=[AchievementOut.of(each) for each in mine.achievements],
            topics=[TopicOut.of(each) for each in mine.topics],
            recent=[RecentOut.of(each) for each in mine.recent],
        )


class AchievementsOut(BaseModel):
    items: Sequence[AchievementOut]
