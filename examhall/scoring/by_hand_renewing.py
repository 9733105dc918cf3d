"""Marks by hand that changed once results were final: all of them together make the next conclusion."""

from dataclasses import dataclass
from decimal import Decimal

from examhall.base.db import Connection, many, one
from examhall.base.sqlfile import beside
from examhall.exams.correcting import renew_key
from examhall.scoring.by_hand_finish import Slot, opinions_on, write_points
from examhall.scoring.by_hand_schemes import hold_exam, list_schemes
from examhall.scoring.by_hand_settling import Settled, settle
from examhall.scoring.conclude import announce_results
from examhall.scoring.rescore import mark_everybody_again
from examhall.scoring.results import score_sittings

SQL = beside(__file__)

# What candidates may read of it: not why, which is about one of them.
RENEWED = "Answers that people mark were marked again."


@dataclass(frozen=True)
class _Changed(Slot):
    by_hand: Decimal | None


@dataclass(frozen=True)
class _Exam:
    is_concluded: bool
    # Who finished a mark last.
    marked_by: int | None


async def renew_results(conn: Connection, exam_id: int) -> int:
    """Let all marks count that were settled since the last conclusion and differ from it; give how many.

    They make one further version of the key, whatever their number, and everybody is marked by it. May be
    repeated and interrupted: what counts already makes no version again. Who finishes a mark at this moment
    comes before, and is among them, or after, and has enqueued another one of these.
    """
    await hold_exam(conn, exam_id)
    schemes = {
        (each.question_number, each.sub_part): each
        for each in await list_schemes(conn, exam_id)
        if each.by_hand
    }
    changed = []
    for slot in await many(conn, SQL.changed, _Changed, exam_id=exam_id):
        scheme = schemes.get((slot.question_number, slot.sub_part))
        if scheme is None:
            continue
        opinions = await opinions_on(conn, slot)
        points = {each.opinion: each.points for each in opinions if each.points is not None}
        found = settle(
            points, markers=scheme.markers, differ_above=scheme.differ_above, third_rule=scheme.third_rule
        )
        # One that was reopened or withdrawn meanwhile waits for another mark.
        if isinstance(found, Settled) and found.points != slot.by_hand:
            changed.append((slot, found))
    if not changed:
        return 0
    exam = await one(conn, SQL.exam, _Exam, exam_id=exam_id)
    if exam.is_concluded:
        renewed = await renew_key(conn, exam_id=exam_id, reason=RENEWED, renewed_by=exam.marked_by)
        await mark_everybody_again(conn, exam_id=exam_id, key_version=renewed.key_version)
    for slot, found in changed:
        await write_points(conn, slot, found.points, found.counts)
    await score_sittings(conn, sorted({(slot.candidate_id, slot.sitting_id) for slot, _ in changed}))
    await announce_results(conn, exam_id)
    return len(changed)
