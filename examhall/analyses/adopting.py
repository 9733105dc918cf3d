"""A scenario becomes official: its questions as a correction of the key, its pass mark as the exam's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from psycopg.errors import UniqueViolation

from examhall.accounts.access import Person, require_role
from examhall.analyses.document import Scenario
from examhall.analyses.scenarios import SavedScenario
from examhall.base.db import Connection, many, one, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.sqlfile import beside
from examhall.certificates.rules import follow_new_pass_mark
from examhall.exams.correcting import find_standing
from examhall.exams.correction import Correction
from examhall.exams.pass_mark import set_pass_mark
from examhall.scoring.preview import Preview, preview_correction
from examhall.scoring.rescore import apply_correction

SQL = beside(__file__)

# What a scenario can say and an exam cannot: told before, and never done halfway.
UNOFFICIAL: Final = (
    "exclude_sittings", "exclude_below_minutes", "weights", "negative_marking", "curve", "grade_bands",
    "scale",
)  # fmt: skip
PREVIEWED = "Not decided yet."


class NothingOfficial(Conflict):
    """Nothing in this scenario can become official for this exam: no question, no pass mark."""


class OfficialAlready(Conflict):
    """This version of the scenario is official for this exam already."""


class NotOfScenario(NotFound):
    """The scenario is not about this exam."""


@dataclass(frozen=True)
class Adoption:
    """What of a scenario would become official for one of its exams."""

    exam_id: int
    title: str
    # The exam's, for If-Match.
    version: int
    key_version: int
    changes: int
    pass_percent_before: Decimal | None
    # None: stays as it is.
    pass_percent: Decimal | None
    # Names in the document that stay what-if.
    left_out: Sequence[str]
    # None: nothing can become official.
    preview: Preview | None


@dataclass(frozen=True)
class Adopted:
    exam_version: int
    key_version: int | None
    pass_percent_before: Decimal | None
    pass_percent_after: Decimal | None


@dataclass(frozen=True)
class MadeOfficial:
    exam_id: int
    exam_title: str
    exam_version: int
    key_version: int | None
    pass_percent_before: Decimal | None
    pass_percent_after: Decimal | None
    reason: str
    adopted_by: str
    adopted_at: datetime


@dataclass(frozen=True)
class _PassMark:
    pass_percent: Decimal | None


async def plan_adoption(conn: Connection, scenario: Scenario, exam_id: int) -> Adoption:
    """What would become official, with who moves, exactly as it would then be; nothing is written.

    Raises what is wrong with the changes by the key as it is now.
    """
    _require_about(scenario, exam_id)
    exam = await find_standing(conn, exam_id)
    correction, percent = _correction(scenario, exam_id, PREVIEWED), _pass_percent(scenario)
    before = (await one(conn, SQL.pass_mark, _PassMark, exam_id=exam_id)).pass_percent
    preview = None
    if correction is not None or percent is not None:
        preview = await preview_correction(conn, exam_id=exam_id, correction=correction, pass_percent=percent)
    return Adoption(
        exam_id=exam_id,
        title=exam.title,
        version=exam.version,
        key_version=exam.key_version,
        changes=len(correction.changes) if correction else 0,
        pass_percent_before=before,
        pass_percent=percent,
        left_out=left_out(scenario),
        preview=preview,
    )


async def adopt_scenario(
    conn: Connection, saved: SavedScenario, *, exam_id: int, version: int, reason: str, by: Person
) -> Adopted:
    """Make what can be official so, for one exam: all of it or nothing, and once.

    `version` is the exam's, as the preview told it; whoever was slower gets SomebodyWasFaster, who sends the
    same again OfficialAlready. Everybody is marked again in the background, as after any correction.
    """
    require_role(by, "author")
    scenario = saved.scenario
    _require_about(scenario, exam_id)
    correction, percent = _correction(scenario, exam_id, reason), _pass_percent(scenario)
    if correction is None and percent is None:
        raise NothingOfficial
    # First, so that a repeat is told that it is one, however the exam's version has moved on by then. It
    # waits here for whoever is at it.
    await _take(conn, saved, exam_id, reason, by)
    key_version, marked = None, None
    if correction is not None:
        exam = await apply_correction(
            conn, exam_id=exam_id, version=version, correction=correction, corrected_by=by.id
        )
        version, key_version = exam.version, exam.key_version
    if percent is not None:
        marked = await set_pass_mark(conn, exam_id=exam_id, version=version, percent=percent, by=by.id)
        version = marked.version
        await follow_new_pass_mark(conn, exam_id)
    adopted = Adopted(
        version, key_version, marked.before if marked else None, marked.after if marked else None
    )
    await run(
        conn,
        SQL.note,
        scenario_id=saved.id,
        scenario_version=saved.version,
        exam_id=exam_id,
        **vars(adopted),
    )
    return adopted


async def made_official(conn: Connection, scenario_id: int, version: int) -> list[MadeOfficial]:
    """For which exams this version of the scenario is official, the newest first."""
    return await many(
        conn, SQL.made_official, MadeOfficial, scenario_id=scenario_id, scenario_version=version
    )


def left_out(scenario: Scenario) -> list[str]:
    """What stays what-if whatever is decided: no exam has such a rule."""
    said = scenario.as_document()
    found = [name for name in UNOFFICIAL if said.get(name) not in (None, {"kind": "none"})]
    if scenario.pass_mark is not None and len(scenario.exams) > 1:
        # It is a share of the points of all of them.
        found.append("pass_mark")
    return found


def _correction(scenario: Scenario, exam_id: int, reason: str) -> Correction | None:
    changes = [
        change.model_dump(mode="json", exclude_none=True, exclude={"exam_id"})
        for _place, change in scenario.changes_of(exam_id)
    ]
    return Correction.model_validate({"reason": reason, "changes": changes}) if changes else None


def _pass_percent(scenario: Scenario) -> Decimal | None:
    if scenario.pass_mark is None or "pass_mark" in left_out(scenario):
        return None
    return Decimal(str(scenario.pass_mark.percent))


def _require_about(scenario: Scenario, exam_id: int) -> None:
    if exam_id not in scenario.exams:
        raise NotOfScenario


async def _take(conn: Connection, saved: SavedScenario, exam_id: int, reason: str, by: Person) -> None:
    try:
        await run(
            conn,
            SQL.take,
            scenario_id=saved.id,
            scenario_version=saved.version,
            exam_id=exam_id,
            reason=reason,
            adopted_by=by.id,
        )
    except UniqueViolation as error:
        raise OfficialAlready from error
