"""A scenario in words: what it changes, in sentences that a board reads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from examhall.analyses.document import (
    Accept,
    Add,
    Drop,
    Named,
    NewKey,
    QuestionChange,
    Scenario,
    SquareRoot,
    Stretch,
    ToMean,
    Worth,
)
from examhall.reference.values import Band, Scale
from examhall.web.numbers import ENGLISH, Numbers

Words: TypeAlias = Callable[[str], str]
# Numbers that are told one by one.
MOST_TOLD = 12


class Said(NamedTuple):
    """One sentence, and the part of the document that it is about."""

    part: str
    sentence: str


def scenario_in_words(
    scenario: Scenario,
    *,
    titles: Mapping[int, str],
    entries: Mapping[tuple[str, str], str],
    _: Words,
    write: Numbers = ENGLISH,
) -> list[Said]:
    """One sentence for each thing that the scenario changes; none where it changes nothing.

    `titles` are the exams' by id, `entries` the names of scales and grade bands by kind and code.
    """
    said = [
        *_excluded(scenario, _, write),
        *_questions(scenario, titles, _),
        *_weights(scenario, titles, _, write),
        *_marking(scenario, _),
        *_curve(scenario, _, write),
    ]
    if scenario.pass_mark is not None:
        percent = write.percent(float(scenario.pass_mark.percent), None)
        said.append(Said("pass_mark", _("{percent} of all points pass.").format(percent=percent)))
    if scenario.grade_bands is not None:
        said.append(Said("grade_bands", _bands(scenario.grade_bands, entries, _, write)))
    if scenario.scale is not None:
        said.append(Said("scale", _scale(scenario.scale, entries, _, write)))
    if scenario.subgroups is not None:
        by = {"course": _("Results are told by course as well."),
              "organisation": _("Results are told by organisation as well.")}  # fmt: skip
        said.append(Said("subgroups", by[scenario.subgroups.by]))
    return said


def change_in_words(change: QuestionChange, label: str, _: Words) -> str:
    """What becomes of one question."""
    match change:
        case Drop(award="nobody"):
            words = _("Question {label} counts for nobody.")
        case Drop():
            words = _("Question {label}: everybody gets its points.")
        case Worth():
            return _("Question {label} is worth {points}.").format(
                label=label, points=answer_text(change.points)
            )
        case Accept():
            words = _("Question {label}: {answer} is right too.")
        case NewKey():
            words = _("Question {label}: {answer} is right instead.")
    answer = answer_text(change.answer) if isinstance(change, NewKey | Accept) else ""
    return words.format(label=label, answer=answer)


def answer_text(answer: Any) -> str:
    """An answer as the editor's field has it: parts by commas, pairs as 1=B."""
    match answer:
        case dict():
            return ", ".join(f"{name}={value}" for name, value in answer.items())
        case list():
            return ", ".join(answer_text(each) for each in answer)
        case bool():
            return "true" if answer else "false"
    return str(answer)


def _questions(scenario: Scenario, titles: Mapping[int, str], _: Words) -> list[Said]:
    said = []
    for change in scenario.questions:
        label = f"{change.question_number}{change.sub_part or ''}"
        sentence = change_in_words(change, label, _)
        if len(scenario.exams) > 1:
            sentence = f"{titles.get(change.exam_id, change.exam_id)}: {sentence}"
        said.append(Said("questions", sentence))
    if len(said) > MOST_TOLD:
        more = _("{count} more questions are changed.").format(count=len(said) - MOST_TOLD)
        said = [*said[:MOST_TOLD], Said("questions", more)]
    return said


def _weights(scenario: Scenario, titles: Mapping[int, str], _: Words, write: Numbers) -> list[Said]:
    said = []
    for weight in scenario.weights:
        factor = write.points(float(weight.factor))
        if weight.factor == 0:
            sentence = _("{topic} does not count.").format(topic=weight.topic)
        elif weight.factor == 2:
            sentence = _("{topic} counts double.").format(topic=weight.topic)
        else:
            sentence = _("{topic} counts {factor} times.").format(topic=weight.topic, factor=factor)
        if len(scenario.exams) > 1:
            sentence = f"{titles.get(weight.exam_id, weight.exam_id)}: {sentence}"
        said.append(Said("weights", sentence))
    return said


def _marking(scenario: Scenario, _: Words) -> list[Said]:
    marking = scenario.negative_marking
    if marking is None:
        return []
    if marking.kinds is None:
        sentence = _("A wrong answer costs {fraction} of its points.").format(fraction=marking.fraction)
    else:
        kinds = ", ".join(kind.replace("_", " ") for kind in marking.kinds)
        sentence = _("A wrong answer costs {fraction} of its points ({kinds}).").format(
            fraction=marking.fraction, kinds=kinds
        )
    return [Said("negative_marking", sentence)]


def _curve(scenario: Scenario, _: Words, write: Numbers) -> list[Said]:
    match scenario.curve:
        case Add() as curve:
            sentence = _("Everybody gets {points} points more.").format(
                points=write.points(float(curve.points))
            )
        case Stretch(factor=None):
            sentence = _("All points are stretched so that the best result is full.")
        case Stretch() as curve:
            sentence = _("All points are multiplied by {factor}.").format(
                factor=write.points(float(curve.factor or 1))
            )
        case SquareRoot():
            sentence = _("Square root curve: {before} become {after}.").format(
                before=write.percent(49), after=write.percent(70)
            )
        case ToMean() as curve:
            mean = write.percent(float(curve.mean_percent), None)
            if curve.sd_percent is None:
                sentence = _("All are moved so that the mean is {mean}.").format(mean=mean)
            else:
                sentence = _("All are moved to a mean of {mean} and a spread of {sd}.").format(
                    mean=mean, sd=write.percent(float(curve.sd_percent), None)
                )
        case _:
            return []
    return [Said("curve", sentence)]


def _excluded(scenario: Scenario, _: Words, write: Numbers) -> list[Said]:
    said = []
    if count := len(set(scenario.exclude_sittings)):
        words = _("One sitting does not count.") if count == 1 else _("{count} sittings do not count.")
        said.append(Said("exclude_sittings", words.format(count=count)))
    if scenario.exclude_below_minutes is not None:
        minutes = write.points(float(scenario.exclude_below_minutes))
        words = _("Sittings of less than {minutes} minutes do not count.")
        said.append(Said("exclude_below_minutes", words.format(minutes=minutes)))
    return said


def _bands(
    bands: Named | Sequence[Band], entries: Mapping[tuple[str, str], str], _: Words, write: Numbers
) -> str:
    if isinstance(bands, Named):
        name = entries.get(("grade_bands", bands.code), bands.code)
        return _("Grades: {name}.").format(name=name)
    listed = ", ".join(
        _("{name} from {percent}").format(
            name=band.name, percent=write.percent(float(band.from_percent), None)
        )
        for band in bands
    )
    return _("Grades: {name}.").format(name=listed)


def _scale(scale: Named | Scale, entries: Mapping[tuple[str, str], str], _: Words, write: Numbers) -> str:
    if isinstance(scale, Named):
        return _("Scores on the scale {name}.").format(name=entries.get(("scales", scale.code), scale.code))
    ends = {"lowest": write.points(float(scale.lowest)), "highest": write.points(float(scale.highest))}
    if scale.mean is None:
        return _("Scores from {lowest} to {highest} by the share of points.").format(**ends)
    return _("Scores from {lowest} to {highest}, mean {mean}, spread {sd}.").format(
        **ends, mean=write.points(float(scale.mean)), sd=write.points(float(scale.sd or 0))
    )
