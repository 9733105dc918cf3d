"""The proof of certificates over the API: anybody who has a serial may ask, and nobody can count them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import now, rfc3339
from examhall.base.wire import After, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.certificates.badge import CertificateRevoked, badge_of
from examhall.certificates.credentials import as_jwt, method_of, with_proof
from examhall.certificates.reviews import (
    DecidedOtherwise,
    Decision,
    NoSuchReview,
    Review,
    decide_review,
    list_reviews,
)
from examhall.certificates.revoking import (
    LONGEST_REASON,
    NoSuchCertificate,
    ReasonMissing,
    RevokedAlready,
    revoke_certificate,
)
from examhall.certificates.serials import read_serial
from examhall.certificates.signing import Signer, base64url, key_set, list_keys, publish_key
from examhall.certificates.status_lists import NoSuchStatusList
from examhall.certificates.verify import Proof, prove

router = APIRouter(tags=["Certificates"])

JSON_LD = "application/vc+ld+json"
JWT = "application/jwt"
LARGEST_LIST = 2**31 - 1


class ProofOut(BaseModel):
    serial: str
    status: str = Field(
        description="genuine, revoked, or damaged: what the database has is not what was signed."
    )
    facts: dict[str, Any]
    signed: str = Field(
        description="The facts as they were signed: canonical JSON (RFC 8785), byte for byte."
    )
    signature: str = Field(description="Ed25519 over the UTF-8 of `signed`, as base64url.")
    key_id: str = Field(description="Which key of /.well-known/examhall-keys.json signed.")
    issued_at: str
    revoked_at: str | None
    revocation_reason: str | None
    replaced_by: str | None = Field(description="The serial of the certificate that took its place.")
    verify_url: str

    @classmethod
    def of(cls, proof: Proof, url: str) -> "ProofOut":
        assert proof.serial is not None
        assert proof.signed is not None
        assert proof.signature is not None
        assert proof.key_id is not None
        assert proof.issued_at is not None
        return cls(
            serial=proof.serial,
            status=proof.state,
            facts=proof.facts,
            signed=proof.signed,
            signature=base64url(proof.signature),
            key_id=proof.key_id,
            issued_at=rfc3339(proof.issued_at),
            revoked_at=rfc3339(proof.revoked_at) if proof.revoked_at else None,
            revocation_reason=proof.reason,
            replaced_by=proof.replaced_by,
            verify_url=f"{url}/verify/{proof.serial}",
        )


class RevocationIn(Body):
    reason: Annotated[Text, Field(max_length=LONGEST_REASON, description="Whoever checks it will read this.")]


class RevocationOut(BaseModel):
    serial: str
    status: str = "revoked"
    revoked_at: str
    revocation_reason: str


class ReviewOut(BaseModel):
    certificate_id: int
    serial: str
    holder: str
    exam_id: int
    exam_title: str
    key_version: int = Field(description="Of the corrected key; a decision names it.")
    condition: str
    threshold: float | None
    signed: dict[str, Any] | None = Field(description="The score as it was signed.")
    found: dict[str, Any] = Field(description="The score by the corrected key.")
    asked_at: str

    @classmethod
    def of(cls, review: Review) -> "ReviewOut":
        return cls(
            certificate_id=review.certificate_id,
            serial=review.serial,
            holder=review.holder_name,
            exam_id=review.exam_id,
            exam_title=review.exam_title,
            key_version=review.key_version,
            condition=review.condition,
            threshold=review.threshold,
            signed=review.signed,
            found=review.found,
            asked_at=rfc3339(review.asked_at),
        )


class DecisionIn(Body):
    decision: Decision
    key_version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    reason: Annotated[Text, Field(max_length=LONGEST_REASON)] = ""


def _proved(credential: dict[str, Any], state: Any) -> dict[str, Any]:
    signer: Signer = state.certificate_signer
    return with_proof(credential, signer, method=method_of(state.settings.url, signer), created=now())


@router.get("/certificates/keys", summary="The public keys of certificates, as a JWK Set")
async def get_keys(request: Request, db: Db) -> dict[str, Any]:
    async with db.transaction() as conn:
        keys = await list_keys(conn)
    return key_set(keys, issuer=request.app.state.settings.url)


@router.get(
    "/certificates/status/{number}",
    summary="Which badges are revoked: a bitstring status list",
    responses=refusals(NoSuchStatusList),
)
async def get_status_list(
    number: Annotated[int, Path(ge=0, le=LARGEST_LIST)], request: Request
) -> JSONResponse:
    state = request.app.state
    credential = await state.status_lists.credential(number, url=state.settings.url)
    signed = _proved(credential, state)
    return JSONResponse(signed, headers={"cache-control": "public, max-age=60"}, media_type=JSON_LD)


@router.get(
    "/certificates/{serial}/badge",
    summary="A certificate as an Open Badge 3.0, signed inside",
    responses=refusals(NoSuchCertificate, CertificateRevoked),
)
async def get_badge(serial: str, request: Request, db: Db) -> JSONResponse:
    state = request.app.state
    async with db.transaction() as conn:
        credential, _ = await badge_of(conn, serial=serial, url=state.settings.url)
        await publish_key(conn, state.certificate_signer)
    signed = _proved(credential, state)
    return JSONResponse(signed, media_type=JSON_LD)


@router.get(
    "/certificates/{serial}/badge.jwt",
    summary="The same as a JWT",
    response_class=Response,
    responses=refusals(NoSuchCertificate, CertificateRevoked) | {200: {"content": {JWT: {}}}},
)
async def get_badge_jwt(serial: str, request: Request, db: Db) -> Response:
    state = request.app.state
    async with db.transaction() as conn:
        credential, proof = await badge_of(conn, serial=serial, url=state.settings.url)
        await publish_key(conn, state.certificate_signer)
    assert proof.issued_at is not None
    return Response(as_jwt(credential, state.certificate_signer, issued_at=proof.issued_at), media_type=JWT)


@router.post(
    "/certificates/{serial}/revoke",
    summary="Revoke a certificate",
    responses=refusals(
        NotSignedIn, TokenInvalid, WrongRole, CrossSite, NoSuchCertificate, ReasonMissing, RevokedAlready
    ),
)
async def post_revoke(
    serial: str, body: RevocationIn, me: Annotated[Person, Staff("author")], db: Db
) -> RevocationOut:
    async with db.transaction() as conn:
        done = await revoke_certificate(
            conn, serial=read_serial(serial) or "", reason=body.reason, revoked_by=me.id
        )
    return RevocationOut(
        serial=done.serial, revoked_at=rfc3339(done.revoked_at), revocation_reason=done.reason
    )


@router.get(
    "/certificates/reviews",
    summary="Certificates that a corrected key would not give",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole),
)
async def get_reviews(
    _me: Annotated[Person, Staff("author", "analyst")], db: Db, limit: Limit = 50, after: After = 0
) -> Page[ReviewOut]:
    async with db.transaction() as conn:
        found = await list_reviews(conn, after_id=after, limit=limit + 1)
    return page_of(found, limit, ReviewOut.of, cursor=lambda each: each.certificate_id)


@router.post(
    "/certificates/reviews/{certificate_id}",
    status_code=204,
    summary="Keep such a certificate, or revoke it",
    responses=refusals(
        NotSignedIn, TokenInvalid, WrongRole, CrossSite, NoSuchReview, DecidedOtherwise, ReasonMissing
    ),
)
async def post_review(
    certificate_id: Id, body: DecisionIn, me: Annotated[Person, Staff("author")], db: Db
) -> None:
    async with db.transaction() as conn:
        await decide_review(
            conn,
            certificate_id=certificate_id,
            key_version=body.key_version,
            decision=body.decision,
            decided_by=me.id,
            reason=body.reason,
        )


# After every other route of one word behind /certificates/.
serial_router = APIRouter(tags=["Certificates"])


@serial_router.get(
    "/certificates/{serial}",
    summary="Whether a certificate is genuine, and what it says",
    responses=refusals(NoSuchCertificate),
)
async def get_certificate(serial: str, request: Request, db: Db) -> ProofOut:
    async with db.transaction() as conn:
        proof = await prove(conn, serial)
    if proof.state == "unknown":
        raise NoSuchCertificate
    return ProofOut.of(proof, request.app.state.settings.url)
