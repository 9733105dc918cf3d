import asyncio

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.certificates.revoking import (
    NoSuchCertificate,
    ReasonMissing,
    RevokedAlready,
    lead_on,
    revoke_certificate,
)
from examhall.certificates.verify import prove

from .shelf import add_certificate, add_person

pytestmark = pytest.mark.anyio


async def test_a_revoked_certificate_says_since_when_and_why(conn: Connection) -> None:
    its = await add_certificate(conn)
    olga = await add_person(conn, "olga", "author")
    done = await revoke_certificate(conn, serial=its["serial"], reason=" Issued in\n error ", revoked_by=olga)
    proof = await prove(conn, its["serial"])
    assert (proof.state, proof.reason, proof.revoked_at) == ("revoked", "Issued in error", done.revoked_at)
    # What was signed stays what it is.
    assert proof.facts["holder"] == its["holder"]


async def test_the_same_again_changes_nothing_and_another_reason_is_refused(conn: Connection) -> None:
    its = await add_certificate(conn)
    first = await revoke_certificate(conn, serial=its["serial"], reason="Forged", revoked_by=None)
    again = await revoke_certificate(conn, serial=its["serial"], reason="Forged", revoked_by=None)
    assert again == first
    with pytest.raises(RevokedAlready) as refused:
        await revoke_certificate(conn, serial=its["serial"], reason="Another", revoked_by=None)
    assert refused.value.details == {"reason": "Forged"}


async def test_a_certificate_that_is_not_there_cannot_be_revoked(conn: Connection) -> None:
    with pytest.raises(NoSuchCertificate):
        await revoke_certificate(conn, serial="", reason="Forged", revoked_by=None)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 301])
async def test_a_reason_is_needed(conn: Connection, reason: str) -> None:
    its = await add_certificate(conn)
    with pytest.raises(ReasonMissing):
        await revoke_certificate(conn, serial=its["serial"], reason=reason, revoked_by=None)


async def test_of_many_who_revoke_at_once_one_decides_and_the_others_are_told(database: Database) -> None:
    async with database.transaction() as conn:
        its = await add_certificate(conn)

    async def revoke(reason: str) -> str:
        async with database.transaction() as conn:
            try:
                done = await revoke_certificate(conn, serial=its["serial"], reason=reason, revoked_by=None)
            except RevokedAlready as refusal:
                return f"refused: {refusal.details['reason']}"
            return f"done: {done.reason}"

    said = await asyncio.gather(*(revoke(f"reason {number % 2}") for number in range(12)))
    async with database.transaction() as conn:
        stands = (await prove(conn, its["serial"])).reason
    assert sorted(said) == [f"done: {stands}"] * 6 + [f"refused: {stands}"] * 6


async def test_every_process_hears_of_it_with_the_commit_and_not_before(database: Database, dsn: str) -> None:
    async with database.transaction() as conn:
        its = await add_certificate(conn)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as hearing:
        await hearing.execute("LISTEN examhall_certificates")
        async with database.transaction() as conn:
            await revoke_certificate(conn, serial=its["serial"], reason="Forged", revoked_by=None)
            assert [notice async for notice in hearing.notifies(timeout=0.1)] == []
        heard = [notice async for notice in hearing.notifies(timeout=5, stop_after=1)]
        assert len(heard) == 1


async def test_a_revocation_that_is_cut_off_leaves_the_certificate_as_it_was(database: Database) -> None:
    async with database.transaction() as conn:
        its = await add_certificate(conn)
    async with database.transaction() as conn:
        await revoke_certificate(conn, serial=its["serial"], reason="Forged", revoked_by=None)
        await conn.rollback()
    async with database.transaction() as conn:
        assert (await prove(conn, its["serial"])).state == "genuine"


async def test_after_a_revocation_the_same_person_can_have_another_by_the_same_rule(conn: Connection) -> None:
    alice = await add_person(conn, "alice")
    first = await add_certificate(conn, columns={"holder_id": alice})
    await revoke_certificate(conn, serial=first["serial"], reason="A wrong name", revoked_by=None)
    second = await add_certificate(conn, columns={"holder_id": alice})
    await lead_on(conn, certificate_id=first["id"], replaced_by=second["id"])
    assert (await prove(conn, first["serial"])).replaced_by == second["serial"]
    assert (await prove(conn, second["serial"])).state == "genuine"
