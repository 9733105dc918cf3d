"""What the figures of an item analysis mean, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from examhall.scoring.calibrations import Calibration, ItemCalibration
from examhall.scoring.item_warnings import SERIOUS, beating_options
from examhall.web.numbers import numbers_beside
from examhall.web.staff.item_charts import Words

# Reliability from which results serve decisions about single persons, and from which they serve at all
# (Nunnally & Bernstein 1994).
GOOD, FAIR = 0.85, 0.7
# Logits between the candidates' mean and the items' that matter.
OFF_TARGET = 0.75
# Below, differences of a few tenths between items are chance.
FEW_FOR_ITEMS = 100


@dataclass(frozen=True)
class Sentence:
    text: str
    tone: str = ""


@dataclass(frozen=True)
class Advice:
    """One warning: a chip's word, and what to do about it."""

    name: str
    text: str
    serious: bool


def advise(words: Sequence[str], item: ItemCalibration, _: Words) -> list[Advice]:
    said = {
        "distractor_beats_key": (
            _("Wrong key?"),
            _("The abler choose {options} more than the key. Check the key first.").format(
                options=", ".join(beating_options(item.details))
            ),
        ),
        "negative_discrimination": (
            _("Turned round"),
            _("Who does well elsewhere gets this wrong. Check the key and the wording."),
        ),
        "erratic": (
            _("Misfit"),
            _("Answers are more erratic than the model expects: strong candidates fail or weak ones guess."),
        ),
        "no_estimate": (
            _("No estimate"),
            _("No difficulty can be estimated: the summary above says why."),
        ),
        "too_hard": (_("Too hard"), _("Fewer than one in five had it right.")),
        "too_easy": (_("Too easy"), _("Nearly everybody had it right: it tells little about anybody.")),
        "weak_discrimination": (
            _("Weak"),
            _("It hardly tells strong from weak candidates."),
        ),
        "predictable": (
            _("Overfit"),
            _("Answers are more regular than the model expects; often it repeats what other items ask."),
        ),
        "unused_options": (_("Unused option"), _("Nobody chose one of the wrong options.")),
    }
    return [Advice(*said[word], word in SERIOUS) for word in words]


def summarise(
    calibration: Calibration, labels: Sequence[str], graves: Sequence[str], _: Words
) -> list[Sentence]:
    """The exam in a few sentences; `graves` are the labels of items that need a look before results count."""
    if calibration.too_few:
        return [
            Sentence(
                _("{persons} took part: too few to calibrate (10 are needed). Counts are shown.").format(
                    persons=calibration.persons
                ),
                "wait",
            )
        ]
    found = [_reliability(calibration, _), _targeting(calibration, _)]
    if graves:
        found.append(
            Sentence(
                _("Look first at {items}: before results count, check the key and the wording.").format(
                    items=", ".join(graves)
                ),
                "bad",
            )
        )
    elif labels:
        found.append(Sentence(_("No item has a serious problem."), "good"))
    if calibration.persons < FEW_FOR_ITEMS:
        found.append(
            Sentence(
                _(
                    "With {persons} candidates, figures of single items are uncertain: mind their errors."
                ).format(persons=calibration.persons)
            )
        )
    return [sentence for sentence in found if sentence] + _problems(calibration, _)


def _reliability(calibration: Calibration, _: Words) -> Sentence | None:
    write = numbers_beside(_)
    value = calibration.kr20
    if value is None:
        return None
    number = write.fixed(value, 2)
    if value >= GOOD:
        return Sentence(
            _("Scores are reliable (KR-20 {number}): they can carry decisions about persons.").format(
                number=number
            ),
            "good",
        )
    if value >= FAIR:
        return Sentence(
            _("Scores are fairly reliable (KR-20 {number}): close results are not really apart.").format(
                number=number
            ),
            "wait",
        )
    return Sentence(
        _("Scores are not reliable (KR-20 {number}): do not decide about persons by them alone.").format(
            number=number
        ),
        "bad",
    )


def _targeting(calibration: Calibration, _: Words) -> Sentence | None:
    write = numbers_beside(_)
    mean = calibration.found["ability"]["mean"]
    if mean is None:
        return None
    number = write.fixed(abs(mean), 1)
    if mean > OFF_TARGET:
        return Sentence(
            _("The exam was easy for them: on average {number} logits below their ability.").format(
                number=number
            )
        )
    if mean < -OFF_TARGET:
        return Sentence(
            _("The exam was hard for them: on average {number} logits above their ability.").format(
                number=number
            )
        )
    return Sentence(_("Difficulty suited them: items stand where candidates do."), "good")


def _problems(calibration: Calibration, _: Words) -> list[Sentence]:
    said = {
        "nobody_had": _("No difficulty, as nobody was given it: {items}."),
        "everybody_right": _("No finite difficulty, as everybody had it right: {items}."),
        "nobody_right": _("No finite difficulty, as nobody had it right: {items}."),
        "not_connected": _("Not on the common scale, as no chain of answers compares it: {items}."),
        "too_few_items": _("Nothing can be estimated: fewer than two items are left."),
        "no_item": _("{persons} had none of the items estimated, and have no ability."),
    }
    scale = {
        "no_spread": _("No scaled scores, as all abilities are the same."),
        "earlier_not_calibrated": _("No scaled scores: the exam they are linked to is not calibrated."),
        "no_common_item": _("No scaled scores: the exam they are linked to has no item in common."),
    }
    found = [
        Sentence(
            said[problem["kind"]].format(items=", ".join(problem["items"]), persons=problem["persons"]),
            "wait",
        )
        for problem in calibration.found["problems"]
        if problem["kind"] in said
    ]
    if problem := calibration.found["scale"].get("problem"):
        found.append(Sentence(scale[problem], "wait"))
    return found
