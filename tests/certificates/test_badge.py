"""Badges as Open Badges 3.0 and the W3C's standards have them, held against their own examples."""

import gzip
import json
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from examhall.base.db import Connection, Database
from examhall.certificates.badge import CertificateRevoked, badge_of, identity_hash
from examhall.certificates.credentials import (
    BASE58,
    as_jwt,
    did_document,
    did_of,
    method_of,
    multikey,
    with_proof,
)
from examhall.certificates.revoking import NoSuchCertificate, revoke_certificate
from examhall.certificates.serials import new_serial
from examhall.certificates.signing import Signer, list_keys
from examhall.certificates.status_lists import (
    LIST_LENGTH,
    NoSuchStatusList,
    StatusLists,
    place_of,
    status_entry,
)

from . import paper
from .shelf import add_certificate, add_person

URL = "https://exams.example.org"
OURS = paper.signer_of(1)


def from_base58(text: str) -> bytes:
    number = 0
    for digit in text:
        number = number * 58 + BASE58.index(digit)
    return number.to_bytes((number.bit_length() + 7) // 8)


def test_a_proof_is_as_in_the_standards_own_example() -> None:
    """Data Integrity EdDSA Cryptosuites 1.0, appendix A.2: its key, document and proof, byte for byte."""
    secret = from_base58("3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")
    assert secret[:2] == b"\x80\x26"
    signer = Signer(b64encode(secret[2:]).decode())
    key = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    assert multikey(signer.public_key) == key
    credential = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://www.w3.org/ns/credentials/examples/v2",
        ],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    }
    proved = with_proof(
        credential,
        signer,
        method=f"did:key:{key}#{key}",
        created=datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC),
    )
    assert proved["proof"]["proofValue"] == (
        "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
    )


def test_an_address_is_hashed_as_in_the_standards_own_example() -> None:
    """Open Badges 3.0, IdentityHash."""
    assert identity_hash("a@example.com", "Kosher") == (
        "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
    )


@pytest.mark.parametrize(
    ("url", "did"),
    [
        ("https://exams.example.org", "did:web:exams.example.org"),
        ("http://127.0.0.1:8000", "did:web:127.0.0.1%3A8000"),
    ],
)
def test_the_issuer_is_named_by_did_web(url: str, did: str) -> None:
    assert did_of(url) == did


def assert_has(thing: dict[str, Any], **kinds: Any) -> None:
    for name, kind in kinds.items():
        assert isinstance(thing[name], kind), name
        assert thing[name], name


@pytest.mark.anyio
async def test_a_badge_has_all_that_open_badges_requires(conn: Connection) -> None:
    """Each class of version 3.0 with the properties that its JSON Schema requires and, where the schema is
    closed, none besides."""
    alice = await add_person(conn, "alice", email="Alice@example.org")
    its = await add_certificate(conn, columns={"holder_id": alice})
    badge, _ = await badge_of(conn, serial=its["serial"], url=URL)
    assert badge["@context"] == [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ]
    assert set(badge["type"]) == {"VerifiableCredential", "OpenBadgeCredential"}
    assert_has(badge, id=str, name=str, description=str, issuer=dict, credentialSubject=dict)
    assert badge["id"].startswith("https://")
    assert datetime.fromisoformat(badge["validFrom"]).tzinfo is not None
    assert badge["issuer"]["type"] == ["Profile"]
    assert badge["issuer"]["id"] == "did:web:exams.example.org"
    subject = badge["credentialSubject"]
    assert set(subject) == {"type", "identifier", "achievement"}
    assert subject["type"] == ["AchievementSubject"]
    assert_has(subject["achievement"], id=str, type=list, name=str, description=str, criteria=dict)
    assert subject["achievement"]["type"] == ["Achievement"]
    assert subject["achievement"]["achievementType"] == "Certificate"
    [identity] = subject["identifier"]
    assert set(identity) == {"type", "hashed", "identityHash", "identityType", "salt"}
    assert (identity["type"], identity["hashed"], identity["identityType"]) == (
        "IdentityObject", True, "emailAddress",
    )  # fmt: skip
    assert identity["identityHash"] == identity_hash("alice@example.org", identity["salt"])
    assert badge["evidence"][0]["id"] == f"{URL}/verify/{its['serial']}"
    assert badge["credentialStatus"]["type"] == "BitstringStatusListEntry"
    assert badge["credentialStatus"]["statusPurpose"] == "revocation"


@pytest.mark.anyio
async def test_a_badge_says_whose_it_is_to_nobody_who_does_not_know(conn: Connection) -> None:
    alice = await add_person(conn, "alice", email="alice@example.org")
    one = await add_certificate(conn, columns={"holder_id": alice})
    other = await add_certificate(conn, columns={"holder_id": alice})
    texts = [json.dumps((await badge_of(conn, serial=each["serial"], url=URL))[0]) for each in (one, other)]
    for text in texts:
        assert "alice" not in text.lower()
        assert "Gulnora" not in text
    hashes = {json.loads(text)["credentialSubject"]["identifier"][0]["identityHash"] for text in texts}
    # Nor can two badges of one person be laid together.
    assert len(hashes) == 2


@pytest.mark.anyio
async def test_without_an_address_the_name_is_hashed(conn: Connection) -> None:
    its = await add_certificate(conn)
    badge, _ = await badge_of(conn, serial=its["serial"], url=URL)
    [identity] = badge["credentialSubject"]["identifier"]
    assert identity["identityHash"] == identity_hash(its["holder"], identity["salt"])


@pytest.mark.anyio
async def test_two_who_earned_the_same_have_the_same_achievement(conn: Connection) -> None:
    badges = [
        (await badge_of(conn, serial=(await add_certificate(conn, holder=name))["serial"], url=URL))[0]
        for name in ("Alice", "Bob")
    ]
    achievements = [badge["credentialSubject"]["achievement"]["id"] for badge in badges]
    assert achievements[0] == achievements[1]
    assert badges[0]["id"] != badges[1]["id"]


# The new name of the algorithm (RFC 9864) is not known to the programs that read badges.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.anyio
async def test_a_badge_as_a_jwt_is_read_by_another_library(conn: Connection) -> None:
    its = await add_certificate(conn)
    badge, proof = await badge_of(conn, serial=its["serial"], url=URL)
    assert proof.issued_at is not None
    token = as_jwt(badge, OURS, issued_at=proof.issued_at)
    header = json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))
    # Open Badges allows no other headers.
    assert set(header) <= {"alg", "typ", "kid", "jwk"}
    read = jws.deserialize_compact(token, OKPKey.import_key(header["jwk"]), algorithms=["EdDSA"])
    claims = json.loads(read.payload)
    assert claims["iss"] == badge["issuer"]["id"]
    assert claims["jti"] == badge["id"]
    assert claims["nbf"] == datetime.fromisoformat(badge["validFrom"]).timestamp()
    assert {name: claims[name] for name in badge} == badge


@pytest.mark.anyio
async def test_the_key_of_a_proof_is_in_the_did_document(conn: Connection) -> None:
    its = await add_certificate(conn)
    badge, _ = await badge_of(conn, serial=its["serial"], url=URL)
    proved = with_proof(badge, OURS, method=method_of(URL, OURS), created=datetime.now(UTC))
    document = did_document(await list_keys(conn), URL)
    assert document["id"] == badge["issuer"]["id"]
    methods = {method["id"]: method for method in document["verificationMethod"]}
    assert set(document["assertionMethod"]) == set(methods)
    found = methods[proved["proof"]["verificationMethod"]]
    assert found["publicKeyMultibase"] == multikey(OURS.public_key)


@pytest.mark.anyio
async def test_what_is_not_genuine_has_no_badge(conn: Connection) -> None:
    its = await add_certificate(conn)
    await revoke_certificate(conn, serial=its["serial"], reason="Forged", revoked_by=None)
    with pytest.raises(CertificateRevoked):
        await badge_of(conn, serial=its["serial"], url=URL)
    with pytest.raises(NoSuchCertificate):
        await badge_of(conn, serial=new_serial(), url=URL)


def test_places_in_a_list_are_a_permutation_that_says_nothing_of_the_order() -> None:
    places = [place_of(number, b"seed") for number in range(LIST_LENGTH)]
    assert len(set(places)) == LIST_LENGTH
    assert max(places) < LIST_LENGTH
    neighbours = [abs(one - another) for one, another in pairwise(places[:1000])]
    assert sum(distance > 1000 for distance in neighbours) > 900


def bits_of(credential: dict[str, Any]) -> bytes:
    encoded = credential["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    return gzip.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))


@pytest.mark.anyio
async def test_a_status_list_has_the_bit_of_what_is_revoked_and_no_other(database: Database) -> None:
    lists = StatusLists(database)
    async with database.transaction() as conn:
        its, other = await add_certificate(conn), await add_certificate(conn)
        entries = [await status_entry(conn, certificate_id=each["id"], url=URL) for each in (its, other)]
    assert entries[0]["statusListCredential"] == f"{URL}/api/certificates/status/0"
    before = await lists.credential(0, url=URL)
    assert set(bits_of(before)) == {0}
    # At least so long, says the standard, that nobody is found by being in it.
    assert len(bits_of(before)) * 8 >= 131_072
    async with database.transaction() as conn:
        await revoke_certificate(conn, serial=its["serial"], reason="Forged", revoked_by=None)
    lists.forget("")
    bits = bits_of(await lists.credential(0, url=URL))
    places = [place for place in range(LIST_LENGTH) if bits[place // 8] & 0x80 >> place % 8]
    assert places == [int(entries[0]["statusListIndex"])]


@pytest.mark.anyio
async def test_where_a_badges_state_is_found_never_changes(conn: Connection) -> None:
    its = await add_certificate(conn)
    once = await status_entry(conn, certificate_id=its["id"], url=URL)
    assert await status_entry(conn, certificate_id=its["id"], url=URL) == once


@pytest.mark.anyio
async def test_a_list_that_nobody_is_in_is_not_there(database: Database) -> None:
    with pytest.raises(NoSuchStatusList):
        await StatusLists(database).credential(7, url=URL)
