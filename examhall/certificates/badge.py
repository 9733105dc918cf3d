"""A certificate as an Open Badge 3.0: the same facts for wallets and programs, without its holder's name."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from examhall.base.db import Connection, maybe
from examhall.base.errors import Refusal
from examhall.base.sqlfile import beside
from examhall.certificates.credentials import CONTEXT, did_of
from examhall.certificates.revoking import NoSuchCertificate
from examhall.certificates.status_lists import status_entry
from examhall.certificates.verify import Proof, prove

SQL = beside(__file__)

OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
SALT_BYTES = 16


class CertificateRevoked(Refusal):
    """This certificate was revoked. It has no badge any more."""

    status = 410


@dataclass(frozen=True)
class _Holder:
    certificate_id: int
    email: str | None


async def badge_of(conn: Connection, *, serial: str, url: str) -> tuple[dict[str, Any], Proof]:
    """The credential without a proof yet, and the certificate that it is made from.

    Its holder is named by a salted hash of the e-mail address, or where there is none of the name: whoever
    knows who it should be can check, and nobody else learns it.
    """
    proof = await prove(conn, serial)
    if proof.state == "revoked":
        raise CertificateRevoked
    if proof.state != "genuine":
        raise NoSuchCertificate
    assert proof.serial is not None
    holder = await maybe(conn, SQL.holder, _Holder, serial=proof.serial)
    assert holder is not None
    status = await status_entry(conn, certificate_id=holder.certificate_id, url=url)
    return _credential(proof, holder, status, url), proof


def _credential(proof: Proof, holder: _Holder, status: dict[str, str], url: str) -> dict[str, Any]:
    facts = proof.facts
    assert proof.issued_at is not None
    page = f"{url}/verify/{proof.serial}"
    title, what = str(facts["title"]), str(facts["for"])
    return {
        "@context": [CONTEXT, OPEN_BADGES],
        "id": f"{url}/api/certificates/{proof.serial}/badge",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title,
        "description": what,
        "issuer": {"id": did_of(url), "type": ["Profile"], "name": str(facts["issuer"]), "url": url},
        # To the second: the JWT has it as a number of seconds, and both must be the same.
        "validFrom": f"{proof.issued_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [_identity(proof, holder)],
            "achievement": {
                # The same for all who earned the same here.
                "id": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{url}#{title}#{what}')}",
                "type": ["Achievement"],
                "achievementType": "Certificate",
                "name": title,
                "description": what,
                "criteria": {"narrative": what},
            },
        },
        "evidence": [{"id": page, "type": ["Evidence"], "name": title, "narrative": page}],
        "credentialStatus": status,
    }


def _identity(proof: Proof, holder: _Holder) -> dict[str, Any]:
    if holder.email is not None:
        identity, kind = holder.email.lower(), "emailAddress"
    else:
        identity, kind = str(proof.facts["holder"]), "ext:name"
    # Another for each certificate, the same whenever it is asked for.
    salt = hashlib.sha256(f"examhall badge {proof.serial}".encode()).digest()[:SALT_BYTES]
    salted = base64.b32encode(salt).decode().rstrip("=")
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": identity_hash(identity, salted),
        "identityType": kind,
        "salt": salted,
    }


def identity_hash(identity: str, salt: str) -> str:
    """As Open Badges has it (IdentityHash): SHA-256 of the identity with the salt after it."""
    return f"sha256${hashlib.sha256(f'{identity}{salt}'.encode()).hexdigest()}"
