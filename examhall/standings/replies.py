"""Standings as the API and the page show them: names by who looks, ratings with their tier."""

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.standings.exam_standing import Standing
from examhall.standings.leaderboard import Entry
from examhall.standings.names import short_name
from examhall.standings.scale import tier_of, uncertainty


class EntryOut(BaseModel):
    rank: int | None = Field(description="Equal values share it; null where somebody is not in the list.")
    name: str = Field(description="As `Alice E.` for those who are not signed in.")
    rating: float | None = Field(description="After the exam, in the tab `exam`.")
    uncertainty: float | None = Field(description="One standard deviation of the rating.")
    tier: str | None
    trend: int | None = Field(description="Places gained since the last rated exam; null for a newcomer.")
    rated_exams: int | None
    gain: float | None = Field(description="Over the last five rated exams, a first one left out.")
    points: float | None
    max_points: float | None
    rating_change: float | None = Field(description="By this exam, in the tab `exam`.")
    streak: int | None
    longest_streak: int | None
    series: str | None = Field(description="Of the streak.")
    is_me: bool

    @classmethod
    def of(cls, entry: Entry, *, in_full: bool, is_me: bool = False) -> "EntryOut":
        change = None
        if entry.rating is not None and entry.rating_before is not None:
            change = round(entry.rating - entry.rating_before, 2)
        return cls(
            rank=entry.rank,
            name=entry.full_name if in_full else short_name(entry.full_name),
            rating=entry.rating,
            uncertainty=None if entry.sigma is None else round(uncertainty(entry.sigma), 1),
            tier=None if entry.rating is None else tier_of(entry.rating, entry.rated_exams or 0).word,
            trend=entry.trend,
            rated_exams=entry.rated_exams,
            gain=entry.gain,
            points=None if entry.points is None else float(entry.points),
            max_points=None if entry.max_points is None else float(entry.max_points),
            rating_change=change,
            streak=entry.current,
            longest_streak=entry.longest,
            series=entry.series,
            is_me=is_me,
        )


class MyEntryOut(EntryOut):
    hidden: bool = Field(description="Whether others see this line.")
    cursor: str = Field(description="Of a page that has this line a few rows down.")


class StandingOut(BaseModel):
    exam_id: int
    title: str
    state: str = Field(description="final, live while the exam runs, or frozen before its end.")
    rated: bool
    frozen_at: str | None = Field(description="What was handed in after this is not shown yet.")

    @classmethod
    def of(cls, standing: Standing) -> "StandingOut":
        return cls(
            exam_id=standing.exam_id,
            title=standing.title,
            state=standing.state,
            rated=standing.rated,
            frozen_at=rfc3339(standing.until) if standing.until and standing.state == "frozen" else None,
        )


class LeaderboardOut(BaseModel):
    tab: str
    exam: StandingOut | None = Field(description="Which, in the tab `exam`.")
    participants: int = Field(description="On the whole list, those who are hidden included.")
    items: list[EntryOut]
    next_cursor: str | None
    my_entry: MyEntryOut | None = Field(description="As it is at this moment, on whatever page.")
    server_time: str
