"""The charts of the item analysis, as chart.js takes them, and the Wright map's rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from examhall.psychometrics.arrays import Floats
from examhall.psychometrics.curves import information
from examhall.psychometrics.persons import chances
from examhall.scoring.calibrations import Calibration, ItemCalibration
from examhall.scoring.item_warnings import SERIOUS
from examhall.web.numbers import numbers_beside

Words = Callable[[str], str]
Spec = dict[str, Any]

# Logits that a curve reaches beyond the items and persons it is about, and its points.
MARGIN = 1.0
STEPS = 49
# Digits that a chart can show.
DIGITS = 4
# More lines than colours cannot be told apart.
MOST_OPTIONS = 6


@dataclass(frozen=True)
class Placed:
    label: str
    difficulty: float
    serious: bool


@dataclass(frozen=True)
class Level:
    """Half a logit of the Wright map."""

    low: float
    persons: int
    # Of the fullest level, in percent.
    share: float
    items: Sequence[Placed]


def wright_map(
    calibration: Calibration, items: Sequence[ItemCalibration], warnings: Sequence[Sequence[str]]
) -> list[Level]:
    """Persons and items on one scale, the ablest and hardest at the top."""
    bars = calibration.found["abilities"]
    persons, low, width = bars["persons"], bars["low"], bars["width"]
    at: dict[int, list[Placed]] = {}
    for item, words in zip(items, warnings, strict=True):
        if item.difficulty is not None:
            bar = min(max(int((item.difficulty - low) // width), 0), max(len(persons) - 1, 0))
            placed = Placed(item.label, item.difficulty, bool(SERIOUS & set(words)))
            at.setdefault(bar, []).append(placed)
    most = max(persons, default=0) or 1
    return [
        Level(
            low + number * width,
            count,
            round(100 * count / most, 1),
            sorted(at.get(number, []), key=lambda placed: placed.difficulty),
        )
        for number, count in reversed(list(enumerate(persons)))
    ]


def score_chart(calibration: Calibration, _: Words) -> Spec:
    write = numbers_beside(_)
    scores = calibration.found["scores"]
    mean = calibration.found["score"]["mean"]
    return {
        "x": {"label": _("Items right"), "values": list(range(len(scores)))},
        "y": {"label": _("Candidates"), "min": 0},
        "series": [{"name": _("Candidates"), "values": scores, "style": "bars"}],
        "marks": [{"x": mean, "text": _("mean {mean}").format(mean=write.fixed(mean, 1))}]
        if mean is not None
        else [],
    }


def information_chart(calibration: Calibration, items: Sequence[ItemCalibration], _: Words) -> Spec:
    """How much the test tells at each ability, and how exactly it measures there."""
    theta = _grid(calibration, items)
    found = information(theta, _difficulties(items))
    return {
        "x": {"label": _("Ability (logits)"), "values": _rounded(theta)},
        "y": {"label": _("Information"), "min": 0},
        "series": [
            {"name": _("Test information"), "values": _rounded(found.information), "style": "area"},
            {
                "name": _("Standard error of ability"),
                "values": _rounded(np.minimum(found.error, 2.0)),
                "dashed": True,
                "right": True,
                "colour": 2,
            },
        ],
    }


def item_chart(calibration: Calibration, item: ItemCalibration, _: Words) -> Spec | None:
    """The model's curve of one item and what groups of candidates did; None without an estimate."""
    if item.difficulty is None:
        return None
    observed = {group["theta"]: group["share"] for group in item.details["observed"]}
    theta = np.unique(np.concatenate([_grid(calibration, [item]), list(observed)]))
    curve = chances(theta, np.array([item.difficulty]))[:, 0]
    return {
        "x": {"label": _("Ability (logits)"), "values": _rounded(theta)},
        "y": {"label": _("Share right"), "min": 0, "max": 1},
        "series": [
            {"name": _("Expected by the model"), "values": _rounded(curve), "style": "curve"},
            {
                "name": _("Observed, by groups of candidates"),
                "values": [_round(observed.get(float(at))) for at in theta],
                "style": "points",
                "colour": 2,
            },
        ],
        "marks": [{"x": item.difficulty, "text": _("difficulty")}],
    }


def options_chart(item: ItemCalibration, _: Words) -> Spec | None:
    """Who chose what, by ability; None where there is nothing to compare."""
    options = [option for option in item.details.get("options", []) if option["key"] is not None]
    groups = len(options[0]["by_group"]) if options else 0
    if groups < 2 or len(options) > MOST_OPTIONS:
        return None
    return {
        "x": {"label": _("Candidates, from the weakest to the ablest group"), "labels": _ordinals(groups)},
        "y": {"label": _("Share that chose it"), "min": 0, "max": 1},
        "series": [
            {
                "name": f"{option['key']} ✓" if option["right"] else option["key"],
                "values": [_round(share) for share in option["by_group"]],
                "dashed": not option["right"],
                "colour": place,
            }
            for place, option in enumerate(options, 1)
        ],
    }


def _ordinals(groups: int) -> list[str]:
    return [str(number) for number in range(1, groups + 1)]


def _grid(calibration: Calibration, items: Sequence[ItemCalibration]) -> Floats:
    bars = calibration.found["abilities"]
    taken = [place for place, count in enumerate(bars["persons"]) if count]
    ends = [bars["low"] + bars["width"] * place for place in (*taken[:1], *(last + 1 for last in taken[-1:]))]
    known = _difficulties(items)
    known = known[np.isfinite(known)]
    low, high = min([*ends, *known]), max([*ends, *known])
    return np.linspace(min(low, -2 * MARGIN), max(high, 2 * MARGIN), STEPS)


def _difficulties(items: Sequence[ItemCalibration]) -> Floats:
    return np.array([np.nan if item.difficulty is None else item.difficulty for item in items], float)


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), DIGITS) for value in values]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
