"""What a panel found, in words, and its ratings as strips: where judges are, and where candidates were."""

from dataclasses import dataclass

from examhall.analyses.panels import Panel
from examhall.analyses.standards import Found
from examhall.web.numbers import numbers_beside
from examhall.web.staff.item_charts import Words
from examhall.web.staff.item_words import Sentence

# Intraclass correlations that are excellent, good and moderate (Koo & Li 2016).
EXCELLENT, GOOD, MODERATE = 0.9, 0.75, 0.5
# Percentage points of a standard error beyond which a cut is a guess.
WIDE = 3.0
# Fewer judges than these, and the error itself is hardly known (Cizek & Bunch 2007).
FEW_JUDGES = 5
# Below, a judge's ratings have little to do with how hard items turned out.
UNREAL = 0.3


@dataclass(frozen=True)
class Strip:
    """One item on a line from 0 to 100: the judges' mean and ends, and what candidates did."""

    lowest: float | None
    mean: float | None
    highest: float | None
    actual: float | None


def cut_sentences(panel: Panel, found: Found, _: Words) -> list[Sentence]:
    write = numbers_beside(_)
    cut = found.cut
    if cut.percent is None:
        return [
            Sentence(
                _("No judge has rated everything yet; the cut appears with the first who has.")
                if panel.method == "angoff"
                else _("No judge has put a bookmark yet; the cut appears with the first."),
                "wait",
            )
        ]
    said = [_error(found, _)]
    if cut.judges < FEW_JUDGES:
        said.append(
            Sentence(
                _("It rests on {judges} judges; five or more make the error itself believable.").format(
                    judges=cut.judges
                ),
                "wait",
            )
        )
    if cut.icc_mean is not None:
        said.append(_agreement(cut.icc_mean, _))
    elif cut.mean_deviation is not None and cut.judges > 1:
        said.append(
            Sentence(
                _("The judges' bookmarks are {logits} logits from the cut on average.").format(
                    logits=write.fixed(cut.mean_deviation, 2)
                )
            )
        )
    unreal = [judge for judge in found.judges if judge.realism is not None and judge.realism < UNREAL]
    if unreal:
        said.append(
            Sentence(
                _("Judge {numbers}: ratings have little to do with how hard the items turned out.").format(
                    numbers=", ".join(str(judge.number) for judge in unreal)
                ),
                "wait",
            )
        )
    if found.impact is not None:
        said.append(_impact(found, _))
    return said


def strips(found: Found) -> dict[str, Strip]:
    return {
        item.label: Strip(item.lowest_percent, item.mean_percent, item.highest_percent, item.facility_percent)
        for item in found.items
    }


def _error(found: Found, _: Words) -> Sentence:
    write = numbers_beside(_)
    error = found.cut.se_percent
    if error is None:
        return Sentence(_("With one judge nothing is known of its error."), "wait")
    return Sentence(
        _("Two times in three a panel like this one is within {error} percentage points of it.").format(
            error=write.fixed(error, 1)
        ),
        "wait" if error > WIDE else "good",
    )


def _agreement(icc: float, _: Words) -> Sentence:
    write = numbers_beside(_)
    words, tone = _("Judges hardly agree about the items"), "bad"
    for least, said, how in (
        (EXCELLENT, _("Judges agree excellently about the items"), "good"),
        (GOOD, _("Judges agree well about the items"), "good"),
        (MODERATE, _("Judges agree moderately about the items"), "wait"),
    ):
        if icc >= least:
            words, tone = said, how
            break
    return Sentence(
        _("{words} (reliability of their mean {icc}).").format(words=words, icc=write.fixed(icc, 2)), tone
    )


def _impact(found: Found, _: Words) -> Sentence:
    write = numbers_beside(_)
    impact = found.impact
    assert impact is not None
    rate = write.percent(100 * impact.passed / impact.candidates, 1)
    if impact.passed_lower is None or impact.passed_higher is None:
        return Sentence(
            _("{passed} of {all} would pass ({rate}).").format(
                passed=write.figure(impact.passed), all=write.figure(impact.candidates), rate=rate
            )
        )
    return Sentence(
        _("{passed} of {all} would pass ({rate}); within its error, from {higher} to {lower}.").format(
            passed=write.figure(impact.passed),
            all=write.figure(impact.candidates),
            rate=rate,
            higher=write.figure(impact.passed_higher),
            lower=write.figure(impact.passed_lower),
        )
    )
