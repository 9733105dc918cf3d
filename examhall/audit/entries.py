"""Reading the record: a page of what is sought, newest first, and all of it in pieces as a file."""

import csv
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import StringIO
from typing import Any, Final, Literal

from examhall.base.clock import rfc3339
from examhall.base.csv_file import harmless
from examhall.base.db import Connection, Database, many, maybe
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)

MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
# A few hundred kilobytes at a time: a download holds no connection while its reader is slow.
PIECE = 500
# Whom one search by name may mean.
NAMESAKES = 100
END: Final = "infinity"
# In what is searched for.
MOST_MINUSES = 20


class NoSuchEntry(NotFound):
    """There is no such entry on record."""


@dataclass(frozen=True)
class Entry:
    id: int
    at: datetime
    actor_id: int | None
    actor_name: str | None
    door: str
    trace: str
    deed: str
    kind: str
    thing: str
    label: str
    exam_id: int | None
    exam_title: str | None
    person_id: int | None
    person_name: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class Sought:
    """What an entry must fit in every respect that is given."""

    # A username, or part of a name: of who did it, or whom it is about.
    who: str = ""
    person_id: int | None = None
    kind: str | None = None
    thing: str | None = None
    exam_id: int | None = None
    door: str | None = None
    deed: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Place:
    at: datetime
    id: int


async def list_entries(
    conn: Connection, sought: Sought, *, limit: int, before: int | None = None
) -> list[Entry]:
    """The newest entries that fit, or those older than the entry `before`."""
    at: datetime | str = END
    if before is not None:
        place = await maybe(conn, SQL.place_of, _Place, id=before)
        if place is None:
            return []
        at = place.at
    people = await _people_meant(conn, sought)
    if people == []:
        return []
    return await many(
        conn,
        SQL.list_entries,
        Entry,
        people=people,
        kind=sought.kind,
        thing=sought.thing,
        exam_id=sought.exam_id,
        door=sought.door,
        deed=sought.deed,
        since=sought.since,
        until=sought.until,
        words=_searchable(sought.words),
        before_at=at,
        before_id=before or 0,
        most=limit,
    )


async def find_entry(conn: Connection, entry_id: int) -> Entry:
    found = await maybe(conn, SQL.find_entry, Entry, id=entry_id)
    if found is None:
        raise NoSuchEntry
    return found


async def list_kinds(conn: Connection) -> list[str]:
    """Of what there are entries, without reading them all."""
    return [each.kind for each in await many(conn, SQL.list_kinds, _Kind)]


@dataclass(frozen=True)
class _Kind:
    kind: str


def _searchable(words: str) -> str | None:
    """More minus signs than anybody writes are spaces: PostgreSQL puts each on a small stack."""
    return (words if words.count("-") <= MOST_MINUSES else words.replace("-", " ")) or None


async def _people_meant(conn: Connection, sought: Sought) -> list[int] | None:
    """None: anybody."""
    if sought.person_id is not None:
        return [sought.person_id]
    if not sought.who:
        return None
    escaped = sought.who.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = await many(conn, SQL.people_called, _Id, username=sought.who, part=f"%{escaped}%", most=NAMESAKES)
    return [each.id for each in found]


async def file_pieces(
    database: Database, sought: Sought, form: Literal["csv", "jsonl"]
) -> AsyncIterator[bytes]:
    """All that fits, newest first, up to the moment when it was asked for."""
    if form == "csv":
        yield _lines([COLUMNS])
    async with database.transaction() as conn:
        newest = await list_entries(conn, sought, limit=1)
    # What is written meanwhile is not in it: the file ends.
    before = None
    if newest and sought.until is None:
        sought = replace(sought, until=newest[0].at)
    while True:
        async with database.transaction() as conn:
            entries = await list_entries(conn, sought, limit=PIECE, before=before)
        if not entries:
            return
        before = entries[-1].id
        if form == "csv":
            yield _lines([_cells(entry) for entry in entries])
        else:
            yield "".join(f"{json.dumps(as_json(entry), ensure_ascii=False)}\n" for entry in entries).encode()


COLUMNS: Final = (
    "id", "at", "actor_id", "actor", "door", "trace", "deed", "kind", "thing", "label", "exam_id", "exam",
    "person_id", "person", "before", "after",
)  # fmt: skip


def as_json(entry: Entry) -> dict[str, Any]:
    """The same names as the file's columns."""
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "actor_id": entry.actor_id,
        "actor": entry.actor_name,
        "door": entry.door,
        "trace": entry.trace,
        "deed": entry.deed,
        "kind": entry.kind,
        "thing": entry.thing,
        "label": entry.label,
        "exam_id": entry.exam_id,
        "exam": entry.exam_title,
        "person_id": entry.person_id,
        "person": entry.person_name,
        "before": entry.before,
        "after": entry.after,
    }


def _cells(entry: Entry) -> list[str]:
    cells = []
    for value in as_json(entry).values():
        if isinstance(value, dict):
            # Some spreadsheets begin a cell at every semicolon, quoted or not; JSON reads this as one.
            cells.append(json.dumps(value, ensure_ascii=False).replace(";", "\\u003b"))
        else:
            cells.append("" if value is None else harmless(str(value)))
    return cells


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
