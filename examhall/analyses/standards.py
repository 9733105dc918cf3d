"""What a panel found: the cut and its error, how far judges agree, each item, and who would pass."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from examhall.analyses.document import FORMAT, Scenario, read_scenario
from examhall.analyses.judging import (
    Bookmark,
    JudgedItem,
    all_bookmarks,
    all_ratings,
    booklet_of,
    judged_items,
    matrix_of,
)
from examhall.analyses.panels import Judge, Panel, list_judges
from examhall.base.db import Connection, many
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside
from examhall.psychometrics.standard_setting import angoff, bookmark, realism

SQL = beside(__file__)

HUNDREDTH = Decimal("0.01")
# Digits of what is told; points and percents need no more.
DIGITS = 4


class NoCutYet(Conflict):
    """No judge has judged everything yet, so there is no cut."""


@dataclass(frozen=True)
class FoundCut:
    """None where there is no judge who has judged everything; `se` where there is only one."""

    round: int
    percent: float | None
    points: float | None
    se_points: float | None
    se_percent: float | None
    judges: int
    # Of a bookmark: on the scale of ability, and how far apart the judges are there.
    logits: float | None = None
    se_logits: float | None = None
    mean_deviation: float | None = None
    # Of Angoff ratings: intraclass correlations of one judge, of the mean of all, strictness forgiven.
    icc_single: float | None = None
    icc_mean: float | None = None
    icc_consistency: float | None = None


@dataclass(frozen=True)
class FoundJudge:
    number: int
    is_complete: bool
    percent: float | None
    points: float | None
    # The page of a bookmark.
    page: int | None
    # Spearman's correlation of their ratings with how hard the items turned out.
    realism: float | None


@dataclass(frozen=True)
class FoundItem:
    question_number: int
    sub_part: str
    points: float
    mean_percent: float | None
    sd_percent: float | None
    lowest_percent: float | None
    highest_percent: float | None
    # The mean share of its points that candidates had, in percent.
    facility_percent: float | None
    difficulty: float | None
    # In the ordered booklet: its page, where it is mastered, and how many judges put the bookmark after it.
    page: int | None = None
    mastered_at: float | None = None
    bookmarks: int | None = None

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class Impact:
    """How many of those who have results would pass at the cut; and one standard error lower and higher."""

    candidates: int
    passed: int
    passed_lower: int | None
    passed_higher: int | None


@dataclass(frozen=True)
class Found:
    cut: FoundCut
    # Of the rounds before, oldest first.
    earlier: list[FoundCut]
    max_points: float
    judges: list[FoundJudge]
    items: list[FoundItem]
    # None without a cut, or where nobody has a result.
    impact: Impact | None

    @property
    def document(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def pass_percent(self) -> Decimal | None:
        """As an exam keeps it: in hundredths of a percent, at least one and at most all."""
        if self.cut.percent is None:
            return None
        return min(max(Decimal(repr(self.cut.percent)).quantize(HUNDREDTH), HUNDREDTH), Decimal(100))


@dataclass(frozen=True)
class _Passing:
    candidates: int
    passed: list[int]


async def find_result(conn: Connection, panel: Panel, *, round: int | None = None) -> Found:
    """What the panel has found by a round, that it is in if not said. The caller asks who may see it."""
    items = await judged_items(conn, panel)
    judges = await list_judges(conn, panel.id)
    rounds = range(1, (panel.round if round is None else round) + 1)
    if panel.method == "angoff":
        told = [
            _by_ratings(number, await all_ratings(conn, panel.id, round=number), judges, items)
            for number in rounds
        ]
    else:
        told = [
            _by_bookmarks(number, await all_bookmarks(conn, panel.id, round=number), panel, judges, items)
            for number in rounds
        ]
    cut, found_judges, found_items = told[-1]
    return Found(
        cut=cut,
        earlier=[each[0] for each in told[:-1]],
        max_points=sum(item.worth for item in items),
        judges=found_judges,
        items=found_items,
        impact=await _impact(conn, panel.exam_id, cut),
    )


def cut_as_scenario(panel: Panel, found: Found) -> Scenario:
    """A scenario whose pass mark is the cut. Raises NoCutYet where no judge has judged everything."""
    if found.pass_percent is None:
        raise NoCutYet
    return read_scenario(
        {"format": FORMAT, "exams": [panel.exam_id], "pass_mark": {"percent": str(found.pass_percent)}}
    )


def _by_ratings(
    number: int, ratings: Sequence[Any], judges: Sequence[Judge], items: Sequence[JudgedItem]
) -> tuple[FoundCut, list[FoundJudge], list[FoundItem]]:
    matrix = matrix_of(ratings, [judge.number for judge in judges], items)
    points = np.array([item.worth for item in items], float)
    found = angoff(matrix, points)
    real = realism(matrix, np.array([_nan(item.facility) for item in items], float))
    most = float(points.sum())
    cut = FoundCut(
        round=number,
        percent=_told(found.cut.percent),
        points=_told(found.cut.points),
        se_points=_told(found.cut.se),
        se_percent=_told(100 * found.cut.se / most) if most else None,
        judges=found.cut.judges,
        icc_single=_told(found.agreement.single),
        icc_mean=_told(found.agreement.mean),
        icc_consistency=_told(found.agreement.consistency),
    )
    return (
        cut,
        [
            FoundJudge(
                judge.number,
                bool(found.complete[row]),
                _told(100 * float(found.judge_points[row]) / most) if most else None,
                _told(float(found.judge_points[row])),
                None,
                _told(float(real[row])),
            )
            for row, judge in enumerate(judges)
        ],
        [
            FoundItem(
                item.question_number,
                item.sub_part,
                item.points,
                mean_percent=_told(100 * float(found.item_mean[column])),
                sd_percent=_told(100 * float(found.item_sd[column])),
                lowest_percent=_told(100 * float(found.item_lowest[column])),
                highest_percent=_told(100 * float(found.item_highest[column])),
                facility_percent=_told(100 * _nan(item.facility)),
                difficulty=item.difficulty,
            )
            for column, item in enumerate(items)
        ],
    )


def _by_bookmarks(
    number: int,
    placed: Sequence[Bookmark],
    panel: Panel,
    judges: Sequence[Judge],
    items: Sequence[JudgedItem],
) -> tuple[FoundCut, list[FoundJudge], list[FoundItem]]:
    booklet = booklet_of(panel, items)
    page_of = {mark.number: mark.page for mark in placed if mark.page is not None}
    pages = np.array([min(page, len(booklet.order)) for page in page_of.values()], np.int64)
    found = bookmark(pages, booklet)
    most = float(booklet.points.sum())
    cut = FoundCut(
        round=number,
        percent=_told(found.cut.percent),
        points=_told(found.cut.points),
        se_points=_told(found.cut.se),
        se_percent=_told(100 * found.cut.se / most) if most else None,
        judges=found.cut.judges,
        logits=_told(found.logits),
        se_logits=_told(found.se_logits),
        mean_deviation=_told(found.mean_deviation),
    )
    expected = booklet.expected(booklet.location)
    told = []
    for judge in judges:
        page = page_of.get(judge.number)
        points = math.nan if page is None else float(expected[min(page, len(expected)) - 1])
        told.append(
            FoundJudge(judge.number, page is not None, _told(100 * points / most), _told(points), page, None)
        )
    after = np.bincount(pages, minlength=len(booklet.order) + 1)
    paged = [
        FoundItem(
            item.question_number,
            item.sub_part,
            item.points,
            None,
            None,
            None,
            None,
            facility_percent=_told(100 * _nan(item.facility)),
            difficulty=item.difficulty,
            page=page,
            mastered_at=_told(float(booklet.location[page - 1])),
            bookmarks=int(after[page]),
        )
        for page, item in enumerate((items[place] for place in booklet.order), start=1)
    ]
    return cut, told, paged


async def _impact(conn: Connection, exam_id: int, cut: FoundCut) -> Impact | None:
    if cut.percent is None:
        return None
    error = cut.se_percent
    cuts = [cut.percent, *([cut.percent - error, cut.percent + error] if error is not None else [])]
    [found] = await many(
        conn, SQL.passing, _Passing, exam_id=exam_id, cuts=[Decimal(str(round(each, 2))) for each in cuts]
    )
    if not found.candidates:
        return None
    lower, higher = (found.passed[1], found.passed[2]) if error is not None else (None, None)
    return Impact(found.candidates, found.passed[0], lower, higher)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _told(value: float) -> float | None:
    return round(value, DIGITS) if math.isfinite(value) else None
