"""What is wrong with an item, by its figures, as stable words; the page says them in sentences.

Bounds as testing programmes use them: Haladyna & Rodriguez 2013, ch. 19; Wright & Linacre 1994 for fit.
"""

from typing import Any

from examhall.scoring.calibrations import ItemCalibration

# Share right.
TOO_HARD, TOO_EASY = 0.2, 0.95
WEAK_DISCRIMINATION = 0.15
# Mean squares, and how surely they are not 1.
ERRATIC, PREDICTABLE, SURELY = 1.3, 0.7, 2.0
# Fewer who chose an option say nothing about it.
FEWEST_CHOSEN = 3
# Of a test's discriminations this much is noise; below it a distractor does not beat the key.
CLEARLY = 0.05

# The first is what to look at first.
ORDER = (
    "distractor_beats_key",
    "negative_discrimination",
    "erratic",
    "no_estimate",
    "too_hard",
    "weak_discrimination",
    "too_easy",
    "predictable",
    "unused_options",
)
SERIOUS = frozenset(ORDER[:3])


def warnings_of(item: ItemCalibration, *, too_few: bool) -> list[str]:
    """Words of `ORDER`, the gravest first."""
    found = set()
    if item.facility is not None and item.facility < TOO_HARD:
        found.add("too_hard")
    if item.facility is not None and item.facility > TOO_EASY:
        found.add("too_easy")
    if item.discrimination is not None and item.discrimination < 0:
        found.add("negative_discrimination")
    elif item.discrimination is not None and item.discrimination < WEAK_DISCRIMINATION:
        found.add("weak_discrimination")
    if beating_options(item.details):
        found.add("distractor_beats_key")
    options = [option for option in item.details.get("options", []) if option["key"] is not None]
    if item.presented and any(option["chosen"] == 0 and not option["right"] for option in options):
        found.add("unused_options")
    if _surely(item.infit, item.infit_t, above=ERRATIC) or _surely(item.outfit, item.outfit_t, above=ERRATIC):
        found.add("erratic")
    elif item.infit is not None and item.infit < PREDICTABLE and (item.infit_t or 0) < -SURELY:
        found.add("predictable")
    if item.difficulty is None and not too_few:
        found.add("no_estimate")
    return [word for word in ORDER if word in found]


def beating_options(details: dict[str, Any]) -> list[str]:
    """The wrong options that the abler choose more than they choose the right one."""
    options = [option for option in details.get("options", []) if option["key"] is not None]
    right = [option["discrimination"] for option in options if option["right"]]
    known = [value for value in right if value is not None]
    if not known:
        return []
    return [
        option["key"]
        for option in options
        if not option["right"]
        and option["discrimination"] is not None
        and option["chosen"] >= FEWEST_CHOSEN
        and option["discrimination"] > max(*known, 0) + CLEARLY
    ]


def _surely(mean_square: float | None, t: float | None, *, above: float) -> bool:
    return mean_square is not None and t is not None and mean_square > above and t > SURELY
