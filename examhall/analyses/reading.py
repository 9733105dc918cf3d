"""Reading everything that a calculation needs, in one snapshot, into a file for the process that computes.

Nothing is taken apart here: what PostgreSQL sends is passed on, a row for a thousand sittings, and memory is
taken for one of them. Of 10,000 sittings of 100 answers that is a second or two.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from examhall.analyses.calculator import CannotCalculate
from examhall.analyses.checking import PlannedExam
from examhall.analyses.document import Scenario
from examhall.analyses.failures import TooLarge
from examhall.analyses.frames import HEADER, MEMBERS, PART, SITTINGS, frame
from examhall.analyses.inputs import Inputs, take_inputs
from examhall.analyses.remarking import Item, kinds_that_cost, needs_answers
from examhall.analyses.subgroups import GroupNamed
from examhall.base.db import Connection, many, one, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

THOUSAND = 1000
# What the cells of the marks have bits for; and the bytes of a sitting.
MOST_SITTINGS = 2**20
SITTING_BYTES = 48
# While somebody sits an exam, reading rests after each part for so many times as long as it took: the
# database has their answers to store. It waits for us in the middle of the next row, and takes no processor.
RESTS = 3.0
# In all, of one exam: the snapshot and the connection are not held for ever.
LONGEST_REST_S = 20.0


@dataclass(frozen=True)
class _Busy:
    busy: bool


@dataclass(frozen=True)
class _Sittings:
    sittings: bytes
    waiting: int


@dataclass(frozen=True)
class _Members:
    members: bytes


async def read_inputs(
    conn: Connection, scenario: Scenario, file: BinaryIO, tell: Callable[[float], None]
) -> Inputs:
    """Write everything that the calculation needs into the file, all of one instant; give what was read.

    Begins the transaction's snapshot, so it comes first in it. Raises BadScenario if the scenario no longer
    fits the exams, and CannotCalculate if one of them has more than a million sittings.
    """
    await run(conn, SQL.one_snapshot)
    inputs = await take_inputs(conn, scenario)
    exam_ids = inputs.document["exams"]
    planned = {each.exam.id: each for each in inputs.plan.exams}
    groups = await _groups(conn, scenario, exam_ids)
    found = [await one(conn, SQL.sittings, _Sittings, exam_id=exam_id) for exam_id in exam_ids]
    said = [
        _said(planned[exam_id], inputs.document, each.waiting)
        for exam_id, each in zip(exam_ids, found, strict=True)
    ]
    if any(len(each.sittings) > MOST_SITTINGS * SITTING_BYTES for each in found):
        raise CannotCalculate(TooLarge.word())
    header: dict[str, Any] = {"document": inputs.document, "exams": said}
    if scenario.subgroups is not None:
        header |= {"by": scenario.subgroups.by, "groups": [asdict(group) for group in groups]}
    file.write(frame(HEADER, json.dumps(header).encode()))
    total = sum(len(each.sittings) for each in found)
    rests = RESTS if (await one(conn, SQL.is_anybody_sitting, _Busy)).busy else 0.0
    begun = 0
    for exam, each in zip(said, found, strict=True):
        file.write(frame(SITTINGS, bytes(each.sittings)))
        if each.sittings:
            await _copy_parts(conn, exam, file, rests)
        begun += len(each.sittings)
        tell(begun / total if total else 1.0)
    if scenario.subgroups is not None:
        query = SQL.in_courses if scenario.subgroups.by == "course" else SQL.in_organisations
        ids = [group.id for group in groups]
        members = await one(conn, query, _Members, exam_ids=exam_ids, group_ids=ids)
        file.write(frame(MEMBERS, bytes(members.members)))
    file.flush()
    return inputs


async def _copy_parts(conn: Connection, exam: dict[str, Any], file: BinaryIO, rests: float) -> None:
    items = [exam["items"][column] for column in exam["answered"]]
    which = {
        "exam_id": exam["id"],
        "numbers": sorted({item["question_number"] for item in items}),
        "essays": [
            f"{item['question_number']}{item['sub_part']}" for item in items if item["kind"] == "essay"
        ],
    }
    async with conn.cursor() as cursor, cursor.copy(SQL.parts.text, which) as copy:
        begin = time.perf_counter()
        left_s = LONGEST_REST_S
        async for part in copy:
            # The last is the trailer.
            if len(part) > len(b"\xff\xff"):
                file.write(frame(PART, bytes(part)))
            if rests and left_s > 0:
                rest_s = min(left_s, rests * (time.perf_counter() - begin))
                left_s -= rest_s
                await asyncio.sleep(rest_s)
            begin = time.perf_counter()


async def _groups(conn: Connection, scenario: Scenario, exam_ids: Sequence[int]) -> list[GroupNamed]:
    if scenario.subgroups is None:
        return []
    query = SQL.courses if scenario.subgroups.by == "course" else SQL.organisations
    return await many(conn, query, GroupNamed, exam_ids=exam_ids)


def _said(planned: PlannedExam, document: dict[str, Any], waiting: int) -> dict[str, Any]:
    """One exam in the header: its items and what is changed about them, and which answers are needed."""
    edits = {(edit.before.question_number, edit.before.sub_part): edit for edit in planned.edits}
    items = []
    for item, topic in zip(planned.items, planned.topics, strict=True):
        edit = edits.get((item.question_number, item.sub_part))
        points = item.points if edit is None else edit.points
        items.append(
            Item(
                question_number=item.question_number,
                sub_part=item.sub_part,
                kind=item.kind,
                topic=topic,
                points=int(item.points * THOUSAND),
                new_key=None if edit is None else edit.key,
                new_points=int(points * THOUSAND),
            )
        )
    costs = kinds_that_cost(document)
    answered = [column for column, item in enumerate(items) if needs_answers(item, costs)]
    return {
        "id": planned.exam.id,
        "title": planned.exam.title,
        "key_version": planned.exam.key_version,
        "pass_percent": None if planned.exam.pass_percent is None else str(planned.exam.pass_percent),
        "waiting": waiting,
        "items": [asdict(item) for item in items],
        "answered": answered,
        "by_hand": [
            column
            for column in answered
            if items[column].kind == "essay" or (items[column].new_key or {}).get("by_hand")
        ],
    }
