"""Everything computed about an exam from its matrix: items, options, candidates, and what charts show."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from examhall.psychometrics.analysis import Analysis, analyse
from examhall.psychometrics.arrays import Floats, Ints, Marks
from examhall.psychometrics.classical import Classical, classical
from examhall.psychometrics.curves import grouped, observed
from examhall.psychometrics.fit import Fit
from examhall.psychometrics.options import options_chosen
from examhall.psychometrics.persons import Ability
from examhall.psychometrics.rasch import Problem
from examhall.psychometrics.scaled import Line
from examhall.scoring.matrix import FULL, Item, Matrix

# With fewer persons an exam is not calibrated.
FEW_PERSONS = 10
# Groups of persons whose answers are shown beside an item's curve, and how many persons are worth one.
MOST_GROUPS = 8
PERSONS_TO_A_GROUP = 12
# Rows looked at together.
ROWS = 65_536
# Logits to a bar of the Wright map. Abilities are as many as scores: in finer bars there would be gaps.
BAR = 0.5


@dataclass(frozen=True)
class ExamAnalysis:
    """Columns are items, rows persons, in the matrix's order. What has no estimate is NaN."""

    analysis: Analysis
    too_few: bool
    """fewer than ten persons: counted, but not calibrated"""

    mean_share: Floats
    """(items,): the mean share of the points, which for partial credit is more than the share right"""

    details: list[dict[str, Any]]
    """for each item, what its charts show"""

    found: dict[str, Any]
    """what charts of the whole exam show"""

    compute_s: float


def analyse_exam(matrix: Matrix) -> ExamAnalysis:
    """Analyse what was read; `matrix.shares` is used up: it holds 1, 0 and -1 afterwards, no copy is made.

    Part of the points counts as wrong for the model (right is all of them), as decision 0013 explains; the
    mean share and the counts of each share say what that hides.
    """
    begin = time.perf_counter()
    mean_share, counts = _partial(matrix)
    marks = matrix.shares
    for start in range(0, len(marks), ROWS):
        # -1, not presented, stays -1; all of the points become 1, less 0.
        np.floor_divide(marks[start : start + ROWS], FULL, out=marks[start : start + ROWS])
    too_few = len(marks) < FEW_PERSONS
    analysis = _counted(marks) if too_few else analyse(marks)
    # With too few for abilities, the share right serves as well to tell strong from weak.
    able = analysis.score / np.maximum(analysis.presented, 1) if too_few else analysis.ability.theta
    groups = int(np.clip(len(marks) // PERSONS_TO_A_GROUP, 1, MOST_GROUPS))
    group = grouped(able, groups)
    found = {
        "scores": np.bincount(analysis.score, minlength=len(matrix.items) + 1).tolist(),
        "score": _moments(analysis.score.astype(float)),
        "ability": _moments(analysis.ability.theta),
        "abilities": _histogram(analysis),
    }
    return ExamAnalysis(
        analysis=analysis,
        too_few=too_few,
        mean_share=mean_share,
        details=_details(matrix, analysis, group, counts),
        found=found,
        compute_s=time.perf_counter() - begin,
    )


def scaled_line(line: Line | None, theta: Floats, lowest: float, highest: float) -> Floats:
    """(persons,): scaled scores to whole points, kept between the scale's ends; NaN without a scale."""
    if line is None:
        return np.full(len(theta), np.nan)
    return np.clip(np.rint(line.of(theta)), lowest, highest)


def _partial(matrix: Matrix) -> tuple[Floats, list[dict[str, int]]]:
    """The mean share of the points of each item, and how many got which share, where any got a part."""
    shares = matrix.shares
    items = shares.shape[1]
    presented, total = np.zeros((2, items))
    for start in range(0, len(shares), ROWS):
        rows = shares[start : start + ROWS]
        here = rows >= 0
        presented += here.sum(axis=0)
        total += np.where(here, rows, 0).sum(axis=0, dtype=np.int64)
    counts: list[dict[str, int]] = []
    for item in range(items):
        column = shares[:, item]
        number = np.bincount(column[column >= 0], minlength=FULL + 1)
        part = number[1:FULL].any()
        counts.append({str(share): int(number[share]) for share in np.flatnonzero(number)} if part else {})
    with np.errstate(invalid="ignore"):
        return total / (FULL * presented), counts


def _counted(marks: Marks) -> Analysis:
    """What can be said of too few: counts, and no model."""
    persons, items = marks.shape
    statistics: Classical = classical(marks)
    empty = np.full(items, np.nan)
    nobody = np.full(persons, np.nan)
    calibration = analyse(np.empty((0, items), np.int8)).calibration
    return Analysis(
        classical=statistics,
        calibration=calibration,
        item_fit=Fit(empty, empty, empty, empty),
        score=(marks > 0).sum(axis=1),
        presented=(marks >= 0).sum(axis=1),
        ability=Ability(nobody, nobody),
        person_fit=Fit(nobody, nobody, nobody, nobody),
        separation=float("nan"),
        warm_reliability=float("nan"),
    )


def _moments(values: Floats) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    return {
        "mean": float(known.mean()) if len(known) else None,
        "sd": float(known.std(ddof=1)) if len(known) > 1 else None,
    }


def _histogram(analysis: Analysis) -> dict[str, Any]:
    """How many persons stand where, in bars that also reach over all the items."""
    theta, difficulty = analysis.ability.theta, analysis.calibration.difficulty
    known = theta[np.isfinite(theta)]
    if not len(known):
        return {"low": 0.0, "width": BAR, "persons": []}
    both = np.concatenate([known, difficulty[np.isfinite(difficulty)]])
    low = np.floor(both.min() / BAR) * BAR
    bars = int(np.floor((both.max() - low) / BAR)) + 1
    place = np.clip(((known - low) / BAR).astype(int), 0, bars - 1)
    return {"low": float(low), "width": BAR, "persons": np.bincount(place, minlength=bars).tolist()}


def _details(
    matrix: Matrix, analysis: Analysis, group: Ints, counts: list[dict[str, int]]
) -> list[dict[str, Any]]:
    marks = matrix.shares
    groups = int(group.max(initial=-1)) + 1
    points = observed(marks, analysis.ability.theta, group)
    column = {item: number for number, item in enumerate(matrix.with_options)}
    details: list[dict[str, Any]] = []
    for number, item in enumerate(matrix.items):
        detail: dict[str, Any] = {"shares": counts[number]} if counts[number] else {}
        detail["observed"] = [
            {
                "theta": float(points.theta[g, number]),
                "share": float(points.share[g, number]),
                "persons": int(points.persons[g, number]),
            }
            for g in range(groups)
            if points.persons[g, number]
        ]
        if number in column:
            mine = marks[:, number]
            had = mine >= 0
            others = analysis.presented - had
            with np.errstate(invalid="ignore", divide="ignore"):
                rest = np.where(others > 0, (analysis.score - (mine > 0)) / others, np.nan)
            chosen = options_chosen(
                matrix.choices[:, column[number]], len(item.options), had, rest, group, groups
            )
            right = _right_options(item)
            detail["options"] = [
                {"key": key, "right": key in right} | option._asdict()
                for key, option in zip([*item.options, None], chosen, strict=True)
            ]
        details.append(detail)
    return details


def _right_options(item: Item) -> list[str]:
    correct = item.key.get("correct", [])
    return [str(correct).lower()] if isinstance(correct, bool) else list(correct)


def problems_of(
    calibration_problems: tuple[Problem, ...], items: list[Item], persons: int
) -> list[dict[str, Any]]:
    """What the data did not allow, with the items' labels."""
    if persons < FEW_PERSONS:
        return [{"kind": "few_persons", "items": [], "persons": persons}]
    return [
        {
            "kind": problem.kind,
            "items": [items[number].label for number in problem.items],
            "persons": problem.persons,
        }
        for problem in calibration_problems
    ]
