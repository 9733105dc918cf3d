"""What the command line does besides serving: each command reaches the database and calls one operation."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import gethostname
from typing import TypeVar

import psycopg

from examhall.base.actor import ACTOR, Actor
from examhall.base.db import BACKGROUND_LIMIT_S, Connection, Database, Unavailable
from examhall.base.embedded import Postgres
from examhall.base.hindrance import Hindrance
from examhall.serving import bring_up_to_date
from examhall.settings import Settings, WrongSetting

Outcome = TypeVar("Outcome")


@contextmanager
def reached(settings: Settings) -> Iterator[Settings]:
    """The settings with the address of a database that answers.

    That of DATABASE_URL; or of the server that runs on the data folder; or, if none runs, of the folder's
    own PostgreSQL, started for as long as this takes.
    """
    address = settings.database_url or _running(settings.data / "connection")
    if address is None:
        with _started(settings) as started:
            yield started
        return
    try:
        # Asked first without the pool: it would only say that it waited in vain.
        psycopg.connect(address, connect_timeout=5).close()
        yield replace(settings, database_url=address)
    except (psycopg.OperationalError, Unavailable) as error:
        raise Hindrance(f"the database cannot be reached: {str(error).strip()}") from error
    except psycopg.errors.UndefinedTable as error:
        raise Hindrance("the database is not up to date: run `examhall migrate` first") from error


@contextmanager
def _started(settings: Settings) -> Iterator[Settings]:
    postgres = Postgres(settings.data, binaries=settings.postgres_bin)
    try:
        started = replace(settings, database_url=postgres.start())
        bring_up_to_date(started, _to_stderr)
        yield started
    finally:
        postgres.stop()


def _running(connection: Path) -> str | None:
    try:
        address = connection.read_text(encoding="utf-8")
        psycopg.connect(address, connect_timeout=5).close()
    except (FileNotFoundError, psycopg.OperationalError):
        return None
    return address


def migrate(settings: Settings) -> None:
    with reached(settings) as known:
        bring_up_to_date(known, _to_stderr)
    _to_stderr("The database is up to date")


def work(settings: Settings) -> None:
    from examhall import worker

    with reached(settings) as known:
        worker.run(known)


def import_exam(settings: Settings, file: Path) -> None:
    from examhall.exams import importing
    from examhall.exams.exam_file import FILE_BYTES, read_exam_file

    exam = read_exam_file(file.read_bytes(), folder=file.parent, largest_bytes=FILE_BYTES)

    async def operation(conn: Connection) -> int:
        return await importing.import_exam(conn, exam, None)

    print(_in_transaction(settings, operation))


def attach_paper(settings: Settings, exam_id: int, file: Path) -> None:
    from examhall.exams.paper_files import PIECE_BYTES, upload_paper
    from examhall.exams.papers import Paper, find_paper

    async def pieces() -> AsyncIterator[bytes]:
        with file.open("rb") as opened:
            while piece := await asyncio.to_thread(opened.read, PIECE_BYTES):
                yield piece

    async def operation(database: Database) -> Paper:
        async with database.connection() as conn:
            current = await find_paper(conn, exam_id)
        return await upload_paper(
            database,
            settings.open_storage(),
            pieces(),
            exam_id=exam_id,
            version=current.version if current else 0,
            file_name=file.name,
            uploaded_by=None,
            largest_bytes=settings.paper_mb * 1_000_000,
            scratch=settings.data / "incoming",
        )

    kept = _with_database(settings, operation)
    print(f"{kept.file_name}: {kept.pages} page(s), {kept.size:,} bytes, version {kept.version}")


def import_people(settings: Settings, file: Path) -> None:
    from examhall.accounts import people
    from examhall.accounts.passwords import Passwords
    from examhall.accounts.people_file import decode

    text = decode(file.read_bytes())

    async def operation(database: Database) -> people.Imported:
        passwords = Passwords()
        try:
            return await people.import_people(database, passwords, text)
        finally:
            passwords.close()

    done = _with_database(settings, operation)
    print(f"{done.created} created, {done.updated} updated, {done.unchanged} unchanged")


def print_tickets(settings: Settings, exam_id: int, sheet: Path | None) -> None:
    from examhall.accounts.tickets import Ticket, issue_tickets, note_printed, tickets_csv, tickets_sheet_html
    from examhall.accounts.tokens import Signer

    if settings.database_url and not settings.given_secret and not (settings.data / "secret").exists():
        raise WrongSetting(
            "EXAMHALL_SECRET", "is needed, the one the servers have: with another the tickets open nothing"
        )

    async def operation(conn: Connection) -> list[Ticket]:
        issued = await issue_tickets(conn, Signer(settings.secret), exam_id=exam_id)
        await note_printed(conn, exam_id, len(issued))
        return issued

    tickets = _in_transaction(settings, operation)
    if sheet is not None:
        sheet.write_text(tickets_sheet_html(tickets, _public_url(settings)), encoding="utf-8")
    sys.stdout.write(tickets_csv(tickets, _public_url(settings)))


def calibrate_exam(settings: Settings, exam_id: int, json_file: Path | None) -> None:
    from examhall.scoring import calibrate
    from examhall.scoring.calibration_files import as_json, as_text, items_with_details, person_records
    from examhall.scoring.calibrations import find_calibration, find_standing, list_items, list_persons
    from examhall.scoring.conclude import conclude_by_hand
    from examhall.worker import FOLLOW_UPS

    async def operation(database: Database) -> bytes:
        async with database.transaction() as conn:
            standing = await find_standing(conn, exam_id)
        await calibrate.calibrate_exam(database, exam_id=exam_id)
        async with database.transaction() as conn:
            if standing.closes_at is None and standing.concluded_at is None and not standing.still_open:
                await conclude_by_hand(conn, FOLLOW_UPS, exam_id=exam_id)
            calibration = await find_calibration(conn, exam_id)
            assert calibration is not None
            items = await list_items(conn, calibration)
            if json_file is None:
                return as_text(calibration, items).encode()
            persons = person_records(await list_persons(conn, calibration))
            return as_json(calibration, items=items_with_details(calibration, items), persons=persons)

    found = _with_database(settings, operation)
    if json_file is None:
        sys.stdout.write(found.decode())
    else:
        json_file.write_bytes(found)


def export(settings: Settings, exam_id: int, file_format: str) -> None:
    from examhall.scoring.export import export_csv, export_json

    write = {"csv": export_csv, "json": export_json}[file_format]

    async def operation(address: str) -> None:
        # Not through the pool, whose statements may take ten seconds and no more.
        async with await psycopg.AsyncConnection.connect(address) as conn:
            await write(conn, exam_id, sys.stdout)

    with reached(settings) as known:
        assert known.database_url is not None
        asyncio.run(operation(known.database_url))


def verify_audit(settings: Settings) -> bool:
    from examhall.recording import verify_record

    return _in_transaction(settings, verify_record)


def maintain(settings: Settings) -> None:
    from examhall.ops.maintain import maintain

    with reached(settings) as known:
        address = known.direct_url or known.database_url
        assert address is not None
        asyncio.run(maintain(address, events_kept_months=known.events_kept_months, say=_to_stdout))


def _public_url(settings: Settings) -> str:
    """As set; or as the server on this data folder last said, which knows its port."""
    said = settings.data / "url"
    return said.read_text(encoding="utf-8") if not settings.given_url and said.exists() else settings.url


def _in_transaction(settings: Settings, operation: Callable[[Connection], Awaitable[Outcome]]) -> Outcome:
    async def inside(database: Database) -> Outcome:
        async with database.transaction() as conn:
            return await operation(conn)

    return _with_database(settings, inside)


def _with_database(settings: Settings, operation: Callable[[Database], Awaitable[Outcome]]) -> Outcome:
    async def inside(address: str) -> Outcome:
        ACTOR.set(Actor(None, "command", trace=f"{os.environ.get('USER') or os.getuid()}@{gethostname()}"))
        database = Database(address, pool_size=2, limit_s=BACKGROUND_LIMIT_S)
        await database.open()
        try:
            return await operation(database)
        finally:
            await database.close()

    with reached(settings) as known:
        assert known.database_url is not None
        return asyncio.run(inside(known.database_url))


def _to_stdout(line: str) -> None:
    print(line, flush=True)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)
