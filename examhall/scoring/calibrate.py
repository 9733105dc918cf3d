"""Calibrating an exam: marks are read at once, analysed beside the event loop, and the figures stored."""

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from psycopg.types.json import Jsonb

from examhall.base.db import Connection, Database, many, maybe, run
from examhall.base.sqlfile import beside
from examhall.exams.holding import hold_exam
from examhall.psychometrics.arrays import Floats
from examhall.psychometrics.scaled import Line, line_through, link_by_common_items
from examhall.scoring.conclude import announce_results
from examhall.scoring.exam_analysis import ExamAnalysis, analyse_exam, problems_of, scaled_line
from examhall.scoring.matrix import Matrix, read_matrix
from examhall.scoring.packing import TRAILER, packed_rows

SQL = beside(__file__)

# Of scaled scores where the exam says nothing.
SCALE_MEAN, SCALE_SD = 500.0, 100.0
# A scale ends so many spreads from its mean.
SCALE_REACH = 3.0


@dataclass(frozen=True)
class Calibrated:
    exam_id: int
    key_version: int
    persons: int
    items: int
    read_s: float
    compute_s: float


@dataclass(frozen=True)
class _Common:
    question_number: int
    sub_part: str
    difficulty: float


@dataclass(frozen=True)
class _Earlier:
    key_version: int
    slope: float
    intercept: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class _Scale:
    """Where scaled scores come from; `told` is what a page says of it."""

    line: Line | None
    lowest: float
    highest: float
    told: dict[str, Any]


async def calibrate_exam(
    database: Database, *, exam_id: int, key_version: int | None = None
) -> Calibrated | None:
    """Calibrate an exam by the key as it is, and store what is found in place of what was.

    The same marks give the same numbers to the last digit, however often. Does nothing, and gives None, when
    `key_version` is not the newest, or the key is corrected meanwhile: the exam will be concluded again. The
    event loop is free while NumPy computes.
    """
    async with database.transaction() as conn:
        matrix = await read_matrix(conn, exam_id)
    if key_version not in (None, matrix.exam.key_version):
        return None
    found = await asyncio.to_thread(analyse_exam, matrix)
    async with database.transaction() as conn:
        # Two calibrations wait for each other here, and a correction of the key for this one.
        held = await hold_exam(conn, exam_id)
        if held is None or held.key_version != matrix.exam.key_version:
            return None
        await _store(conn, matrix, found)
        await announce_results(conn, exam_id)
    return Calibrated(
        exam_id, held.key_version, len(matrix.shares), len(matrix.items), matrix.read_s, found.compute_s
    )


async def _store(conn: Connection, matrix: Matrix, found: ExamAnalysis) -> None:
    which = {"exam_id": matrix.exam.id, "key_version": matrix.exam.key_version}
    scale = await _scale(conn, matrix, found)
    await run(conn, SQL.forget_calibration, **which)
    await run(conn, SQL.forget_abilities, **which)
    analysis = found.analysis
    calibration, classical = analysis.calibration, analysis.classical
    persons = len(matrix.shares)
    await run(
        conn,
        SQL.insert_calibration,
        **which,
        persons=persons,
        items=len(matrix.items),
        items_estimated=int(calibration.estimated.sum()),
        log_likelihood=_number(calibration.log_likelihood),
        kr20=_number(classical.kr20),
        sem=_number(classical.sem),
        separation=_number(analysis.separation),
        reliability=_number(analysis.warm_reliability),
        slope=scale.line.slope if scale.line else None,
        intercept=scale.line.intercept if scale.line else None,
        lowest=scale.lowest if scale.line else None,
        highest=scale.highest if scale.line else None,
        linked_to=matrix.exam.scale_linked_to,
        found=_json(
            found.found
            | {
                "problems": problems_of(calibration.problems, matrix.items, persons),
                "too_few": found.too_few,
                "scale": scale.told,
            }
        ),
        read_s=matrix.read_s,
        compute_s=found.compute_s,
    )
    fit = analysis.item_fit
    await run(
        conn,
        SQL.insert_items,
        **which,
        question_numbers=[item.question_number for item in matrix.items],
        sub_parts=[item.sub_part for item in matrix.items],
        presented=classical.presented.tolist(),
        facility=_numbers(classical.facility),
        mean_share=_numbers(found.mean_share),
        discrimination=_numbers(classical.discrimination),
        difficulty=_numbers(calibration.difficulty),
        se=_numbers(calibration.se),
        infit=_numbers(fit.infit),
        outfit=_numbers(fit.outfit),
        infit_t=_numbers(fit.infit_t),
        outfit_t=_numbers(fit.outfit_t),
        details=[_json(detail) for detail in found.details],
    )
    await _store_abilities(conn, matrix, found, scale)


async def _store_abilities(conn: Connection, matrix: Matrix, found: ExamAnalysis, scale: _Scale) -> None:
    analysis = found.analysis
    columns = {
        "candidate_id": ("i8", matrix.candidate_ids),
        "sitting_id": ("i8", matrix.sitting_ids),
        "exam_id": ("i8", matrix.exam.id),
        "key_version": ("i4", matrix.exam.key_version),
        "score": ("i4", analysis.score),
        "presented": ("i4", analysis.presented),
        "theta": ("f8", analysis.ability.theta),
        "se": ("f8", analysis.ability.se),
        "scaled": ("f8", scaled_line(scale.line, analysis.ability.theta, scale.lowest, scale.highest)),
    } | {name: ("f8", values) for name, values in analysis.person_fit._asdict().items()}
    async with conn.cursor() as cursor, cursor.copy(SQL.copy_abilities.text) as copy:
        for rows in packed_rows(columns, len(matrix.shares)):
            await copy.write(rows)
        await copy.write(TRAILER)


async def _scale(conn: Connection, matrix: Matrix, found: ExamAnalysis) -> _Scale:
    exam = matrix.exam
    if exam.scale_linked_to is not None:
        return await _linked(conn, matrix, found.analysis.calibration.difficulty, exam.scale_linked_to)
    mean = SCALE_MEAN if exam.scale_mean is None else exam.scale_mean
    sd = SCALE_SD if exam.scale_sd is None else exam.scale_sd
    lowest, highest = mean - SCALE_REACH * sd, mean + SCALE_REACH * sd
    told: dict[str, Any] = {"mean": mean, "sd": sd}
    try:
        line = line_through(found.analysis.ability.theta, mean=mean, spread=sd)
    except ValueError:
        return _Scale(None, lowest, highest, told | {"problem": "no_spread"})
    return _Scale(line, lowest, highest, told)


async def _linked(conn: Connection, matrix: Matrix, difficulty: Floats, earlier_id: int) -> _Scale:
    """The earlier exam's scale, reached over common items. A logit is a logit: only the origin moves."""
    told: dict[str, Any] = {"linked_to": earlier_id}
    earlier = await maybe(conn, SQL.earlier_scale, _Earlier, exam_id=earlier_id)
    if earlier is None:
        return _Scale(None, 0, 0, told | {"problem": "earlier_not_calibrated"})
    common = await many(
        conn,
        SQL.common_items,
        _Common,
        exam_id=matrix.exam.id,
        earlier_id=earlier_id,
        key_version=earlier.key_version,
    )
    known = {(item.question_number, item.sub_part): item.difficulty for item in common}
    then = np.array(
        [known.get((item.question_number, item.sub_part), np.nan) for item in matrix.items], float
    )
    try:
        link = link_by_common_items(difficulty, then)
    except ValueError:
        return _Scale(None, 0, 0, told | {"problem": "no_common_item"})
    told["shifts"] = {
        item.label: float(shift)
        for item, shift in zip(matrix.items, link.shift, strict=True)
        if np.isfinite(shift)
    }
    line = Line(earlier.slope, earlier.intercept).after(link.line)
    return _Scale(line, earlier.lowest, earlier.highest, told)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _numbers(values: Floats) -> list[float | None]:
    return [_number(value) for value in values.tolist()]


def _json(value: dict[str, Any]) -> Jsonb:
    # NaN becomes null.
    return Jsonb(value, dumps=msgspec.json.encode)
