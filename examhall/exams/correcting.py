"""Correcting the key of an exam that people sit or have sat: the only way in which a key changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.exams.contents import announce_change
from examhall.exams.correction import Correction, Edit, KeyedItem, Undo, work_out
from examhall.exams.editing import note_edits
from examhall.exams.questions import list_questions, part_of

SQL = beside(__file__)


@dataclass(frozen=True)
class Standing:
    """Which version of an exam, and of its key, is the newest."""

    title: str
    version: int
    key_version: int


@dataclass(frozen=True)
class Plan:
    """What a correction would do to an exam as it stands."""

    exam: Standing
    items: Sequence[KeyedItem]
    edits: Sequence[Edit]


@dataclass(frozen=True)
class MadeCorrection:
    key_version: int
    corrected_at: datetime
    corrected_by: str | None
    reason: str
    document: dict[str, Any]
    changes: list[dict[str, Any]]


@dataclass(frozen=True)
class _Made:
    key_version: int
    changes: list[dict[str, Any]]


async def find_standing(conn: Connection, exam_id: int) -> Standing:
    found = await maybe(conn, SQL.standing, Standing, exam_id=exam_id)
    if found is None:
        raise NotFound
    return found


async def plan_correction(conn: Connection, *, exam_id: int, correction: Correction) -> Plan:
    """What the correction would change; nothing is written. Raises what is wrong with it."""
    return await _plan(conn, exam_id, correction, await find_standing(conn, exam_id))


async def correct_key(
    conn: Connection, *, exam_id: int, version: int, correction: Correction, corrected_by: int
) -> Standing:
    """Write the corrected key, and into `key_corrections` who changed what from what, and why.

    Of any number of authors who saw the same version one succeeds; the others get SomebodyWasFaster, as does
    who sends the same again. Waits for markings under way; those that follow read the new key. Whoever calls
    this has everything marked again in the same transaction.
    """
    exam = await maybe(conn, SQL.take_version, Standing, exam_id=exam_id, version=version)
    if exam is None:
        raise SomebodyWasFaster(version=(await find_standing(conn, exam_id)).version)
    edits = (await _plan(conn, exam_id, correction, exam)).edits
    before = await _documents(conn, exam_id, edits)
    await run(
        conn,
        SQL.write_items,
        exam_id=exam_id,
        numbers=[edit.before.question_number for edit in edits],
        sub_parts=[edit.before.sub_part for edit in edits],
        keys=[Jsonb(edit.key) for edit in edits],
        points=[edit.points for edit in edits],
    )
    await run(
        conn,
        SQL.insert_correction,
        exam_id=exam_id,
        key_version=exam.key_version,
        corrected_by=corrected_by,
        reason=correction.reason,
        document=Jsonb(correction.model_dump(mode="json", exclude_none=True)),
        changes=Jsonb([edit.as_json() for edit in edits]),
    )
    after = await _documents(conn, exam_id, edits)
    # Whoever has one of these questions open is told, as of any author's change.
    changed = {part: (before[part], after[part]) for part in after if after[part] != before[part]}
    await note_edits(conn, exam_id, version=exam.version, by=corrected_by, edits=changed)
    await announce_change(conn, exam_id)
    return exam


async def renew_key(conn: Connection, *, exam_id: int, reason: str, renewed_by: int | None) -> Standing:
    """A further version of the key that says the same: what is marked by hand has changed after the results
    were final, and everything that follows from results has to follow again. The caller holds the exam.
    """
    exam = await one(conn, SQL.take_next_version, Standing, exam_id=exam_id)
    await run(
        conn,
        SQL.insert_correction,
        exam_id=exam_id,
        key_version=exam.key_version,
        corrected_by=renewed_by,
        reason=reason,
        document=Jsonb({"reason": reason, "changes": []}),
        changes=Jsonb([]),
    )
    await announce_change(conn, exam_id)
    return exam


async def list_corrections(conn: Connection, exam_id: int) -> list[MadeCorrection]:
    """Newest first."""
    return await many(conn, SQL.corrections, MadeCorrection, exam_id=exam_id)


async def keyed_items(conn: Connection, exam_id: int) -> list[KeyedItem]:
    """Every item with its key. For those who may see keys alone."""
    return await many(conn, SQL.items, KeyedItem, exam_id=exam_id)


async def _documents(conn: Connection, exam_id: int, edits: Sequence[Edit]) -> dict[str, Any]:
    """The questions that a correction changes, each as its editor has it."""
    numbers = {edit.before.question_number for edit in edits}
    questions = await list_questions(conn, exam_id)
    return {part_of(each.id): each.document for each in questions if each.number in numbers}


async def _plan(conn: Connection, exam_id: int, correction: Correction, exam: Standing) -> Plan:
    items = await keyed_items(conn, exam_id)
    undone = [change.key_version for change in correction.changes if isinstance(change, Undo)]
    made = await many(conn, SQL.changes_made, _Made, exam_id=exam_id, key_versions=undone) if undone else []
    edits = work_out(correction, items, {each.key_version: each.changes for each in made})
    return Plan(exam, items, edits)
