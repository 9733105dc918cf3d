"""Fills an empty database with the demo, and tops up one that is the demo's already."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from examhall.accounts.passwords import Passwords
from examhall.accounts.people import import_people
from examhall.accounts.tickets import Ticket, issue_tickets
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection, Database, many, one
from examhall.base.hindrance import Hindrance
from examhall.base.sqlfile import beside
from examhall.demo import draft, sealed
from examhall.demo.bank import add_bank
from examhall.demo.certificates import add_certificates
from examhall.demo.essays import add_essays
from examhall.demo.forms import add_forms
from examhall.demo.names import name_of
from examhall.demo.number_course import add_number_course
from examhall.demo.past_mock import add_past_mock
from examhall.demo.past_quizzes import add_past_quizzes
from examhall.demo.quiet_room import add_quiet_room
from examhall.demo.standards import add_standards
from examhall.demo.what_if import add_what_if
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

SQL = beside(__file__)

FOLDER = Path(__file__).parent
# The first is the one the candidates' tickets admit to.
EXAMS = ("mathematics.yaml", "sjt.yaml", "pools.yaml")
# Whoever has this account is the demo's database.
MARKER = "demo-author"


@dataclass(frozen=True)
class Account:
    username: str
    email: str
    password: str
    full_name: str
    roles: str


ACCOUNTS = (
    Account("user", "user@example.com", "pass", "Alice Example", "candidate"),
    Account("test", "test@example.com", "testpassword", "Tess Example", "candidate analyst"),
    Account("demo-admin", "admin@example.com", "admin-demo", "Ada Example", "admin"),
    Account(MARKER, "author@example.com", "author-demo", "Olga Example", "author"),
    Account("demo-analyst", "analyst@example.com", "analyst-demo", "Nora Example", "analyst"),
    Account("demo-marker", "marker@example.com", "marker-demo", "Mina Example", "marker"),
    Account("demo-invigilator", "invigilator@example.com", "invigilator-demo", "Ivo Example", "invigilator"),
)


class NotADemo(Hindrance):
    """The database already holds other data: the demo is for an empty one. Give it a --data of its own."""

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


@dataclass(frozen=True)
class _Here:
    anything: bool
    demo: bool
    candidates: int
    # In a demo of an earlier release nobody but the analyst looked at analyses.
    accounts_are_older: bool


@dataclass(frozen=True)
class _Titled:
    title: str
    id: int


@dataclass(frozen=True)
class _Named:
    id: int
    username: str


async def fill(database: Database, signer: Signer, *, candidates: int) -> list[Ticket]:
    """Add what the demo lacks; give the candidates' tickets for the mathematics exam.

    Each step adds only what is not there yet, so that a demo interrupted anywhere is completed by the
    next start. Refuses a database with anybody else's data.
    """
    async with database.transaction() as conn:
        here = await one(conn, SQL.what_is_here, _Here, marker=MARKER)
    if here.anything and not here.demo:
        raise NotADemo
    if not here.demo or here.candidates < candidates or here.accounts_are_older:
        passwords = Passwords()
        try:
            await import_people(database, passwords, _people_csv(max(candidates, here.candidates)))
        finally:
            passwords.close()
    async with database.transaction() as conn:
        return await _add_exams(conn, signer)


async def _add_exams(conn: Connection, signer: Signer) -> list[Ticket]:
    people = await many(conn, SQL.find_people, _Named, marker=MARKER)
    author = next(person.id for person in people if person.username == MARKER)
    ids = {exam.title: exam.id for exam in await many(conn, SQL.titles_here, _Titled)}
    exams = []
    for name in EXAMS:
        source = (FOLDER / name).read_bytes()
        # Reading the file takes longer than starting the server: only for an exam that is not there.
        title = _title(source)
        if title not in ids:
            ids[title] = await import_exam(conn, read_exam_file(source, folder=FOLDER), author)
        exams.append(ids[title])
    await add_past_mock(conn, author)
    await add_past_quizzes(conn, author)
    await add_number_course(conn, author)
    await add_essays(conn, author)
    if sealed.TITLE not in ids:
        await sealed.add_sealed(conn, author)
    if draft.TITLE not in ids:
        await draft.add_draft(conn, author, like=exams[1])
    await add_bank(conn, author)
    await add_certificates(conn, author)
    await add_forms(conn, signer)
    await add_what_if(conn, right_keys=exams[0])
    await add_standards(conn)
    await add_quiet_room(conn, author, exam_id=exams[0], usernames=[person.username for person in people])
    return await issue_tickets(
        conn, signer, exam_id=exams[0], person_ids=[person.id for person in people if person.id != author]
    )


def _title(source: bytes) -> str:
    first = source.decode().split("\n", 1)[0]
    return first.removeprefix("title:").strip().strip('"')


def _people_csv(candidates: int) -> str:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("username", "email", "password", "full_name", "roles"))
    writer.writerows(_rows(candidates))
    return text.getvalue()


def _rows(candidates: int) -> Iterator[tuple[str, str, str, str, str]]:
    for account in ACCOUNTS:
        yield (account.username, account.email, account.password, account.full_name, account.roles)
    for number in range(1, candidates + 1):
        # With a ticket and no password: a thousand can be added, and enter, without a hash.
        yield (f"candidate{number:05}", "", "", name_of(number), "candidate")
