"""The one way to change an exam: part by part, so that two authors meet only where they change the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.exams.contents import announce_change

SQL = beside(__file__)

# The part that all columns of `exams` are; questions are parts of their own.
SETTINGS: Final = "settings"
# What nobody can want: it equals no JSON value.
UNSAID: Final = object()


class ExamNotFound(NotFound):
    """There is no such exam."""


class HasStarted(Conflict):
    """This exam has opened: its end can still be moved, time given in Live, and its key corrected. Until
    somebody has started, it can be made a draft again, in which everything can change."""


class ChangedMeanwhile(SomebodyWasFaster):
    """Somebody changed this since you opened it. See what they changed, then keep theirs or save yours."""


@dataclass(frozen=True)
class Change:
    """One change of one part, as it is kept for ever."""

    version: int
    part: str
    edited_by: int | None
    edited_by_name: str | None
    edited_at: datetime
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "part": self.part,
            "edited_by": self.edited_by_name,
            "edited_at": rfc3339(self.edited_at),
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True)
class Editable:
    """An exam that nobody else changes, starts or opens until the commit."""

    exam_id: int
    part: str
    by: int
    # Of the whole exam.
    version: int
    is_draft: bool
    # It is no draft, and its opening has come; an exam without one is open as soon as it is no draft.
    has_opened: bool
    has_sittings: bool
    # The very change that is asked for was made by the same person and stands: a repeat, with nothing to do.
    is_repeat: bool

    @property
    def has_started(self) -> bool:
        return self.has_opened or self.has_sittings


@dataclass(frozen=True)
class _Exam:
    version: int
    is_draft: bool
    opens_at: datetime | None


@dataclass(frozen=True)
class _Begun:
    has_opened: bool
    has_sittings: bool


@dataclass(frozen=True)
class _Version:
    version: int


async def begin_edit(
    conn: Connection,
    exam_id: int,
    *,
    by: int,
    part: str,
    seen: int | None,
    wanted: object = UNSAID,
    after_opening: bool = False,
) -> Editable:
    """Hold the exam until the commit, for a change of one *part* by somebody who saw its version *seen*.

    `seen` is any version of the exam at which the part was read: its own last one or a later one; None where
    nothing of it was there to be seen. However many change the same part at once, one goes through and the
    others get ChangedMeanwhile with what was changed; those who change different parts go one after the other
    and all through. Whoever starts the exam at the same moment waits, or is seen here. Raises ExamNotFound,
    and HasStarted unless `after_opening`: then the caller changes only what is safe, by `has_started`.

    With `wanted` (what `end_edit` will get as `after`) a request that is sent again finds `is_repeat` instead
    of a conflict with itself. A transaction cut off before its commit has changed nothing.
    """
    exam = await maybe(conn, SQL.hold_exam, _Exam, exam_id=exam_id)
    if exam is None:
        raise ExamNotFound
    # A statement of its own: it sees what was committed while the one before waited.
    begun = await one(conn, SQL.begun, _Begun, exam_id=exam_id)
    newer = [] if seen is None else await changes_since(conn, exam_id, part, seen)
    last = newer[-1] if newer else None
    is_repeat = last is not None and last.edited_by == by and last.after == wanted
    if last is not None and not is_repeat:
        raise ChangedMeanwhile(version=last.version, changes=[change.as_json() for change in newer])
    editable = Editable(
        exam_id=exam_id,
        part=part,
        by=by,
        version=exam.version,
        is_draft=exam.is_draft,
        has_opened=begun.has_opened,
        has_sittings=begun.has_sittings,
        is_repeat=is_repeat,
    )
    if editable.has_started and not after_opening and not is_repeat:
        raise HasStarted
    return editable


async def end_edit(conn: Connection, editable: Editable, *, before: Any, after: Any) -> int:
    """Note what was changed, and give the exam's new version. Nothing was: the version stays as it is.

    `before` and `after` are JSON values: of a part that is new `before` is None, of one deleted `after` is.
    With the commit every process forgets the exam as it was.
    """
    if before == after:
        return editable.version
    made = await one(
        conn,
        SQL.note_edit,
        _Version,
        exam_id=editable.exam_id,
        part=editable.part,
        edited_by=editable.by,
        before=Jsonb(before),
        after=Jsonb(after),
    )
    await announce_change(conn, editable.exam_id)
    return made.version


async def note_edits(
    conn: Connection, exam_id: int, *, version: int, by: int | None, edits: dict[str, tuple[Any, Any]]
) -> None:
    """Of a change that made *version* by another way (a correction of the key): by part, before and after."""
    await run(
        conn,
        SQL.note_edits,
        exam_id=exam_id,
        version=version,
        edited_by=by,
        parts=list(edits),
        befores=[Jsonb(before) for before, _ in edits.values()],
        afters=[Jsonb(after) for _, after in edits.values()],
    )


async def changes_since(conn: Connection, exam_id: int, part: str, version: int) -> list[Change]:
    """What was changed in this part after *version*, the oldest first."""
    return await many(conn, SQL.changes_since, Change, exam_id=exam_id, part=part, version=version)


async def part_version(conn: Connection, exam_id: int, part: str) -> int:
    """The version of the exam that last changed this part; 1 where nothing did. It is the part's ETag."""
    return (await one(conn, SQL.part_version, _Version, exam_id=exam_id, part=part)).version


async def changes_in(conn: Connection, exam_id: int, version: int) -> list[Change]:
    """What was changed in any part of the exam after *version*, the oldest first."""
    return await many(conn, SQL.changes_in, Change, exam_id=exam_id, version=version)
