"""From an upload to the exam's paper, and the files that are no paper any more."""

import asyncio
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

import structlog

from examhall.base import clock
from examhall.base.db import Database
from examhall.base.errors import NotFound, Refusal, SomebodyWasFaster
from examhall.base.storage import Storage, StorageUnavailable
from examhall.exams.papers import (
    ExamUnderWay,
    Paper,
    Upload,
    files_to_delete,
    hold_paper,
    known_files,
    note_deleted,
    set_paper,
)
from examhall.exams.pdf import HEAD_BYTES, TAIL_BYTES, check_head, check_tail, count_pages

log = structlog.get_logger()

FOLDER = "papers"
LONGEST_NAME = 120
# Gathered before it is written, and read at once.
PIECE_BYTES = 1024 * 1024
# Longer than any upload takes, and than anybody reads a paper that was replaced.
UNREAD_S = 24 * 3600


class PaperTooLarge(Refusal):
    """This file is larger than a paper may be here."""

    status = 413


async def upload_paper(
    database: Database,
    storage: Storage,
    parts: AsyncIterator[bytes],
    *,
    exam_id: int,
    version: int,
    file_name: str,
    uploaded_by: int | None,
    largest_bytes: int,
    scratch: Path,
) -> Paper:
    """Check what arrives and make it the exam's paper in place of `version`; 0 where there is none.

    It lies in a file without a name until it is found to be a PDF, then in the storage under a name of its
    own, and is the exam's paper with the commit: whatever dies in between, no candidate ever reads half of
    it, and what is left in the storage is swept. Never more than a megabyte of it is in memory.
    """
    async with database.transaction() as conn:
        # Before fifty megabytes are sent for nothing.
        await hold_paper(conn, exam_id=exam_id, version=version)
    with await asyncio.to_thread(_unnamed, scratch) as file:
        await _receive(parts, file, largest_bytes)
        pages = await count_pages(file)
        path = f"{FOLDER}/{exam_id}/{uuid4().hex}.pdf"
        stored = await storage.put(path, _read(file))
    upload = Upload(clean_name(file_name), stored.size, pages, stored.etag, path)
    try:
        async with database.transaction() as conn:
            return await set_paper(
                conn, exam_id=exam_id, version=version, upload=upload, uploaded_by=uploaded_by
            )
    except (ExamUnderWay, SomebodyWasFaster, NotFound):
        # Only what was refused for good: after a lost connection the paper may well be in its row.
        try:
            await storage.delete(path)
        except StorageUnavailable:
            log.warning("an upload that came too late is left for the sweep", path=path)
        raise


async def sweep_papers(database: Database, storage: Storage) -> int:
    """Delete the files of papers that ended, and those that no paper has; how many there were. Repeatable."""
    async with database.connection() as conn:
        ended = await files_to_delete(conn, unread_s=UNREAD_S)
    for path in ended:
        await storage.delete(path)
    async with database.transaction() as conn:
        await note_deleted(conn, ended)
    # Those of an upload under way are young; one that is not has lost its process between file and row. What
    # was found before the rows are read has its row by then, or is too young.
    young = clock.now() - timedelta(seconds=UNREAD_S)
    old = [found.path async for found in storage.files(FOLDER) if found.changed_at < young]
    async with database.connection() as conn:
        known = await known_files(conn)
    orphans = [path for path in old if path not in known]
    for path in orphans:
        await storage.delete(path)
    return len(ended) + len(orphans)


def clean_name(name: str) -> str:
    """The file's own name, for people to recognise it by: no folders, no control characters, not too long."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    shown = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in plain)
    return " ".join(shown.split())[:LONGEST_NAME] or "paper.pdf"


def _unnamed(scratch: Path) -> IO[bytes]:
    """Gone with whoever has it open, however that ends."""
    scratch.mkdir(mode=0o750, parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=scratch)


async def _receive(parts: AsyncIterator[bytes], file: IO[bytes], largest_bytes: int) -> None:
    gathered, size, tail, is_checked = bytearray(), 0, b"", False
    async for part in parts:
        size += len(part)
        if size > largest_bytes:
            raise PaperTooLarge(largest_bytes=largest_bytes)
        gathered += part
        tail = (tail + part)[-TAIL_BYTES:]
        if not is_checked and size >= HEAD_BYTES:
            check_head(bytes(gathered[:HEAD_BYTES]))
            is_checked = True
        if len(gathered) >= PIECE_BYTES:
            await asyncio.to_thread(file.write, bytes(gathered))
            gathered.clear()
    if not is_checked:
        check_head(bytes(gathered))
    check_tail(tail)
    await asyncio.to_thread(file.write, bytes(gathered))
    await asyncio.to_thread(file.flush)


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, 0)
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece
