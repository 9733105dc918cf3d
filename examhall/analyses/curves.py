"""What a scenario makes of everybody's total: curve, pass mark, bands and scale; exact."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.analyses.arithmetic import (
    EXACT,
    THOUSAND,
    Whole,
    by_distinct,
    exact,
    least_reaching,
    mean_of,
    root_of,
    root_whole,
    thousandths,
    variance_of,
)

# Scores without steps are told to a thousandth; a step is a decimal of six places at most.
SCORE_PLACES, STEP_PLACES = Decimal("0.001"), Decimal("0.000001")


def curved(totals: Whole, most: int, curve: Mapping[str, Any]) -> Whole:
    """Nobody falls below nothing, nobody gets more than all. An empty curve changes nothing else."""
    if not len(totals):
        return totals
    # What wrong answers cost takes nobody below nothing, and is no debt that a curve has to pay first.
    totals = np.maximum(totals, 0)
    match curve.get("kind", "none"):
        case "add":
            totals = totals + thousandths(curve["points"])
        case "scale":
            totals = _stretched(totals, most, curve.get("factor"))
        case "square_root":
            totals = by_distinct(totals, lambda each: root_whole(each * most))
        case "to_mean":
            totals = _moved(totals, most, exact(curve["mean_percent"]), curve.get("sd_percent"))
    return np.clip(totals, 0, most)


def _stretched(totals: Whole, most: int, factor: Any) -> Whole:
    best = int(totals.max())
    if factor is not None:
        stretch = exact(factor)
    elif best > 0:
        stretch = Fraction(most, best)
    else:
        return totals
    return by_distinct(totals, lambda each: round(each * stretch))


def _moved(totals: Whole, most: int, mean_percent: Fraction, sd_percent: Any) -> Whole:
    target = mean_percent * most / 100
    mean = mean_of(totals)
    variance = variance_of(totals)
    if sd_percent is None or not variance:
        return by_distinct(totals, lambda each: round(each + target - mean))
    # The spread may be irrational: sixty digits of it decide every thousandth.
    ratio = EXACT.divide(_decimal(exact(sd_percent) * most / 100), root_of(variance))

    def moved(each: int) -> int:
        return int(EXACT.to_integral_value(EXACT.fma(_decimal(each - mean), ratio, _decimal(target))))

    return by_distinct(totals, moved)


def grades_of(points: Whole, most: Whole, bands: Sequence[Mapping[str, Any]]) -> NDArray[np.int16]:
    """Each one's place in the bands, which begin with the highest; the last for who reaches none."""
    grades = np.full(len(points), len(bands) - 1, np.int16)
    for all_of_it in np.unique(most).tolist():
        among = most == all_of_it
        # From the lowest up: a higher band overwrites a lower one.
        for place, band in reversed(list(enumerate(bands))):
            least = least_reaching(exact(band["from_percent"]), all_of_it)
            grades[among & (points >= least)] = place
    return grades


def passes(points: Whole, most: Whole, percent: Fraction) -> NDArray[np.bool_]:
    passed = np.zeros(len(points), np.bool_)
    for all_of_it in np.unique(most).tolist():
        among = most == all_of_it
        passed[among] = points[among] >= least_reaching(percent, all_of_it)
    return passed


def scaled(totals: Whole, most: int, scale: Mapping[str, Any]) -> NDArray[np.float64]:
    """Scores between the ends of the scale. By mean and spread: NaN where all have the same points."""
    lowest, highest = exact(scale["lowest"]), exact(scale["highest"])
    if scale.get("mean") is None:
        if most == 0:
            return np.full(len(totals), float(lowest))
        share = (highest - lowest) / most
        return _scores(totals, scale, lambda each: _decimal(lowest + each * share))
    variance = variance_of(totals) if len(totals) else Fraction(0)
    if not variance:
        return np.full(len(totals), np.nan)
    mean = mean_of(totals)
    slope = EXACT.divide(_decimal(exact(scale["sd"])), root_of(variance))
    middle = _decimal(exact(scale["mean"]))
    return _scores(totals, scale, lambda each: EXACT.fma(_decimal(each - mean), slope, middle))


def _scores(totals: Whole, scale: Mapping[str, Any], score: Any) -> NDArray[np.float64]:
    lowest, highest = Decimal(str(scale["lowest"])), Decimal(str(scale["highest"]))
    step = None if scale.get("step") is None else Decimal(str(scale["step"]))
    places = SCORE_PLACES if step is None else STEP_PLACES
    found = []
    different, which = np.unique(totals, return_inverse=True)
    for each in different.tolist():
        raw = score(each)
        if step is not None:
            raw = EXACT.multiply(EXACT.to_integral_value(EXACT.divide(raw, step)), step)
        found.append(float(min(max(raw, lowest), highest).quantize(places, context=EXACT)))
    return np.array(found, np.float64)[which.reshape(-1)]


def _decimal(number: Fraction | int) -> Decimal:
    number = Fraction(number)
    return EXACT.divide(Decimal(number.numerator), Decimal(number.denominator))


def as_points(whole: int | Fraction) -> float:
    return float(Fraction(whole) / THOUSAND)
