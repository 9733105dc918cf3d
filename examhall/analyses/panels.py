"""Panels of judges who set an exam's pass mark: opened, filled with judges, led through rounds, closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from examhall.accounts.access import Person, has_role
from examhall.analyses.projects import STAFF
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Forbidden, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside

SQL = beside(__file__)

NAME_CHARS = 120
DESCRIPTION_CHARS = 4_000
MOST_JUDGES = 60
MOST_ROUNDS = 5
# What bookmark panels usually take; one half is the other.
MASTERY = Decimal("0.67")

Method: TypeAlias = Literal["angoff", "bookmark"]


class NoSuchPanel(NotFound):
    """There is no such panel, or it is none of yours."""


class NotCalibrated(Conflict):
    """A bookmark needs items in the order of their difficulty: calibrate the exam first."""


class NothingToJudge(Conflict):
    """This exam has no item that is worth points."""


class CannotJudge(Malformed):
    """Nobody with this username may see keys: judges are analysts, authors or administrators."""


class PanelFull(Conflict):
    """A panel has at most 60 judges."""


class PanelClosed(Conflict):
    """This panel is closed. What was judged stays as it is."""


class LastRound(Conflict):
    """A panel has at most five rounds."""


class NobodyJudged(Conflict):
    """Nobody has judged in this round yet: there is nothing that the next could begin with."""


class HasJudged(Conflict):
    """This judge has judged already, and stays. To go on without them, close the panel and open another."""


class JudgesWait(Forbidden):
    """You judge on this panel: you see what it found when it is closed, so that nothing sways you."""


@dataclass(frozen=True)
class Panel:
    id: int
    exam_id: int
    exam_title: str
    method: str
    name: str
    description: str
    mastery: Decimal | None
    key_version: int | None
    round: int
    closed_at: datetime | None
    version: int
    created_by: str | None
    created_at: datetime
    judges: int
    # Whether whoever looks is one of them.
    is_judge: bool

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True)
class Judge:
    person_id: int
    number: int
    username: str
    full_name: str
    # Items rated in the round, or 1 for a bookmark.
    judged: int
    # How many there are to rate.
    items: int

    @property
    def is_done(self) -> bool:
        return self.judged >= self.items


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Found:
    calibrated: int | None
    items: int


@dataclass(frozen=True)
class _Invited:
    number: int


@dataclass(frozen=True)
class _Gone:
    has_judged: bool


async def open_panel(
    conn: Connection,
    *,
    exam_id: int,
    method: Method,
    name: str,
    description: str,
    mastery: Decimal = MASTERY,
    created_by: int,
) -> int:
    """Open a panel for an exam; its id. A bookmark panel keeps the calibration that it was opened with."""
    found = await maybe(conn, SQL.exam_to_judge, _Found, exam_id=exam_id)
    if found is None:
        raise NotFound
    if not found.items:
        raise NothingToJudge
    bookmark = method == "bookmark"
    if bookmark and found.calibrated is None:
        raise NotCalibrated
    opened = await one(
        conn,
        SQL.open_panel,
        _Id,
        exam_id=exam_id,
        method=method,
        name=name,
        description=description,
        mastery=mastery if bookmark else None,
        key_version=found.calibrated if bookmark else None,
        created_by=created_by,
    )
    return opened.id


async def find_panel(conn: Connection, panel_id: int, me: Person) -> Panel:
    """The panel, for analysts and its judges. Raises NoSuchPanel for everybody else."""
    found = await maybe(conn, SQL.find_panel, Panel, panel_id=panel_id, person_id=me.id)
    if found is None or not (found.is_judge or has_role(me, "analyst")):
        raise NoSuchPanel
    return found


async def panel_to_lead(conn: Connection, panel_id: int, me: Person) -> Panel:
    """The panel, for analysts alone: they lead any, also one on which they judge."""
    found = await find_panel(conn, panel_id, me)
    if not has_role(me, "analyst"):
        raise NoSuchPanel
    return found


def may_see_result(panel: Panel, me: Person) -> bool:
    """An analyst always; but nobody who judges sees what others judged before the panel is closed."""
    return (has_role(me, "analyst") and not panel.is_judge) or not panel.is_open


async def list_panels(
    conn: Connection, *, exam_id: int, me: Person, before_id: int, limit: int
) -> list[Panel]:
    """Those of an exam, newest first: all for analysts, for others those on which they judge."""
    return await many(
        conn,
        SQL.list_panels,
        Panel,
        exam_id=exam_id,
        person_id=me.id,
        everything=has_role(me, "analyst"),
        before_id=before_id,
        limit=limit,
    )


async def list_judges(conn: Connection, panel_id: int) -> list[Judge]:
    """With how far each is in the round; by their numbers."""
    return await many(conn, SQL.list_judges, Judge, panel_id=panel_id)


async def edit_panel(conn: Connection, panel: Panel, *, version: int, name: str, description: str) -> None:
    """Change what judges read, if it still is what the editor saw."""
    _require_open(panel)
    await _claim(conn, panel, version)
    await run(conn, SQL.edit_panel, panel_id=panel.id, name=name, description=description)


async def next_round(conn: Connection, panel: Panel, *, version: int) -> None:
    """Begin another round with what was judged in the last: whoever changes nothing has judged again.

    Saves under way are waited for, and those that come later are told that their round is over: what the
    feedback shows is what the round ended with. A round in which nobody has judged does not end.
    """
    _require_open(panel)
    if panel.round >= MOST_ROUNDS:
        raise LastRound
    await _claim(conn, panel, version)
    if not any(judge.judged for judge in await list_judges(conn, panel.id)):
        raise NobodyJudged
    await run(conn, SQL.begin_round, panel_id=panel.id)
    await run(conn, SQL.carry_ratings, panel_id=panel.id)
    await run(conn, SQL.carry_bookmarks, panel_id=panel.id)


async def close_panel(conn: Connection, panel: Panel, *, version: int) -> None:
    """Nothing is judged any more, and judges see the result. Closing it again changes nothing."""
    if panel.is_open:
        await _claim(conn, panel, version)
        await run(conn, SQL.close_panel, panel_id=panel.id)


async def invite_judges(conn: Connection, panel: Panel, usernames: Sequence[str]) -> None:
    """Make people judges, all or none of them; whoever is one already stays one with their number."""
    _require_open(panel)
    # One invitation at a time: two of them would give the same numbers, and count judges past each other.
    await run(conn, SQL.hold_panel, panel_id=panel.id)
    known = await many(conn, SQL.who_may_judge, _Known, usernames=list(usernames), roles=["admin", *STAFF])
    by_name = {person.username: person.id for person in known}
    unknown = [name for name in usernames if name.lower() not in by_name]
    if unknown:
        message = CannotJudge.sentence()
        raise CannotJudge(fields=[{"path": "usernames", "message": f"{name}: {message}"} for name in unknown])
    ids = list(dict.fromkeys(by_name[name.lower()] for name in usernames))
    await run(conn, SQL.invite, panel_id=panel.id, person_ids=ids)
    if len(await list_judges(conn, panel.id)) > MOST_JUDGES:
        raise PanelFull


async def dismiss_judge(conn: Connection, panel: Panel, person_id: int) -> None:
    """Take a judge off who has judged nothing yet; doing it again changes nothing."""
    _require_open(panel)
    # A judge's save holds the panel FOR SHARE: it comes before, and is seen, or after, and finds no judge.
    await run(conn, SQL.hold_panel, panel_id=panel.id)
    if (await one(conn, SQL.has_judged, _Gone, panel_id=panel.id, person_id=person_id)).has_judged:
        raise HasJudged
    await run(conn, SQL.dismiss, panel_id=panel.id, person_id=person_id)


@dataclass(frozen=True)
class _Known:
    id: int
    username: str


def _require_open(panel: Panel) -> None:
    if not panel.is_open:
        raise PanelClosed


async def _claim(conn: Connection, panel: Panel, version: int) -> None:
    """Of any number who saw the same version one goes on; the second waits here and finds no such version."""
    if not await run(conn, SQL.take_version, panel_id=panel.id, version=version):
        raise SomebodyWasFaster(
            version=(await one(conn, SQL.version_now, _Version, panel_id=panel.id)).version
        )


@dataclass(frozen=True)
class _Version:
    version: int
