"""Papers for their authors over the API: an upload is streamed, never held whole in memory."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.clock import rfc3339
from examhall.base.errors import NotFound, SomebodyWasFaster
from examhall.base.storage import StorageUnavailable
from examhall.base.versions import VersionRequired, version_wanted
from examhall.base.wire import Db, Id, Text, refusals
from examhall.exams.paper_files import PaperTooLarge, upload_paper
from examhall.exams.papers import ExamUnderWay, NoPaper, Paper, list_papers, take_paper_away
from examhall.exams.pdf import BrokenPdf, NoPdf, ProtectedPdf, TooManyPages, UnreadablePdf

router = APIRouter(tags=["Authors"])

WRITING = STAFF | refusals(CrossSite)
Author = Annotated[Person, Staff("author")]
# Of the paper that is replaced; 0 where there is none yet.
Version = Annotated[
    int | None, Query(ge=0, le=2**31 - 1, description="Which paper this replaces; 0 for the first.")
]


class PaperOut(BaseModel):
    exam_id: int
    version: int
    file_name: str
    size: int
    pages: int
    sha256: str
    uploaded_by: str | None
    uploaded_at: str
    # Of a paper that was replaced or taken away.
    ended_at: str | None

    @classmethod
    def of(cls, paper: Paper) -> "PaperOut":
        return cls(
            exam_id=paper.exam_id,
            version=paper.version,
            file_name=paper.file_name,
            size=paper.size,
            pages=paper.pages,
            sha256=paper.etag,
            uploaded_by=paper.uploaded_by,
            uploaded_at=rfc3339(paper.uploaded_at),
            ended_at=rfc3339(paper.ended_at) if paper.ended_at else None,
        )


class Papers(BaseModel):
    items: list[PaperOut]


@router.put(
    "/exams/{exam_id}/paper",
    summary="Give an exam a PDF paper, or another one",
    responses=WRITING
    | refusals(
        NoPdf, BrokenPdf, ProtectedPdf, TooManyPages, UnreadablePdf, PaperTooLarge, ExamUnderWay,
        SomebodyWasFaster, VersionRequired, StorageUnavailable, NotFound,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)  # fmt: skip
async def put_paper(
    exam_id: Id,
    request: Request,
    me: Author,
    db: Db,
    version: Version = None,
    file_name: Annotated[Text, Query(max_length=1000)] = "",
) -> PaperOut:
    """The file as the body. Until the first candidate has started; then all read the same paper."""
    settings = request.app.state.settings
    paper = await upload_paper(
        db,
        request.app.state.storage,
        _body(request),
        exam_id=exam_id,
        version=version_wanted(request, version),
        file_name=file_name,
        uploaded_by=me.id,
        largest_bytes=settings.paper_mb * 1_000_000,
        scratch=settings.data / "incoming",
    )
    return PaperOut.of(paper)


@router.delete(
    "/exams/{exam_id}/paper",
    status_code=204,
    summary="Take an exam's paper away",
    responses=WRITING | refusals(ExamUnderWay, SomebodyWasFaster, VersionRequired, NotFound, NoPaper),
)
async def delete_paper(
    exam_id: Id, request: Request, _me: Author, db: Db, version: Version = None
) -> Response:
    """Until the first candidate has started."""
    wanted = version_wanted(request, version)
    async with db.transaction() as conn:
        await take_paper_away(conn, exam_id=exam_id, version=wanted)
    return Response(status_code=204)


@router.get("/exams/{exam_id}/papers", summary="Every paper that an exam has had", responses=STAFF)
async def get_papers(
    exam_id: Id, _me: Annotated[Person, Staff("author", "analyst", "invigilator")], db: Db
) -> Papers:
    """The newest first; the one without `ended_at` holds."""
    async with db.connection() as conn:
        return Papers(items=[PaperOut.of(paper) for paper in await list_papers(conn, exam_id)])


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for part in request.stream():
        yield part
