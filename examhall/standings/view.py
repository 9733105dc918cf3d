"""One look at the standings: a page from memory, and the reader's own line fresh."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from examhall.accounts.access import Person
from examhall.base.db import Connection, Database
from examhall.base.errors import Malformed
from examhall.standings.boards import Boards
from examhall.standings.exam_standing import (
    Standing,
    Viewer,
    find_my_place,
    find_standing,
    place_near,
)
from examhall.standings.leaderboard import Cursor, Entry, Listing, Tab, cursor_near, find_my_entry

AnyTab: TypeAlias = Literal["top_rated", "most_improved", "streaks", "exam"]

# An invigilator sees who is in, and results as anybody else.
STAFF = frozenset({"admin", "author", "analyst"})


class ExamIdRequired(Malformed):
    """The tab `exam` takes an `exam_id`."""


@dataclass(frozen=True)
class View:
    tab: AnyTab
    standing: Standing | None
    listing: Listing
    mine: Entry | None
    # Of a page on which my line is.
    my_cursor: str
    in_full: bool


def viewer_for(me: Person | None, exam_id: int | None = None) -> Viewer:
    """A ticket is for one exam: beyond it, whoever holds one is a stranger."""
    if me is None or (me.exam_id is not None and me.exam_id != exam_id):
        return Viewer()
    return Viewer(me.id, is_staff=me.exam_id is None and bool(STAFF & {*me.roles}))


async def look(
    database: Database,
    boards: Boards,
    *,
    me: Person | None,
    tab: AnyTab,
    exam_id: int | None,
    cursor: str | None,
    limit: int,
) -> View:
    """Takes the database, not a connection: most looks find their page in memory and only read one line."""
    after = Cursor.read(cursor)
    if tab == "exam":
        if exam_id is None:
            raise ExamIdRequired
        return await _look_at_exam(database, boards, viewer_for(me, exam_id), exam_id, after, limit)
    viewer = viewer_for(me)
    mine, near = None, Cursor()
    if viewer.person_id:
        async with database.connection() as conn:
            mine, near = await _mine(conn, tab, viewer.person_id)
    listing = await boards.leaders(tab, after=after, limit=limit)
    return View(tab, None, listing, mine, str(near), bool(viewer.person_id))


async def _mine(conn: Connection, tab: Tab, person_id: int) -> tuple[Entry | None, Cursor]:
    mine = await find_my_entry(conn, tab, person_id)
    return mine, await cursor_near(conn, tab, mine) if mine and mine.rank else Cursor()


async def _look_at_exam(
    database: Database, boards: Boards, viewer: Viewer, exam_id: int, after: Cursor, limit: int
) -> View:
    mine, near = None, Cursor()
    async with database.connection() as conn:
        standing = await find_standing(conn, exam_id=exam_id, viewer=viewer)
        if viewer.person_id:
            mine = await find_my_place(conn, standing, viewer.person_id)
            near = await place_near(conn, standing, mine) if mine else near
    listing = await boards.places(standing, after=after, limit=limit)
    return View("exam", standing, listing, mine, str(near), bool(viewer.person_id))
