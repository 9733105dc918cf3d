"""Each finished day of the record is sealed: its digest is chained to the day before and signed.

The triggers keep the product and its users from changing the record. Whoever has the database itself can
still do so; the seals make it show, as long as they do not have the server's private key as well.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from examhall.base.db import Connection, many, maybe, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# A transaction that began before midnight may commit after it; one that lasts longer is waited for.
SETTLED_AFTER = timedelta(hours=1)
# Read so many entries at a time.
PIECE = 2_000
FIRST_LINK = bytes(32)


class Signer(NamedTuple):
    """The server's key: its id, and what signs bytes with it."""

    key_id: str
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Seal:
    day: date
    entries: int
    digest: bytes
    signature: bytes
    key_id: str

    @property
    def signed(self) -> bytes:
        return message(self.day, self.entries, self.digest)


@dataclass(frozen=True)
class _Day:
    day: date


@dataclass(frozen=True)
class _Line:
    id: int
    line: str


class Verdict(NamedTuple):
    """What became of a sealed day: 'intact', 'altered', or 'unsigned' where the signature is not genuine."""

    day: date
    entries: int
    found: str


def message(day: date, entries: int, digest: bytes) -> bytes:
    """What is signed of a day."""
    return f"examhall-audit/1 {day.isoformat()} {entries} {digest.hex()}".encode()


async def seal_days(conn: Connection, signer: Signer, *, now: datetime) -> list[Seal]:
    """Seal every day that is over, committed and has entries; give the new seals.

    However many workers do so at once, a day is sealed once, in the order of days: one goes on, and the
    others find its seals when they have waited for it.
    """
    await run(conn, SQL.one_at_a_time)
    last = await maybe(conn, SQL.last_seal, Seal)
    until = (now - SETTLED_AFTER).astimezone(UTC).date()
    if writing := await maybe(conn, SQL.oldest_writing, _Day):
        until = min(until, writing.day)
    days = await many(conn, SQL.days_to_seal, _Day, after=last.day if last else None, until=until)
    link = last.digest if last else FIRST_LINK
    made = []
    for each in days:
        entries, link = await _digest(conn, each.day, link)
        seal = Seal(each.day, entries, link, signer.sign(message(each.day, entries, link)), signer.key_id)
        await run(conn, SQL.insert_seal, **vars(seal))
        made.append(seal)
    return made


async def verify_seals(conn: Connection, is_genuine: Callable[[Seal], bool]) -> list[Verdict]:
    """Work every sealed day out anew, in their order; one that was altered does not make later ones so."""
    link = FIRST_LINK
    verdicts = []
    for seal in await many(conn, SQL.list_seals, Seal):
        entries, digest = await _digest(conn, seal.day, link)
        if digest != seal.digest or entries != seal.entries:
            found = "altered"
        else:
            found = "intact" if is_genuine(seal) else "unsigned"
        verdicts.append(Verdict(seal.day, seal.entries, found))
        link = seal.digest
    return verdicts


async def days_without_seal(conn: Connection) -> list[date]:
    """Days before the last seal that have entries and no seal: added to the past, or their seal is gone."""
    return [each.day for each in await many(conn, SQL.unsealed_days, _Day)]


async def last_digest(conn: Connection) -> str:
    """In hexadecimal: who writes it down elsewhere can tell whether the last days were cut off."""
    last = await maybe(conn, SQL.last_seal, Seal)
    return last.digest.hex() if last else ""


async def _digest(conn: Connection, day: date, link: bytes) -> tuple[int, bytes]:
    hashed = hashlib.sha256(link)
    entries = after = 0
    starts_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    while True:
        lines = await many(
            conn,
            SQL.lines_of_day,
            _Line,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(days=1),
            after=after,
            most=PIECE,
        )
        for each in lines:
            hashed.update(each.line.encode())
            hashed.update(b"\n")
        entries += len(lines)
        if len(lines) < PIECE:
            return entries, hashed.digest()
        after = lines[-1].id
