"""A scenario held against the exams that it names: what it comes to, or all that is wrong with it at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from examhall.analyses.document import BadScenario, Named, QuestionChange, Scenario, pointer
from examhall.base.db import Connection, many
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.exams.correction import BadCorrection, Correction, Edit, KeyedItem, NothingToCorrect, work_out
from examhall.exams.exam_file_values import did_you_mean
from examhall.reference import catalog
from examhall.reference.values import Band, GradeBands, Scale, bands_problems

SQL = beside(__file__)

# A correction needs a reason; nobody reads this one.
WHAT_IF = "What if"


@dataclass(frozen=True)
class NamedExam:
    id: int
    title: str
    version: int
    key_version: int
    pass_percent: float | None
    topics: list[str]


@dataclass(frozen=True)
class _Item:
    exam_id: int
    topic: str | None
    question_number: int
    sub_part: str
    kind: str
    presented: dict[str, Any]
    key: dict[str, Any]
    points: Any

    def keyed(self) -> KeyedItem:
        return KeyedItem(
            self.question_number, self.sub_part, self.kind, self.presented, self.key, self.points
        )


@dataclass(frozen=True)
class _Sitting:
    id: int


@dataclass(frozen=True)
class PlannedExam:
    """One exam as it is, and the items that the scenario changes."""

    exam: NamedExam
    items: Sequence[KeyedItem]
    # Each item's topic, in the order of `items`.
    topics: Sequence[str | None]
    edits: Sequence[Edit]


@dataclass(frozen=True)
class Plan:
    """What a scenario comes to: nothing in it refers to anything that could change meanwhile."""

    scenario: Scenario
    exams: Sequence[PlannedExam]
    scale: Scale | None
    # The highest first; the last begins at 0 percent.
    bands: Sequence[Band] | None


async def plan_scenario(conn: Connection, scenario: Scenario) -> Plan:
    """What the scenario means for the exams as they are now; nothing is written.

    Raises BadScenario with everything that is wrong, each by its place: exams, questions, answers that the
    type does not allow, topics, sittings, entries of the master data. A change that the key already has is no
    mistake: a scenario that was made official stays what it was.
    """
    problems: list[dict[str, str]] = []
    exams = {exam.id: exam for exam in await many(conn, SQL.exams, NamedExam, exam_ids=scenario.exams)}
    items = defaultdict(list)
    for item in await many(conn, SQL.items, _Item, exam_ids=scenario.exams):
        items[item.exam_id].append(item)
    problems += _exams_problems(scenario, exams.keys())
    planned = []
    for exam_id in dict.fromkeys(scenario.exams):
        if exam_id in exams:
            keyed = [item.keyed() for item in items[exam_id]]
            edits, found = _edits(scenario, exam_id, keyed)
            problems += found
            topics = [item.topic for item in items[exam_id]]
            planned.append(PlannedExam(exams[exam_id], keyed, topics, edits))
    problems += _weights_problems(scenario, exams)
    problems += await _sittings_problems(conn, scenario)
    scale = bands = None
    if isinstance(scenario.scale, Named):
        if (said := await _entry(conn, "scales", scenario.scale, "/scale", problems)) is not None:
            scale = Scale.model_validate(said)
    else:
        scale = scenario.scale
    if isinstance(scenario.grade_bands, Named):
        if (
            said := await _entry(conn, "grade_bands", scenario.grade_bands, "/grade_bands", problems)
        ) is not None:
            bands = GradeBands.model_validate(said).bands
    elif scenario.grade_bands is not None:
        bands = scenario.grade_bands
        problems += [_at("grade_bands", at, sentence) for at, sentence in bands_problems(bands)]
    if problems:
        raise BadScenario(problems)
    return Plan(scenario, planned, scale, bands)


def _at(*steps: Any) -> dict[str, str]:
    """A problem: the steps to it, and last the sentence."""
    *path, message = steps
    return {"path": pointer(path), "message": message}


def _exams_problems(scenario: Scenario, known: Iterable[int]) -> list[dict[str, str]]:
    known, named = set(known), set(scenario.exams)
    found = [
        _at("exams", at, "There is no exam with this id.")
        for at, exam_id in enumerate(scenario.exams)
        if exam_id not in known
    ]
    found += [
        _at("exams", at, "This exam is named twice.")
        for at, exam_id in enumerate(scenario.exams)
        if exam_id in scenario.exams[:at]
    ]
    for column in ("questions", "weights"):
        found += [
            _at(column, at, "exam_id", "This exam is not among the scenario's exams.")
            for at, each in enumerate(getattr(scenario, column))
            if each.exam_id not in named
        ]
    return found


def _edits(
    scenario: Scenario, exam_id: int, items: Sequence[KeyedItem]
) -> tuple[Sequence[Edit], list[dict[str, str]]]:
    """What the changes of one exam's questions come to, worked out as a correction of its key would be."""
    changes = scenario.changes_of(exam_id)
    if not changes:
        return [], []
    correction = Correction.model_validate(
        {"reason": WHAT_IF, "changes": [_of_correction(change) for _, change in changes]}
    )
    try:
        return work_out(correction, items, {}), []
    except NothingToCorrect:
        return [], []
    except BadCorrection as error:
        fields: Any = error.details["fields"]
        return [], [_in_scenario(each, scenario, [at for at, _ in changes]) for each in fields]


def _of_correction(change: QuestionChange) -> dict[str, Any]:
    return change.model_dump(exclude_none=True, exclude={"exam_id"})


def _in_scenario(said: dict[str, str], scenario: Scenario, places: Sequence[int]) -> dict[str, str]:
    """A correction's `changes.2.answer.1`, counted from 1, as a pointer into the scenario."""
    _, number, *names = said["path"].split(".")
    at: Any = scenario.questions[places[int(number) - 1]].model_dump()
    steps: list[str | int] = ["questions", places[int(number) - 1]]
    for name in names:
        if isinstance(at, list) and name.isdigit() and int(name) <= len(at):
            steps.append(int(name) - 1)
            at = at[int(name) - 1]
        elif isinstance(at, dict) and at.get(name) is not None:
            steps.append(name)
            at = at[name]
    return {"path": pointer(steps), "message": said["message"]}


def _weights_problems(scenario: Scenario, exams: dict[int, NamedExam]) -> list[dict[str, str]]:
    found, seen = [], set()
    for at, weight in enumerate(scenario.weights):
        topics = exams[weight.exam_id].topics if weight.exam_id in exams else [weight.topic]
        if not topics:
            found.append(_at("weights", at, "topic", "This exam's questions have no topics."))
        elif weight.topic not in topics:
            near = did_you_mean(weight.topic, topics)
            found.append(_at("weights", at, "topic", f"No question of this exam has this topic.{near}"))
        elif (weight.exam_id, weight.topic) in seen:
            found.append(_at("weights", at, "This topic has a weight already."))
        seen.add((weight.exam_id, weight.topic))
    return found


async def _sittings_problems(conn: Connection, scenario: Scenario) -> list[dict[str, str]]:
    excluded = scenario.exclude_sittings
    if not excluded:
        return []
    there = {
        each.id
        for each in await many(conn, SQL.sittings, _Sitting, sitting_ids=excluded, exam_ids=scenario.exams)
    }
    return [
        _at("exclude_sittings", at, "None of these exams has such a sitting.")
        for at, sitting_id in enumerate(excluded)
        if sitting_id not in there
    ]


async def _entry(
    conn: Connection, kind: str, named: Named, path: str, problems: list[dict[str, str]]
) -> dict[str, Any] | None:
    try:
        return (await catalog.find_entry(conn, kind, named.code, named.version)).value
    except catalog.NoSuchEntry:
        problems.append(
            {"path": path, "message": said("The master data have no such entry in this version.")}
        )
        return None
