"""An exam as a whole in its authors' hands: made, set, published or a draft again, deleted."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg.errors import ForeignKeyViolation

from examhall.base.db import Connection, maybe, one, run
from examhall.base.errors import Conflict, Malformed
from examhall.base.jobs import enqueue
from examhall.base.made_once import KeyUsedForAnother, Made, RequestKey
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.courses.courses import announce_course
from examhall.exams.contents import announce_change
from examhall.exams.editing import (
    SETTINGS,
    ChangedMeanwhile,
    Editable,
    ExamNotFound,
    HasStarted,
    begin_edit,
    changes_in,
    end_edit,
)
from examhall.exams.readiness import Readiness, readiness_of
from examhall.exams.settings import (
    Settings,
    Trouble,
    changed_fields,
    tidied,
    troubles_after_opening,
    troubles_of,
)

SQL = beside(__file__)


class BadSettings(Malformed):
    """Something in these settings cannot be so. Nothing was saved."""

    def __init__(self, troubles: list[Trouble]) -> None:
        self.troubles = troubles
        super().__init__(fields=_fields(troubles))


class SettingsFixed(HasStarted):
    """The exam has opened: what candidates were promised can no longer change. Nothing was saved."""

    def __init__(self, troubles: list[Trouble]) -> None:
        self.troubles = troubles
        super().__init__(fields=_fields(troubles))


class NotReady(Conflict):
    """Something is missing before this exam can be published."""

    def __init__(self, readiness: Readiness) -> None:
        super().__init__(fields=_fields(readiness.missing))


class SomebodyHasStarted(Conflict):
    """Somebody has started this exam: it cannot be a draft again."""


class NotADraft(Conflict):
    """Only a draft can be deleted. As long as nobody has started, the exam can be made one."""


class StillNeeded(Conflict):
    """Something else refers to this exam: another exam's scale, an analysis. It cannot be deleted."""


@dataclass(frozen=True)
class Authored:
    """An exam as its authors see it."""

    id: int
    settings: Settings
    # Of the whole exam; of its settings alone.
    version: int
    settings_version: int
    is_draft: bool
    has_opened: bool
    has_sittings: bool
    # Who sits it now.
    running: int
    is_released: bool
    questions: int
    # Until when somebody may start it in a window of their own that ends later; None: nobody.
    last_own_closing_at: datetime | None

    @property
    def has_started(self) -> bool:
        return self.has_opened or self.has_sittings


@dataclass(frozen=True)
class _Row(Settings):
    id: int = 0
    version: int = 0
    settings_version: int = 0
    is_draft: bool = False
    has_opened: bool = False
    has_sittings: bool = False
    running: int = 0
    is_released: bool = False
    questions: int = 0
    last_own_closing_at: datetime | None = None


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _MadeBefore:
    id: int
    request_hash: bytes


@dataclass(frozen=True)
class _Known:
    has_course: bool
    has_link: bool


async def find_exam(conn: Connection, exam_id: int) -> Authored:
    """For those who may see drafts alone. Raises ExamNotFound."""
    row = await maybe(conn, SQL.exam, _Row, exam_id=exam_id)
    if row is None:
        raise ExamNotFound
    settings = tidied(Settings(**{field.name: getattr(row, field.name) for field in fields(Settings)}))
    return Authored(
        settings=settings,
        **{field.name: getattr(row, field.name) for field in fields(Authored) if field.name != "settings"},
    )


async def create_exam(
    conn: Connection, settings: Settings, *, by: int, request: RequestKey | None = None
) -> Made:
    """A new draft with these settings and no question yet.

    However often the same `request` comes, at once or later, one exam is made: the index exams_request lets
    one insert, the others wait for it and are given that one.
    """
    settings = await _checked(conn, settings)
    made = await maybe(
        conn,
        SQL.insert_exam,
        _Id,
        **await _columns(conn, settings),
        created_by=by,
        request_key=request.key if request else None,
        request_hash=request.hash if request else None,
    )
    if made is None:
        assert request is not None
        return await made_before(conn, request, by=by)
    if settings.course_id is not None:
        await announce_course(conn, settings.course_id)
    return Made(made.id, is_new=True)


async def made_before(conn: Connection, request: RequestKey, *, by: int) -> Made:
    """The exam that the same request made; refuses one that asks for something else under its key."""
    before = await one(conn, SQL.made_before, _MadeBefore, created_by=by, request_key=request.key)
    if before.request_hash != request.hash:
        raise KeyUsedForAnother
    return Made(before.id, is_new=False)


async def edit_settings(
    conn: Connection, exam_id: int, settings: Settings, *, by: int, seen: int
) -> tuple[Authored, Authored]:
    """Make these the exam's settings; the exam before and after it.

    Of any number who saw the same version one succeeds; the others get ChangedMeanwhile with what was changed
    (but not whoever wants just what the exam is now: a repeat). Once the exam has opened, SettingsFixed for
    what is no longer safe to change; what follows for those who sit it is sittings/retiming.py's.
    """
    settings = await _checked(conn, settings)
    try:
        editable = await begin_edit(conn, exam_id, by=by, part=SETTINGS, seen=seen, after_opening=True)
    except ChangedMeanwhile:
        found = await find_exam(conn, exam_id)
        if found.settings == settings:
            return found, found
        raise
    before = await find_exam(conn, exam_id)
    if editable.has_started:
        troubles = troubles_after_opening(before.settings, settings, is_released=before.is_released)
        if troubles:
            raise SettingsFixed(troubles)
    if settings.scale_linked_to == exam_id:
        raise BadSettings([Trouble("scale_linked_to", said("An exam cannot be linked to itself."))])
    changed = changed_fields(before.settings, settings)
    if not changed:
        return before, before
    await run(conn, SQL.update_exam, exam_id=exam_id, **await _columns(conn, settings))
    await _end(conn, editable, changed)
    if "pass_percent" in changed and editable.has_sittings:
        # Certificates go by it.
        await enqueue(conn, "follow_pass_mark", [{"exam_id": exam_id}])
    for course_id in {before.settings.course_id, settings.course_id} - {None}:
        assert course_id is not None
        await announce_course(conn, course_id)
    return before, await find_exam(conn, exam_id)


async def publish_exam(conn: Connection, exam_id: int, *, by: int) -> None:
    """Let candidates see it; a repeat changes nothing. Raises NotReady with everything that is missing."""
    editable = await begin_edit(conn, exam_id, by=by, part=SETTINGS, seen=None, after_opening=True)
    if not editable.is_draft:
        return
    readiness = await readiness_of(conn, exam_id)
    if readiness.missing:
        raise NotReady(readiness)
    await _set_draft(conn, editable, is_draft=False)


async def make_draft(conn: Connection, exam_id: int, *, by: int) -> None:
    """Take it back while nobody has started it: whoever starts this moment waits for us, or is seen here."""
    editable = await begin_edit(conn, exam_id, by=by, part=SETTINGS, seen=None, after_opening=True)
    if editable.is_draft:
        return
    if editable.has_sittings:
        raise SomebodyHasStarted
    await _set_draft(conn, editable, is_draft=True)


async def delete_draft(conn: Connection, exam_id: int, *, by: int, seen: int) -> None:
    """A draft goes, with its questions and pictures. Refused if anything in it was changed after *seen*."""
    editable = await begin_edit(conn, exam_id, by=by, part=SETTINGS, seen=None, after_opening=True)
    if not editable.is_draft or editable.has_sittings:
        raise NotADraft
    if newer := await changes_in(conn, exam_id, seen):
        raise ChangedMeanwhile(version=editable.version, changes=[change.as_json() for change in newer])
    course_id = (await find_exam(conn, exam_id)).settings.course_id
    try:
        await run(conn, SQL.delete_exam, exam_id=exam_id)
    except ForeignKeyViolation as error:
        raise StillNeeded from error
    await announce_change(conn, exam_id)
    if course_id is not None:
        await announce_course(conn, course_id)


async def _set_draft(conn: Connection, editable: Editable, *, is_draft: bool) -> None:
    await run(conn, SQL.set_draft, exam_id=editable.exam_id, is_draft=is_draft)
    await _end(conn, editable, {"is_draft": (not is_draft, is_draft)})
    course_id = (await find_exam(conn, editable.exam_id)).settings.course_id
    if course_id is not None:
        await announce_course(conn, course_id)


async def _end(conn: Connection, editable: Editable, changed: dict[str, tuple[Any, Any]]) -> None:
    await end_edit(
        conn,
        editable,
        before={name: before for name, (before, _) in changed.items()},
        after={name: after for name, (_, after) in changed.items()},
    )


async def _checked(conn: Connection, settings: Settings) -> Settings:
    """The settings as they are stored; raises BadSettings with everything that is wrong, field by field."""
    settings = tidied(settings)
    troubles = troubles_of(settings)
    # FOR KEY SHARE: neither goes before the exam refers to it.
    known = await one(
        conn, SQL.known, _Known, course_id=settings.course_id, scale_linked_to=settings.scale_linked_to
    )
    if not known.has_course:
        troubles.append(Trouble("course_id", said("There is no such course.")))
    if not known.has_link:
        troubles.append(Trouble("scale_linked_to", said("There is no such exam.")))
    if troubles:
        raise BadSettings(troubles)
    return settings


async def _columns(conn: Connection, settings: Settings) -> dict[str, Any]:
    columns = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    series = columns.pop("series")
    if series is None:
        return {**columns, "series_id": None}
    return {**columns, "series_id": (await one(conn, SQL.find_or_make_series, _Id, name=series)).id}


def _fields(troubles: list[Trouble]) -> list[dict[str, Any]]:
    return [{"path": trouble.field, "message": trouble.message} for trouble in troubles]
