"""Calibrations as they are stored: of an exam, of its items, of its candidates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from examhall.base.db import Connection, many, maybe
from examhall.base.sqlfile import beside
from examhall.scoring.export import NoSuchExam

SQL = beside(__file__)


@dataclass(frozen=True)
class Standing:
    id: int
    title: str
    kind: str
    key_version: int
    closes_at: datetime | None
    is_over: bool
    concluded_at: datetime | None
    sittings: int
    still_open: int
    # Sittings with answers that wait for a person.
    unmarked: int
    is_coming: bool


@dataclass(frozen=True)
class Calibration:
    exam_id: int
    key_version: int
    calibrated_at: datetime
    persons: int
    items: int
    items_estimated: int
    log_likelihood: float | None
    kr20: float | None
    sem: float | None
    separation: float | None
    reliability: float | None
    slope: float | None
    intercept: float | None
    lowest: float | None
    highest: float | None
    linked_to: int | None
    found: dict[str, Any]
    read_s: float
    compute_s: float

    @property
    def too_few(self) -> bool:
        return bool(self.found["too_few"])


@dataclass(frozen=True)
class ItemCalibration:
    question_number: int
    sub_part: str
    kind: str
    points: float
    prompt: str
    item_prompt: str
    options: list[dict[str, str]] | None
    presented: int
    facility: float | None
    mean_share: float | None
    discrimination: float | None
    difficulty: float | None
    se: float | None
    infit: float | None
    outfit: float | None
    infit_t: float | None
    outfit_t: float | None
    details: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class PersonCalibration:
    username: str | None
    full_name: str | None
    sitting_id: int
    score: int
    presented: int
    theta: float | None
    se: float | None
    scaled: float | None
    infit: float | None
    outfit: float | None
    infit_t: float | None
    outfit_t: float | None


@dataclass(frozen=True)
class SittingAbility:
    """A candidate's ability with its standard error, in logits and on the exam's scale."""

    theta: float
    se: float
    scaled: float | None
    scaled_se: float | None
    lowest: float | None
    highest: float | None


async def find_standing(conn: Connection, exam_id: int) -> Standing:
    found = await maybe(conn, SQL.standing, Standing, exam_id=exam_id)
    if found is None:
        raise NoSuchExam
    return found


async def find_calibration(conn: Connection, exam_id: int) -> Calibration | None:
    """The newest; its key_version says whether the key was corrected since."""
    return await maybe(conn, SQL.newest, Calibration, exam_id=exam_id)


async def list_items(conn: Connection, calibration: Calibration) -> list[ItemCalibration]:
    return await many(
        conn,
        SQL.items,
        ItemCalibration,
        exam_id=calibration.exam_id,
        key_version=calibration.key_version,
    )


async def list_persons(conn: Connection, calibration: Calibration) -> list[PersonCalibration]:
    return await many(
        conn,
        SQL.persons,
        PersonCalibration,
        exam_id=calibration.exam_id,
        key_version=calibration.key_version,
    )


async def find_ability(conn: Connection, *, sitting_id: int, candidate_id: int) -> SittingAbility | None:
    """None before the exam is calibrated by its newest key, or where there is no estimate.

    The caller shows it only when the result is released.
    """
    return await maybe(conn, SQL.ability, SittingAbility, sitting_id=sitting_id, candidate_id=candidate_id)
