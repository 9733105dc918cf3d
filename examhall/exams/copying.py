"""Copies one exam, with its key and its pictures, into another database: for the rehearsal of an exam day."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from examhall.base.db import Connection, maybe, run
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside

SQL = beside(__file__)


class NothingToCopy(NotFound):
    """There is no such exam."""


@dataclass(frozen=True)
class Original:
    id: int
    title: str
    kind: str
    test_type: str | None
    instructions: str
    duration_s: int
    grace_s: int
    shuffle_questions: bool
    shuffle_options: bool
    release: str
    show_key: bool
    pass_percent: Decimal | None
    key_version: int
    sealed_before_s: int | None


async def read_exam(source: Connection, *, exam_id: int) -> Original:
    found = await maybe(source, SQL.read_exam, Original, exam_id=exam_id)
    if found is None:
        raise NothingToCopy
    return found


async def copy_exam(
    source: Connection,
    target: Connection,
    original: Original,
    *,
    opens_at: datetime,
    closes_at: datetime,
    duration_s: int,
    grace_s: int,
) -> None:
    """The same questions, key and pictures under the same number, in a window of its own.

    Both databases must be at the same revision. The source is only read.
    """
    copied = replace(original, duration_s=duration_s, grace_s=grace_s)
    await run(target, SQL.write_exam, **vars(copied), opens_at=opens_at, closes_at=closes_at)
    for read, write in (
        (SQL.read_sections, SQL.write_sections),
        (SQL.read_questions, SQL.write_questions),
        (SQL.read_items, SQL.write_items),
        (SQL.read_pictures, SQL.write_pictures),
    ):
        async with (
            source.cursor() as reading,
            target.cursor() as writing,
            reading.copy(read.text, {"exam_id": original.id}) as rows,
            writing.copy(write.text) as copies,
        ):
            async for block in rows:
                await copies.write(block)


async def assign_everybody(conn: Connection, *, exam_id: int) -> int:
    """Everybody in the database may sit it: there, all of them are made up for it."""
    return await run(conn, SQL.assign_everybody, exam_id=exam_id)
