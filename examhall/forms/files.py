"""Files that people send with a form: checked by their content, kept under names of ours, never forgotten.

A file is written down as loose before it is stored, belongs to a submission from the transaction that made
the submission, and is loose again from the transaction that erased it. Loose files are discarded in time, so
that whatever dies at whatever moment, no file stays that nobody has.
"""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from starlette.datastructures import UploadFile

from examhall.base.db import Connection, Database, many, maybe, run
from examhall.base.errors import Conflict, Malformed, NotFound
from examhall.base.jobs import enqueue
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.base.storage import Storage
from examhall.forms.file_kinds import ENDINGS, HEAD_BYTES, TAIL_BYTES, kind_of

SQL = beside(__file__)

FILE_BYTES = 10_000_000
# Of one submission altogether, and what its other answers may need beside.
FILES_BYTES = 25_000_000
NAME_CHARS = 120
PIECE_BYTES = 64 * 1024
# An upload is given up long before its files are discarded: none can arrive after they were.
LONGEST_UPLOAD_S = 600.0
LOOSE_FOR = timedelta(hours=1)
DISCARDED_AT_ONCE = 100
DISCARD_JOB = "discard_loose_files"
# Control characters, and what turns the reading direction.
UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class BadFiles(Malformed):
    """Some of these files cannot be taken. Nothing was sent."""


class UploadTooSlow(Conflict):
    """Sending the files took too long. Please send them again."""


class NoSuchFile(NotFound):
    """This file is not there, or it is not yours."""


@dataclass(frozen=True)
class Kept:
    """A file in the storage that no submission has yet."""

    field: str
    path: str
    media_type: str
    size: int
    name: str
    # Of its content, for telling a repeat of a request from another one.
    digest: str


@dataclass(frozen=True)
class StoredFile:
    id: int
    submission_id: int
    field: str
    path: str
    media_type: str
    size: int
    name: str


@dataclass(frozen=True)
class _Path:
    path: str


async def keep_files(
    database: Database, storage: Storage, uploads: Sequence[tuple[str, UploadFile]]
) -> list[Kept]:
    """Store what was sent for these fields, or `BadFiles` with each that cannot be taken.

    What is stored is loose until `claim_files`, and discarded if that never comes.
    """
    if not uploads:
        return []
    kinds = await _kinds(uploads)
    paths = [_new_path(kind) for kind in kinds]
    async with database.transaction() as conn:
        await run(conn, SQL.write_loose, paths=paths, loose_for=LOOSE_FOR)
    kept = []
    try:
        async with asyncio.timeout(LONGEST_UPLOAD_S):
            for (field, upload), kind, path in zip(uploads, kinds, paths, strict=True):
                stored = await storage.put(path, _pieces(upload))
                name = display_name(upload.filename or "")
                kept.append(Kept(field, path, kind, stored.size, name, stored.etag))
    except TimeoutError as error:
        raise UploadTooSlow from error
    return kept


async def claim_files(conn: Connection, submission_id: int, kept: Sequence[Kept]) -> None:
    """From this transaction on the files are the submission's; refused if one is being discarded already."""
    if not kept:
        return
    # The row goes: whoever discards holds or has marked it, and of the two one wins.
    if await run(conn, SQL.take_loose, paths=[each.path for each in kept]) < len(kept):
        raise UploadTooSlow
    await run(
        conn,
        SQL.write_files,
        submission_id=submission_id,
        fields=[each.field for each in kept],
        paths=[each.path for each in kept],
        media_types=[each.media_type for each in kept],
        sizes=[each.size for each in kept],
        names=[each.name for each in kept],
    )


async def let_go(database: Database, kept: Sequence[Kept]) -> None:
    """What was kept in vain need not wait to be discarded."""
    if kept:
        async with database.transaction() as conn:
            await run(conn, SQL.hasten, paths=[each.path for each in kept])
            await enqueue(conn, DISCARD_JOB, [{}])


async def drop_files(conn: Connection, submission_id: int) -> int:
    """With this transaction the submission has no files; a job of the same transaction deletes them."""
    dropped = await run(conn, SQL.drop_files, submission_id=submission_id)
    if dropped:
        await enqueue(conn, DISCARD_JOB, [{}])
    return dropped


async def list_files(conn: Connection, submission_id: int) -> list[StoredFile]:
    return await many(conn, SQL.list_files, StoredFile, submission_id=submission_id)


async def find_file(conn: Connection, submission_id: int, file_id: int) -> StoredFile:
    found = await maybe(conn, SQL.find_file, StoredFile, submission_id=submission_id, file_id=file_id)
    if found is None:
        raise NoSuchFile
    return found


async def discard_loose_files(database: Database, storage: Storage) -> int:
    """Delete the files whose time has come; how many. Killed half-way, the next run goes on with the same."""
    discarded = 0
    while True:
        async with database.transaction() as conn:
            found = await many(conn, SQL.mark_discarding, _Path, limit=DISCARDED_AT_ONCE)
        if not found:
            return discarded
        for each in found:
            await storage.delete(each.path)
        # The files first: a row that stays is looked at again, a file without one never.
        async with database.transaction() as conn:
            await run(conn, SQL.forget_loose, paths=[each.path for each in found])
        discarded += len(found)


def display_name(given: str) -> str:
    """What the sender's machine called a file, for people to read. No path and no header is made of it."""
    name = UNREADABLE.sub("", given.replace("\\", "/").rpartition("/")[2])
    name = " ".join(unicodedata.normalize("NFC", name).split())
    return name[-NAME_CHARS:].strip() or "file"


async def _kinds(uploads: Sequence[tuple[str, UploadFile]]) -> list[str]:
    kinds, wrong, total = [], [], 0
    for field, upload in uploads:
        size = upload.size or 0
        total += size
        kind = None
        if size > FILE_BYTES:
            reason = f"is larger than {FILE_BYTES // 1_000_000} MB"
        elif size == 0:
            reason = "is empty"
        else:
            reason = "is no PDF, PNG, JPEG or WebP"
            head = await upload.read(HEAD_BYTES)
            await upload.seek(max(0, size - TAIL_BYTES))
            kind = kind_of(head, await upload.read(TAIL_BYTES), size)
            await upload.seek(0)
        if kind is None:
            wrong.append({"path": f"/{field}", "code": "file", "message": reason})
        else:
            kinds.append(kind)
    if total > FILES_BYTES:
        wrong.append(
            {
                "path": "",
                "code": "file",
                "message": said("together larger than {most} MB", most=FILES_BYTES // 1000000),
            }
        )
    if wrong:
        raise BadFiles(fields=wrong)
    return kinds


async def _pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    while piece := await upload.read(PIECE_BYTES):
        yield piece


def _new_path(media_type: str) -> str:
    name = uuid4().hex
    # By the first letters, so that no folder holds them all.
    return f"forms/{name[:2]}/{name}.{ENDINGS[media_type]}"


async def close_uploads(uploads: Sequence[tuple[str, UploadFile]]) -> None:
    """Give their temporary space back."""
    for _, upload in uploads:
        with suppress(OSError):
            await upload.close()
