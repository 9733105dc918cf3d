"""Admission tickets: a long random token for one person and one exam that signs in without a password.

The token is the ticket's id and a MAC of it: the table alone opens nothing, and a ticket can be printed
again.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from gettext import NullTranslations
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import segno
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from examhall.accounts.ended import end_sign_ins_of
from examhall.accounts.people import Account
from examhall.accounts.sign_in import KEPT_FOR, Fresh, SignIn
from examhall.accounts.tokens import Signer
from examhall.audit.noting import note
from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict, Malformed, NotFound, Unauthorized
from examhall.base.sqlfile import beside

SQL = beside(__file__)

EVERYBODY = 2**31 - 1


class TicketInvalid(Unauthorized):
    """This ticket is not valid. It may have been withdrawn: please ask for a new one."""


class NoSuchExam(NotFound):
    """There is no such exam."""


class NotPublished(Conflict):
    """This exam is a draft: nobody gets a ticket for it before it is published."""


class NoSuchTicket(NotFound):
    """There is no such ticket."""


class UnknownPeople(Malformed):
    """Some of these people do not exist or are not active. No ticket was issued."""


@dataclass(frozen=True)
class StoredTicket:
    id: UUID
    exam_id: int
    person_id: int
    username: str
    full_name: str
    exam_title: str
    issued_at: datetime


@dataclass(frozen=True)
class Ticket(StoredTicket):
    token: str


@dataclass(frozen=True)
class Admission:
    """What a ticket says before it is used."""

    full_name: str
    exam_id: int
    exam_title: str


class Entry(NamedTuple):
    """Somebody at the door with a ticket."""

    ticket_id: UUID
    sign_in_id: UUID
    refresh_token: str | None
    token_hash: bytes | None
    life: timedelta


@dataclass(frozen=True)
class _Admitted(Account):
    sign_in_id: UUID
    exam_id: int


@dataclass(frozen=True)
class _Exam:
    title: str
    is_draft: bool


@dataclass(frozen=True)
class _Missing:
    id: int


@dataclass(frozen=True)
class _Revoked:
    person_id: int


async def issue_tickets(
    conn: Connection, signer: Signer, *, exam_id: int, person_ids: Sequence[int] | None = None
) -> list[Ticket]:
    """A live ticket for each of these people, or for everybody assigned to the exam.

    Who has one keeps it, however often and by how many at once this is asked: a ticket in somebody's hand
    stays good. In the order of usernames.
    """
    exam = await maybe(conn, SQL.find_exam, _Exam, exam_id=exam_id)
    if exam is None:
        raise NoSuchExam
    if exam.is_draft:
        raise NotPublished
    if person_ids is not None:
        missing = await many(conn, SQL.missing_people, _Missing, person_ids=list(person_ids))
        if missing:
            raise UnknownPeople(person_ids=[person.id for person in missing])
    wanted = None if person_ids is None else list(person_ids)
    await run(conn, SQL.issue_tickets, exam_id=exam_id, person_ids=wanted)
    tickets = await list_tickets(conn, signer, exam_id=exam_id, person_ids=wanted)
    return sorted(tickets, key=lambda ticket: ticket.username)


async def note_printed(conn: Connection, exam_id: int, tickets: int) -> None:
    """Keep on record that somebody has the tickets of an exam on a sheet or in a file."""
    await note(
        conn, "tickets_printed", kind="exams", thing=exam_id, exam_id=exam_id, after={"tickets": tickets}
    )


async def exam_title(conn: Connection, exam_id: int) -> str:
    found = await maybe(conn, SQL.find_exam, _Exam, exam_id=exam_id)
    if found is None:
        raise NoSuchExam
    return found.title


async def list_tickets(
    conn: Connection,
    signer: Signer,
    *,
    exam_id: int,
    person_ids: Sequence[int] | None = None,
    after: int = 0,
    limit: int = EVERYBODY,
) -> list[Ticket]:
    """The live tickets of an exam in the order of the people's ids, of those after one of them."""
    found = await many(
        conn,
        SQL.list_tickets,
        StoredTicket,
        exam_id=exam_id,
        person_ids=None if person_ids is None else list(person_ids),
        after=after,
        limit=limit,
    )
    return [Ticket(**vars(ticket), token=signer.ticket(ticket.id)) for ticket in found]


async def revoke_ticket(conn: Connection, *, exam_id: int, ticket_id: UUID) -> None:
    """Withdraw a ticket, and end what was signed in with it. A repeat changes nothing."""
    revoked = await maybe(conn, SQL.revoke_ticket, _Revoked, exam_id=exam_id, ticket_id=ticket_id)
    if revoked is None:
        raise NoSuchTicket
    # After the update: whoever was just signing in has been waited for, and is found here.
    await end_sign_ins_of(conn, [revoked.person_id], by="staff", ticket_for=exam_id)


async def read_admission(conn: Connection, signer: Signer, token: str) -> Admission:
    """Whom a ticket admits to what, without using it."""
    if (ticket_id := signer.read_ticket(token)) is None:
        raise TicketInvalid
    admission = await maybe(conn, SQL.read_admission, Admission, ticket_id=ticket_id)
    if admission is None:
        raise TicketInvalid
    return admission


def entry_of(signer: Signer, ticket: str, *, browser: bool) -> Entry:
    """What a ticket wants stored, if it is one of ours at all."""
    ticket_id = signer.read_ticket(ticket)
    if ticket_id is None:
        raise TicketInvalid
    return Entry(ticket_id, *Fresh.of(browser=browser))


async def admit(conn: Connection, entries: Sequence[Entry]) -> dict[UUID, SignIn]:
    """Sign each in for their ticket's exam; sign-ins by their ids. Whose ticket is not good is missing.

    One statement, no password hash. A ticket serves again on another device.
    """
    admitted = await many(
        conn,
        SQL.admit,
        _Admitted,
        ticket_ids=[entry.ticket_id for entry in entries],
        sign_in_ids=[entry.sign_in_id for entry in entries],
        token_hashes=[entry.token_hash for entry in entries],
        lives=[entry.life for entry in entries],
    )
    tokens = {entry.sign_in_id: entry.refresh_token for entry in entries}
    return {
        each.sign_in_id: SignIn(each.sign_in_id, each, each.exam_id, tokens[each.sign_in_id])
        for each in admitted
    }


def ticket_url(base_url: str, token: str) -> str:
    return f"{base_url.rstrip('/')}/t/{token}"


async def forget_revoked_tickets(conn: Connection) -> int:
    """Drop tickets that were withdrawn long ago; give how many."""
    return await run(conn, SQL.forget_revoked_tickets, kept_for=KEPT_FOR)


def tickets_csv(tickets: Sequence[Ticket], base_url: str) -> str:
    """username,ticket,url with a header, as RFC 4180 has it."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("username", "ticket", "url"))
    writer.writerows(
        (ticket.username, ticket.token, ticket_url(base_url, ticket.token)) for ticket in tickets
    )
    return text.getvalue()


def tickets_sheet_html(
    tickets: Sequence[Ticket],
    base_url: str,
    *,
    language: str = "en",
    translations: NullTranslations | None = None,
    nonce: str = "",
) -> str:
    """A page to print and cut: name, exam, QR code and address of each ticket.

    Drawing the codes takes about 5 ms a ticket; for many call it in a thread.
    """
    templates = Environment(
        autoescape=True, extensions=["jinja2.ext.i18n"], loader=FileSystemLoader(Path(__file__).parent)
    )
    templates.install_gettext_translations(translations or NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    return templates.get_template("tickets_sheet.html").render(
        tickets=[(ticket, ticket_url(base_url, ticket.token)) for ticket in tickets],
        qr_code=_qr_code,
        language=language,
        nonce=nonce,
    )


def _qr_code(url: str) -> Markup:
    # segno's own drawing; nothing of the text gets into it but as black and white.
    return Markup(segno.make(url, micro=False, error="m").svg_inline(scale=1, omitsize=True, border=2))  # noqa: S704
