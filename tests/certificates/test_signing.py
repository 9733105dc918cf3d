import asyncio
import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from examhall.base.db import Connection, Database
from examhall.certificates.signing import (
    Signer,
    base64url,
    canonical_json,
    is_genuine,
    key_set,
    list_keys,
    publish_key,
    read_base64url,
)

FACTS = {
    "serial": "7K3Q",
    "holder": "Gulnora O\N{MODIFIER LETTER TURNED COMMA}ktamova",
    "score": 87.5,
    "fields": {},
}


def signer_of(number: int) -> Signer:
    return Signer(b64encode(bytes([number] * 32)).decode())


def test_a_signature_is_by_rfc_8032() -> None:
    """Test 2 of section 7.1: the key, its public half, and the signature of the byte 0x72."""
    key = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    signer = Signer(b64encode(key).decode())
    assert signer.public_key.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signer.sign_bytes(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_the_id_of_a_key_is_its_thumbprint_by_rfc_7638() -> None:
    """The example of RFC 8037, appendix A.3."""
    key = read_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    assert Signer(base64url(key)).key_id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_signed_facts_are_genuine_and_altered_ones_are_not() -> None:
    signer = signer_of(1)
    signed = signer.sign(FACTS)
    assert is_genuine(signed.text, signed.signature, signer.public_key)
    assert not is_genuine(signed.text.replace("87.5", "97.5"), signed.signature, signer.public_key)
    assert not is_genuine(signed.text, signed.signature, signer_of(2).public_key)
    assert not is_genuine(signed.text, signed.signature[:-1], signer.public_key)
    assert not is_genuine(signed.text, signed.signature, b"short")
    assert not is_genuine("\ud800", signed.signature, signer.public_key)


def test_the_same_facts_in_another_order_are_signed_alike() -> None:
    assert signer_of(1).sign(FACTS) == signer_of(1).sign(dict(reversed(FACTS.items())))


def test_the_attachment_holds_what_was_signed_byte_for_byte() -> None:
    signed = signer_of(1).sign(FACTS)
    attached = json.loads(signed.attachment)
    assert attached["facts"] == signed.text
    assert read_base64url(attached["signature"]) == signed.signature
    assert attached["key_id"] == signer_of(1).key_id


def test_canonical_json_is_as_rfc_8785_has_it() -> None:
    """Section 3.2.3 for the order, 3.2.2 for the rest; numbers as far as we take them."""
    by_name = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}
    assert canonical_json(by_name) == (
        '{"\\r":2,"1":4,"\x80":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'
    )
    written = canonical_json(
        {"literals": [None, True, False], "string": '\u20ac$\x0f\nA\'B"\\\\"/', "n": [4.5, 2e-3, -0.0, 1e15]}
    )
    assert written == (
        '{"literals":[null,true,false],"n":[4.5,0.002,0,1000000000000000],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 1e-7, 1e22, 2**53, "\ud800", {"\udfff": 1}, {1: 2}, b"bytes", {"a": {1, 2}}],
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_json(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_canonical_json_means_what_it_was_made_of(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@pytest.mark.parametrize(
    "key", ["", "short", b64encode(bytes(31)).decode(), b64encode(bytes(33)).decode(), "!" * 44]
)
def test_a_private_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Signer(key)


@pytest.mark.anyio
async def test_a_public_key_is_kept_once_however_many_sign_at_once(database: Database) -> None:
    async def publish(signer: Signer) -> None:
        async with database.transaction() as conn:
            await publish_key(conn, signer)

    await asyncio.gather(*(publish(signer_of(1 + number % 2)) for number in range(8)))
    async with database.transaction() as conn:
        assert {key.id for key in await list_keys(conn)} == {signer_of(1).key_id, signer_of(2).key_id}


@pytest.mark.anyio
async def test_published_keys_are_read_by_other_programs(conn: Connection) -> None:
    await publish_key(conn, signer_of(1))
    described = key_set(await list_keys(conn), issuer="https://exams.example.org")
    key = OKPKey.import_key(described["keys"][0])
    assert key.thumbprint() == described["keys"][0]["kid"] == signer_of(1).key_id
    assert not key.is_private
