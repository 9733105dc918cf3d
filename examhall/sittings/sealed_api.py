"""Sealed papers over the API: where a candidate finds one, and the key for staff who must have it early."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import CrossSite, NotSignedIn, Person, SignedIn, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import rfc3339
from examhall.base.noting import note
from examhall.base.shared_transaction import Crowded
from examhall.base.wire import Body, Db, Id, Text, refusals
from examhall.exams.sealing import NotSealed, SealedTooEarly, release_key, sealed_papers_of
from examhall.sittings.admission import require_ticket_for
from examhall.sittings.availabilities import availabilities_of
from examhall.sittings.availability import ExamNotFound

router = APIRouter(tags=["Sealed papers"])

LONGEST_REASON = 500


class SealedOut(BaseModel):
    url: str = Field(description="The same for everybody; caches may keep it for ever.")
    version: str
    size: int
    sha256: str = Field(description="Of the sealed bytes, in hexadecimal.")
    parts: list[int] = Field(
        description="The lengths of the parts: the questions, then the PDF if there is one."
    )
    server_time: str


class ReleaseKey(Body):
    reason: Annotated[Text, Field(min_length=1, max_length=LONGEST_REASON)]


class KeyOut(BaseModel):
    url: str
    version: str
    sha256: str
    parts: list[int]
    key: str = Field(description="256 bits, base64url without padding.")


@router.get(
    "/exams/{exam_id}/sealed",
    summary="Where the sealed paper is",
    responses=refusals(NotSignedIn, TokenInvalid, ExamNotFound, NotSealed, SealedTooEarly, Crowded),
)
async def get_sealed(exam_id: Id, request: Request, me: SignedIn, response: Response) -> SealedOut:
    """For whoever may sit the exam, before it opens. What lies there opens with the key of the start."""
    require_ticket_for(me, exam_id)
    found = (await availabilities_of(request).of_exam(exam_id=exam_id, candidate_id=me.id)).now()
    paper = await sealed_papers_of(request).to_download(
        exam_id, opens_at=found.opens_at, now=found.server_time
    )
    note(request, "sealed_asked", person_id=me.id, exam_id=exam_id)
    response.headers["cache-control"] = "no-store"
    return SealedOut(
        url=paper.url,
        version=paper.version,
        size=paper.size,
        sha256=paper.sha256.hex(),
        parts=paper.part_bytes,
        server_time=rfc3339(found.server_time),
    )


@router.post(
    "/exams/{exam_id}/sealed/key",
    summary="The key, for an emergency",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole, CrossSite, NotSealed),
)
async def post_key(
    exam_id: Id,
    body: ReleaseKey,
    request: Request,
    response: Response,
    me: Annotated[Person, Staff("author")],
    db: Db,
) -> KeyOut:
    """Before the start too. Who asked and why is kept for ever, before the key is given."""
    paper = await sealed_papers_of(request).current(exam_id)
    async with db.transaction() as conn:
        await release_key(conn, paper, person_id=me.id, reason=body.reason)
    note(request, "sealed_key_released", person_id=me.id, exam_id=exam_id)
    response.headers["cache-control"] = "no-store"
    return KeyOut(
        url=paper.url,
        version=paper.version,
        sha256=paper.sha256.hex(),
        parts=paper.part_bytes,
        key=paper.key_text,
    )
