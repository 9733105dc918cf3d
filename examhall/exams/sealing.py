"""The sealed paper of an exam: made once for all processes, remembered in each, with its key.

The sealed bytes lie in the storage, under their version; the key lies in the database alone.
"""

import asyncio
import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec
import structlog
from starlette.requests import Request

from examhall.base import clock
from examhall.base.cache import Cache
from examhall.base.clock import rfc3339
from examhall.base.db import Connection, Database, many, maybe, one, run
from examhall.base.errors import NotFound, Overloaded, Refusal
from examhall.base.sqlfile import beside
from examhall.base.storage import Storage
from examhall.exams.content import Content
from examhall.exams.contents import EXAMS_KEPT, TTL_S, Contents
from examhall.exams.papers import Paper, find_paper
from examhall.exams.seal import file_bytes, new_key, new_version, seal_document, seal_file

log = structlog.get_logger()

SQL = beside(__file__)

FORMAT = "examhall-paper/1"
FOLDER = "sealed"
UNUSED_FOR = timedelta(days=1)

# The exam room's page of an exam, by language: whoever renders pages gives it.
Pages: TypeAlias = Callable[[Content], Mapping[str, str]]


class NotSealed(NotFound):
    """This exam has no sealed paper."""


class SealedTooEarly(Refusal):
    """The sealed paper cannot be downloaded yet."""


@dataclass(frozen=True)
class Setting:
    opens_at: datetime | None
    sealed_before_s: int | None

    @property
    def from_at(self) -> datetime | None:
        """From when on the sealed paper may be downloaded; None: the exam is not sealed."""
        if self.opens_at is None or self.sealed_before_s is None:
            return None
        return self.opens_at - timedelta(seconds=self.sealed_before_s)

    def from_for(self, opens_at: datetime | None) -> datetime | None:
        """The same for somebody for whom the exam opens at a time of their own."""
        return replace(self, opens_at=opens_at).from_at


@dataclass(frozen=True)
class SealedPaper:
    exam_id: int
    version: str
    key: bytes
    sha256: bytes
    part_bytes: list[int]

    @property
    def url(self) -> str:
        return f"/sealed/{self.version}.bin"

    @property
    def size(self) -> int:
        return sum(self.part_bytes)

    @property
    def key_text(self) -> str:
        """As a JSON Web Key has it."""
        return urlsafe_b64encode(self.key).rstrip(b"=").decode()


@dataclass(frozen=True)
class KeyRelease:
    full_name: str
    reason: str
    released_at: datetime


@dataclass(frozen=True)
class _Version:
    version: str


@dataclass(frozen=True)
class _Picture:
    name: str
    media_type: str
    content: bytes


def path_of(version: str) -> str:
    """Where the sealed bytes lie in the storage: written once, never again."""
    return f"{FOLDER}/{version}.bin"


class SealedPapers:
    """One process's memory of sealed papers: a thousand lobbies that ask at once have one sealed."""

    def __init__(self, database: Database, storage: Storage, contents: Contents, pages: Pages) -> None:
        self._database = database
        self._storage = storage
        self._contents = contents
        self._pages = pages
        # Neither decides who gets a key: that is the start of a sitting, by the database's clock.
        self._settings: Cache[int, Setting] = Cache(name="sealed settings", ttl_s=TTL_S, size=EXAMS_KEPT)
        self._papers: Cache[int, SealedPaper] = Cache(name="sealed papers", ttl_s=TTL_S, size=EXAMS_KEPT)

    async def setting(self, exam_id: int) -> Setting:
        async def look() -> Setting:
            async with self._database.connection() as conn:
                found = await maybe(conn, SQL.setting, Setting, exam_id=exam_id)
            if found is None:
                raise NotFound
            return found

        return await self._settings.get(exam_id, look)

    async def current(self, exam_id: int) -> SealedPaper:
        """The sealed paper of the exam as it is now, sealed first if nobody did. Raises NotSealed."""
        if (await self.setting(exam_id)).from_at is None:
            raise NotSealed
        return await self._papers.get(exam_id, lambda: self._find_or_make(exam_id))

    async def to_download(self, exam_id: int, *, opens_at: datetime | None, now: datetime) -> SealedPaper:
        """The same for a candidate, some time before it opens to them. Raises SealedTooEarly."""
        from_at = (await self.setting(exam_id)).from_for(opens_at)
        if from_at is not None and now < from_at:
            raise SealedTooEarly(from_at=rfc3339(from_at), server_time=rfc3339(now))
        return await self.current(exam_id)

    async def opened_by(self, exam_id: int, version: str) -> SealedPaper | None:
        """The paper that a candidate says to have, if it is the one that is valid now."""
        try:
            paper = await self.current(exam_id)
        except (NotFound, Overloaded):
            # Not sealed any more, or the storage does not answer: they get the questions as everybody does.
            return None
        return paper if paper.version == version else None

    def drop(self, payload: str) -> None:
        """An exam changed: the payload of an announcement on `contents.CHANNEL` is its id."""
        self._settings.drop(int(payload))
        self._papers.drop(int(payload))

    async def forget_all(self, conn: Connection) -> None:
        """After LISTEN was interrupted anything may have changed unheard."""
        self._settings.clear()
        self._papers.clear()

    async def _find_or_make(self, exam_id: int) -> SealedPaper:
        content = await self._contents.of(exam_id)
        async with self._database.connection() as conn:
            pictures = await many(conn, SQL.pictures, _Picture, exam_id=exam_id)
            pdf = await find_paper(conn, exam_id)
        # Rendered and compressed: not on the event loop that saves wait for.
        document = await asyncio.to_thread(write_document, content, pictures, self._pages)
        content_hash = hashlib.sha256(document + (pdf.etag.encode() if pdf else b"")).digest()
        async with self._database.connection() as conn:
            found = await maybe(
                conn, SQL.sealed_of_content, SealedPaper, exam_id=exam_id, content_hash=content_hash
            )
        return found or await self._make(exam_id, document, pdf, content_hash)

    async def _make(
        self, exam_id: int, document: bytes, pdf: Paper | None, content_hash: bytes
    ) -> SealedPaper:
        # Never kept for another attempt: this key seals this and nothing else.
        version = new_version()
        sealing: dict[str, Any] = {"key": new_key(), "exam_id": exam_id, "version": version}
        questions = await asyncio.to_thread(seal_document, document, **sealing)
        part_bytes = [len(questions)] if pdf is None else [len(questions), file_bytes(pdf.size)]
        # The bytes before the row: whoever dies between leaves a file that nobody can open, and no row
        # that leads to nothing.
        stored = await self._storage.put(path_of(version), self._parts(questions, pdf, sealing))
        made = SealedPaper(exam_id, version, sealing["key"], bytes.fromhex(stored.etag), part_bytes)
        async with self._database.transaction() as conn:
            await run(conn, SQL.keep_sealed, content_hash=content_hash, **vars(made))
        async with self._database.connection() as conn:
            kept = await one(
                conn, SQL.sealed_of_content, SealedPaper, exam_id=exam_id, content_hash=content_hash
            )
        if kept.version != version:
            # Another process was faster; ours was shown to nobody.
            await self._storage.delete(path_of(version))
        return kept

    async def _parts(
        self, questions: bytes, pdf: Paper | None, sealing: Mapping[str, Any]
    ) -> AsyncIterator[bytes]:
        yield questions
        # A paper of many megabytes goes by in pieces.
        if pdf is not None and pdf.path is not None:
            async for piece in seal_file(self._storage.stream(pdf.path), pdf.size, **sealing):
                yield piece


async def key_releases(conn: Connection, *, exam_id: int) -> list[KeyRelease]:
    """Who of the staff was given a key of this exam, the latest first."""
    return await many(conn, SQL.key_releases, KeyRelease, exam_id=exam_id)


async def release_key(conn: Connection, paper: SealedPaper, *, person_id: int, reason: str) -> None:
    """Note for ever who of the staff is given the key, in the transaction before they are."""
    await run(
        conn,
        SQL.note_key_release,
        exam_id=paper.exam_id,
        version=paper.version,
        person_id=person_id,
        reason=reason,
    )
    log.warning("the key of a sealed paper was given out", exam_id=paper.exam_id, person_id=person_id)


async def sweep_sealed(database: Database, storage: Storage) -> int:
    """Delete sealed files of exams that are over, and those that no row knows; how many. Repeatable.

    The rows stay. Where one leads to a file that is gone, candidates start the ordinary way.
    """
    # A file is there moments before its row; a day is more than a moment.
    young = clock.now() - UNUSED_FOR
    old = [found.path async for found in storage.files(FOLDER) if found.changed_at < young]
    async with database.connection() as conn:
        in_use = {path_of(each.version) for each in await many(conn, SQL.versions_in_use, _Version)}
    unused = [path for path in old if path not in in_use]
    for path in unused:
        await storage.delete(path)
    return len(unused)


def sealed_papers_of(request: Request) -> SealedPapers:
    papers: SealedPapers = request.app.state.sealed_papers
    return papers


def write_document(content: Content, pictures: Sequence[_Picture], pages: Pages) -> bytes:
    """All that is needed to sit the exam, in the author's order; the same bytes for the same exam."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "questions": msgspec.Raw(content.questions_json(None)),
        "pictures": {
            each.name: {"type": each.media_type, "data": b64encode(each.content).decode()}
            for each in pictures
        },
        "pages": pages(content),
    }
    if content.sections:
        document["sections"] = [section.as_json() for section in content.sections]
    return msgspec.json.encode(document)
