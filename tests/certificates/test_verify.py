import pytest

from examhall.base.db import Connection
from examhall.certificates.serials import new_serial
from examhall.certificates.verify import UNKNOWN, prove

from . import paper
from .shelf import add_certificate

pytestmark = pytest.mark.anyio


async def test_a_certificate_is_genuine_with_its_facts_as_they_were_signed(conn: Connection) -> None:
    its = await add_certificate(conn, holder="<b>Gulnora</b> \u041e\u0301")
    proof = await prove(conn, its["serial"].lower().replace("-", " "))
    assert proof.state == "genuine"
    assert proof.facts["holder"] == "<b>Gulnora</b> \u041e\u0301"
    assert proof.fields == [("Signed by", "Olga Petrova")]


@pytest.mark.parametrize("typed", ["", "7K3Q", "x" * 10_000, "' OR 1=1 --", "\u0000", "%", "a new one"])
async def test_of_what_was_never_issued_nothing_is_said(conn: Connection, typed: str) -> None:
    # Not among the parameters: the processes that share the tests would each have another.
    typed = new_serial() if typed == "a new one" else typed
    await add_certificate(conn)
    assert await prove(conn, typed) == UNKNOWN


async def test_facts_changed_in_the_database_are_noticed(conn: Connection) -> None:
    its = await add_certificate(conn)
    await conn.execute("UPDATE certificates SET facts = replace(facts, 'Gulnora', 'Mallory')")
    assert (await prove(conn, its["serial"])).state == "damaged"


async def test_the_facts_of_another_certificate_are_noticed_though_they_are_signed(conn: Connection) -> None:
    its = await add_certificate(conn)
    other = await add_certificate(conn, holder="Mallory")
    await conn.execute(
        "UPDATE certificates SET (facts, signature) = "
        "(SELECT facts, signature FROM certificates WHERE serial = %s) WHERE serial = %s",
        (other["serial"], its["serial"]),
    )
    assert (await prove(conn, its["serial"])).state == "damaged"


async def test_a_revoked_certificate_whose_facts_were_changed_is_not_called_revoked_only(
    conn: Connection,
) -> None:
    its = await add_certificate(conn)
    await conn.execute(
        "UPDATE certificates SET facts = replace(facts, 'Gulnora', 'Mallory'), revoked_at = now(), "
        "revocation_reason = 'x'"
    )
    assert (await prove(conn, its["serial"])).state == "damaged"


async def test_what_an_old_key_signed_stays_genuine_when_a_new_one_has_come(conn: Connection) -> None:
    old = await add_certificate(conn, signer=paper.signer_of(1))
    new = await add_certificate(conn, signer=paper.signer_of(2))
    assert [(await prove(conn, each["serial"])).state for each in (old, new)] == ["genuine", "genuine"]


async def test_what_is_signed_by_a_key_that_is_not_ours_is_not_genuine(conn: Connection) -> None:
    its = await add_certificate(conn)
    await conn.execute("DELETE FROM signing_keys")
    assert (await prove(conn, its["serial"])).state == "damaged"
