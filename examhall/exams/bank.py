"""The question bank: questions beside the exams that use them, by subject and topic, in versions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.clock import rfc3339
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.base.wire import LARGEST_ID
from examhall.exams.markdown import pictures_in
from examhall.exams.question_document import Document, document_of, read_document
from examhall.reference.catalog import list_entries

SQL = beside(__file__)

WORDS_CHARS = 20_000
# Of one search; who writes more words means no question.
MOST_WORDS = 8


class NotInTheBank(NotFound):
    """There is no such question in the bank."""


class UnknownTerm(Malformed):
    """This subject or topic is not among the master data."""


class NewerVersion(SomebodyWasFaster):
    """Somebody saved a newer version of this question since you opened it. See what they changed, then keep
    theirs or save yours."""


@dataclass(frozen=True)
class BankQuestion:
    """A question of the bank in its newest version."""

    id: int
    version: int
    subject: str | None
    topic: str | None
    kinds: list[str]
    document: dict[str, Any]
    archived_at: datetime | None
    saved_by: str | None
    saved_at: datetime
    # In how many exams it is.
    exams: int


@dataclass(frozen=True)
class BankVersion:
    version: int
    subject: str | None
    topic: str | None
    document: dict[str, Any]
    saved_by: str | None
    saved_at: datetime


@dataclass(frozen=True)
class Link:
    """A question of an exam that is one of the bank's."""

    id: int
    bank_question_id: int
    bank_version: int
    newest: int
    # As the newest is filed.
    subject: str | None
    topic: str | None

    @property
    def has_newer(self) -> bool:
        return self.newest > self.bank_version


@dataclass(frozen=True)
class BankPicture:
    name: str
    content: bytes


@dataclass(frozen=True)
class Search:
    subject: str | None = None
    topic: str | None = None
    kind: str | None = None
    text: str = ""
    # None: those that are archived and those that are not.
    archived: bool | None = False


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Name:
    name: str


@dataclass(frozen=True)
class _Version:
    version: int


@dataclass(frozen=True)
class Linked:
    bank_question_id: int | None
    bank_version: int | None


async def search_bank(conn: Connection, wanted: Search, *, before: int, limit: int) -> list[BankQuestion]:
    """The newest questions first, those with an id below `before`."""
    patterns = [f"%{_literal(word)}%" for word in wanted.text.split()[:MOST_WORDS]]
    return await many(
        conn,
        SQL.search,
        BankQuestion,
        question_id=None,
        archived=wanted.archived,
        subject=wanted.subject,
        topic=wanted.topic,
        kind=wanted.kind,
        patterns=patterns,
        before=before,
        limit=limit,
    )


async def find_bank_question(conn: Connection, question_id: int) -> BankQuestion:
    found = await maybe(
        conn,
        SQL.search,
        BankQuestion,
        question_id=question_id,
        archived=None,
        subject=None,
        topic=None,
        kind=None,
        patterns=[],
        before=question_id + 1,
        limit=1,
    )
    if found is None:
        raise NotInTheBank
    return found


async def versions_of(
    conn: Connection, question_id: int, *, before: int = LARGEST_ID, limit: int | None = None
) -> list[BankVersion]:
    """The newest first, of those before one of them."""
    found = await many(conn, SQL.versions, BankVersion, question_id=question_id, before=before, limit=limit)
    if not found and before == LARGEST_ID:
        raise NotInTheBank
    return found


async def pictures_of(conn: Connection, question_id: int, version: int) -> list[BankPicture]:
    """Those that this version shows, and those brought for it that nothing shows yet."""
    return await many(conn, SQL.pictures, BankPicture, question_id=question_id, version=version)


async def names_of(conn: Connection, question_id: int) -> list[str]:
    """Of all pictures that it ever had, brought for it or come with it from an exam: any may be shown."""
    return [each.name for each in await many(conn, SQL.picture_names, _Name, question_id=question_id)]


async def add_bank_question(
    conn: Connection, document: Document, *, subject: str | None, topic: str | None, by: int
) -> BankQuestion:
    """A new question, in its first version. Pictures are brought for a question that is there."""
    checked = document_of(read_document(document))
    await check_terms(conn, subject, topic)
    question_id = await new_bank_question(conn, by=by)
    await write_version(conn, question_id, 1, checked, subject=subject, topic=topic, by=by)
    return await find_bank_question(conn, question_id)


async def change_bank_question(
    conn: Connection,
    question_id: int,
    document: Document,
    *,
    subject: str | None,
    topic: str | None,
    by: int,
    seen: int,
) -> BankQuestion:
    """A version more, unless nothing changed; exams keep what they have until they take it over.

    Of two who saw the same version one succeeds, the other gets NewerVersion; the same again is a repeat.
    """
    version = await hold_bank_question(conn, question_id)
    stored = await find_bank_question(conn, question_id)
    checked = document_of(read_document(document, pictures=await names_of(conn, question_id)))
    await check_terms(conn, subject, topic)
    if (stored.document, stored.subject, stored.topic) == (checked, subject, topic):
        return stored
    if version != seen:
        raise NewerVersion(version=version, changes=_since(await versions_of(conn, question_id), seen))
    await write_version(conn, question_id, version + 1, checked, subject=subject, topic=topic, by=by)
    await run(
        conn,
        SQL.pass_pictures_on,
        question_id=question_id,
        version=version + 1,
        names=list(pictures_shown(checked)),
    )
    return await find_bank_question(conn, question_id)


async def archive_bank_question(conn: Connection, question_id: int, *, archived: bool) -> BankQuestion:
    """Out of the lists, or back into them. Exams that have it keep it."""
    await run(conn, SQL.set_archived, question_id=question_id, archived=archived)
    return await find_bank_question(conn, question_id)


async def new_bank_question(conn: Connection, *, by: int) -> int:
    """Its id. The caller writes its first version."""
    return (await one(conn, SQL.insert_question, _Id, by=by)).id


async def hold_bank_question(conn: Connection, question_id: int) -> int:
    """Until the commit nobody else saves a version of it; the newest there is."""
    held = await maybe(conn, SQL.hold, _Version, question_id=question_id)
    if held is None:
        raise NotInTheBank
    return held.version


async def write_version(
    conn: Connection,
    question_id: int,
    version: int,
    document: Document,
    *,
    subject: str | None,
    topic: str | None,
    by: int,
) -> None:
    """The caller holds the question, and has checked what is written."""
    question = read_document(document, pictures=pictures_shown(document))
    await run(
        conn,
        SQL.insert_version,
        question_id=question_id,
        version=version,
        subject=subject,
        topic=topic,
        document=Jsonb(document),
        kinds=list(dict.fromkeys(item.kind for item in question.items)),
        words="\n".join(texts_in(document))[:WORDS_CHARS],
        by=by,
    )
    await run(conn, SQL.set_version, question_id=question_id, version=version)


async def keep_pictures(
    conn: Connection, question_id: int, version: int, *, exam_id: int, document: Document
) -> None:
    """Those of the exam that the question shows, with this version of it."""
    await run(
        conn,
        SQL.keep_pictures,
        question_id=question_id,
        version=version,
        exam_id=exam_id,
        names=list(pictures_shown(document)),
    )


async def hold_link(conn: Connection, *, exam_id: int, question_id: int) -> Linked | None:
    return await maybe(conn, SQL.hold_link, Linked, exam_id=exam_id, question_id=question_id)


async def link(conn: Connection, *, exam_id: int, question_id: int, bank_id: int, version: int) -> None:
    await run(conn, SQL.link, exam_id=exam_id, question_id=question_id, bank_id=bank_id, version=version)


async def links_of(conn: Connection, exam_id: int) -> list[Link]:
    return await many(conn, SQL.links, Link, exam_id=exam_id)


def _since(versions: list[BankVersion], seen: int) -> list[dict[str, Any]]:
    """What became of it after the version that was seen, the oldest change first."""
    return [
        {
            "version": after.version,
            "edited_by": after.saved_by,
            "edited_at": rfc3339(after.saved_at),
            "before": _as_json(before),
            "after": _as_json(after),
        }
        for before, after in pairwise(reversed(versions))
        if after.version > seen
    ]


def _as_json(version: BankVersion) -> dict[str, Any]:
    return {"subject": version.subject, "topic": version.topic, "document": version.document}


def texts_in(document: Document) -> Iterator[str]:
    """Everything written in it, answers included."""
    for value in document.values():
        yield from _texts(value)


def pictures_shown(document: Document) -> set[str]:
    return {name for text in texts_in(document) if "![" in text for name in pictures_in(text)}


def with_pictures_named(document: Document, names: Mapping[str, str]) -> dict[str, Any]:
    """The document showing its pictures by other names."""
    changed = {old: new for old, new in names.items() if old != new}

    def said(value: Any) -> Any:
        match value:
            case str() if "![" in value and changed:
                pattern = "|".join(map(re.escape, changed))
                return re.sub(rf"(?<=\]\()({pattern})(?=[\s)])", lambda found: changed[found[1]], value)
            case list():
                return [said(each) for each in value]
            case dict():
                return {name: said(each) for name, each in value.items()}
        return value

    return {name: said(value) for name, value in document.items()}


async def check_terms(conn: Connection, subject: str | None, topic: str | None) -> None:
    """Refuse a subject or a topic that the master data do not know."""
    for kind, code in (("subjects", subject), ("topics", topic)):
        if code is not None and code not in {entry.code for entry in await list_entries(conn, kind)}:
            raise UnknownTerm(fields=[{"path": kind, "message": UnknownTerm.sentence()}])


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)


def _literal(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)
