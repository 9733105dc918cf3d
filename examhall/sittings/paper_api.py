"""Reading an exam's paper over the API: the PDF itself, with ranges, for whoever may read it now."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from examhall.accounts.access import NotSignedIn, SignedIn
from examhall.accounts.tokens import TokenInvalid
from examhall.base.attachment import attachment
from examhall.base.file_reply import RangeNotSatisfiable, StoredFile, reply_with
from examhall.base.storage import MissingFile, StorageUnavailable
from examhall.base.wire import Db, Id, refusals
from examhall.exams.papers import NoPaper
from examhall.sittings.availability import ExamNotFound
from examhall.sittings.papers import NoActiveSession, WindowClosed, readable_paper

router = APIRouter(tags=["Exams and sessions"])

# Opened by itself it may run nothing and fetch nothing.
PAPER_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Theirs alone; asked again after an hour at the latest. A reload within it asks nobody.
CACHED = "private, max-age=3600"


@router.get(
    "/exams/{exam_id}/paper",
    summary="The paper of an exam that I am sitting, as PDF",
    response_class=Response,
    responses={
        200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The range that was asked for"},
        304: {"description": "The reader has it already"},
        **refusals(
            NotSignedIn, TokenInvalid, ExamNotFound, NoPaper, MissingFile, NoActiveSession, WindowClosed,
            RangeNotSatisfiable, StorageUnavailable,
        ),
    },
)  # fmt: skip
async def get_paper(exam_id: Id, request: Request, me: SignedIn, db: Db) -> Response:
    """For whoever has a session of it in progress, and staff. Takes `Range`, `If-None-Match`, `If-Range`."""
    async with db.connection() as conn:
        found = await readable_paper(conn, exam_id=exam_id, me=me)
    assert found.paper.path is not None
    file = StoredFile(found.paper.path, found.paper.size, f'"{found.paper.etag}"', "application/pdf")
    headers = {
        "cache-control": CACHED,
        "content-disposition": attachment(f"{found.title}.pdf"),
        "content-security-policy": PAPER_CSP,
        # By the cookie of one person, no other's.
        "vary": "authorization, cookie",
    }
    state = request.app.state
    return await reply_with(request, state.storage, file, headers, accel=state.settings.accel)


router.add_api_route("/exams/{exam_id}/paper", get_paper, methods=["HEAD"], include_in_schema=False)
