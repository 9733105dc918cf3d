import asyncio
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from examhall.audit.sealing import Seal, Signer, days_without_seal, seal_days, verify_seals
from examhall.base.db import Connection, Database
from examhall.certificates.signing import Signer as CertificateSigner
from examhall.certificates.signing import is_genuine

pytestmark = pytest.mark.anyio

KEY = CertificateSigner("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")
SIGNER = Signer(KEY.key_id, KEY.sign_bytes)
FIRST = date(2026, 5, 4)
LATER = datetime(2026, 5, 9, 12, tzinfo=UTC)


def genuine(seal: Seal) -> bool:
    return is_genuine(seal.signed.decode(), seal.signature, KEY.public_key)


async def fill(conn: Connection) -> None:
    """Three days with entries and one without between them."""
    for day in (0, 1, 3):
        await conn.execute(
            """INSERT INTO audit_entries (at, door, trace, deed, kind, thing, label, words)
               SELECT %s::timestamptz + n * interval '1 hour', 'page', '', 'changed', 'exams', n::text, '', ''
                 FROM generate_series(0, 22) AS n""",
            (datetime(2026, 5, 4 + day, tzinfo=UTC),),
        )


async def verdicts(conn: Connection) -> list[str]:
    return [each.found for each in await verify_seals(conn, genuine)]


async def by_hand(conn: Connection, statement: str) -> None:
    """What only somebody can do who has the database itself."""
    for table in ("audit_entries", "audit_seals"):
        await conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER stands".encode())
    await conn.execute(statement.encode())


async def test_days_that_are_over_are_sealed_once_and_in_their_order(conn: Connection) -> None:
    await fill(conn)
    seals = await seal_days(conn, SIGNER, now=datetime(2026, 5, 6, 0, 30, tzinfo=UTC))
    # A transaction that began on the 5th may not have committed yet.
    assert [seal.day for seal in seals] == [FIRST]
    assert [seal.entries for seal in seals] == [23]
    seals = await seal_days(conn, SIGNER, now=LATER)
    assert [seal.day.day for seal in seals] == [5, 7]
    assert await seal_days(conn, SIGNER, now=LATER) == []
    assert await verdicts(conn) == ["intact"] * 3


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entries WHERE thing = '7' AND at < '2026-05-05'",
        "UPDATE audit_entries SET actor_id = 9 WHERE thing = '7' AND at < '2026-05-05'",
        "UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE thing = '7' AND at < '2026-05-05'",
        """INSERT INTO audit_entries (at, door, trace, deed, kind, thing, label, words)
           VALUES ('2026-05-04 12:00Z', 'page', '', 'changed', 'exams', '1', '', '')""",
        "UPDATE audit_seals SET entries = 22 WHERE day = '2026-05-04'",
    ],
)
async def test_what_was_altered_shows_and_on_its_day_alone(conn: Connection, statement: str) -> None:
    await fill(conn)
    await seal_days(conn, SIGNER, now=LATER)
    await by_hand(conn, statement)
    assert await verdicts(conn) == ["altered", "intact", "intact"]


async def test_a_seal_made_anew_without_the_key_is_not_genuine(conn: Connection) -> None:
    await fill(conn)
    await seal_days(conn, SIGNER, now=LATER)
    await by_hand(conn, "DELETE FROM audit_entries WHERE thing = '7'")
    await conn.execute("DELETE FROM audit_seals")
    other = CertificateSigner("OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=")
    await seal_days(conn, Signer(KEY.key_id, other.sign_bytes), now=LATER)
    assert await verdicts(conn) == ["unsigned"] * 3


async def test_a_seal_that_is_gone_shows(conn: Connection) -> None:
    await fill(conn)
    await seal_days(conn, SIGNER, now=LATER)
    await by_hand(conn, "DELETE FROM audit_seals WHERE day = '2026-05-05'")
    assert await verdicts(conn) == ["intact", "altered"]
    assert await days_without_seal(conn) == [FIRST + timedelta(days=1)]


async def test_a_day_of_many_entries_is_sealed_in_pieces(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(conn)
    await seal_days(conn, SIGNER, now=LATER)
    monkeypatch.setattr("examhall.audit.sealing.PIECE", 5)
    assert await verdicts(conn) == ["intact"] * 3


async def test_two_workers_at_once_seal_a_day_once(database: Database, dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        await fill(conn)

    async def seal() -> int:
        async with database.transaction() as conn:
            return len(await seal_days(conn, SIGNER, now=LATER))

    assert sorted(await asyncio.gather(seal(), seal(), seal())) == [0, 0, 3]


async def test_a_day_of_which_something_is_not_committed_is_sealed_once_it_is(
    database: Database, dsn: str
) -> None:
    tomorrow_night = datetime.now(UTC) + timedelta(days=1, hours=2)
    async with await psycopg.AsyncConnection.connect(dsn) as committed:
        await fill(committed)
        await committed.execute("INSERT INTO people (username, full_name) VALUES ('bob', 'Bob')")

    async def seal() -> list[int]:
        async with database.transaction() as conn:
            return [each.entries for each in await seal_days(conn, SIGNER, now=tomorrow_night)]

    async with await psycopg.AsyncConnection.connect(dsn) as slow:
        await slow.execute("INSERT INTO people (username, full_name) VALUES ('alice', 'Alice')")
        assert await seal() == [23, 23, 23]
    assert await seal() == [2]
    async with database.transaction() as conn:
        assert await verdicts(conn) == ["intact"] * 4
