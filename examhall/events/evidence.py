"""The whole history of one sitting, in the order in which it happened: for an appeal board.

Every accepted save is in it, as it is in answer_history. What is only in the event log (connections, looks)
may be missing for the last second of a process that was killed; docs/evidence.md says which is which.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, NamedTuple

from examhall.audit.noting import note
from examhall.base import clock
from examhall.base.db import Connection, many, maybe
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Of a sitting of three hours, ten each second: more than a person makes; one page reads them all.
MOST_CHANGES = 100_000
MOST_HAPPENINGS = 5_000
# Of the event log; starts, ends and saves are known from what is stored. But the end before somebody was let
# in again is stored no more: in the log it is called so, by whom it was.
ENDED: Final = {"submitted": "candidate", "closed": "deadline"}
NOTED: Final = (
    "ticket_shown", "lobby_opened", "sitting_resumed", "sealed_opened", "sealed_failed", "refused", "cut_off",
    "back_again", "result_seen", *ENDED,
)  # fmt: skip
# Who may have to mark an answer by hand.
MARKING: Final = ("author", "marker")
# The strip over time.
BUCKETS = 96
# Longer without a save is worth a look, as is what was changed so shortly before the end.
GAP = timedelta(minutes=5)
LAST_MINUTES = timedelta(minutes=2)


class NoSuchSitting(NotFound):
    """There is no such sitting."""


@dataclass(frozen=True)
class Sitting:
    id: int
    candidate_id: int
    username: str | None
    full_name: str | None
    exam_id: int
    title: str
    attempt_number: int
    started_at: datetime
    deadline_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    granted_s: int
    paused_at: datetime | None
    drawn: Sequence[int] | None
    points: Decimal | None
    max_points: Decimal | None
    key_version: int | None
    unmarked: int | None


@dataclass(frozen=True)
class Item:
    question_number: int
    sub_part: str
    kind: str
    prompt: str
    question_prompt: str
    presented: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One save that was accepted."""

    question_number: int
    sub_part: str
    answer: Any
    revision: int
    received_at: datetime
    saved_at: datetime


@dataclass(frozen=True)
class Happening:
    at: datetime
    what: str
    details: dict[str, Any]
    full_name: str | None


class Step(NamedTuple):
    """One line of the history."""

    # Its place, from 1.
    number: int
    at: datetime
    what: str
    # Of a save: what it was, and what it did: changed, repeated (the same once more), late (a newer stood).
    change: Change | None
    effect: str
    details: dict[str, Any]
    full_name: str | None


class Bucket(NamedTuple):
    """A slice of the time of the sitting."""

    starts_at: datetime
    changes: int
    is_cut_off: bool


@dataclass(frozen=True)
class Evidence:
    sitting: Sitting
    items: list[Item]
    steps: list[Step]
    read_at: datetime
    strip: list[Bucket] = field(default_factory=list)
    time_of_question: dict[int, float] = field(default_factory=dict)
    answered: int = 0
    changes: int = 0
    last_minutes: int = 0
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)
    # Whether there are more saves than were read.
    is_cut: bool = False

    @property
    def ended_at(self) -> datetime:
        return self.sitting.closed_at or self.read_at

    @property
    def used_s(self) -> float:
        """From its start to its end, or to now."""
        return (self.ended_at - self.sitting.started_at).total_seconds()


def without_answers(evidence: Evidence) -> Evidence:
    """As invigilators see it: when which question was saved, not what was answered nor what it was worth."""
    steps = [
        step._replace(
            change=step.change and replace(step.change, answer=None),
            details={} if step.what == "marked" or step.what.startswith("by_hand_") else step.details,
        )
        for step in evidence.steps
    ]
    sitting = replace(evidence.sitting, points=None, max_points=None)
    return replace(evidence, sitting=sitting, steps=steps)


async def find_sitting(conn: Connection, sitting_id: int, *, exam_id: int | None = None) -> Sitting:
    found = await maybe(conn, SQL.find_sitting, Sitting, sitting_id=sitting_id, exam_id=exam_id)
    if found is None:
        raise NoSuchSitting
    return found


async def read_evidence(
    conn: Connection, sitting_id: int, *, exam_id: int | None = None, marks: int | None = None
) -> Evidence:
    """Everything known of a sitting; of its saves the first MOST_CHANGES, and whether there are more.

    To a reader who also `marks`, what others gave to an answer by hand is without points until nobody has to
    mark it any more, or they have.
    """
    sitting = await find_sitting(conn, sitting_id, exam_id=exam_id)
    read_at = clock.now()
    place = {
        "candidate_id": sitting.candidate_id,
        "sitting_id": sitting.id,
        "started_at": sitting.started_at,
        "ended_at": sitting.closed_at or read_at,
    }
    items = await many(conn, SQL.items_of, Item, sitting_id=sitting.id, exam_id=sitting.exam_id)
    changes = await many(conn, SQL.changes_of, Change, most=MOST_CHANGES + 1, **place)
    happenings = await many(
        conn,
        SQL.happenings_of,
        Happening,
        exam_id=sitting.exam_id,
        noted=list(NOTED),
        most=MOST_HAPPENINGS,
        blind_id=marks,
        **place,
    )
    # Of a long one, some tenths of a second in which nobody else is to wait.
    return await asyncio.to_thread(put_together, sitting, items, changes, happenings, read_at=read_at)


async def note_reading(
    conn: Connection, evidence: Evidence, deed: str, *, with_answers: bool, **more: object
) -> None:
    """That somebody read it, in the transaction that read it."""
    sitting = evidence.sitting
    await note(
        conn,
        deed,
        kind="sittings",
        thing=sitting.id,
        label=sitting.full_name or "",
        exam_id=sitting.exam_id,
        person_id=sitting.candidate_id,
        after={"answers": with_answers, **more},
    )


def put_together(
    sitting: Sitting,
    items: list[Item],
    changes: list[Change],
    happenings: list[Happening],
    *,
    read_at: datetime,
) -> Evidence:
    """The history and what it adds up to; pure."""
    is_cut = len(changes) > MOST_CHANGES
    changes = changes[:MOST_CHANGES]
    effects = _effects(changes)
    happenings = _with_earlier_ends(happenings)
    # At the same instant what opens the sitting comes first, and what ends it last.
    lines: list[tuple[datetime, int, str, Change | None, str, dict[str, Any], str | None]] = [
        (sitting.started_at, 0, "started", None, "", {"deadline": clock.rfc3339(sitting.deadline_at)}, None)
    ]
    lines += [
        (change.saved_at, 1, "saved", change, effect, {}, None)
        for change, effect in zip(changes, effects, strict=True)
    ]
    lines += [(each.at, 2, each.what, None, "", each.details, each.full_name) for each in happenings]
    if sitting.closed_at is not None:
        lines.append((sitting.closed_at, 3, "closed", None, "", {"by": sitting.closed_by}, None))
    lines.sort(key=lambda line: line[:2])
    steps = [
        Step(number, at, what, change, effect, details, full_name)
        for number, (at, _, what, change, effect, details, full_name) in enumerate(lines, 1)
    ]
    end = sitting.closed_at or read_at
    newest = {
        (change.question_number, change.sub_part): change.answer
        for change, effect in zip(changes, effects, strict=True)
        if effect != "late"
    }
    return Evidence(
        sitting,
        items,
        steps,
        read_at,
        strip=_strip(sitting.started_at, end, changes, happenings),
        time_of_question=_times(sitting.started_at, changes),
        answered=sum(
            newest.get((item.question_number, item.sub_part)) not in (None, "", [], {}) for item in items
        ),
        changes=len(changes),
        last_minutes=sum(end - LAST_MINUTES <= change.saved_at <= end for change in changes),
        gaps=_gaps(sitting.started_at, end, changes),
        is_cut=is_cut,
    )


def _with_earlier_ends(happenings: Sequence[Happening]) -> list[Happening]:
    """Of the ends in the log only those after which somebody was let in again, each once; in their order."""
    found: list[Happening] = []
    let_in = [each.at for each in happenings if each.what == "readmit"]
    ended: Happening | None = None
    for each in happenings:
        if each.what in ENDED:
            # Handing in again is harmless, and is noted again.
            if ended is None and any(each.at < at for at in let_in):
                ended = replace(each, what="closed", details={"by": ENDED[each.what]})
                found.append(ended)
            continue
        if each.what == "readmit":
            ended = None
        found.append(each)
    return found


def _effects(changes: Sequence[Change]) -> list[str]:
    """What each save did to what stood there; revision 0 is a client that counts none, and comes last."""
    stood: dict[tuple[int, str], tuple[int, Any]] = {}
    effects = []
    for change in changes:
        place = (change.question_number, change.sub_part)
        revision, answer = stood.get(place, (-1, None))
        if change.revision != 0 and change.revision < revision:
            effects.append("late")
            continue
        same = place in stood and answer == change.answer
        effects.append("repeated" if same else "changed")
        stood[place] = (revision + 1 if change.revision == 0 else change.revision, change.answer)
    return effects


def _times(started_at: datetime, changes: Sequence[Change]) -> dict[int, float]:
    """Seconds by question: what went by before each of its saves, as events/activity counts it."""
    seconds: dict[int, float] = {}
    last = started_at
    for change in changes:
        went_by = max((change.received_at - last).total_seconds(), 0.0)
        seconds[change.question_number] = seconds.get(change.question_number, 0.0) + went_by
        last = max(last, change.received_at)
    return dict(sorted(seconds.items()))


def _gaps(started_at: datetime, end: datetime, changes: Sequence[Change]) -> list[tuple[datetime, datetime]]:
    """Where nothing was saved for longer than GAP."""
    moments = [started_at, *sorted(change.received_at for change in changes), end]
    return [(before, after) for before, after in pairwise(moments) if after - before > GAP]


def _strip(
    started_at: datetime, end: datetime, changes: Sequence[Change], happenings: Sequence[Happening]
) -> list[Bucket]:
    width = max((end - started_at) / BUCKETS, timedelta(milliseconds=1))

    def place_of(at: datetime) -> int:
        return min(max(int((at - started_at) / width), 0), BUCKETS - 1)

    counts = Counter(place_of(change.received_at) for change in changes)
    cut = set[int]()
    since: datetime | None = None
    for each in happenings:
        if each.what == "cut_off" and since is None:
            since = each.at
        elif each.what == "back_again" and since is not None:
            cut |= set(range(place_of(since), place_of(each.at) + 1))
            since = None
    if since is not None:
        cut |= set(range(place_of(since), BUCKETS))
    return [Bucket(started_at + width * n, counts[n], n in cut) for n in range(BUCKETS)]
