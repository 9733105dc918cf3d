"""Exams for their authors over the API: made, listed, copied, published, deleted, downloaded."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.attachment import download_headers
from examhall.base.made_once import KeyUsedForAnother, Made, RequestKey, RequestKeyHeader
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.exams.authored import list_authored, list_edits
from examhall.exams.authoring import (
    BadSettings,
    NotADraft,
    NotReady,
    SomebodyHasStarted,
    StillNeeded,
    create_exam,
    delete_draft,
    find_exam,
    make_draft,
    publish_exam,
)
from examhall.exams.authoring_replies import (
    AuthoredOut,
    EditOut,
    ListedExamOut,
    ReadinessOut,
    SettingsIn,
)
from examhall.exams.duplicating import duplicate_exam
from examhall.exams.editing import ChangedMeanwhile, ExamNotFound
from examhall.exams.exam_file import TITLE_CHARS
from examhall.exams.exam_file_writing import to_yaml
from examhall.exams.exporting import download_document
from examhall.exams.readiness import readiness_of

router = APIRouter(tags=["Authors"])

Author: TypeAlias = Annotated[Person, Staff("author")]
OF_ONE = STAFF | refusals(ExamNotFound)
WRITING = OF_ONE | refusals(CrossSite)
SEARCH_CHARS = 100


class CopyIn(Body):
    title: Annotated[Text, Field(min_length=1, max_length=TITLE_CHARS)] | None = Field(
        None, description="The original's, if not said."
    )


class MadeOut(BaseModel):
    id: int


@router.get("/exams/authored", summary="Every exam, drafts among them", responses=STAFF)
async def get_authored(
    me: Author,
    db: Db,
    q: Annotated[Text, Query(max_length=SEARCH_CHARS, description="In the title.")] = "",
    mine: Annotated[bool, Query(description="Only those that I made.")] = False,
    draft: Annotated[bool | None, Query(description="Only drafts, or only what is no draft.")] = None,
    cursor: Before = LARGEST_ID,
    limit: Limit = 50,
) -> Page[ListedExamOut]:
    """The newest first. What candidates may sit is GET /exams."""
    async with db.connection() as conn:
        found = await list_authored(
            conn,
            search=q,
            made_by=me.id if mine else None,
            is_draft=draft,
            before_id=cursor,
            limit=limit + 1,
        )
    return page_of(found, limit, ListedExamOut.of, cursor=lambda exam: exam.id)


@router.post(
    "/exams",
    status_code=201,
    summary="Make an exam: a draft with no question yet",
    responses=STAFF | refusals(CrossSite, BadSettings, KeyUsedForAnother),
)
async def post_exam(
    body: SettingsIn, me: Author, db: Db, response: Response, key: RequestKeyHeader = None
) -> AuthoredOut:
    """Questions are added by POST /exams/{exam_id}/questions; then it is published."""
    settings = body.settings()
    request = None if key is None else RequestKey(key, {"create": settings.as_json()})
    async with db.transaction() as conn:
        made = await create_exam(conn, settings, by=me.id, request=request)
        exam = await find_exam(conn, made.id)
    _answered(response, made)
    response.headers["ETag"] = etag(exam.settings_version)
    return AuthoredOut.of(exam)


@router.post(
    "/exams/{exam_id}/copies",
    status_code=201,
    summary="One more exam like this one",
    responses=WRITING | refusals(KeyUsedForAnother),
)
async def post_copy(
    exam_id: Id, body: CopyIn, me: Author, db: Db, response: Response, key: RequestKeyHeader = None
) -> MadeOut:
    """A draft with the same settings, questions, keys and pictures; without its times, people and PDF."""
    request = None if key is None else RequestKey(key, {"copy": exam_id, "title": body.title})
    async with db.transaction() as conn:
        made = await duplicate_exam(conn, exam_id, title=body.title, by=me.id, request=request)
    _answered(response, made)
    return MadeOut(id=made.id)


@router.get("/exams/{exam_id}/settings", summary="The settings of an exam", responses=OF_ONE)
async def get_settings(exam_id: Id, _me: Author, db: Db, response: Response) -> AuthoredOut:
    """Its ETag is what PUT /exams/{exam_id} takes as If-Match."""
    async with db.connection() as conn:
        exam = await find_exam(conn, exam_id)
    response.headers["ETag"] = etag(exam.settings_version)
    return AuthoredOut.of(exam)


@router.delete(
    "/exams/{exam_id}",
    status_code=204,
    summary="Delete a draft",
    responses=WRITING | refusals(NotADraft, StillNeeded, ChangedMeanwhile, VersionRequired),
)
async def delete_exam(
    exam_id: Id,
    request: Request,
    me: Author,
    db: Db,
    version: Annotated[
        int | None,
        Query(ge=1, le=2**31 - 1, description="The exam_version that you saw, if not as If-Match."),
    ] = None,
) -> None:
    """With its exam_version as If-Match: what anybody changed in it since is not deleted unseen."""
    seen = version_wanted(request, version)
    async with db.transaction() as conn:
        await delete_draft(conn, exam_id, by=me.id, seen=seen)


@router.get(
    "/exams/{exam_id}/readiness", summary="What is missing before it can be published", responses=OF_ONE
)
async def get_readiness(exam_id: Id, _me: Author, db: Db) -> ReadinessOut:
    async with db.connection() as conn:
        await find_exam(conn, exam_id)
        return ReadinessOut.of(await readiness_of(conn, exam_id))


@router.post(
    "/exams/{exam_id}/publish",
    summary="Let candidates see an exam",
    responses=WRITING | refusals(NotReady),
)
async def post_publish(exam_id: Id, me: Author, db: Db) -> AuthoredOut:
    """From now on a draft no more: it opens when its window does. A repeat changes nothing."""
    async with db.transaction() as conn:
        await publish_exam(conn, exam_id, by=me.id)
        return AuthoredOut.of(await find_exam(conn, exam_id))


@router.post(
    "/exams/{exam_id}/draft",
    summary="Make an exam a draft again that nobody has started",
    responses=WRITING | refusals(SomebodyHasStarted),
)
async def post_draft(exam_id: Id, me: Author, db: Db) -> AuthoredOut:
    async with db.transaction() as conn:
        await make_draft(conn, exam_id, by=me.id)
        return AuthoredOut.of(await find_exam(conn, exam_id))


@router.get(
    "/exams/{exam_id}/file",
    summary="An exam as the exam file that makes it again",
    response_class=Response,
    responses={200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}, **OF_ONE},
)
async def get_file(exam_id: Id, _me: Author, db: Db) -> Response:
    """With its keys and pictures. POST /exams/import takes it back."""
    async with db.transaction() as conn:
        document = await download_document(conn, exam_id)
    headers = download_headers(f"{document['title']}.yaml")
    return Response(to_yaml(document), media_type="application/yaml", headers=headers)


@router.get("/exams/{exam_id}/edits", summary="What authors changed in an exam", responses=OF_ONE)
async def get_edits(
    exam_id: Id, _me: Author, db: Db, cursor: Before = LARGEST_ID, limit: Limit = 50
) -> Page[EditOut]:
    """The newest first: part by part, who changed what from what."""
    async with db.connection() as conn:
        await find_exam(conn, exam_id)
        found = await list_edits(conn, exam_id, before_version=min(cursor, 2**31 - 1), limit=limit)
    older = str(found[-1].version) if len(found) >= limit else None
    return Page(items=[EditOut.of(change) for change in found], next_cursor=older)


def _answered(response: Response, made: Made) -> None:
    response.headers["Location"] = f"/api/v1/exams/{made.id}/settings"
    if not made.is_new:
        response.status_code = 200
