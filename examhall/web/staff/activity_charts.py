"""The charts of the activity pages, as chart.js takes them, from counts by ten seconds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from examhall.events.activity import Counts, ExamActivity, FiveMinutes, QuestionTime

Words: TypeAlias = Callable[[str], str]
Spec: TypeAlias = dict[str, Any]

TEN_S = 10
FIVE_MINUTES_S = 300
DAY_S = 86_400
# A chart has at most so many points: the first of these steps that does with it is taken.
MOST_POINTS = 180
STEPS_S = (10, 30, 60, 300, 900, 3600, 14_400, 86_400)
# Around the opening, or the first start where people come when they like.
BEFORE_S, AFTER_S = 300, 600
# From this median on, questions are shown in minutes.
IN_MINUTES_FROM_S = 180


@dataclass(frozen=True)
class Sums:
    arrivals: int
    starts: int
    saves: int
    hand_ins: int
    closes: int
    refusals: int
    looks: int
    # In the busiest ten seconds.
    busiest_starts: int
    busiest_saves: int


def sum_up(counts: Sequence[Counts]) -> Sums:
    return Sums(
        arrivals=sum(each.arrivals for each in counts),
        starts=sum(each.starts for each in counts),
        saves=sum(each.saves for each in counts),
        hand_ins=sum(each.hand_ins for each in counts),
        closes=sum(each.closes for each in counts),
        refusals=sum(each.refusals for each in counts),
        looks=sum(each.looks for each in counts),
        busiest_starts=max((each.starts for each in counts), default=0),
        busiest_saves=max((each.saves for each in counts), default=0),
    )


def arrivals_chart(exam: ExamActivity, counts: Sequence[Counts], _: Words) -> Spec | None:
    """How many had come, and how many had started, ten seconds by ten seconds around the opening."""
    starts = [_second(each) for each in counts if each.starts]
    if not starts:
        return None
    opening = exam.opens_at.timestamp() if exam.opens_at else None
    together = opening is not None and any(opening <= at < opening + AFTER_S for at in starts)
    zero = opening if opening is not None and together else starts[0]
    begin = int(zero - BEFORE_S) // TEN_S * TEN_S
    end = int(min(zero + AFTER_S, exam.computed_at.timestamp() if exam.computed_at else zero + AFTER_S))
    grid = list(range(begin, end + 1, TEN_S))
    return {
        "x": {"values": grid, "time": True},
        "y": {"label": _("Candidates")},
        "series": [
            {
                "name": _("Had come"),
                "values": _cumulated(counts, "arrivals", grid),
                "style": "steps",
                "colour": 6,
            },
            {"name": _("Had started"), "values": _cumulated(counts, "starts", grid), "style": "area"},
        ],
        "marks": [{"x": zero, "text": _("opens") if together else _("first start")}],
    }


def saves_chart(counts: Sequence[Counts], _: Words) -> Spec | None:
    grid, step = _grid([each for each in counts if each.saves])
    if not grid:
        return None
    return {
        "x": {"values": grid, "time": True},
        "y": {"label": _("Saves a second")},
        "series": [
            {
                "name": _("Saves a second"),
                "values": [round(saves / step, 2) for saves in _binned(counts, "saves", grid, step)],
                "style": "area",
            }
        ],
    }


def presence_chart(counts: Sequence[Counts], _: Words) -> Spec | None:
    """Who was in, and of whom a save came within the minute: the others thought, or were cut off."""
    # Who comes for a result weeks later is in no room.
    sat = [each for each in counts if each.starts or each.active or each.hand_ins or each.closes]
    grid, step = _grid(sat, least_s=60)
    if not any(each.starts for each in counts):
        return None
    ends = [each + step for each in grid]
    inside = [
        came - handed - closed
        for came, handed, closed in zip(
            _cumulated(counts, "starts", ends),
            _cumulated(counts, "hand_ins", ends),
            _cumulated(counts, "closes", ends),
            strict=True,
        )
    ]
    return {
        "x": {"values": grid, "time": True},
        "y": {"label": _("Candidates")},
        "series": [
            {"name": _("In the room"), "values": inside, "style": "steps", "colour": 6},
            {
                "name": _("Saved within the minute"),
                "values": _binned(counts, "active", grid, step, most=True),
                "style": "area",
            },
        ],
    }


def hand_in_chart(exam: ExamActivity, counts: Sequence[Counts], _: Words) -> Spec | None:
    ended = [each for each in counts if each.hand_ins or each.closes]
    grid, step = _grid(ended)
    if not grid:
        return None
    ends = [each + step for each in grid]
    return {
        "x": {"values": ends, "time": True},
        "y": {"label": _("Candidates")},
        "series": [
            {"name": _("Handed in"), "values": _cumulated(counts, "hand_ins", ends), "style": "area"},
            {
                "name": _("Closed by the deadline"),
                "values": _cumulated(counts, "closes", ends),
                "style": "steps",
                "colour": 2,
            },
        ],
        "marks": [{"x": exam.closes_at.timestamp(), "text": _("window closes")}] if exam.closes_at else [],
    }


def questions_chart(questions: Sequence[QuestionTime], _: Words) -> Spec | None:
    """The median per question, and the times that a quarter stayed under and a quarter went beyond."""
    if not questions:
        return None
    minutes = max(each.median_s for each in questions) >= IN_MINUTES_FROM_S
    unit = 60 if minutes else 1
    return {
        "x": {"label": _("Question"), "labels": [str(each.question_number) for each in questions]},
        "y": {"label": _("Minutes") if minutes else _("Seconds")},
        "series": [
            {"name": _("Half needed less"), "values": _in(questions, "median_s", unit), "style": "bars"},
            {
                "name": _("A quarter needed less"),
                "values": _in(questions, "lower_s", unit),
                "style": "points",
                "colour": 3,
            },
            {
                "name": _("A quarter needed more"),
                "values": _in(questions, "upper_s", unit),
                "style": "points",
                "colour": 2,
            },
        ],
    }


def longest_question(questions: Sequence[QuestionTime], _: Words) -> str:
    """The question that took longest, in a sentence."""
    if not questions:
        return ""
    longest = max(questions, key=lambda each: each.median_s)
    minutes, seconds = divmod(round(longest.median_s), 60)
    needed = _("{minutes} min {seconds} s") if minutes else _("{seconds} s")
    return _("Question {number} took longest: half needed more than {time}.").format(
        number=longest.question_number, time=needed.format(minutes=minutes, seconds=seconds)
    )


def house_chart(recent: Sequence[FiveMinutes], until: datetime, _: Words) -> Spec | None:
    """The last day of all exams: where nothing went on, the line is at nothing."""
    if not any(each.saves or each.starts for each in recent):
        return None
    last = int(until.timestamp()) // FIVE_MINUTES_S * FIVE_MINUTES_S
    grid = list(range(last - DAY_S, last + 1, FIVE_MINUTES_S))
    by = {int(each.at.timestamp()): each for each in recent}
    return {
        "x": {"values": grid, "time": True},
        "y": {"label": _("Saves a second"), **({} if any(each.saves for each in recent) else {"max": 1})},
        "series": [
            {
                "name": _("Saves a second"),
                "values": [round(by[at].saves / FIVE_MINUTES_S, 2) if at in by else 0 for at in grid],
                "style": "area",
            },
            {
                "name": _("Starts in five minutes"),
                "values": [by[at].starts if at in by else 0 for at in grid],
                "style": "steps",
                "colour": 2,
                "right": True,
            },
        ],
    }


def _second(each: Counts) -> int:
    return int(each.at.timestamp())


def _in(questions: Sequence[QuestionTime], name: str, unit: int) -> list[float]:
    return [round(getattr(each, name) / unit, 1) for each in questions]


def _grid(counts: Sequence[Counts], *, least_s: int = TEN_S) -> tuple[list[int], int]:
    """Seconds since 1970 at which the chart has points, and how far they are apart."""
    if not counts:
        return [], least_s
    first, last = _second(counts[0]), _second(counts[-1])
    step = next(
        (step for step in STEPS_S if step >= least_s and (last - first) / step <= MOST_POINTS), STEPS_S[-1]
    )
    return list(range(first // step * step, last + 1, step)), step


def _binned(
    counts: Sequence[Counts], name: str, grid: Sequence[int], step: int, *, most: bool = False
) -> list[int]:
    """The sum within each step, or the most."""
    bins = dict.fromkeys(grid, 0)
    for each in counts:
        at = _second(each) // step * step
        if at in bins:
            value = getattr(each, name)
            bins[at] = max(bins[at], value) if most else bins[at] + value
    return list(bins.values())


def _cumulated(counts: Sequence[Counts], name: str, grid: Sequence[int]) -> list[int]:
    """How many there had been by each of these seconds."""
    left: Iterator[Counts] = iter(counts)
    each = next(left, None)
    total, totals = 0, []
    for at in grid:
        # Ten seconds are over when the next begin.
        while each is not None and _second(each) + TEN_S <= at:
            total += getattr(each, name)
            each = next(left, None)
        totals.append(total)
    return totals
