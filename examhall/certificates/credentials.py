"""Verifiable credentials signed with the certificates' key: as JSON-LD with the proof inside, and as a JWT.

The proof inside is a Data Integrity proof of the cryptosuite eddsa-jcs-2022 (W3C, Data Integrity EdDSA
Cryptosuites 1.0, section 3.3); the JWT is VC-JWT as Open Badges 3.0 has it (section 8.2).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from examhall.certificates.signing import PublicKey, Signer, base64url, canonical_json

CONTEXT = "https://www.w3.org/ns/credentials/v2"
# Says that what follows is an Ed25519 public key (multicodec).
ED25519_PUBLIC = b"\xed\x01"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def did_of(url: str) -> str:
    """The identifier (did:web) of a server at this address; its document is /.well-known/did.json."""
    return f"did:web:{quote(urlsplit(url).netloc, safe='')}"


def did_document(keys: Sequence[PublicKey], url: str) -> dict[str, Any]:
    """Every key that has signed here, each in the two ways in which programs look for it."""
    did = did_of(url)
    methods: list[dict[str, Any]] = []
    for key in keys:
        multibase = multikey(key.public_key)
        methods += [
            {
                "id": f"{did}#{key.id}",
                "type": "JsonWebKey2020",
                "controller": did,
                "publicKeyJwk": jwk(key.public_key),
            },
            {
                "id": f"{did}#{multibase}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multibase,
            },
        ]
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/jws-2020/v1",
            "https://w3id.org/security/multikey/v1",
        ],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def method_of(url: str, signer: Signer) -> str:
    """Where the key is found by which a proof of this signer is checked."""
    return f"{did_of(url)}#{multikey(signer.public_key)}"


def with_proof(
    credential: Mapping[str, Any], signer: Signer, *, method: str, created: datetime
) -> dict[str, Any]:
    """The credential with a proof inside: what it says is signed, in whatever order it is written down."""
    options = {
        "@context": credential["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": _seconds(created),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signed = b"".join(_hashed(each) for each in (options, credential))
    value = f"z{base58(signer.sign_bytes(signed))}"
    return {**credential, "proof": {**options, "proofValue": value}}


def as_jwt(credential: Mapping[str, Any], signer: Signer, *, issued_at: datetime) -> str:
    """The credential as a compact JWS. Its header holds the key, which the DID document has too."""
    header = {"alg": "EdDSA", "typ": "JWT", "jwk": jwk(signer.public_key)}
    claims = {
        **credential,
        "iss": credential["issuer"]["id"],
        "jti": credential["id"],
        "nbf": int(issued_at.timestamp()),
    }
    signed = f"{_encoded(header)}.{_encoded(claims)}"
    return f"{signed}.{base64url(signer.sign_bytes(signed.encode()))}"


def jwk(public_key: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public_key)}


def multikey(public_key: bytes) -> str:
    return f"z{base58(ED25519_PUBLIC + public_key)}"


def base58(content: bytes) -> str:
    """With the alphabet of Bitcoin, a 1 for each leading zero."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, rest = divmod(number, 58)
        digits = BASE58[rest] + digits
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + digits


def _hashed(value: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical_json(value).encode()).digest()


def _encoded(value: Mapping[str, Any]) -> str:
    return base64url(canonical_json(value).encode())


def _seconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
