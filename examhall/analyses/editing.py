"""What somebody who edits a scenario looks at: exams to choose from, their questions and how they went."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from examhall.analyses.scenarios import ListedScenario
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.exams.correction import KeyedItem

SQL = beside(__file__)

MOST_CHOICES = 60


@dataclass(frozen=True)
class ExamChoice:
    id: int
    title: str
    opens_at: datetime | None
    sittings: int


@dataclass(frozen=True)
class EditedItem:
    """One item as the editor shows it; how it went is None before the exam is calibrated."""

    exam_id: int
    question_number: int
    sub_part: str
    kind: str
    topic: str | None
    prompt: str
    presented: dict[str, Any]
    key: dict[str, Any]
    points: Decimal
    facility: float | None
    discrimination: float | None

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"

    @property
    def keyed(self) -> KeyedItem:
        return KeyedItem(
            self.question_number, self.sub_part, self.kind, self.presented, self.key, self.points
        )


@dataclass(frozen=True)
class LastCalculation:
    """The newest of a scenario; `told` holds of a result what a headline needs."""

    scenario_id: int
    id: int
    scenario_version: int
    status: str
    progress: float
    finished_at: datetime | None
    told: dict[str, Any] | None


async def exams_to_choose(conn: Connection, *, search: str = "") -> list[ExamChoice]:
    """Exams that somebody handed in, the newest first; those whose title has `search` in it."""
    pattern = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return await many(conn, SQL.exams_to_choose, ExamChoice, pattern=f"%{pattern}%", limit=MOST_CHOICES)


async def exams_named(conn: Connection, exam_ids: Sequence[int]) -> dict[int, ExamChoice]:
    found = await many(conn, SQL.exams_named, ExamChoice, exam_ids=list(exam_ids))
    return {exam.id: exam for exam in found}


async def items_to_edit(conn: Connection, exam_ids: Sequence[int]) -> dict[int, list[EditedItem]]:
    """Of each exam every item in its order; one query however many exams and sittings."""
    items: dict[int, list[EditedItem]] = defaultdict(list)
    for item in await many(conn, SQL.items_to_edit, EditedItem, exam_ids=list(exam_ids)):
        items[item.exam_id].append(item)
    return items


async def last_calculations(
    conn: Connection, scenarios: Sequence[ListedScenario]
) -> dict[int, LastCalculation]:
    """The newest calculation of each scenario that has one; one query however many scenarios."""
    found = await many(
        conn, SQL.last_calculations, LastCalculation, scenario_ids=[each.id for each in scenarios]
    )
    return {each.scenario_id: each for each in found}
