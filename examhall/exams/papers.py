"""The PDF paper of an exam: which one holds, and changing it until the first candidate has started."""

from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.exams.contents import announce_change

SQL = beside(__file__)


class NoPaper(NotFound):
    """This exam has no paper."""


class ExamUnderWay(Conflict):
    """Somebody has started this exam already: all candidates must read the same paper."""


@dataclass(frozen=True)
class Paper:
    exam_id: int
    version: int
    file_name: str
    size: int
    pages: int
    etag: str
    # Of the paper that holds it is always there.
    path: str | None
    uploaded_by: str | None
    uploaded_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Upload:
    """A file that is in the storage already, and in no row yet."""

    file_name: str
    size: int
    pages: int
    etag: str
    path: str


@dataclass(frozen=True)
class _Held:
    version: int


@dataclass(frozen=True)
class _Begun:
    begun: bool


@dataclass(frozen=True)
class _File:
    path: str


async def find_paper(conn: Connection, exam_id: int) -> Paper | None:
    """The paper that holds."""
    return await maybe(conn, SQL.paper, Paper, exam_id=exam_id)


async def list_papers(conn: Connection, exam_id: int) -> list[Paper]:
    """Every paper that the exam has had, the newest first."""
    return await many(conn, SQL.papers, Paper, exam_id=exam_id)


async def may_change_paper(conn: Connection, exam_id: int) -> bool:
    """As it looks now; `set_paper` asks again, under a lock."""
    return not (await one(conn, SQL.begun, _Begun, exam_id=exam_id)).begun


async def hold_paper(conn: Connection, *, exam_id: int, version: int) -> None:
    """Until the commit nobody starts this exam or changes its paper, and `version` is the paper that holds.

    `version` is 0 where there is none. Refused once a candidate has started: whoever starts at the same
    moment either waits for this transaction and reads the new paper, or is seen here.
    """
    held = await maybe(conn, SQL.hold_exam, _Held, exam_id=exam_id)
    if held is None:
        raise NotFound
    if not await may_change_paper(conn, exam_id):
        raise ExamUnderWay
    current = await find_paper(conn, exam_id)
    if version != (current.version if current else 0):
        raise SomebodyWasFaster(version=current.version if current else 0)


async def set_paper(
    conn: Connection, *, exam_id: int, version: int, upload: Upload, uploaded_by: int | None
) -> Paper:
    """Make an uploaded file the exam's paper, in place of `version`. Of two at once, one is refused."""
    await hold_paper(conn, exam_id=exam_id, version=version)
    await run(conn, SQL.end_paper, exam_id=exam_id)
    await run(
        conn,
        SQL.insert_paper,
        exam_id=exam_id,
        file_name=upload.file_name,
        size=upload.size,
        pages=upload.pages,
        etag=upload.etag,
        path=upload.path,
        uploaded_by=uploaded_by,
    )
    await announce_change(conn, exam_id)
    return await one(conn, SQL.paper, Paper, exam_id=exam_id)


async def take_paper_away(conn: Connection, *, exam_id: int, version: int) -> None:
    """The exam has no paper any more. Its file is deleted after a day, its row stays."""
    await hold_paper(conn, exam_id=exam_id, version=version)
    if await run(conn, SQL.end_paper, exam_id=exam_id) == 0:
        raise NoPaper
    await announce_change(conn, exam_id)


async def files_to_delete(conn: Connection, *, unread_s: int) -> list[str]:
    """Files of papers that ended so long ago that nobody is still reading them."""
    return [file.path for file in await many(conn, SQL.files_to_delete, _File, unread_s=unread_s)]


async def note_deleted(conn: Connection, paths: list[str]) -> None:
    await run(conn, SQL.note_deleted, paths=paths)


async def known_files(conn: Connection) -> set[str]:
    """The files that some paper has."""
    return {file.path for file in await many(conn, SQL.known_files, _File)}
